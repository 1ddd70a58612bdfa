import { TableLedger } from '../../src/azure/ledger.ts'
import type { ObjectId } from '../../src/core/data/id.ts'
import { ask, bot } from '../ports/story.ts'
import { startStorage, type TestStorage } from '../ports/tables.ts'

let storage: TestStorage
let ledger: TableLedger

beforeAll(async () => {
  storage = await startStorage()
  await storage.clear()
  ledger = new TableLedger(storage.connect())
  await ask(ledger)
})
afterAll(() => storage.close())

const everything = { keep: () => true, limit: 10 }
const of = (id: string) => ledger.list({ by: 'agent', id: id as ObjectId }, everything)

test('a list has the requests of the given agent', async () => {
  expect((await of(bot)).requests).toHaveLength(1)
})

test.each(["' or 1 eq 1", `x' or RowKey ge 'agent-${bot}`, "x') or (PartitionKey ge '0", "''", '..%2f..'])(
  'a text that is not an id finds nothing, even if it was not parsed before: %s',
  async (id) => {
    expect(await of(id)).toEqual({ requests: [] })
  },
)
