import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { odata, TableClient } from '@azure/data-tables'
import about from '../../package.json'
import { problemType } from '../../src/core/data/namespace.ts'
import type { JsonObject } from '../../src/core/data/json.ts'
import { type Diagnosis, type PartName, partNames, type PartState } from '../../src/doctor/diagnosis.ts'
import { az } from '../../scripts/az.mjs'
import { type Az, askAzure } from '../../src/doctor/azure.ts'
import { examine } from '../../src/doctor/examine.ts'
import { askWitnesses } from '../../src/doctor/witnesses.ts'
import { witnessesIn } from '../../src/cosigner/settings.ts'
import { main } from '../../src/doctor/main.ts'
import { type Connector, startConnector } from '../support/connector.ts'
import { type Answer, type Double, type Received, startDouble } from '../support/double.ts'
import { anchorsOf, codesIn, readPage, root, rowsOf } from '../support/pages.ts'
import { python } from '../support/python.ts'
import { type Stack, startStack, wish } from '../support/stack.ts'
import { startTeams, type TeamsDouble } from '../support/teamsDouble.ts'
import { makeWitness } from '../support/cosigning.ts'
import { startWitness } from '../support/witnessDouble.ts'
import { until } from '../support/until.ts'
import { someOf } from '../support/whole.ts'
import { type AzDouble, type AzState, makeAz } from './az.ts'
import { type Ended, runScript } from './ended.ts'

const { version } = about

interface Told extends Ended {
  readonly ok: boolean
  readonly parts: Readonly<Record<PartName, Diagnosis>>
}

const byPart = (found: readonly Diagnosis[]) =>
  Object.fromEntries(found.map((one) => [one.part, one])) as Readonly<Record<PartName, Diagnosis>>

/** Runs the program in this process, or as `npm run doctor` does: a process and its bundle take a second of a processor. */
async function doctor(
  url: string,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
  run = runHere,
): Promise<Told> {
  const ended = await run([url, '--json', ...args], env)
  const { ok, parts } = JSON.parse(ended.stdout) as { ok: boolean; parts: readonly Diagnosis[] }
  expect(parts.map(({ part }) => part)).toEqual(partNames)
  expect(ended.code).toBe(ok ? 0 : 1)
  return { ...ended, ok, parts: byPart(parts) }
}

const runProgram: typeof runHere = (args, env) => runScript('doctor.mjs', args, env ? { env } : {})

/** Runs the program in this process, with these variables. */
async function runHere(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const said = { stdout: '', stderr: '' }
  const listening = (['stdout', 'stderr'] as const).map((name) =>
    jest.spyOn(process[name], 'write').mockImplementation((text) => {
      said[name] += String(text)
      return true
    }),
  )
  const before = { ...process.env }
  Object.assign(process.env, env)
  try {
    return { code: await main(args, az), ...said }
  } finally {
    for (const name of Object.keys(env))
      if (before[name] === undefined) delete process.env[name]
      else process.env[name] = before[name]
    for (const one of listening) one.mockRestore()
  }
}

const statesOf = (parts: Readonly<Record<PartName, Diagnosis>>, state: PartState): readonly string[] =>
  Object.values(parts).flatMap((one) => (one.state === state ? [one.part] : []))

