import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { leafHash } from '../../src/core/log/merkle.ts'
import { chain, type Draft, emptyChain } from '../../src/core/request/event.ts'
import { request, requestId } from './double.ts'
import { buildProgram, joined, type Program } from './program.ts'

let program: Program
let url = ''
let calls: URL[] = []
let answer: (call: URL) => unknown

const server = createServer((req: IncomingMessage, res: ServerResponse) => {
  const call = new URL(req.url ?? '', url)
  calls.push(call)
  const body = answer(call)
  const isProblem = typeof body === 'object' && body !== null && 'code' in body
  const type = isProblem ? 'application/problem+json' : 'application/json'
  res.writeHead(isProblem ? 404 : 200, { 'content-type': type }).end(JSON.stringify(body))
})

beforeAll(async () => {
  program = await buildProgram()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => {
  calls = []
  answer = () => ({ requests: [] })
})
afterAll(async () => {
  program.end()
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
})

const run = (...args: readonly string[]) =>
  program.run(args, { env: { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: 'token', COUNTERSIGN_PATIENCE: '0' } })

const dana = 'c0000000-0000-4000-8000-000000000001'
const decided = request({
  status: 'approved',
  approvals: {
    required: [{ groups: ['dba'], quorum: 1, have: 1 }],
    decisions: [{ approver: dana, name: 'Dana', verdict: 'approve', via: 'teams', at: '2026-01-31T09:35:00.000Z' }],
  },
})

test('list names who asked for what and who approved it, with ids', async () => {
  answer = () => ({ requests: [decided] })
  const { code, stdout } = await run('list', '--from', '2026-01-01', '--to', '2026-01-31')
  expect(code).toBe(0)
  const shown = joined(stdout)
  for (const part of [
    'approved         db.export on prod/postgres/customers in production',
    requestId,
    'deploy-bot (b0000000-0000-4000-8000-000000000001)',
    `Dana (${dana}) at 2026-01-31T09:35:00.000Z`,
    '1 request from 2026-01-01T00:00:00.000Z to 2026-02-01T00:00:00.000Z',
  ])
    expect(shown).toContain(part)
})

test('list looks through any range, 31 days at a time, page after page, without a gap', async () => {
  answer = ({ searchParams }) => {
    const first = searchParams.get('to')?.startsWith('2026-04-01') && !searchParams.has('cursor')
    return first ? { requests: [], cursor: 'more', until: '2026-03-20T00:00:00.000Z' } : { requests: [] }
  }
  const { stdout } = await run('list', '--from', '2026-01-01', '--to', '2026-03-31', '--json')
  expect(JSON.parse(stdout)).toMatchObject({ exit: 0, complete: true, requests: [] })
  const asked = calls.map(({ searchParams }) => [searchParams.get('from'), searchParams.get('to')])
  expect(calls[1]?.searchParams.get('cursor')).toBe('more')
  expect(asked[0]).toEqual(asked[1])
  expect(asked.slice(1).map(([from]) => from)).toEqual([
    ...asked.slice(2).map(([, to]) => to),
    '2026-01-01T00:00:00.000Z',
  ])
  for (const [from, to] of asked) expect(Date.parse(to ?? '') - Date.parse(from ?? '')).toBeLessThanOrEqual(31 * 864e5)
})

test('list says how far it looked when it has enough, and when the service stops answering', async () => {
  answer = () => ({ requests: [decided, decided], cursor: 'more', until: '2026-01-30T00:00:00.000Z' })
  const { stdout } = await run('list', '--to', '2026-01-31', '--most', '1', '--json')
  expect(JSON.parse(stdout)).toMatchObject({
    complete: false,
    until: decided['createdAt'],
    requests: [{ id: requestId }],
  })
  answer = ({ searchParams }) =>
    searchParams.has('cursor')
      ? { code: 'not-found', title: 'Gone', status: 404 }
      : { requests: [decided], cursor: 'more', until: '2026-01-30T00:00:00.000Z' }
  const ended = await run('list', '--to', '2026-01-31')
  expect({ code: ended.code, stdout: ended.stdout }).toEqual({ code: 78, stdout: '' })
  expect(joined(ended.stderr)).toContain('1 were found by then, back to 2026-01-30T00:00:00.000Z')
})

test('list --review due has what was approved alone and waits for a review, of any time', async () => {
  const glass = { by: dana, name: 'Dana', at: '2026-01-31T09:33:00.000Z', reviewBy: '2026-02-01T09:33:00.000Z' }
  answer = () => ({ requests: [{ ...decided, glass }] })
  const { code, stdout } = await run('list', '--review', 'due')
  expect(code).toBe(0)
  expect(Object.fromEntries(calls[0]!.searchParams)).toEqual({ review: 'due', limit: '20' })
  expect(stdout).toMatch(/^review by +2026-02-01T09:33:00.000Z$/m)
  expect(stdout).toMatch(new RegExp(`^next +countersign review ${requestId} `, 'm'))
  expect((await run('list', '--review', 'due', '--from', '2026-01-01')).stderr).toContain('--from does not go with')
  expect((await run('list', '--review', 'done')).stderr).toContain('--review: "done" is none of due')
})

test('list --standing open has the standing approvals that can be used, and how far they are used up', async () => {
  const standing = { uses: 20, used: 3, until: '2026-01-31T13:30:00.000Z', for: 14_400, vary: {} }
  answer = () => ({ requests: [{ ...decided, status: 'approved', standing }] })
  const { code, stdout } = await run('list', '--standing', 'open', '--agent', 'deploy-bot')
  expect(code).toBe(0)
  expect(Object.fromEntries(calls[0]!.searchParams)).toEqual({ standing: 'open', limit: '20' })
  expect(stdout).toMatch(/^used +3 of 20, until 2026-01-31T13:30:00.000Z$/m)
  expect(stdout).toMatch(/^open +1$/m)
  const refused = await run('list', '--standing', 'open', '--to', '2026-01-01')
  expect([refused.code, refused.stderr]).toEqual([78, expect.stringContaining('--to does not go with --standing')])
  expect((await run('list', '--standing', 'all')).stderr).toContain('--standing: "all" is none of open')
})

test('list takes names and patterns, which the API does not', async () => {
  answer = () => ({ requests: [decided] })
  const found = async (...args: readonly string[]) =>
    (JSON.parse((await run('list', ...args, '--json')).stdout) as { requests: unknown[] }).requests.length
  expect(await found('--agent', 'Deploy-Bot', '--approver', 'dana', '--target', 'prod/*customers')).toBe(1)
  expect(calls.at(-1)?.searchParams.get('prefix')).toBe('prod/')
  expect(await found('--target', '*/customer')).toBe(0)
  expect(await found('--action', 'db.*')).toBe(1)
  expect(await found('--approver', 'Erin')).toBe(0)
  await found('--agent', 'B0000000-0000-4000-8000-000000000001', '--action', 'db.export', '--status', 'denied')
  const { searchParams } = calls.at(-1)!
  expect(Object.fromEntries(searchParams)).toMatchObject({
    ...{ agent: 'b0000000-0000-4000-8000-000000000001', action: 'db.export', status: 'denied' },
  })
  const none = joined((await run('list', '--agent', 'exporter', '--approver', 'Erin')).stdout)
  for (const part of ['agents           there: deploy-bot', 'approvers        there: Dana'])
    expect(none).toContain(part)
})

test.each([
  ['--status: "open" is none of pending', ['list', '--status', 'open']],
  ['--tier: "dire" is none of low', ['pending', '--tier', 'dire']],
  ['--from: "2026-02-30" is not a day', ['list', '--from', '2026-02-30']],
  ['--to: "today" is not a day', ['list', '--to', 'today']],
  ['is not before the end', ['list', '--from', '2026-02-02', '--to', '2026-02-01']],
  ['--most: "0"', ['list', '--most', '0']],
  ['no text is called "salt": they are action', ['erase', requestId, '--names', 'salt', '--why', 'x']],
  ['either request ids or --person', ['erase', '--names', 'name', '--why', 'x']],
  ['"Dana" is not an object id', ['erase', '--person', 'Dana', '--names', 'name', '--why', 'x']],
  ['belong to --person', ['erase', requestId, '--from', '2026-01-01', '--names', 'name', '--why', 'x']],
  ['"07" is not a request id', ['erase', requestId, '07', '--names', 'name', '--why', 'x']],
  ['Give DATE, or --latest', ['download']],
  ['Give DATE, or --latest', ['download', '2026-01-31', '--latest']],
])('an error says %s', async (words, args) => {
  const { code, stdout, stderr } = await run(...args)
  expect({ code, stdout, calls }).toEqual({ code: 78, stdout: '', calls: [] })
  expect(joined(stderr)).toContain(words)
})

test('pending lists what waits, what is missing, and until when', async () => {
  answer = () => ({ requests: [request()] })
  const { stdout } = await run('pending')
  expect(calls[0]?.searchParams.get('status')).toBe('pending')
  expect(calls[0]?.searchParams.has('from')).toBe(false)
  for (const part of ['dba: 0 of 1', 'decide by        2026-01-31T10:30:00.000Z', `countersign approve ${requestId}`])
    expect(joined(stdout)).toContain(part)
})

test('erase --person lists what it would erase of whom, and sends nothing without a yes', async () => {
  const closed = request({ status: 'succeeded', closedAt: '2026-01-31T10:00:00.000Z' })
  answer = ({ pathname, searchParams }) => {
    if (pathname.endsWith('/events')) return { events: [{ leaf: leaf?.text, hash: leaf?.hash, said: leaf?.said }] }
    if (pathname === '/api/requests') return { requests: searchParams.get('person') === dana ? [closed] : [] }
    return closed
  }
  const range = ['--person', dana, '--from', '2026-01-01', '--to', '2026-01-31']
  const { code, stderr } = await run('erase', ...range, '--names', 'reason,action', '--why', 'GDPR 118')
  expect(code).toBe(78)
  for (const part of ['“not needed⟦U+202E⟧” of event 1', 'target, environment and params', '--yes is missing'])
    expect(joined(stderr)).toContain(part)
  expect(calls.some(({ pathname }) => pathname.includes('erasures'))).toBe(false)
  answer = ({ pathname }) => (pathname.endsWith('/events') ? { events: [] } : request())
  const open = await run('erase', requestId, '--names', 'reason', '--why', 'GDPR 118', '--yes')
  expect(open.code).toBe(0)
  expect(joined(open.stderr)).toContain('only what has ended is erased')
  expect(joined(open.stdout)).toContain('nothing is left to erase')
})

const day = (date: string, number: number) => ({
  ...{ date, number, from: 0, to: 10, root: '', records: 10, bytes: 2048 },
})

test('days lists the sealed days, and a day that is not sealed is answered with those that are', async () => {
  answer = ({ pathname }) =>
    pathname === '/api/evidence/bundles'
      ? { bundles: [day('2026-01-30', 1), day('2026-01-31', 2)] }
      : { code: 'not-found', title: 'Not found', detail: '2026-12-01 is not sealed yet.', status: 404 }
  const { stdout } = await run('days')
  expect(joined(stdout)).toContain('2026-01-31       bundle 2: 10 records, log 0 to 10, 2.0 KiB')
  const { code, stderr } = await run('download', '2026-12-01')
  expect(code).toBe(78)
  expect(joined(stderr)).toContain('Sealed: 2026-01-30 to 2026-01-31.')
  await run('download', '--latest')
  expect(calls.at(-1)?.pathname).toBe('/api/evidence/bundles')
  expect(calls.at(-2)?.pathname).toBe('/api/evidence/bundles/2026-01-31')
})

const salt = '0'.repeat(32)
const draft: Draft = {
  ...{ type: 'cancelled', actor: { kind: 'agent', id: 'b0000000-0000-4000-8000-000000000001' as never } },
  ...{ request: requestId as never, said: { reason: 'not needed\u202e' } },
}
const [leaf] = chain([draft], emptyChain, { shard: '07' as never, at: '2026-01-31T09:40:00.000Z' as never }, () => salt)

test('events shows each event with names, texts and its place in the log, and checks what the service answers', async () => {
  let event: object = { leaf: leaf?.text, hash: leaf?.hash, index: 12, said: leaf?.said }
  answer = ({ pathname }) => (pathname.endsWith('/events') ? { events: [event] } : request())
  const { code, stdout } = await run('events', requestId)
  expect(code).toBe(0)
  for (const part of ['event 1 of shard 07, log index 12', 'deploy-bot (b0000000', 'withdrew it', 'not needed⟦U+202E⟧'])
    expect(joined(stdout)).toContain(part)
  for (const wrong of [
    { leaf: `${leaf?.text} ` },
    { hash: leafHash('another') },
    { said: { reason: { salt, text: 'another' } } },
  ]) {
    event = { leaf: leaf?.text, hash: leaf?.hash, said: leaf?.said, ...wrong }
    expect((await run('events', requestId)).code).toBe(69)
  }
})
