import type { Client } from '@modelcontextprotocol/client'
import type { Judgement } from '../../src/core/request/submission.ts'
import type { ToolRule } from '../../src/toolCall/toolRule.ts'
import { actionOf } from '../../src/mcp/gatewayAction.ts'
import { bot, code, dba, needs } from '../support/build.ts'
import { until } from '../support/until.ts'
import { type GatewayWorld, gatewayWorld, type WorldOptions } from './world.ts'

const session = { for: 14_400, uses: 50, vary: ['rows'] }
const rule: ToolRule = {
  params: 'arguments',
  standing: { from: 3, uses: 3, for: 600, vary: { params: { rows: 100 } } },
}
const exporting = { name: 'export', inputSchema: { type: 'object' as const } }

let world: GatewayWorld
async function opened(
  judge = (): Judgement => needs(undefined, { session }),
  more: WorldOptions = {},
): Promise<Client> {
  await world?.close()
  world = await gatewayWorld({ judge, rules: { export: rule }, tools: [exporting], ...more })
  return world.host()
}
afterAll(() => world?.close())

// oxlint-disable-next-line typescript/no-explicit-any -- tests reach into answers and fail where these differ
type Answered = any
const call = (host: Client, use: string, args: object = {}): Promise<Answered> =>
  host.callTool({
    name: 'export',
    arguments: { table: 'orders', rows: 5, ...args },
    _meta: { 'claudecode/toolUseId': use },
  })
const codeIn = (answer: Answered): unknown => answer._meta['countersign/code']

/** Makes calls that people approve each, until the next one asks for a standing approval. */
async function twoCalls(host: Client): Promise<void> {
  for (const rows of [1, 2]) {
    const answering = call(host, `u${rows}`, { rows })
    await world.decide()
    expect((await answering).isError).toBeUndefined()
  }
}

/** What waits for people: the standing approvals among it. */
const waiting = async () => (await until(world.pending, (found) => found.length > 0)).map(({ standing }) => !!standing)

const cards = async (): Promise<number> => {
  const all = await world.service.ledger.list({ by: 'agent', id: bot }, { keep: () => true, limit: 50 })
  return all.requests.filter(({ requirement, under }) => requirement && under === undefined).length
}

/** Three calls, the third of which got people's standing approval. */
async function given(host: Client): Promise<void> {
  await twoCalls(host)
  const third = call(host, 'u3', { rows: 3 })
  expect(await waiting()).toEqual([true])
  await world.decide()
  expect((await third).isError).toBeUndefined()
}

test('the third like call asks for a standing approval, whose sample it is, and later calls ask nobody', async () => {
  const host = await opened()
  await given(host)
  for (const rows of [4, 100]) expect((await call(host, `u${rows}`, { rows })).isError).toBeUndefined()
  expect(world.server.calls.map(({ args }) => args)).toEqual(
    [1, 2, 3, 4, 100].map((rows) => ({ table: 'orders', rows })),
  )
  expect(await cards()).toBe(3)
  const { requests } = await world.client.mine()
  const [standing] = requests.filter((one) => one.standing)
  expect(standing).toMatchObject({
    status: 'ended',
    params: { server: 'fs', tool: 'export', table: 'orders', rows: 3 },
    standing: { uses: 3, used: 3, vary: { params: { rows: 100 } } },
  })
  expect(requests.filter(({ under }) => under === standing?.id)).toHaveLength(3)
})

test('once it is used up, people are asked again for each call, until there were enough of them', async () => {
  const host = await opened()
  await given(host)
  for (const rows of [4, 5]) await call(host, `u${rows}`, { rows })
  for (const [use, isStanding] of [
    ['u6', false],
    ['u7', false],
    ['u8', true],
  ] as const) {
    const answering = call(host, use)
    expect(await waiting()).toEqual([isStanding])
    await world.decide()
    expect((await answering).isError).toBeUndefined()
  }
})

test('calls that differ in another way, and those outside the scope, are asked for by themselves', async () => {
  const host = await opened()
  await given(host)
  for (const [use, args] of [
    ['u4', { table: 'salaries' }],
    ['u5', { rows: 101 }],
    ['u6', { force: true }],
  ] as const) {
    const answering = call(host, use, args)
    expect(await waiting()).toEqual([false])
    await world.decide()
    expect((await answering).isError).toBeUndefined()
  }
})