describe('the local stack', () => {
  let stack: Stack
  let connector: Connector
  let teams: TeamsDouble
  beforeAll(async () => {
    ;[connector, teams] = await Promise.all([startConnector(), startTeams()])
    stack = await startStack({ env: { COUNTERSIGN_CONNECTOR: connector.url, COUNTERSIGN_BOT_KEYS: teams.keysUrl } })
  })
  afterAll(async () => {
    await Promise.all([connector.close(), teams.close()])
    await stack.stop()
  })

  /** The doctor takes its time in between, in which the stack closes connections that are idle. */
  const call = (who: string, path: string, body?: unknown) => stack.call(who, path, body, { connection: 'close' })

  test('is well, as far as it can be seen without a token', async () => {
    const { ok, parts } = await doctor(stack.api)
    expect({ ok, unknown: statesOf(parts, 'unknown') }).toEqual({ ok: true, unknown: ['settings', 'immutability'] })
    expect(statesOf(parts, 'warning')).toEqual(['backup'])
  })

  test('shows a person with Evidence.Read that its storage does not protect files', async () => {
    const { ok, parts } = await doctor(stack.api, [], { COUNTERSIGN_TOKEN: await stack.token('compliance') })
    expect(ok).toBe(true)
    expect(statesOf(parts, 'unknown')).toEqual(['settings'])
    expect(parts.immutability).toMatchObject({ state: 'warning', says: expect.stringContaining('evidenceDays is 0') })
  })

  test('reports a token without that right', async () => {
    const { parts } = await doctor(stack.api, [], { COUNTERSIGN_TOKEN: await stack.token('dba-1') })
    expect(parts.evidence).toMatchObject({ state: 'warning', remedy: expect.stringContaining('Evidence.Read') })
  })

  test('prints one line a part, and the summary beside it', async () => {
    const { code, stdout, stderr } = await runScript('doctor.mjs', [`${stack.api}/`])
    expect(code).toBe(0)
    const lines = stdout.trimEnd().split('\n')
    expect(lines.map((line) => line.split(/ +/)[1])).toEqual(partNames)
    expect(stderr).toBe('doctor: 0 wrong, 1 to look at, 2 not examined, 18 well\n')
    expect(stdout).not.toContain('\u001b')
  })

  test('is not changed by the doctor', async () => {
    const events = async () => (await call('compliance', '/api/requests?status=pending')).body
    const before = await events()
    await doctor(stack.api)
    expect(await events()).toEqual(before)
  })

  test('shows an edited row, days that cannot be sealed, and a wrong clock', async () => {
    const { id } = (await call('deploy-bot', '/api/requests', wish())).body as { id: string }
    const credential = await stack.storageCredential()
    const table = new TableClient(stack.storage, 'ledger', credential, { allowInsecureConnection: true })
    const filter = odata`type eq 'requested' and request eq ${id}`
    for await (const { partitionKey = '', rowKey = '', leaf } of table.listEntities({ queryOptions: { filter } }))
      await table.updateEntity({ partitionKey, rowKey, leaf: String(leaf).replace('"db.export"', '"db.report"') })
    expect((await call('compliance', `/api/requests/${id}/events`)).status).toBe(503)
    await stack.local('advance', '2d')
    await expect(stack.local('seal')).rejects.toThrow('evidence-broken')

    const token = await stack.token('compliance')
    // The service gives a report again for some seconds, also one from before the clock was moved.
    const { ok, parts } = await until(
      () => doctor(stack.api, [], { COUNTERSIGN_TOKEN: token }),
      ({ parts }) => statesOf(parts, 'wrong').includes('seal'),
    )
    expect(ok).toBe(false)
    // The timer that would write the heads may or may not have run since.
    expect(statesOf(parts, 'wrong').filter((part) => part !== 'witness')).toEqual(['seal', 'evidence', 'clock'])
    expect(parts.evidence.says).toMatch(new RegExp(`^broken rows: ${id.slice(-2)}/event-\\d+ \\((mac|events)\\)$`))
    expect(parts.clock.says).toMatch(/^the clock of the service is 17[23]\d{3}\.\d s ahead of this machine's$/)
    const unsigned = await doctor(stack.api)
    expect(unsigned.parts.evidence).toMatchObject({
      state: 'wrong',
      remedy: expect.stringContaining('COUNTERSIGN_TOKEN'),
    })
  })
})

const problem = (
  status: number,
  code: 'unauthenticated' | 'unavailable' | 'not-found',
  detail = 'The detail.',
): Answer => ({
  status,
  headers: { 'content-type': 'application/problem+json' },
  body: { type: problemType(code), title: 'Title', status, detail, code },
})

const healthy = {
  ...{ status: 'ok', version, people: 'admitted' },
  parts: {
    ...{ ledger: 'ok', archive: 'ok', witness: 'ok', signer: 'ok', directory: 'ok', deliveries: 'ok', seal: 'ok' },
    ...{ evidence: 'ok', backup: 'ok', cosignatures: 'ok' },
  },
}

const report = (more: JsonObject = {}, status = 200): Answer => ({
  status,
  body: { ...healthy, now: new Date().toISOString(), ...more },
})

const failing = (part: string, state = 'failing'): Answer =>
  report({ parts: { ...healthy.parts, [part]: state } }, ['ledger', 'signer', 'directory'].includes(part) ? 503 : 200)

const openapi = (url: string): Answer => ({ status: 200, body: { info: { title: 'Countersign' }, servers: [{ url }] } })

/** Starts a deployment that is well but for what the answers say, and examines it. */
async function examined(
  answers: Readonly<Record<string, Answer | (() => Answer)>>,
  more: Partial<Parameters<typeof examine>[0]> = {},
): Promise<{ readonly parts: Readonly<Record<PartName, Diagnosis>>; readonly received: readonly Received[] }> {
  const double: Double = await startDouble((request): Answer => {
    const told = answers[request.path]
    if (told !== undefined) return typeof told === 'function' ? told() : told
    if (request.path === '/api/openapi.json') return openapi(double.origin)
    if (request.path === '/api/health') return report()
    return ['/api/requests', '/api/messages', '/api/slack'].includes(request.path)
      ? problem(401, 'unauthenticated')
      : problem(404, 'not-found')
  })
  try {
    return { parts: byPart(await examine({ url: double.origin, version, ...more })), received: [...double.received] }
  } finally {
    await double.close()
  }
}

describe('a deployment with one fault shows its part:', () => {
  test('no part is wrong if all is well', async () => {
    const { parts } = await examined({})
    expect(statesOf(parts, 'wrong')).toEqual([])
    expect(statesOf(parts, 'warning')).toEqual([])
  })

  test.each<[string, PartName, string]>([
    ['ledger', 'ledger', 'Storage Table Data Contributor'],
    ['archive', 'archive', 'Storage Blob Data Contributor'],
    ['signer', 'signer', 'Key Vault Crypto User'],
    ['directory', 'directory', 'GroupMember.Read.All'],
    ['witness', 'witness', '"sweep"'],
    ['seal', 'seal', '"seal"'],
    ['backup', 'backup', '#backup-failing'],
    ['deliveries', 'deliveries', 'approvers.json'],
  ])('%s', async (part, name, remedy) => {
    const { parts } = await examined({ '/api/health': () => failing(part) })
    expect(statesOf(parts, 'wrong')).toEqual([name])
    expect(parts[name].remedy).toContain(remedy)
  })

  const plain = (status: number, body = '<html>'): Answer => ({
    status,
    headers: { 'content-type': 'text/html' },
    body,
  })

  test.each<[string, Readonly<Record<string, Answer | (() => Answer)>>, PartName, PartState, string]>([
    [
      'evidence that cannot be sealed',
      { '/api/health': () => failing('seal', 'evidence-broken') },
      'seal',
      'wrong',
      'does not hold',
    ],
    [
      'rows that are broken',
      {
        '/api/health': () =>
          report({
            parts: { ...healthy.parts, evidence: 'evidence-broken' },
            broken: [{ shard: '07', row: 'event-000000000003', check: 'mac' }],
          }),
      },
      ...(['evidence', 'wrong', '07/event-000000000003 (mac)'] as const),
    ],
    ['no backups', { '/api/health': () => failing('backup', 'off') }, 'backup', 'warning', 'no snapshots'],
    [
      'a witness that does not cosign',
      { '/api/health': () => failing('cosignatures') },
      ...(['cosignatures', 'wrong', 'a sealed day has no cosignature'] as const),
    ],
    [
      'a witness that has seen another log',
      {
        '/api/health': () =>
          report({
            parts: { ...healthy.parts, cosignatures: 'refused' },
            uncosigned: [{ witness: 'witness.example/w1', fault: 'fork', date: '2026-03-04' }],
          }),
      },
      ...(['cosignatures', 'wrong', 'another log than this one: witness.example/w1 (fork, 2026-03-04)'] as const),
    ],
    [
      'a ledger that can only be read',
      { '/api/health': () => failing('ledger', 'read-only') },
      ...(['ledger', 'wrong', 'lacks events'] as const),
    ],
    ['a clock 31 s behind', { '/api/health': () => later(-31) }, 'clock', 'wrong', 's behind'],
    ['a clock 10 s ahead', { '/api/health': () => later(15) }, 'clock', 'warning', 's ahead'],
    [
      'people who are refused',
      { '/api/health': () => report({ people: 'refused' }) },
      'people',
      'warning',
      'COUNTERSIGN_CLIENTS',
    ],
    ['another version', { '/api/health': () => report({ version: '99.0.0' }) }, 'start', 'warning', 'version 99.0.0'],
    ['a health that is no report', { '/api/health': plain(500) }, 'start', 'wrong', 'no report'],
    ['an API without a lock', { '/api/requests': { status: 200, body: {} } }, 'api', 'wrong', 'lets a stranger in'],
    ['an API behind another lock', { '/api/requests': plain(401) }, 'api', 'wrong', 'not with the 401 of the service'],
    ['an API that is not there', { '/api/requests': plain(404) }, 'api', 'wrong', '404'],
    ['an API that fails', { '/api/requests': plain(500) }, 'api', 'wrong', '500'],
    ['an API that hangs up', { '/api/requests': 'reset' }, 'api', 'wrong', 'connection failed'],
    ['a bot that lets strangers in', { '/api/messages': { status: 200 } }, 'bot', 'wrong', 'lets a stranger in'],
    ['a bot behind another lock', { '/api/messages': plain(403) }, 'bot', 'wrong', '403'],
    ['no function for the bot', { '/api/messages': plain(404) }, 'bot', 'wrong', '404'],
    ['no bot', { '/api/messages': problem(404, 'not-found') }, 'bot', 'warning', 'no bot'],
    ['Slack that lets strangers in', { '/api/slack': { status: 200 } }, 'slack', 'wrong', 'lets a stranger in'],
    ['Slack behind another lock', { '/api/slack': plain(401) }, 'slack', 'wrong', 'not with the 401 of the service'],
    ['no function for Slack', { '/api/slack': plain(404) }, 'slack', 'wrong', '404'],
    ['Slack that fails', { '/api/slack': plain(500) }, 'slack', 'wrong', '500'],
    [
      'a door for GitHub that lets strangers in',
      { '/api/hooks/github': { status: 202 } },
      ...(['pipelines', 'wrong', 'stranger in'] as const),
    ],
    [
      'a lock before a pipeline',
      { '/api/hooks/azure-devops': plain(403) },
      ...(['pipelines', 'wrong', 'Azure DevOps'] as const),
    ],
    [
      'another address than it says',
      { '/api/openapi.json': openapi('https://approvals.contoso.example') },
      ...(['address', 'wrong', 'calls itself https://approvals.contoso.example'] as const),
    ],
    [
      'another service',
      { '/api/openapi.json': { status: 200, body: { info: { title: 'Pets' } } } },
      'address',
      'wrong',
      'no Countersign',
    ],
    ['no service', { '/api/openapi.json': plain(404) }, 'address', 'wrong', 'no Countersign'],
    [
      'an address that leads on',
      { '/api/openapi.json': { status: 302, headers: { location: 'https://contoso.example/login' } } },
      ...(['address', 'wrong', 'leads on to https://contoso.example/login'] as const),
    ],
    ['a sign-in of the platform', { '/api/openapi.json': plain(401) }, 'address', 'wrong', 'sign in'],
    [
      'a site that is stopped',
      { '/api/openapi.json': plain(403, 'Error 403 - This web app is stopped.') },
      'address',
      'wrong',
      'stopped',
    ],
    [
      'a restriction of addresses',
      { '/api/openapi.json': plain(403, 'Ip Forbidden') },
      'address',
      'wrong',
      'refuses the call',
    ],
    ['a host that hangs up', { '/api/openapi.json': 'reset' }, 'address', 'wrong', 'connection failed'],
    [
      'a host without functions',
      { '/api/openapi.json': plain(503, 'Function host is not running.') },
      'start',
      'wrong',
      'stopped the start',
    ],
    [
      'a start that is a bug',
      { '/api/openapi.json': { status: 500, body: { type: 'about:blank' } } },
      'start',
      'wrong',
      'stopped the start',
    ],
    [
      'a start without a role',
      { '/api/openapi.json': problem(503, 'unavailable', 'The ledger key cannot be reached.') },
      ...(['start', 'wrong', 'The ledger key cannot be reached.'] as const),
    ],
  ])('%s', async (_what, answers, part, state, words) => {
    const { parts } = await examined(answers)
    expect(parts[part]).toMatchObject({ part, state, says: expect.stringContaining(words) })
    expect(parts[part].remedy).not.toBe('')
    if (state === 'wrong') expect(statesOf(parts, 'wrong')).toEqual([part])
    expect(statesOf(parts, 'warning')).toEqual(state === 'warning' ? [part] : [])
  })

  test('Slack is examined where it is set up, and may be left out, with the settings that it would take', async () => {
    const { parts } = await examined({})
    expect(parts.slack).toEqual({ part: 'slack', state: 'ok', says: expect.stringContaining('Slack has not signed') })
    const without = await examined({ '/api/slack': problem(404, 'not-found') })
    expect(without.parts.slack).toMatchObject({ state: 'ok', says: expect.stringContaining('there is no Slack here') })
    for (const name of ['APP_ID', 'TEAM_ID', 'SIGNING_SECRET', 'TOKEN'])
      expect(without.parts.slack.says).toContain(`COUNTERSIGN_SLACK_${name}`)
  })

  test('a start without roles names all of them', async () => {
    const { parts } = await examined({ '/api/openapi.json': problem(503, 'unavailable') })
    for (const role of ['Storage Table Data Contributor', 'Storage Blob Data Contributor', 'Key Vault Secrets User'])
      expect(parts.start.remedy).toContain(role)
    expect(parts.address.state).toBe('ok')
  })

  test('a start without one role shows the part that needs it, and gets no token', async () => {
    const answers = { '/api/openapi.json': problem(503, 'unavailable'), '/api/health': () => failing('archive') }
    const { parts, received } = await examined(answers, { token: 'a.b.c' })
    expect(statesOf(parts, 'wrong')).toEqual(['start', 'archive'])
    expect(parts.archive.remedy).toContain('Storage Blob Data Contributor')
    expect(received.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined])
  })

  test('a service that cannot begin is wrong, even if all its parts answer', async () => {
    const { parts } = await examined({ '/api/health': () => report({ status: 'failing' }, 503) })
    expect(statesOf(parts, 'wrong')).toEqual(['start'])
    expect(parts.start.remedy).toContain('"start"')
  })

  test('an older service, which does not report a part, is unknown and not wrong', async () => {
    const { witness: _witness, ...older } = healthy.parts
    const { parts } = await examined({ '/api/health': { status: 200, body: { status: 'ok', parts: older } } })
    expect(statesOf(parts, 'wrong')).toEqual([])
    expect(statesOf(parts, 'unknown')).toEqual(expect.arrayContaining(['witness', 'clock', 'people']))
  })

  test('an untrusted text in an answer cannot control the terminal', async () => {
    const location = 'https://contoso.example/%1b\u009b31m'
    const answers = { '/api/openapi.json': { status: 302, headers: { location } }, '/api/health': report() }
    expect((await examined(answers)).parts.address.says).not.toMatch(/[\u001b\u0080-\u009f]/)
    const version = '\u001b[31m1'
    expect((await examined({ '/api/health': () => report({ version }) })).parts.start.says).not.toContain('\u001b')
  })
})

