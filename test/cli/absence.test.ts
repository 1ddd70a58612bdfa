import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buildProgram, type Program } from './program.ts'

let program: Program
let url = ''
let seen: { readonly call: string; readonly body: unknown }[] = []
let answers: Readonly<Record<string, readonly [status: number, body: object]>> = {}

const server = createServer((req, res) => {
  let text = ''
  req.setEncoding('utf8').on('data', (some: string) => (text += some))
  req.on('end', () => {
    const call = `${req.method} ${req.url}`
    seen.push({ call, body: text === '' ? null : JSON.parse(text) })
    const [status, body] = answers[call] ?? [404, { title: 'Not found', code: 'not-found', detail: call }]
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
  answers = {
    'GET /api/me': [200, { id: member }],
    'GET /api/delegations': [
      200,
      { delegations: [delegation], deputies, names: { [member]: 'Dana', [deputy]: 'Dora' } },
    ],
    'POST /api/delegations': [201, delegation],
    [`DELETE /api/delegations/${event}`]: [200, { event, by: member, at: '2026-11-30T09:00:00.000Z' }],
  }
})
afterAll(async () => {
  program.end()
  server.closeAllConnections()
  await new Promise((closed) => server.close(closed))
})

const run = (...args: readonly string[]) =>
  program.run(args, { env: { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: 'token', COUNTERSIGN_PATIENCE: '5' } })

const member = 'c0000000-0000-4000-8000-000000000001'
const deputy = 'c0000000-0000-4000-8000-000000000011'
const other = 'c0000000-0000-4000-8000-000000000012'
const deputies = [{ id: other, name: 'Dan', groups: ['dba', 'sre'] }]
const event = 'd'.repeat(64)
const delegation = {
  ...{ event, member, to: deputy, groups: ['dba'], at: '2026-11-30T08:00:00.000Z' },
  ...{ until: '2026-12-02T00:00:00.000Z', reason: 'On leave' },
}

test('says that a member is away, until the end of a day, and how that ends', async () => {
  const { code, stdout, stderr } = await run('away', '--for', deputy.toUpperCase(), '--until', '2026-12-01')
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(seen).toEqual([{ call: 'POST /api/delegations', body: { to: deputy, until: '2026-12-02T00:00:00.000Z' } }])
  for (const words of [member, deputy, 'dba', 'On leave', `countersign back ${event}`]) expect(stdout).toContain(words)
  const more = ['--group', 'dba', '--group', 'sre', '--reason', 'On leave', '--json']
  const { stdout: json } = await run('away', '--for', deputy, '--until', '2026-12-01T18:00:00Z', ...more)
  expect(JSON.parse(json)).toEqual({ exit: 0, delegation })
  expect(seen[1]?.body).toEqual({
    ...{ to: deputy, until: '2026-12-01T18:00:00.000Z', groups: ['dba', 'sre'], reason: 'On leave' },
  })
})

test('lists who is away, with names', async () => {
  const { stdout } = await run('away')
  expect(stdout).toContain(`Dana (${member}), until 2026-12-02T00:00:00.000Z`)
  expect(stdout).toContain(`Dora (${deputy}), in dba`)
  expect(stdout).toContain(`Dan (${other}), in dba, sre`)
  expect(JSON.parse((await run('away', '--json')).stdout)).toEqual({ exit: 0, delegations: [delegation], deputies })
  answers = { ...answers, 'GET /api/delegations': [200, { delegations: [], deputies: [], names: {} }] }
  expect((await run('away')).stdout).toContain('nobody is away')
})

test('says that a member is back: by the event, or by the only one of theirs', async () => {
  expect((await run('back', event)).stdout).toContain('2026-11-30T09:00:00.000Z')
  expect(seen.map(({ call }) => call)).toEqual([`DELETE /api/delegations/${event}`])
  const { code, stdout } = await run('back', '--json')
  expect({ code, ...(JSON.parse(stdout) as object) }).toMatchObject({ code: 0, exit: 0, recall: { event } })
  const another = { ...delegation, event: 'e'.repeat(64) }
  answers = {
    ...answers,
    'GET /api/delegations': [200, { delegations: [delegation, another], deputies: [], names: {} }],
  }
  expect(await run('back')).toMatchObject({
    code: 78,
    stderr: expect.stringContaining('You named 2 deputies') as string,
  })
  answers = { ...answers, 'GET /api/me': [200, { id: deputy }] }
  expect(await run('back')).toMatchObject({ code: 78, stderr: expect.stringContaining('You are not away') as string })
})

test.each([
  ['a name', ['away', '--for', 'dora', '--until', '2026-12-01'], 'not an object id'],
  ['no end', ['away', '--for', deputy], 'Give both --for and --until'],
  ['no deputy', ['away', '--until', '2026-12-01'], 'Give both --for and --until'],
  ['a day that does not exist', ['away', '--for', deputy, '--until', '2026-02-30'], 'neither a day'],
  ['a time without a zone', ['away', '--for', deputy, '--until', '2026-12-01T18:00:00'], 'neither a day'],
  ['what is no event', ['back', 'x'], 'not the hash of an event'],
])('%s is refused before any call', async (_, args, words) => {
  const { code, stderr } = await run(...args)
  expect({ code, stderr }).toEqual({ code: 78, stderr: expect.stringContaining(words) as string })
  expect(seen).toEqual([])
})
