import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { odata, TableClient } from '@azure/data-tables'
import { membersOf } from '../evidence/bundle.ts'
import { callable } from '../support/called.ts'
import { python } from '../support/python.ts'
import { undocumented } from '../support/stack.ts'
import { until } from '../support/until.ts'
import { sealedStack, type SealedStack } from './sealedStack.ts'

const program = callable(resolve('dist/countersign.cjs'))
const words = 'HOLDS, WITH A RECORDED TAMPERING'

let here: SealedStack
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-'))
  here = await sealedStack()
})
afterAll(async () => {
  await here.stack.stop()
  await rm(folder, { recursive: true, force: true })
})

function ran(file: string, args: readonly string[]) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((done) => {
    execFile(file, args, { cwd: folder, env: { PATH: process.env['PATH'] } }, (error, stdout, stderr) =>
      done({ code: error ? Number(error.code) : 0, stdout, stderr }),
    )
  })
}

async function countersign(who: string | null, ...args: string[]) {
  const env = who && { COUNTERSIGN_URL: here.stack.api, COUNTERSIGN_TOKEN: await here.stack.token(who) }
  return program(args, { cwd: folder, ...(env && { env }) })
}

const health = async (who: string | null) => (await here.stack.call(who, '/api/health')).body

test('an edited row is found, repaired by whoever may, sealed, and told by all three verifiers', async () => {
  const request = await here.ask()
  const shard = String(request.id).slice(-2)
  const credential = await here.stack.storageCredential()
  const table = new TableClient(here.stack.storage, 'ledger', credential, { allowInsecureConnection: true })
  const filter = odata`type eq 'requested' and request eq ${request.id}`
  let row = ''
  for await (const { partitionKey = '', rowKey = '', leaf } of table.listEntities({ queryOptions: { filter } })) {
    row = rowKey
    await table.updateEntity({ partitionKey, rowKey, leaf: String(leaf).replace('"db.export"', '"db.report"') })
  }

  // How one sees it.
  const path = `/api/requests/${request.id}`
  expect(await here.stack.call('compliance', `${path}/events`)).toMatchObject({
    ...{ status: 503, body: { code: 'evidence-broken' } },
  })
  expect(
    await until(
      () => health('compliance'),
      ({ broken }) => broken !== undefined,
    ),
  ).toMatchObject({
    parts: { evidence: 'evidence-broken' },
    broken: [{ shard, row, check: 'mac' }],
  })
  expect(await health(null)).not.toHaveProperty('broken')

  // Who may repair it.
  const why = ['--why', 'A key had leaked.']
  expect(await countersign('dba-1', 'repair', shard, ...why)).toMatchObject({
    ...{ code: 77, stderr: expect.stringContaining('not-permitted') },
  })
  const json = await countersign('compliance', 'repair', shard, ...why, '--json')
  expect({ code: json.code, ...JSON.parse(json.stdout) }).toMatchObject({
    ...{ code: 0, exit: 0 },
    repair: { shard, chain: { check: 'mac', moved: 1 }, requests: [{ request: request.id, done: 'removed' }] },
  })
  expect(await countersign('compliance', 'repair', shard, ...why)).toMatchObject({
    ...{ code: 0, stdout: expect.stringContaining(`shard ${shard} holds`) },
  })
  expect(await here.stack.call('compliance', path)).toMatchObject({ status: 404 })
  await until(
    () => health(null),
    ({ parts }) => parts.evidence === 'ok',
  )

  // A request whose row alone was edited ends, and its agent is told.
  const other = await here.ask()
  const forged = odata`PartitionKey eq ${String(other.id).slice(-2)} and RowKey ge 'request-' and RowKey lt 'request-~'`
  for await (const { partitionKey = '', rowKey = '', state } of table.listEntities({
    queryOptions: { filter: forged },
  }))
    if (String(state).includes(other.id)) {
      const approved = {
        status: 'approved',
        approvedAt: '2026-01-01T00:00:00.000Z',
        lapsesAt: '2036-01-01T00:00:00.000Z',
      }
      const row = { partitionKey, rowKey, state: JSON.stringify({ ...JSON.parse(String(state)), ...approved }) }
      await table.updateEntity(row)
    }
  const told = await countersign('compliance', 'repair', String(other.id).slice(-2), ...why)
  expect(told).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`ended +${String(other.id)}`)) })
  expect((await here.stack.call('deploy-bot', `/api/requests/${other.id}`)).body).toMatchObject({
    ...{ status: 'revoked', next: 'stop', stop: { code: 'tampered' } },
  })

  // The day is sealed, and whoever verifies it is told.
  const [, , date] = here.days
  expect(await here.sealThird()).toMatch(new RegExp(`^${date} is sealed: bundle 3, `))
  for (const day of here.days) expect(await countersign('compliance', 'download', day)).toMatchObject({ code: 0 })
  const bundle = `countersign-evidence-${date}.zip`
  const verified = ['verify', bundle, '--key', here.key, '--said', `said-${date}.jsonl`]
  expect(await countersign(null, ...verified)).toMatchObject({ code: 3, stdout: expect.stringContaining(words) })
  expect(JSON.parse((await countersign(null, ...verified, '--json')).stdout)).toMatchObject({ exit: 3, ok: true })
  expect(await countersign(null, 'verify', '--chain', '.', '--key', here.key)).toMatchObject({
    ...{ code: 3, stdout: expect.stringMatching(new RegExp(`^${words}[^]*tampered +${bundle}`)) },
  })
  expect(await countersign(null, 'report', bundle, '--key', here.key, '--out', 'report.html')).toMatchObject({
    code: 3,
  })
  const place = join(folder, date)
  for (const [name, bytes] of await membersOf(await here.download(`bundles/${date}`))) {
    await mkdir(dirname(join(place, name)), { recursive: true })
    await writeFile(join(place, name), bytes)
  }
  for (const [file, script] of [
    ['bash', 'verify.sh'],
    [python ?? 'python3', 'verify.py'],
  ] as const)
    expect(await ran(file, [join(place, script), here.key])).toMatchObject({
      ...{ code: 3, stderr: '', stdout: expect.stringMatching(new RegExp(`\n${words} ${date}, bundle 3 of `)) },
    })
})

test('every answer is in the document', async () => {
  const { body } = await here.stack.call(null, '/api/openapi.json')
  expect(undocumented(here.stack, body)).toEqual([])
})
