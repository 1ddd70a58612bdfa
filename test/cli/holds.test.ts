import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { requestId } from './double.ts'
import { buildProgram, type Program } from './program.ts'

let program: Program
let url = ''
let seen: { readonly path: string | undefined; readonly body: unknown }[] = []
let answer: readonly [status: number, body: object] = [500, {}]

const server = createServer((req, res) => {
  let text = ''
  req.setEncoding('utf8').on('data', (some: string) => (text += some))
  req.on('end', () => {
    seen.push({ path: req.url, body: text === '' ? null : JSON.parse(text) })
    res.writeHead(answer[0], { 'content-type': 'application/json' }).end(JSON.stringify(answer[1]))
  })
})

beforeAll(async () => {
  program = await buildProgram()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
beforeEach(() => void (seen = []))
afterAll(async () => {
  program.end()
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
})

const run = (...args: readonly string[]) =>
  program.run(args, { env: { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: 'token', COUNTERSIGN_PATIENCE: '5' } })

const id = `01kjw2xm00${'a'.repeat(16)}`
const agent = 'a0000000-0000-4000-8000-000000000001'
const held = { hold: id, scope: { agent }, held: { by: agent, at: '2026-03-04T12:00:00.000Z', why: 'Case 4711' } }
const why = ['--why', 'Case 4711']

test('puts on hold what was named, and says how it is released', async () => {
  answer = [201, held]
  const { code, stdout, stderr } = await run('hold', '--agent', agent.toUpperCase(), ...why)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(seen).toEqual([{ path: '/api/evidence/holds', body: { scope: { agent }, why: 'Case 4711' } }])
  for (const words of [`${id}: agent ${agent}`, 'Case 4711', `countersign release ${id}`])
    expect(stdout).toContain(words)
  await run('hold', requestId, ...why)
  await run('hold', '--from', '2026-01-01', '--to', '2026-01-31', ...why)
  expect(seen.slice(1).map(({ body }) => (body as { scope: object }).scope)).toEqual([
    { request: requestId },
    { from: '2026-01-01', to: '2026-01-31' },
  ])
})

test.each([
  ['nothing', ['hold', ...why], 'exactly one'],
  ['two things', ['hold', requestId, '--agent', agent, ...why], 'exactly one'],
  ['half a period', ['hold', '--from', '2026-01-01', ...why], 'both --from and --to'],
  ['what is no request', ['hold', 'x', ...why], 'not a request id'],
  ['what is no agent', ['hold', '--agent', 'bot', ...why], 'not an object id'],
  ['what is no hold', ['release', requestId, ...why], 'countersign holds lists them'],
  ['no reason', ['release', id], '--why'],
])('%s is refused, and nothing is sent', async (_, args, words) => {
  const { code, stderr } = await run(...args)
  expect({ code, stderr }).toEqual({ code: 78, stderr: expect.stringContaining(words) })
  expect(seen).toEqual([])
})

test('lists holds, and releases one', async () => {
  answer = [200, { holds: [held] }]
  expect((await run('holds')).stdout).toContain(id)
  expect(JSON.parse((await run('holds', '--released', '--json')).stdout)).toEqual({ exit: 0, holds: [held] })
  const released = { ...held, released: { by: agent, at: '2026-03-05T12:00:00.000Z', why: 'Closed' } }
  answer = [200, released]
  expect(JSON.parse((await run('release', id, '--why', 'Closed', '--json')).stdout)).toEqual({
    exit: 0,
    hold: released,
  })
  expect(seen.map(({ path }) => path)).toEqual([
    '/api/evidence/holds',
    '/api/evidence/holds?released=true',
    `/api/evidence/holds/${id}/release`,
  ])
  answer = [200, { holds: [] }]
  expect((await run('holds')).stdout).toContain('nothing is on hold')
})
