import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { authzenRouteNames } from '../../src/contract/authzen.ts'
import { operationNames } from '../../src/contract/operations.ts'
import { apiAppId, tenantId } from '../../src/local/accounts.ts'
import { until } from '../support/until.ts'
import { inWhole, someOf } from '../support/whole.ts'
import { type Azure, settingsIn, startAzure } from '../support/azure.ts'
import { startable, type Packaged, type RunningApp } from './packaged.ts'

let azure: Azure
let packaged: Packaged
let app: RunningApp | undefined

beforeAll(async () => {
  ;[azure, packaged] = await Promise.all([startAzure(), startable()])
})
afterEach(async () => {
  await app?.stop()
  app = undefined
  azure.trouble({})
})
afterAll(async () => {
  await azure.close()
  packaged.end()
})

const every = [
  ...operationNames,
  ...authzenRouteNames,
  'messages',
  'slack',
  'github',
  'azureDevOps',
  'console',
  'elsewhere',
  'sweep',
  'seal',
].sort()

const start = async (settings: Readonly<Record<string, string>> = {}): Promise<RunningApp> => {
  app = await packaged.start({ ...azure.env, ...settingsIn(), ...settings })
  return app
}

/** An agent asks for a request that does not exist: that takes its token, the policy and the storage. */
async function asked(running: RunningApp): Promise<{ status: number; code: unknown }> {
  const agent = 'b0000000-0000-4000-8000-000000000001'
  const token = await azure.sign({
    ...{ iss: `https://login.microsoftonline.com/${tenantId}/v2.0`, aud: apiAppId, tid: tenantId, ver: '2.0' },
    ...{ oid: agent, sub: agent, azp: agent.replace('b', 'a'), idtyp: 'app', roles: ['Actions.Request'] },
  })
  const headers = { authorization: `Bearer ${token}` }
  const { status, body } = await running.call('/api/requests/01kjw2xm00abcdefghjkmnpqrs-07', { headers })
  return { status, code: body['code'] }
}

/** Waits until everything can be reached; says what health then says. */
const healthy = async (running: RunningApp) =>
  (
    await until(
      () => running.call('/api/health'),
      ({ status }) => status === 200,
    )
  ).body

const works = { status: 404, code: 'not-found' }

describe('a package in an empty folder', () => {
  test('starts with all its functions, and everything works', async () => {
    const running = await start()
    expect([...running.functions].sort()).toEqual(every)
    const parts = { ledger: 'ok', archive: 'ok', signer: 'ok', directory: 'ok', seal: 'ok' }
    expect(await healthy(running)).toMatchObject({ status: 'ok', parts })
    expect(await asked(running)).toEqual(works)
    expect(await running.run('sweep')).toBeNull()
    const swept = running.lines.find((line) => line.includes('"timer":"sweep"')) ?? ''
    expect(JSON.parse(swept)).toMatchObject({ done: { requests: 0, deliveries: 0, heads: 0 } })
  })

  // The start before has left ledger and policy in the storage.
  test('that starts again under the same policy reads each of its files once, and writes none', async () => {
    const before = azure.calls.length
    await healthy(await start())
    const heard = azure.calls.slice(before).filter((call) => call.includes('/evidence/policy/'))
    const own = ['policy', 'cards'].flatMap((folder) => readdirSync(join(packaged.folder, folder)))
    const files = [...own, 'rules.json']
    expect(heard).toHaveLength(files.length)
    expect(new Set(heard).size).toBe(files.length)
    expect(heard.every((call) => call.startsWith('GET '))).toBe(true)
  })

  test('does not start on the ledger of another deployment, or names it in the log if storage is slow', async () => {
    const other = { COUNTERSIGN_ORIGIN: 'other.contoso.example/evidence' }
    const words = /another one: its origin is .{0,2}countersign\.contoso\.example\/evidence/
    const { said } = await packaged.refusedStart({ ...azure.env, ...settingsIn(), ...other }, words)
    expect(said).toMatch(words)
  })
})

const troubled = [
  ['the tables say 403', { 'contoso.table': 403 }, { ledger: 'failing', archive: 'ok' }],
  ['the tables close every connection', { 'contoso.table': 'closed' }, { ledger: 'failing', archive: 'ok' }],
  ['the tables say nothing', { 'contoso.table': 'silent' }, { ledger: 'failing', archive: 'ok' }],
  ['the blobs say 403', { 'contoso.blob': 403 }, { ledger: 'ok', archive: 'failing' }],
  ['the vault says 403', { 'contoso.vault': 403 }, { ledger: 'failing', archive: 'ok', signer: 'failing' }],
] as const

