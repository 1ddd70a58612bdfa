import { rowKey } from '../../src/azure/rowKey.ts'
import { type HoldId, shardOf } from '../../src/core/data/id.ts'
import { type BrokenRow, evidenceBroken } from '../../src/core/data/problem.ts'
import { holdsAgain } from '../../src/evidence/alarmCheck.ts'
import { bot, noon } from '../support/build.ts'
import { MemoryHolds } from '../support/fakes/holds.ts'
import { MemorySeals } from '../support/fakes/seals.ts'
import { asks, codeOf, world } from '../support/world.ts'
import { day } from './days.ts'

async function setting() {
  const here = await world()
  const { request } = await here.approvals.ask(asks())
  const shard = shardOf(request.id)
  const left: string[] = []
  const seals = new MemorySeals(day(4))
  const ends = { leave: async ({ id }: { id: string }) => (left.push(id), null) }
  const rows = new MemoryHolds()
  const parts = { ledger: here.ledger, seals, ends, holds: rows }
  const holds = (row: Partial<BrokenRow>) => holdsAgain(parts, { shard, row: rowKey.event(2), check: 'mac', ...row })
  return { here, request, shard, seals, left, rows, holds }
}

test('an event holds once its row is back, and where a repair took its number out', async () => {
  const { here, shard, holds } = await setting()
  expect(await holds({})).toBe(true)
  expect(await holds({ row: rowKey.event(9) })).toBe(true)
  let text = ''
  here.ledger.tamper(shard, 2, (leaf) => ({ ...leaf, text: (text = leaf.text) }))
  expect(text).toContain('requested')
  here.ledger.tamper(shard, 2, null)
  expect(await holds({})).toBe(false)
})

test('a head and an idempotency key hold where they can be read', async () => {
  const { here, holds } = await setting()
  expect(await holds({ row: 'head 3, was 5', check: 'head' })).toBe(true)
  expect(await holds({ row: `key-${'a'.repeat(64)}` })).toBe(true)
  here.ledger.findKey = async () => Promise.reject(evidenceBroken({ shard: '07', row: 'key', check: 'mac' }))
  expect(await codeOf(holds({ row: `key-${'a'.repeat(64)}` }))).toBe('evidence-broken')
})

test('a request holds where it is what its events say, or is gone', async () => {
  const { here, request, left, holds } = await setting()
  const row: Partial<BrokenRow> = { row: 'request', request: request.id, check: 'events' }
  expect(await holds(row)).toBe(true)
  here.ledger.forge(request.id, { ...request, executor: bot, warnings: ['x'] })
  expect(await codeOf(holds(row))).toBe('evidence-broken')
  here.ledger.forge(request.id, null)
  expect(await holds(row)).toBe(true)
  expect(left).toEqual([])
  here.ledger.forge(request.id, request)
  expect(await holds({ ...row, row: `ends/${request.id}`, check: 'end' })).toBe(true)
  expect(left).toEqual([request.id])
})

test('what stopped the seal holds once there is no alarm', async () => {
  const { seals, holds } = await setting()
  await seals.raise({ date: day(4), code: 'broken-chain', words: 'Event 2 is missing.', since: noon })
  for (const check of ['chain', 'rules', 'log'] as const) expect(await holds({ check })).toBe(false)
  seals.alarm = async () => null
  expect(await holds({ check: 'chain' })).toBe(true)
})

test('a row of sealed days holds where all of them can be read', async () => {
  const { seals, holds } = await setting()
  for (const row of ['meta', 'head', `plan-${day(4)}`]) expect(await holds({ shard: 'seal', row })).toBe(true)
  seals.plan = async () => Promise.reject(evidenceBroken({ shard: 'seal', row: 'plan', check: 'mac' }))
  expect(await codeOf(holds({ shard: 'seal', row: `plan-${day(4)}` }))).toBe('evidence-broken')
})

test('the row of a witness holds where it can be read', async () => {
  const { seals, holds } = await setting()
  const row = { shard: 'seal', row: 'witness-a278e777' } as const
  expect(await holds(row)).toBe(true)
  seals.cosigning = async () => Promise.reject(evidenceBroken({ ...row, check: 'mac' }))
  expect(await codeOf(holds(row))).toBe('evidence-broken')
})

test('a foreign file of the archive stays: no file is deleted there', async () => {
  const { holds } = await setting()
  expect(await holds({ shard: 'heads', row: 'heads/2026-03-04/1200' })).toBe(false)
})

test('a row of a hold holds once it is there again, and a foreign file never', async () => {
  const { rows, holds } = await setting()
  const hold = `01kjw2xm00${'a'.repeat(16)}` as HoldId
  const row = { shard: 'seal', row: `hold-${hold}`, check: 'missing' } as const
  expect(await holds(row)).toBe(false)
  await rows.create({ hold, scope: { agent: bot }, by: bot, at: noon })
  expect(await holds(row)).toBe(true)
  expect(await holds({ ...row, row: `holds/${hold}/held`, check: 'mac' })).toBe(false)
})
