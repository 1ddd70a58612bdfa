import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { apiAppId, tenantId } from '../../src/local/accounts.ts'
import { root } from '../support/root.ts'
import { type Stack, startStack } from '../support/stack.ts'
import { until } from '../support/until.ts'

let stack: Stack
let folder: string

beforeAll(async () => {
  stack = await startStack({ args: ['--no-timers'] })
  folder = mkdtempSync(join(tmpdir(), 'countersign-step-'))
})
afterAll(async () => {
  await stack.stop()
  rmSync(folder, { recursive: true })
})

test('a step of GitHub Actions signs in as its job, and runs its command once people have approved', async () => {
  const [script, ran] = [join(folder, 'export.sh'), join(folder, 'ran')]
  writeFileSync(script, `#!/bin/sh\necho "$1" >> '${ran}'\n`, { mode: 0o755 })
  const inputs = {
    ...{ url: stack.api, tenant: tenantId, scope: `${apiAppId}/.default`, reason: 'Quarterly churn report' },
    'client-id': 'a0000000-0000-4000-8000-000000000001',
    ...{ action: 'db.export', target: 'prod/postgres/customers', environment: 'production', params: '{"rows":1200}' },
    ...{ command: `${script}\ncustomers`, cli: join(root, 'dist/bin/countersign.cjs') },
  }
  const child = spawn(process.execPath, [join(root, 'integrations/github-action/main.mjs')], {
    env: {
      ...{ PATH: process.env['PATH'], RUNNER_TEMP: folder },
      ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
      ACTIONS_ID_TOKEN_REQUEST_URL: `${stack.identity}/local/workload/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'local-deploy-bot-secret',
      COUNTERSIGN_TOKEN_URL: `${stack.identity}/${tenantId}/oauth2/v2.0/token`,
    },
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (said += text.toString()))
  const ended = new Promise<number | null>((done) => child.once('close', done))
  const waiting = async () => (await stack.call('dba-1', '/api/requests?status=pending')).body.requests[0]
  const request = await until(waiting, (one) => one !== undefined)
  await stack.call('dba-1', `/api/requests/${request.id}/decisions`, { verdict: 'approve', digest: request.digest })
  expect([await ended, said]).toEqual([0, expect.any(String)])
  expect(readFileSync(ran, 'utf8')).toBe('customers\n')
  expect((await stack.call('dba-1', `/api/requests/${request.id}`)).body).toMatchObject({ status: 'succeeded' })
})
