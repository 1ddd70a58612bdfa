import { TableHolds } from '../../src/azure/holds.ts'
import { type HoldId, sha256 } from '../../src/core/data/id.ts'
import type { HoldRow, HoldRows } from '../../src/ports/holds.ts'
import { Conflict } from '../../src/ports/ledger.ts'
import { after, bot, dba, noon } from '../support/build.ts'
import { MemoryHolds } from '../support/fakes/holds.ts'
import { codeOf } from '../support/world.ts'
import { startStorage, type TestStorage } from './tables.ts'

let storage: TestStorage

beforeAll(async () => {
  storage = await startStorage()
})

afterAll(async () => {
  await storage.close()
})

const kinds: readonly (readonly [string, () => Promise<HoldRows>])[] = [
  ['the fake', async () => new MemoryHolds()],
  [
    'Table Storage',
    async () => {
      await storage.clear()
      return new TableHolds(storage.connect(), 2)
    },
  ],
]

const row = (digit: string, more: Partial<HoldRow> = {}): HoldRow => ({
  ...{ hold: `01kjw2xm00${digit.repeat(16)}` as HoldId, scope: { agent: bot }, by: dba, at: noon },
  ...more,
})

test.each(kinds)('rows of holds in %s', async (_, make) => {
  const holds = await make()
  expect(await holds.all()).toEqual([])
  for (const digit of ['b', 'a', 'c']) expect((await holds.create(row(digit))).row).toEqual(row(digit))
  expect((await holds.create(row('a', { by: bot }))).row.by).toBe(dba)
  expect((await holds.all()).map(({ row }) => row.hold)).toEqual(['a', 'b', 'c'].map((digit) => row(digit).hold))
  expect(await holds.find(row('d').hold)).toBeNull()
  const found = await holds.find(row('a').hold)
  const recorded = { seq: 7, leaf: sha256('x'), at: after(1) }
  const changed = await holds.replace(found?.version, row('a', { recorded }))
  expect(changed.row).toEqual(row('a', { recorded }))
  await expect(holds.replace(found?.version, row('a'))).rejects.toBeInstanceOf(Conflict)
  expect((await holds.replace(changed.version, row('a', { by: bot }))).row.by).toBe(bot)
})

test.each<[string, (value: string) => object]>([
  ['another scope', (value) => ({ value: value.replace(bot, dba) })],
  ['another key', (value) => ({ value, macKey: 'key-2' })],
  ['no MAC', (value) => ({ value, mac: '' })],
  ['no JSON', () => ({ value: '{' })],
])('a row that the service did not write is broken evidence: %s', async (_, change) => {
  await storage.clear()
  const tables = storage.connect()
  const holds = new TableHolds(tables)
  const { hold } = (await holds.create(row('a'))).row
  const { value } = await tables.ledger.getEntity<{ value: string }>('seal', `hold-${hold}`)
  const place = { partitionKey: 'seal', rowKey: `hold-${hold}` }
  await tables.ledger.updateEntity({ ...place, ...change(value) }, 'Merge')
  expect(await codeOf(holds.all())).toBe('evidence-broken')
  expect(await codeOf(holds.find(hold))).toBe('evidence-broken')
})

test('a row does not pass as that of another hold', async () => {
  await storage.clear()
  const tables = storage.connect()
  const holds = new TableHolds(tables)
  const { hold } = (await holds.create(row('a'))).row
  const { etag: _, timestamp: __, ...kept } = await tables.ledger.getEntity('seal', `hold-${hold}`)
  await tables.ledger.createEntity({ ...kept, partitionKey: 'seal', rowKey: `hold-${row('b').hold}` })
  expect(await codeOf(holds.all())).toBe('evidence-broken')
})