test('while people decide, like calls wait for it and get no card, and are told so when their time is over', async () => {
  const host = await opened()
  await twoCalls(host)
  const third = call(host, 'u3')
  expect(await waiting()).toEqual([true])
  const fourth = call(host, 'u4')
  await until(
    async () => world.timer.count(45),
    (count) => count === 2,
  )
  world.timer.pass(45)
  expect(codeIn(await fourth)).toBe('standing-pending')
  const fifth = call(host, 'u5')
  await world.decide()
  expect((await fifth).isError).toBeUndefined()
  expect((await third).isError).toBeUndefined()
  expect(await cards()).toBe(3)
  expect(world.server.calls).toHaveLength(4)
})

test.each(['deny', 'revoke'] as const)('after a person’s no (%s) none is asked for any more', async (how) => {
  const host = await opened()
  if (how === 'deny') {
    await twoCalls(host)
    const third = call(host, 'u3')
    expect(await waiting()).toEqual([true])
    await world.decide('deny')
    expect(codeIn(await third)).toBe('denied')
    world.service.clock.set(new Date(Date.parse(world.service.clock.now()) + 700_000).toISOString() as never)
  } else {
    await given(host)
    const [standing] = (await world.client.mine({ standing: 'open' })).requests
    await world.service.approvals.revoke(standing?.id as never, dba)
  }
  for (const use of ['u4', 'u5', 'u6', 'u7']) {
    const answering = call(host, use)
    expect(await waiting()).toEqual([false])
    await world.decide()
    expect((await answering).isError).toBeUndefined()
  }
})

test.each(['tool', 'server', 'arguments', 'argumentsJson'])(
  'an argument that has the name of another param is refused: %s',
  (name) => {
    const tool = { server: 'fs', name: 'export', rule, verb: 'mcp.fs.export' }
    expect(code(() => actionOf(tool, { [name]: 'export' }, 'production'))).toBe('invalid-input')
  },
)

test('where policy gives none, people are asked for each call', async () => {
  const host = await opened(() => needs())
  for (const use of ['u1', 'u2', 'u3', 'u4']) {
    const answering = call(host, use)
    expect(await waiting()).toEqual([false])
    await world.decide()
    expect((await answering).isError).toBeUndefined()
  }
})

describe('another process of the gateway', () => {
  test('finds what the first one was given, and no call that is told again runs twice', async () => {
    const host = await opened()
    await given(host)
    await call(host, 'u4')
    const other = await (await world.another()).host()
    for (const use of ['u1', 'u2', 'u3', 'u4'])
      expect([use, codeIn(await call(other, use, { rows: use === 'u4' ? 5 : Number(use[1]) }))]).toEqual([
        use,
        'already-redeemed',
      ])
    expect((await call(other, 'u5')).isError).toBeUndefined()
    expect(world.server.calls).toHaveLength(5)
    expect(await cards()).toBe(3)
  })

  test('goes on with the call that asked for the standing approval, which runs once', async () => {
    const host = await opened()
    await twoCalls(host)
    const first = call(host, 'u3')
    expect(await waiting()).toEqual([true])
    const next = await world.another()
    const other = await next.host()
    const again = call(other, 'u3')
    const fourth = call(other, 'u4', { rows: 4 })
    await until(
      async () => world.service.waiting.waiters(),
      (count) => count === 3,
    )
    await world.decide()
    const ends = [codeIn(await first), codeIn(await again)]
    expect(new Set(ends)).toEqual(new Set(['already-redeemed', undefined]))
    expect((await fourth).isError).toBeUndefined()
    await until(
      async () => world.server.calls.length,
      (count) => count === 4,
    )
    expect(await cards()).toBe(3)
  })

  test('carries a call out from its params alone', async () => {
    const host = await opened()
    const held = call(host, 'u1', { deep: { list: [1, null] } })
    await until(world.pending, (found) => found.length === 1)
    world.timer.pass(45)
    const state = await (await world.another()).host('legacy')
    const request = (await world.pending())[0]?.id
    const resumed = state.callTool({ name: 'countersign_resume', arguments: { request } })
    await world.decide()
    await Promise.all([resumed, held])
    expect(world.server.calls).toEqual([
      { name: 'export', args: { table: 'orders', rows: 5, deep: { list: [1, null] } } },
    ])
  })

  test('that asked for a call by itself is answered with that call, also once a standing approval is there', async () => {
    const host = await opened()
    const next = await world.another()
    const other = await next.host()
    const alone = call(other, 'late', { rows: 9 })
    const [late] = await until(world.pending, (found) => found.length === 1)
    await world.client.cancel(late?.id ?? '')
    expect(codeIn(await alone)).toBe('cancelled')
    await given(host)
    expect(codeIn(await call(host, 'late', { rows: 9 }))).toBe('cancelled')
    expect(world.server.calls).toHaveLength(3)
  })
})
