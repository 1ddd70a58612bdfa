import { TableLedger } from '../../src/azure/ledger.ts'
import { Conflict } from '../../src/ports/ledger.ts'
import { needs, slot } from '../support/build.ts'
import { apply, ask, changeOf, dba, minutes, oid, shard, vote } from '../ports/story.ts'
import { startStorage, type TestStorage } from '../ports/tables.ts'

let storage: TestStorage

beforeAll(async () => {
  storage = await startStorage()
  await storage.clear()
})
afterAll(() => storage.close())

test('a vote on a request that was read before another vote is refused, though no deadline has moved', async () => {
  const ledger = new TableLedger(storage.connect())
  const asked = await ask(ledger, { judgement: needs([slot('dba', 3)]) })
  const before = await ledger.load(shard(3), { request: asked.id })
  await apply(ledger, asked.id, vote(dba, 'approve', minutes(1)), minutes(1))
  const { head, version } = await ledger.load(shard(3), { request: asked.id })
  // As when the request is read just before the change, and the head just after.
  const mixed = { ...(version as object), request: (before.version as { request: unknown }).request }
  const late = changeOf({ ...before, head }, vote(oid(4), 'approve', minutes(2))(asked), minutes(2))
  await expect(ledger.commit({ ...before, head, version: mixed }, late)).rejects.toThrow(Conflict)
  expect((await ledger.find(asked.id))?.decisions.map(({ approver }) => approver)).toEqual([dba])
})