function later(seconds: number): Answer {
  return report({ now: new Date(Date.now() + seconds * 1000).toISOString() })
}

describe('the token', () => {
  const tokensIn = (received: readonly Received[]) =>
    received.filter(({ headers }) => headers.authorization !== undefined).map(({ path }) => path)

  test('is sent only to health, after the address has proved to be the service', async () => {
    const { received } = await examined({}, { token: 'secret' })
    expect(tokensIn(received)).toEqual(['/api/health'])
    expect(received[0]?.path).toBe('/api/openapi.json')
  })

  test.each<[string, Answer]>([
    ['is no Countersign service', { status: 200, body: { info: { title: 'Pets' } } }],
    ['leads on', { status: 307, headers: { location: '/api/openapi.json' } }],
    ['has not started', problem(503, 'unavailable')],
  ])('is not sent if the address %s', async (_what, answer) => {
    expect(tokensIn((await examined({ '/api/openapi.json': answer }, { token: 'secret' })).received)).toEqual([])
  })
})

describe('a witness', () => {
  const asked = async (answer: Answer) => {
    const double = await startDouble(() => answer)
    const [witness] = witnessesIn(`${double.origin}/log ${makeWitness().key}`, { allowsLoopback: true })
    try {
      return { found: await askWitnesses(witness ? [witness] : []), received: [...double.received] }
    } finally {
      await double.close()
    }
  }

  test('that answers as C2SP says is well, and is asked about a log that it cannot have', async () => {
    const now = () => Date.now() / 1000
    const witness = await startWitness({ logs: {}, now })
    try {
      const found = await askWitnesses(witnessesIn(witness.setting, { allowsLoopback: true }))
      expect(found).toMatchObject([{ state: 'ok', says: 'the witness witness.example/w1 answers' }])
      expect(witness.received[0]?.body).toContain('\n\ncountersign-doctor.invalid\n0\n')
    } finally {
      await witness.close()
    }
  })

  test.each<[string, Answer, string]>([
    ['is no witness', { status: 405 }, 'answers 405'],
    ['cosigns what it cannot know', { status: 200 }, 'answers 200'],
    ['has a fault', { status: 502 }, 'answers 502'],
    ['hangs up', 'reset', 'does not answer here'],
  ])('that %s is to be looked at', async (_what, answer, says) => {
    const { found, received } = await asked(answer)
    expect(found).toMatchObject([{ part: 'cosignatures', state: 'warning', says: expect.stringContaining(says) }])
    expect(received.map(({ method, path }) => `${method} ${path}`)).toEqual(['POST /log/add-checkpoint'])
  })
})

