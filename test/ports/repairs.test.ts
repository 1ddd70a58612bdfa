import { TableLedger } from '../../src/azure/ledger.ts'
import { TableRepairs } from '../../src/azure/repairs.ts'
import { rowKey } from '../../src/azure/rowKey.ts'
import { type RequestId, type Shard, shardOf } from '../../src/core/data/id.ts'
import type { SurveyedRow } from '../../src/core/record/chainSurvey.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { endTampered, tamperedLog } from '../../src/core/request/tampering.ts'
import { Conflict, type KeptEvent, type Ledger } from '../../src/ports/ledger.ts'
import type { Repairs } from '../../src/ports/repairs.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import { MemoryRepairs } from '../support/fakes/repairs.ts'
import { Insider } from '../trust/insider.ts'
import { apply, ask, bot, changeOf, dba, expire, logChange, minutes, noon, oid, shard as place, vote } from './story.ts'
import { startStorage, type TestStorage } from './tables.ts'

interface Subject {
  readonly ledger: Ledger
  readonly repairs: Repairs
  /** Makes an event's row one that the service did not write; its leaf stays. */
  spoil(shard: Shard, seq: number): Promise<void>
  /** Takes an event's row away. */
  lose(shard: Shard, seq: number): Promise<void>
  /** Changes the row of a request, as anybody can. */
  touch(request: ApprovalRequest): Promise<void>
}

let storage: TestStorage
beforeAll(async () => {
  storage = await startStorage()
})
afterAll(() => storage.close())

const subjects: readonly (readonly [string, () => Promise<Subject>])[] = [
  [
    'in memory',
    async () => {
      const ledger = new MemoryLedger()
      return {
        ledger,
        repairs: new MemoryRepairs(ledger),
        spoil: async (shard, seq) => ledger.tamper(shard, seq, (leaf) => ({ ...leaf, hash: 'a'.repeat(64) as never })),
        lose: async (shard, seq) => ledger.tamper(shard, seq, null),
        touch: async (request) => ledger.forge(request.id, request),
      }
    },
  ],
  [
    'in tables',
    async () => {
      await storage.clear()
      const insider = new Insider(storage)
      const tables = storage.connect()
      return {
        ledger: new TableLedger(tables),
        repairs: new TableRepairs(tables, 2),
        spoil: (shard, seq) => insider.edit(shard, rowKey.event(seq), () => ({ mac: '0'.repeat(64) })),
        lose: (shard, seq) => insider.drop(shard, rowKey.event(seq)),
        touch: ({ id }) => insider.edit(shardOf(id), rowKey.request(id), () => ({})),
      }
    },
  ],
]

const shard = place(3)
const about = { by: oid(63), why: 'A key had leaked.' }
const tampered = tamperedLog({ ...about, data: { from: 2, to: 3, check: 'mac' } })

async function all(repairs: Repairs, after = 0): Promise<readonly SurveyedRow[]> {
  const rows: SurveyedRow[] = []
  for await (const page of repairs.survey(shard, after)) rows.push(...page)
  return rows
}

const told = (rows: readonly SurveyedRow[]) => rows.map(({ seq, check, isWhole }) => [seq, check, isWhole])

