import type { Client } from '@modelcontextprotocol/client'
import { needs } from '../support/build.ts'
import { type GatewayWorld, gatewayWorld } from './world.ts'

let world: GatewayWorld
beforeEach(async () => {
  world = await gatewayWorld({
    judge: () => needs(undefined, { narrow: ['rows', 'tables'] }),
    narrowing: true,
    rules: { export: { params: 'arguments' } },
    tools: [{ name: 'export', inputSchema: { type: 'object' as const } }],
  })
})
afterEach(() => world.close())

// oxlint-disable-next-line typescript/no-explicit-any -- tests reach into answers and fail where these differ
type Answered = any
const whole = { rows: 50_000, tables: ['accounts', 'orders'] }
const less = { rows: 5_000, tables: ['orders'] }
const exporting = (host: Client): Promise<Answered> => host.callTool({ name: 'export', arguments: whole })
const resuming = (host: Client, args: Record<string, unknown>): Promise<Answered> =>
  host.callTool({ name: 'countersign_resume', arguments: args })
const saidBy = (answer: Answered): string => String(answer.content[0].text)
const codeIn = (answer: Answered): unknown => answer._meta['countersign/code']

/** What an answer tells its model to resume with. */
const toResume = (answer: Answered) =>
  JSON.parse(/countersign_resume with (\{[^}]+\})/.exec(saidBy(answer))?.[1] ?? '{}') as {
    readonly request: string
    readonly left: string
  }

/** Makes a call that approvers make smaller, and then approve. */
async function leftOver(host: Client): Promise<Answered> {
  const answering = exporting(host)
  await world.narrow(less)
  await world.decide()
  return answering
}

test('the model reads what is left, agrees by its digest, and that is carried out once', async () => {
  const host = await world.host()
  const answer = await leftOver(host)
  const id = toResume(answer).request
  expect(answer).toMatchObject({ isError: true, _meta: { 'countersign/code': 'narrowed', 'countersign/request': id } })
  expect(saidBy(answer)).toContain('rows to 5000, tables to ["orders"]')
  expect(world.server.calls).toEqual([])
  expect(saidBy(await resuming(host, toResume(answer)))).toBe('did export')
  expect(world.server.calls).toEqual([{ name: 'export', args: less }])
  expect(await world.read(id)).toMatchObject({ status: 'succeeded', params: less })
  expect(codeIn(await resuming(host, toResume(answer)))).toBe('already-redeemed')
  expect(world.server.calls).toHaveLength(1)
})

test('nothing is carried out for a model that does not agree, or agrees to something else', async () => {
  const host = await world.host()
  const answer = await leftOver(host)
  const { request } = toResume(answer)
  for (const left of [undefined, true, `sha256:${'0'.repeat(64)}`, (await world.read(request)).asked?.digest])
    expect(codeIn(await resuming(host, { request, left }))).toBe('narrowed')
  expect(world.server.calls).toEqual([])
  expect((await world.read(request)).status).toBe('approved')
})

test('another process, which knows what is left alone, carries nothing out before the model agrees', async () => {
  const answer = await leftOver(await world.host())
  const other = await world.another()
  const host = await other.host()
  expect(codeIn(await resuming(host, { request: toResume(answer).request }))).toBe('narrowed')
  expect(world.server.calls).toEqual([])
  expect(saidBy(await resuming(host, toResume(answer)))).toBe('did export')
  expect(world.server.calls).toEqual([{ name: 'export', args: less }])
})

test('a model that agrees before people have approved waits for them', async () => {
  const answering = exporting(await world.host())
  await world.narrow(less)
  const other = await world.another()
  const host = await other.host()
  const [pending] = await world.pending()
  const early = resuming(host, { request: pending?.id, left: pending?.digest })
  await world.narrow({ rows: 5 })
  await world.decide()
  const answer = await early
  expect([codeIn(answer), codeIn(await answering)]).toEqual(['narrowed', 'narrowed'])
  expect(saidBy(answer)).toContain('rows to 5')
  expect(saidBy(await resuming(host, toResume(answer)))).toBe('did export')
  expect(world.server.calls).toEqual([{ name: 'export', args: { ...less, rows: 5 } }])
})
