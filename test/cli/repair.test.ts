import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { requestId } from './double.ts'
import { buildProgram, type Program } from './program.ts'

let program: Program
let url = ''
let seen: { readonly path: string | undefined; readonly authorization: string | undefined; readonly body: unknown }[] =
  []
let answers: (readonly [status: number, body: object])[] = []

const server = createServer((req, res) => {
  let text = ''
  req.setEncoding('utf8').on('data', (some: string) => (text += some))
  req.on('end', () => {
    seen.push({ path: req.url, authorization: req.headers.authorization, body: JSON.parse(text) })
    const [status, body] = (answers.length > 1 ? answers.shift() : answers[0]) ?? [500, {}]
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
})

beforeAll(async () => {
  program = await buildProgram()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => {
  seen = []
  answers = []
})
afterAll(async () => {
  program.end()
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
})

const repair = (...args: readonly string[]) =>
  program.run(['repair', ...args], {
    env: { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: 'token', COUNTERSIGN_PATIENCE: '5' },
  })

const done = {
  shard: '07',
  chain: { from: 12, to: 15, check: 'mac', moved: 3, mended: [12], recorded: 13 },
  requests: [{ request: requestId, done: 'ended' }],
}
const why = ['--why', 'A key had leaked.']

test('sends shard, reason and requests as the person, and tells what was done', async () => {
  answers = [[200, done]]
  const { code, stdout, stderr } = await repair('07', ...why, '--request', requestId)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(seen).toEqual([
    {
      ...{ path: '/api/evidence/repairs', authorization: 'Bearer token' },
      body: { shard: '07', why: 'A key had leaked.', requests: [requestId] },
    },
  ])
  for (const words of ['12 to 15 (mac)', '3 rows', 'event 13', requestId]) expect(stdout).toContain(words)
})

test('says of a shard that holds that there is nothing to do', async () => {
  answers = [[200, { shard: '07', requests: [] }]]
  expect(await repair('07', ...why)).toMatchObject({ code: 0, stdout: expect.stringContaining('shard 07 holds') })
})

test('gives machines the answer as it came', async () => {
  answers = [[200, done]]
  const { stdout } = await repair('07', ...why, '--json')
  expect(JSON.parse(stdout)).toEqual({ exit: 0, repair: done })
})

test('repeats a call that takes too long: the service goes on with it', async () => {
  answers = [
    [503, { title: 'Away', status: 503, code: 'unavailable' }],
    [200, done],
  ]
  expect(await repair('07', ...why)).toMatchObject({ code: 0 })
  expect(seen).toHaveLength(2)
})

test.each([
  ['what cannot be repaired', 409, 'not-repairable', 1],
  ['a person without the role', 403, 'not-permitted', 77],
  ['evidence that is broken elsewhere', 503, 'evidence-broken', 69],
])('ends with a code of its own for %s, and the words of the service', async (_what, status, problem, code) => {
  answers = [[status, { title: 'No', status, detail: 'Event 12 is lost.', code: problem }]]
  expect(await repair('07', ...why)).toMatchObject({ code, stderr: expect.stringContaining('Event 12 is lost.') })
})

test.each([
  ['a shard that there is not', ['10', ...why]],
  ['no shard', why],
  ['no reason', ['07']],
  ['a request that is none', ['07', ...why, '--request', 'x']],
])('refuses %s before anything is sent', async (_what, args) => {
  expect(await repair(...args)).toMatchObject({ code: 78, stdout: '' })
  expect(seen).toEqual([])
})

test('does not take something else for a repair', async () => {
  answers = [[200, []]]
  expect(await repair('07', ...why)).toMatchObject({ code: 69 })
})