describe.each(subjects)('%s', (_where, begin) => {
  let one: Subject
  let request: ApprovalRequest

  /** Three events: it was asked for, and a vote approved it. */
  beforeEach(async () => {
    one = await begin()
    const asked = await ask(one.ledger)
    request = await apply(one.ledger, asked.id, vote(dba, 'approve', noon), noon)
  })

  /** Goes on after an event, without what comes after it. */
  async function cutAfter(seq: number): Promise<void> {
    const { ledger, repairs } = one
    const rows = await all(repairs)
    const kept = rows.find((row) => row.seq === seq)
    const { head } = await ledger.load(shard, {})
    const at = { ...head, seq, hash: kept?.hash ?? head.hash }
    const loaded = { shard, head: at, request: null, key: null, version: null }
    const gone = rows.filter((row) => (row.seq ?? 0) > seq)
    await repairs.finish(await repairs.head(shard), loaded, gone, logChange(loaded, [tampered], noon))
  }

  test('rows are read as they lie, whoever wrote them', async () => {
    expect(told(await all(one.repairs))).toEqual([
      [1, null, true],
      [2, null, true],
      [3, null, true],
    ])
    await one.spoil(shard, 2)
    expect(told(await all(one.repairs, 1))).toEqual([
      [2, 'mac', true],
      [3, null, true],
    ])
    const [second, third] = await all(one.repairs, 1)
    expect(third?.prev).toBe(second?.hash)
    await one.lose(shard, 2)
    expect(told(await all(one.repairs))).toEqual([
      [1, null, true],
      [3, null, true],
    ])
  })

  test('a head is read as it lies, and is missing where nothing was recorded', async () => {
    expect(await one.repairs.head(shard)).toMatchObject({ head: { seq: 3 }, check: null })
    expect(await one.repairs.head(place(4))).toMatchObject({ head: null, check: 'missing' })
  })

  test('a repair that was begun is known until it is finished', async () => {
    const { repairs } = one
    expect(await repairs.begun(shard)).toBeNull()
    await repairs.begin(shard, { from: 2, to: 3, check: 'mac' })
    await repairs.begin(shard, { from: 1, to: 3, check: 'mac' })
    expect(await repairs.begun(shard)).toEqual({ from: 1, to: 3, check: 'mac' })
    expect(await repairs.begun(place(4))).toBeNull()
    await cutAfter(1)
    expect(await repairs.begun(shard)).toBeNull()
  })

  test('a right leaf is authentic once it was mended', async () => {
    await one.spoil(shard, 2)
    const rows = await all(one.repairs)
    await one.repairs.mend(
      shard,
      rows.filter(({ check }) => check !== null),
    )
    expect(told(await all(one.repairs)).map(([, check]) => check)).toEqual([null, null, null])
    expect(await one.ledger.events(request)).toHaveLength(3)
  })

  test('a row that changed since it was read is not mended', async () => {
    await one.spoil(shard, 2)
    const rows = (await all(one.repairs)).filter(({ check }) => check !== null)
    await one.repairs.mend(shard, rows)
    await expect(one.repairs.mend(shard, rows)).rejects.toThrow(Conflict)
  })

  test('rows are taken out, and the chain goes on where they were', async () => {
    await cutAfter(1)
    expect(told(await all(one.repairs)).map(([seq, check]) => [seq, check])).toEqual([
      [1, null],
      [2, null],
    ])
    const { head } = await one.repairs.head(shard)
    const kept: KeptEvent[] = []
    for await (const page of one.ledger.stream(shard, 1, 2)) kept.push(...page)
    expect({ seq: head?.seq, hash: head?.hash }).toEqual({ seq: 2, hash: kept[0]?.hash })
    expect(JSON.parse(kept[0]?.text ?? '{}')).toMatchObject({ type: 'tampered', seq: 2 })
    expect(await one.repairs.named(shard)).toEqual([request.id])
    expect(await one.repairs.named(place(4))).toEqual([])
    await ask(one.ledger)
  })

  test('a head that moved meanwhile is a conflict, and nothing is taken out', async () => {
    const { ledger, repairs } = one
    const head = await repairs.head(shard)
    const { head: before } = await ledger.load(shard, {})
    await apply(
      ledger,
      request.id,
      (one) => endTampered(one, { ...about, data: { from: 1, to: 1, check: 'mac' }, at: noon }),
      noon,
    )
    const loaded = { shard, head: { ...before, seq: 1 }, request: null, key: null, version: null }
    const change = logChange(loaded, [tampered], noon)
    await expect(repairs.finish(head, loaded, await all(repairs, 1), change)).rejects.toThrow(Conflict)
    expect((await all(repairs)).length).toBe(4)
  })

  test('a request is read as it lies, and is missing where there is none', async () => {
    expect(await one.repairs.request(request.id)).toMatchObject({ id: request.id, request, check: null })
    const last = request.id[25] === '0' ? '1' : '0'
    const other = `${request.id.slice(0, 25)}${last}-03` as RequestId
    expect(await one.repairs.request(other)).toMatchObject({ id: other, request: null, check: 'missing' })
  })

  test('a request is replaced by what is committed, with its deadline', async () => {
    const { ledger, repairs } = one
    const row = await repairs.request(request.id)
    const loaded = await repairs.prepare(row, request)
    const step = endTampered(request, { ...about, data: { from: 1, to: 3, check: 'events' }, at: minutes(1) })
    await ledger.commit(loaded, changeOf(loaded, step, minutes(1)))
    expect(await ledger.find(request.id)).toMatchObject({ status: 'revoked' })
    expect(await repairs.due(shard)).toEqual([])
    expect(await ledger.due(minutes(10_000), 10)).toEqual([])
  })

  test('a row that changed since it was read is a conflict', async () => {
    const row = await one.repairs.request(request.id)
    await one.touch(request)
    await expect(one.repairs.prepare(row, request)).rejects.toThrow(Conflict)
  })

  test('requests with a deadline are listed, of their shard alone', async () => {
    const other = await ask(one.ledger, { shard: place(4) })
    expect(await one.repairs.due(shard)).toEqual([request.id])
    expect(await one.repairs.due(place(4))).toEqual([other.id])
  })

  test('a request is removed with what it is found by, also twice', async () => {
    const row = await one.repairs.request(request.id)
    await one.repairs.remove(row)
    expect(await one.ledger.find(request.id)).toBeNull()
    expect(await one.repairs.due(shard)).toEqual([])
    await one.repairs.remove(await one.repairs.request(request.id))
  })

  test('a request is removed from the lists of its agent and its voters, which have copies of it', async () => {
    const { ledger, repairs } = one
    expect((await expire(ledger, request)).status).toBe('lapsed')
    const listed = async () =>
      (
        await Promise.all(
          (['agent', 'approver'] as const).map((by) =>
            ledger.list({ by, id: by === 'agent' ? bot : dba }, { keep: ({ id }) => id === request.id, limit: 5 }),
          ),
        )
      ).flatMap(({ requests }) => requests.map(({ id }) => id))
    expect(await listed()).toEqual([request.id, request.id])
    await repairs.remove(await repairs.request(request.id))
    expect(await listed()).toEqual([])
  })
})