test('only operations that read are called, and the doors of others with nothing in it', async () => {
  const { received } = await examined({}, { token: 'secret' })
  expect(received.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
    ...['GET /api/health', 'GET /api/openapi.json', 'GET /api/requests', 'POST /api/hooks/azure-devops'],
    ...['POST /api/hooks/github', 'POST /api/messages', 'POST /api/slack'],
  ])
  expect(received.flatMap(({ method, body }) => (method === 'POST' ? [body] : []))).toEqual(['{}', '{}', '{}', '{}'])
})

describe('TLS', () => {
  let folder: string
  let server: Server
  let url: string

  async function serve(days: number, name: string): Promise<void> {
    execFileSync(python ?? '', [join(__dirname, 'make_certificate.py'), folder, String(days), name])
    const [key, cert] = ['key.pem', 'certificate.pem'].map((file) => readFileSync(join(folder, file)))
    server = createServer({ key, cert }, (req, res) => {
      const told =
        { '/api/openapi.json': openapi(url), '/api/health': report() }[req.url ?? ''] ?? problem(401, 'unauthenticated')
      if (typeof told === 'string') return
      res.writeHead(told.status, { 'content-type': 'application/json' }).end(JSON.stringify(told.body))
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-tls-'))
  })
  afterEach(async () => {
    server.closeAllConnections()
    await new Promise((done) => server.close(done))
    rmSync(folder, { recursive: true })
  })

  const certificates: readonly (readonly [string, number, string, boolean, PartState, string])[] = [
    ['a good certificate', 90, '127.0.0.1', true, 'ok', 'TLSv1.'],
    ['a certificate that ends soon', 10, '127.0.0.1', true, 'warning', 'the certificate ends in 9 days'],
    ['a certificate that has ended', -1, '127.0.0.1', true, 'wrong', 'the certificate has expired'],
    ['a certificate for another name', 90, 'contoso.example', true, 'wrong', 'for another name'],
    ['a certificate that no authority signed', 90, '127.0.0.1', false, 'wrong', 'does not trust the certificate'],
  ]

  test.each(someOf(certificates, ([, , , , state]) => state))(
    '%s',
    async (_what, days, name, isTrusted, state, words) => {
      await serve(days, name)
      const trust = isTrusted ? { NODE_EXTRA_CA_CERTS: join(folder, 'certificate.pem') } : {}
      // Node reads what it trusts at its start.
      const { parts } = await doctor(url, [], { ...trust, COUNTERSIGN_TOKEN: 'token' }, runProgram)
      expect(parts.address).toMatchObject({ state, says: expect.stringContaining(words) })
    },
  )
})

describe('with the Azure CLI', () => {
  const group = '/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590/resourceGroups/rg-prod/providers'
  const site = `${group}/Microsoft.Web/sites/prod`
  const account = `${group}/Microsoft.Storage/storageAccounts/prodevidence`
  const settings = Object.fromEntries(
    rowsOf(readPage('docs/operate/settings.md')).flatMap(([name = '', example = '']) =>
      codesIn(name)[0]?.match(/^[A-Z_]+$/) ? [[codesIn(name)[0], codesIn(example)[0]]] : [],
    ),
  ) as Record<string, string>

  let fake: AzDouble
  let double: Double
  beforeAll(async () => {
    fake = await makeAz()
    double = await startDouble(({ path }): Answer => {
      if (path === '/api/openapi.json') return openapi(double.origin)
      return path === '/api/health' ? report() : problem(401, 'unauthenticated')
    })
  })
  afterAll(async () => {
    await double.close()
    fake.end()
  })

  const policy = (days: number, state: string) => ({
    properties: { immutabilityPolicy: { properties: { immutabilityPeriodSinceCreationInDays: days, state } } },
  })

  const known = (
    more: Readonly<Record<string, string | undefined>> = {},
    container: unknown = policy(2555, 'Locked'),
  ) => ({
    resources: [
      { type: 'Microsoft.Web/sites', name: 'prod', id: site },
      { type: 'Microsoft.Storage/storageAccounts', name: 'prodevidence', id: account },
    ],
    documents: {
      [`post ${site}/config/appsettings/list`]: {
        properties: {
          ...settings,
          COUNTERSIGN_BLOBS_URL: 'https://prodevidence.blob.core.windows.net',
          COUNTERSIGN_BASE_URL: double.origin.replace('http:', 'https:'),
          ...more,
        },
      },
      [`get ${account}/blobServices/default/containers/evidence`]: container,
    },
  })

  const ask = async (state: Partial<AzState>) => {
    fake.knows(state)
    return doctor(double.origin, ['--app', 'prod'], fake.env)
  }

  test('settings are compared with the address, and no value of them is printed', async () => {
    const { parts, stdout } = await ask(known())
    // The double is asked without TLS, which no setting may name.
    expect(parts.settings.says).toBe('COUNTERSIGN_BASE_URL is not the address that was asked.')
    expect(parts.immutability).toMatchObject({ state: 'ok', says: expect.stringContaining('2555 days, locked') })
    for (const name of ['COUNTERSIGN_TENANT_ID', 'COUNTERSIGN_GRANT_KEY', 'BOT_APP_ID'])
      expect(stdout).not.toContain(settings[name])
    expect(fake.calls().map(({ name }) => name.split('?')[0]?.split(' ')[0])).not.toContain('put')
  })

  test('correct settings are well', async () => {
    const { resources, documents } = known({ COUNTERSIGN_BASE_URL: 'https://countersign.contoso.example' })
    const azure: Az = async (args) => {
      const [method, url] = ['--method', '--url'].map((option) => args[args.indexOf(option) + 1])
      if (args[0] === 'rest') return (documents as JsonObject)[`${method} ${url?.split('?')[0]}`]
      return resources.filter(({ name }) => args.includes(name))
    }
    const [diagnosis] = await askAzure({ az: azure, app: 'prod', url: 'https://countersign.contoso.example' })
    expect(diagnosis).toEqual({ part: 'settings', state: 'ok', says: expect.any(String) })
  })

  const reference = '@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/slack-token)'
  const referring = (status: string) => {
    const { resources, documents } = known({ COUNTERSIGN_SLACK_TOKEN: reference })
    const value = [{ name: 'COUNTERSIGN_SLACK_TOKEN', properties: { reference, status } }]
    return { resources, documents: { ...documents, [`get ${site}/config/configreferences/appsettings`]: { value } } }
  }

  test('a secret that the site gets from Key Vault is well', async () => {
    const { parts } = await ask(referring('Resolved'))
    expect(parts.settings.says).toBe('COUNTERSIGN_BASE_URL is not the address that was asked.')
  })

  test('a secret that the site does not get from Key Vault is named, with the reason of Azure', async () => {
    const { parts } = await ask(referring('AccessToKeyVaultDenied'))
    expect(parts.settings).toMatchObject({
      state: 'wrong',
      says: expect.stringContaining(
        'The site does not get COUNTERSIGN_SLACK_TOKEN from Key Vault (AccessToKeyVaultDenied).',
      ),
    })
  })

  test('one setting of Slack without the others is named', async () => {
    const { parts } = await ask(known({ COUNTERSIGN_SLACK_TEAM_ID: undefined }))
    expect(parts.settings.says).toContain('The setting COUNTERSIGN_SLACK_TEAM_ID is missing')
  })

  test('all missing and malformed settings are named at once', async () => {
    const { ok, parts } = await ask(
      known({
        COUNTERSIGN_ORIGIN: undefined,
        COUNTERSIGN_TABLES_URL: 'https://a.table.core.windows.net/',
        BOT_APP_TYPE: 'Msi',
      }),
    )
    expect(ok).toBe(false)
    expect(parts.settings.says).toContain('The setting COUNTERSIGN_ORIGIN is missing: it is a schemeless URL')
    expect(parts.settings.says).toContain('The setting COUNTERSIGN_TABLES_URL is malformed')
    expect(parts.settings.says).toContain('The setting BOT_APP_TYPE is malformed')
    expect(parts.settings.says).not.toContain('a.table.core')
  })

  test.each<[string, unknown, PartState, string]>([
    ['no policy', { properties: { hasImmutabilityPolicy: false } }, 'warning', 'evidenceDays is 0'],
    ['a policy of no days', policy(0, 'Unlocked'), 'warning', 'evidenceDays is 0'],
    ['a policy that is not locked', policy(30, 'Unlocked'), 'warning', '30 days is not locked'],
    ['a container that is not there', null, 'unknown', 'ResourceNotFound'],
  ])('%s', async (_what, container, state, words) => {
    const { parts } = await ask(known({}, container))
    expect(parts.immutability).toMatchObject({ state, says: expect.stringContaining(words) })
  })

  test.each<[string, Partial<AzState>, string]>([
    ['nobody is signed in', { signedOut: true }, 'az login'],
    ['there is no such app', {}, 'no Microsoft.Web/sites called prod'],
  ])('a part that Azure does not report is unknown, and the others are reported: %s', async (_what, state, words) => {
    const { ok, parts } = await ask(state)
    expect(ok).toBe(true)
    expect(parts.settings).toMatchObject({ state: 'unknown', says: expect.stringContaining(words) })
    expect(parts.ledger.state).toBe('ok')
  })

  test('a missing az is reported', async () => {
    const { parts } = await doctor(double.origin, ['--app', 'prod'], { PATH: '/nowhere' })
    expect(parts.settings).toMatchObject({ state: 'unknown', says: expect.stringContaining('not installed') })
  })
})

describe('the command line', () => {
  test.each<[string, readonly string[], string]>([
    ['no address', [], 'URL is missing'],
    ['two addresses', ['https://a.example', 'https://b.example'], 'unexpected "https://b.example"'],
    ['what is no address', ['contoso'], 'URL is malformed: it starts with https://'],
    ['an address in the clear', ['http://contoso.example'], 'URL is malformed: it starts with https://'],
    ['an address with a path', ['https://contoso.example/api'], 'URL is malformed: it has no path'],
    ['an address with a password', ['https://a:b@contoso.example'], 'URL is malformed: it has no path, query or user'],
    ['an option that is none', ['https://contoso.example', '--fix'], 'unknown option --fix'],
    ['an app that is none', ['https://contoso.example', '--app', '../x'], '--app is malformed'],
    [
      'a subscription that is none',
      ['https://contoso.example', '--app', 'x1', '--subscription', 'y'],
      '--subscription is',
    ],
  ])('%s is refused by name', async (_what, args, words) => {
    const { code, stdout, stderr } = await runHere(args)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain(`doctor: ${words}`)
  })

  test('a malformed token is refused, and not repeated', async () => {
    const env = { COUNTERSIGN_TOKEN: 'two words' }
    const { code, stderr } = await runScript('doctor.mjs', ['http://127.0.0.1:1'], { env })
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('COUNTERSIGN_TOKEN is malformed') })
    expect(stderr).not.toContain('two words')
  })

  test('--help says what is done', async () => {
    expect(await runScript('doctor.mjs', ['--help'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('--app NAME'),
    })
  })
})

test('every section of the runbook that the doctor names exists', () => {
  const folder = join(root, 'src/doctor')
  const sources = readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8'))
  const named = sources.flatMap((text) => [...text.matchAll(/(runbook|backup)\('([^']+)'\)/g)])
  expect(named.length).toBeGreaterThan(8)
  const missing = named.filter(
    ([, page, heading = '']) => !anchorsOf(readPage(`docs/operate/${page}.md`)).includes(heading),
  )
  expect(missing.map(([all]) => all)).toEqual([])
})

test('docs/operate/doctor.md names the parts, in their order', () => {
  const section = readPage('docs/operate/doctor.md').split('## The parts')[1] ?? ''
  expect(
    new Set(
      rowsOf(section)
        .slice(1)
        .flatMap(([parts = '']) => codesIn(parts)),
    ),
  ).toEqual(new Set(partNames))
})