/** With and without the ledger. */
const outages = someOf(troubled, ([, , parts]) => parts.ledger)

test.each(outages)(
  'while %s, every function answers 503, and later recovers by itself',
  async (_what, troubles, parts) => {
    azure.trouble(troubles)
    const running = await start()
    expect([...running.functions].sort()).toEqual(every)
    const unhealthy = await running.call('/api/health')
    expect(unhealthy).toMatchObject({ status: 503, body: { status: 'failing', parts: { directory: 'ok', ...parts } } })
    expect(await asked(running)).toEqual({ status: 503, code: 'unavailable' })
    expect(await running.run('sweep')).toMatch(/The timer sweep failed/)
    await until(
      () => running.lines,
      (lines) => lines.some((line) => line.includes('"start":true,"failing":')),
    )

    azure.trouble({})
    await until(
      () => asked(running),
      ({ status }) => status === works.status,
    )
    await healthy(running)
    expect(await running.run('sweep')).toBeNull()
  },
)

test('failing storage is called once a second, for any number of calls', async () => {
  azure.trouble({ 'contoso.table': 403 })
  const running = await start()
  const before = azure.calls.length
  await Promise.all(Array.from({ length: 100 }, () => asked(running)))
  const heard = azure.calls.slice(before).filter((call) => call.includes('contoso.table'))
  // each call would take several, and on a slow machine they take some seconds
  expect(heard.length).toBeLessThan(100)
})

inWhole(() => {
  test('without applications for people the start says that they are refused, and by which setting', async () => {
    const running = await start({ COUNTERSIGN_CLIENTS: '' })
    const said = running.lines.filter((line) => line.includes('"missing":'))
    expect(said.map((line) => JSON.parse(line) as unknown)).toEqual([
      { start: true, missing: 'COUNTERSIGN_CLIENTS', effect: 'people are refused over HTTP' },
    ])
    expect(await healthy(running)).toMatchObject({ people: 'refused' })
  })
})

test.each([
  ['a setting that is missing', { COUNTERSIGN_LOG_KEY: '' }, /COUNTERSIGN_LOG_KEY is missing/],
  [
    'an agent’s application that people are to use',
    {
      COUNTERSIGN_CLIENTS: 'cli=a0000000-0000-4000-8000-000000000001',
    },
    /COUNTERSIGN_CLIENTS .*deploy-bot/,
  ],
  ['a file of sinks that is not there', { COUNTERSIGN_SINKS: 'sinks.json' }, /COUNTERSIGN_SINKS names sinks\.json/],
])('%s stops the start by name, even while storage fails', async (_what, settings, words) => {
  azure.trouble({ 'contoso.table': 403 })
  const { code, said } = await packaged.refusedStart({ ...azure.env, ...settingsIn(), ...settings }, words)
  expect(code).toBe(1)
  expect(said).toMatch(words)
})

test('sinks with a typo stop the start with line, member and rule', async () => {
  const place = mkdtempSync(join(tmpdir(), 'countersign-sinks-'))
  const file = join(place, 'sinks.json')
  writeFileSync(file, '{ "version": 1, "sinks": {\n  "lines": { "kind": "ocsf", "raw": false } } }')
  const words = /sinks\.json:2: sinks\.lines\.raw: there is no such member here; there are kind, rawData/
  const { code, said } = await packaged.refusedStart({ ...azure.env, ...settingsIn(), COUNTERSIGN_SINKS: file }, words)
  rmSync(place, { recursive: true })
  expect(code).toBe(1)
  expect(said).toMatch(words)
})

test('a policy that is not valid stops the start with file, line and rule', async () => {
  const place = mkdtempSync(join(tmpdir(), 'countersign-policy-'))
  cpSync(join(packaged.folder, 'policy'), place, { recursive: true })
  const rules = readFileSync(join(place, 'approve.cedar'), 'utf8')
  writeFileSync(join(place, 'approve.cedar'), rules.replace('@approvers("dba")', '@approvers("nobody")'))
  const words = /approve\.cedar:\d+: rule export-needs-dba: .*nobody/
  const env = { ...azure.env, ...settingsIn(), COUNTERSIGN_POLICY: place }
  const { code, said } = await packaged.refusedStart(env, words)
  rmSync(place, { recursive: true })
  expect(code).toBe(1)
  expect(said).toMatch(words)
})
