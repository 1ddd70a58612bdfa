import { TableLedger } from '../../src/azure/ledger.ts'
import { rowKey } from '../../src/azure/rowKey.ts'
import { type ObjectId, shardOfDeputy } from '../../src/core/data/id.ts'
import { chain, type Draft } from '../../src/core/request/event.ts'
import type { Change, Ledger } from '../../src/ports/ledger.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import { dba, minutes, noon, oid, policyVersion } from './story.ts'
import { startStorage, tablesInMemory, type TestStorage } from './tables.ts'

let storage: TestStorage

beforeAll(async () => {
  storage = await startStorage()
})

afterAll(() => storage.close())

const dba2 = oid(12)
const deputy = oid(67)
const other = oid(68)
const shard = shardOfDeputy(deputy)

/** Commits that a member is away, or back. */
async function commit(ledger: Ledger, member: ObjectId, to: ObjectId, isAway = true): Promise<Change> {
  const loaded = await ledger.load(shard, {})
  const data = { to, groups: ['dba'], until: minutes(60) }
  const draft: Draft = isAway
    ? { type: 'delegated', actor: { kind: 'person', id: member }, data }
    : { type: 'recalled', actor: { kind: 'person', id: member }, data: { event: loaded.head.hash } }
  const leaves = chain([draft], loaded.head, { shard, at: noon }, () => '0'.repeat(32))
  const op = `${member} ${loaded.head.seq}`
  const change = { op, at: noon, leaves, deputy: { deputy: to, member }, policy: policyVersion }
  await ledger.commit(loaded, change)
  return change
}

describe.each([
  ['the fake', async () => new MemoryLedger()],
  ['tables in memory', async () => new TableLedger((await tablesInMemory())[0])],
  [
    'Table Storage',
    async () => {
      await storage.clear()
      return new TableLedger(storage.connect())
    },
  ],
] as const)('%s', (_, empty) => {
  let ledger: Ledger

  beforeEach(async () => {
    ledger = await empty()
  })

  test('a row names the event by which a member last named the deputy, until the member is back', async () => {
    expect(await ledger.deputies(shard)).toEqual([])
    const first = await commit(ledger, dba, deputy)
    await commit(ledger, dba2, deputy)
    await commit(ledger, dba, other)
    const row = { deputy, member: dba, seq: 1, event: first.leaves[0]?.hash }
    expect((await ledger.deputies(shard, deputy)).map(({ member, seq }) => [member, seq])).toEqual([
      [dba, 1],
      [dba2, 2],
    ])
    expect((await ledger.deputies(shard, deputy))[0]).toEqual(row)
    expect(await ledger.deputies(shard)).toHaveLength(3)
    const again = await commit(ledger, dba, deputy)
    expect((await ledger.deputies(shard, deputy))[0]).toEqual({ ...row, seq: 4, event: again.leaves[0]?.hash })
    await commit(ledger, dba, deputy, false)
    expect((await ledger.deputies(shard, deputy)).map(({ member }) => member)).toEqual([dba2])
  })
})

test('a row that somebody wrote in another form is left out', async () => {
  const [tables] = await tablesInMemory()
  const ledger = new TableLedger(tables)
  await commit(ledger, dba, deputy)
  const key = { partitionKey: shard, v: 1, deputy, seq: 1, event: 'f'.repeat(64) }
  const put = (rowKey: string, more: Record<string, unknown>) =>
    tables.ledger.createEntity({ ...key, rowKey, ...more } as never)
  await put(rowKey.deputy(deputy, oid(1)), { member: oid(2) })
  await put(rowKey.deputy(deputy, oid(3)), { member: oid(3), seq: 0 })
  await put(rowKey.deputy(deputy, oid(4)), { member: oid(4), event: 7 })
  await put(rowKey.deputy(deputy, oid(5)), { member: oid(5), v: 2 })
  await put('deputy-', {})
  expect((await ledger.deputies(shard, deputy)).map(({ member }) => member)).toEqual([dba])
  expect(await ledger.deputies(shard)).toHaveLength(1)
})
