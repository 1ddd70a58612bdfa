import { TableLimits } from '../../src/azure/limits.ts'
import { digestOf, sha256 } from '../../src/core/data/id.ts'
import type { LimitRow } from '../../src/core/request/limit.ts'
import { Conflict } from '../../src/ports/ledger.ts'
import type { LimitKey, Limits } from '../../src/ports/limits.ts'
import { MemoryLimits } from '../support/fakes/limits.ts'
import { bot, noon, oid, submission } from './story.ts'
import { startStorage, tablesInMemory, type TestStorage } from './tables.ts'

let storage: TestStorage

beforeAll(async () => {
  storage = await startStorage()
})

afterAll(() => storage.close())

const kinds: readonly (readonly [string, () => Promise<Limits>])[] = [
  ['the fake', async () => new MemoryLimits()],
  ['tables in memory', async () => new TableLimits((await tablesInMemory())[0])],
  [
    'Table Storage',
    async () => {
      await storage.clear()
      return new TableLimits(storage.connect())
    },
  ],
]

const agent: LimitKey = { agent: bot }
const empty: LimitRow = { slots: [], denied: [], asked: [] }
const subject = sha256('subject')
const slot = (number: number) => ({ id: submission().id, digest: digestOf(String(number)), subject, takenAt: noon })
const row = (count: number): LimitRow => ({
  slots: Array.from({ length: count }, (_, i) => ({ ...slot(i), ...(i % 2 === 0 && { key: sha256(String(i)) }) })),
  denied: [{ digest: digestOf('denied'), subject, deniedAt: noon }],
  asked: Array.from({ length: count }, () => submission().id),
})

describe.each(kinds)('%s', (_kind, make) => {
  let limits: Limits

  beforeEach(async () => {
    limits = await make()
  })

  test('a row that was never written is empty', async () => {
    expect((await limits.read(agent)).row).toEqual(empty)
  })

  test('a row is kept as replaced, again and again', async () => {
    for (const wanted of [row(2), row(0), row(300), empty]) {
      const { version } = await limits.read(agent)
      await limits.replace(agent, version, wanted)
      expect((await limits.read(agent)).row).toEqual(wanted)
    }
  })

  test('each agent, channel and count has a row of its own', async () => {
    const keys: readonly LimitKey[] = [
      agent,
      { agent: oid(2) },
      { channel: '19:abc/def#?\\@thread.tacv2' },
      { channel: bot },
      { channel: '' },
      { answered: bot },
      { subjects: '0f' },
    ]
    const rows = keys.map((_, i) => row(i))
    for (const [i, key] of keys.entries()) await limits.replace(key, (await limits.read(key)).version, rows[i] ?? empty)
    expect(await Promise.all(keys.map(async (key) => (await limits.read(key)).row))).toEqual(rows)
  })

  test('a replacement of an older row, or of none, is refused', async () => {
    const none = (await limits.read(agent)).version
    const first = row(1)
    await limits.replace(agent, none, first)
    await expect(limits.replace(agent, none, row(2))).rejects.toThrow(Conflict)
    const { version } = await limits.read(agent)
    const second = row(3)
    await limits.replace(agent, version, second)
    await expect(limits.replace(agent, version, row(4))).rejects.toThrow(Conflict)
    expect((await limits.read(agent)).row).toEqual(second)
  })

  test('many calls at once each take their slot once', async () => {
    const take = async (number: number): Promise<void> => {
      const { row: found, version } = await limits.read(agent)
      try {
        await limits.replace(agent, version, { ...found, slots: [...found.slots, slot(number)] })
      } catch (cause) {
        if (!(cause instanceof Conflict)) throw cause
        await take(number)
      }
    }
    await Promise.all(Array.from({ length: 12 }, (_, i) => take(i)))
    const { slots } = (await limits.read(agent)).row
    expect(slots.map(({ digest }) => digest).sort()).toEqual(
      Array.from({ length: 12 }, (_, i) => slot(i).digest).sort(),
    )
  })

  test('rows are not shared with callers', async () => {
    const wanted = row(1)
    const before = structuredClone(wanted)
    await limits.replace(agent, (await limits.read(agent)).version, wanted)
    Object.assign(wanted, { slots: [] })
    Object.assign((await limits.read(agent)).row, { slots: [] })
    expect((await limits.read(agent)).row).toEqual(before)
  })
})
