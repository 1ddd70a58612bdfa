import { Countersign } from '../../src/client/countersign.ts'
import { leftAction } from '../../src/client/leftAction.ts'
import { actionDigest } from '../../src/core/action/action.ts'
import type { JsonObject } from '../../src/core/data/json.ts'
import { approved, type Double, ok, startDouble, stopped } from '../cli/double.ts'

let double: Double
beforeAll(async () => {
  double = await startDouble()
})
beforeEach(() => double.reset())
afterAll(() => double.end())

const action = {
  action: 'db.export',
  target: 'prod/postgres/customers',
  environment: 'production',
  params: { rows: 120_000, tables: ['accounts', 'orders'] },
}
const asked = { digest: actionDigest(action) }
const left = (params: object): JsonObject => {
  const less = { ...action, params: { ...action.params, ...params } as JsonObject }
  return double.asked({
    ...less,
    digest: actionDigest(less),
    asked,
    narrowed: [{ params: { rows: { before: 1, after: 0 } } }],
  })
}

/** The service approves what is left, and lets that alone be redeemed. */
function approvingLess(params: object = { rows: 12_000 }): void {
  double.answer('ask', () => ok(double.asked(), 201))
  double.answer('read', () => ok({ ...left(params), ...approved }))
  double.answer('redeem', ({ body }) => {
    const { redemption } = body as { redemption: string }
    return ok({ ...left(params), status: 'redeemed', next: 'execute', redemption })
  })
  double.answer('outcome', () => ok({ ...left(params), ...stopped('succeeded') }))
}

const gate = (more: object = {}) => {
  const ran: unknown[] = []
  const client = new Countersign({ url: double.url, token: 'the-token', patience: 0, queue: 0 })
  const result = client.gate(action, { reason: 'Quarterly report', key: 'agent:run:call', ...more }, ({ params }) => {
    ran.push(params)
    return 'done'
  })
  return { result, ran }
}
const calls = () => double.seen.map(({ call }) => call)

test('nothing runs of an action that approvers made smaller, unless the host takes what is left', async () => {
  approvingLess()
  const { result, ran } = gate()
  await expect(result).rejects.toMatchObject({ name: 'Refused', code: 'digest-mismatch' })
  await expect(result).rejects.toThrow(/rows to 12000/)
  expect([ran, calls()]).toEqual([[], ['ask', 'read']])
})

test('a host that takes it is given what is left, and redeems its digest', async () => {
  approvingLess({ rows: 12_000, tables: ['orders'] })
  const { result, ran } = gate({ takesLess: true })
  expect(await result).toBe('done')
  expect(ran).toEqual([{ rows: 12_000, tables: ['orders'] }])
  expect(double.sent('redeem')).toMatchObject([{ digest: left({ rows: 12_000, tables: ['orders'] })['digest'] }])
})

test.each([
  ['more', { rows: 120_001 }],
  ['all, in other words', { rows: -1 }],
  ['an empty list', { tables: [] }],
  ['something else', { tables: ['secrets'] }],
  ['a param more', { limit: 1 }],
])('what is %s is not taken, although the service says that it is less', async (_what, params) => {
  approvingLess(params)
  const { result, ran } = gate({ takesLess: true })
  await expect(result).rejects.toMatchObject({ code: 'digest-mismatch' })
  expect([ran, calls()]).toEqual([[], ['ask', 'read']])
})

test('what is left of another action, on another target or with another digest, is not taken', () => {
  double.answer('ask', ok({}))
  const good = { ...left({ rows: 5 }), action: 'db.export' } as never as Parameters<typeof leftAction>[1]
  expect(leftAction(action, good)?.params).toEqual({ rows: 5, tables: ['accounts', 'orders'] })
  expect(leftAction(action, { ...good, target: 'prod/other' })).toBeNull()
  expect(leftAction(action, { ...good, digest: asked.digest })).toBeNull()
  expect(leftAction(action, { ...good, asked: { digest: good.digest } })).toBeNull()
})
