import { randomBytes } from 'node:crypto'
import { TableLedger } from '../../src/azure/ledger.ts'
import { TableSinkCursors } from '../../src/azure/sinkCursors.ts'
import { Broken } from '../../src/core/data/broken.ts'
import { eventRow, isBroken, Problem } from '../../src/core/data/problem.ts'
import { Repairing } from '../../src/evidence/repair/repair.ts'
import { apply, ask, dba, noon, oid, shard, vote } from '../ports/story.ts'
import { meta } from '../ports/tables.ts'
import { prepareLedger } from '../../src/azure/meta.ts'
import { roster } from '../support/world.ts'
import { FakeClock, fakePolicy } from '../support/fakes.ts'
import { MemoryArchive } from '../support/fakes/archive.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import { macsFor, testOrigin } from '../support/fakes/macs.ts'
import { MemoryRepairs } from '../support/fakes/repairs.ts'
import { MemorySeals } from '../support/fakes/seals.ts'
import { memoryTables } from '../support/fakes/table.ts'
import { faultsOf, numbersOf, sinkWorld, testSink } from './world.ts'

const three = shard(3)

/** Whether an error says that this row is not as the service wrote it. */
const isAbout = (row: string) => (cause: unknown) => isBroken(cause) && cause.details.broken?.row === row

describe('a row of an event that the service did not write', () => {
  async function tables() {
    const memory = memoryTables(macsFor(meta.origin))
    await prepareLedger(memory.connect(), { ...meta, at: noon })
    const [sink, connected] = [testSink('siem'), memory.connect()]
    const world = sinkWorld([sink], { ledger: new TableLedger(connected), cursors: new TableSinkCursors(connected) })
    await world.commit(6)
    return { ...world, sink, rows: memory.ledger }
  }

  test.each<[string, (row: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>]>([
    ['has another leaf', (row) => ({ ...row, leaf: String(row['leaf']).replace('db.export', 'db.report') })],
    ['has no mac', ({ mac: _mac, ...row }) => row],
    ['has the mac of another event', (row) => ({ ...row, mac: '0'.repeat(64) })],
  ])('that %s is not sent, nor is any after it, and that is told', async (_how, change) => {
    const { main, sink, rows, failures, ledger, process } = await tables()
    const row = rows.peek(three, eventRow(4)) ?? {}
    rows.put(three, eventRow(4), change(row))
    await main.sweep()
    expect(numbersOf(sink, three)).toEqual([1, 2, 3])
    await main.sweep()
    expect(failures.length).toBeGreaterThan(0)
    expect(failures.every(isAbout(eventRow(4)))).toBe(true)
    rows.put(three, eventRow(4), row)
    await main.sweep()
    await process().sweep()
    expect(await faultsOf(sink, ledger)).toEqual([])
  })

  test('that is missing is waited for', async () => {
    const { main, sink, rows, failures, ledger } = await tables()
    const row = rows.peek(three, eventRow(1)) ?? {}
    rows.remove(three, eventRow(1))
    await main.sweep()
    expect(sink.taken).toEqual([])
    expect(failures.every(isAbout(eventRow(1)))).toBe(true)
    rows.put(three, eventRow(1), row)
    await main.sweep()
    expect(await faultsOf(sink, ledger)).toEqual([])
  })

  test('keeps no other shard waiting, nor does a cursor that was edited', async () => {
    const { main, sink, rows, commit, failures } = await tables()
    await main.sweep()
    await commit(1)
    await commit(2, shard(7))
    const edited = rows.peek(three, 'sink-siem') ?? {}
    rows.put(three, 'sink-siem', { ...edited, value: String(edited['value']).replace('"seq":6', '"seq":7') })
    await sinkWorld([sink]).main.sweep()
    await main.sweep()
    expect(numbersOf(sink, shard(7))).toEqual([1, 2])
    expect(numbersOf(sink, three)).toEqual([1, 2, 3, 4, 5, 6])
    expect(failures.every(isAbout('sink-siem'))).toBe(true)
    expect(failures).toHaveLength(1)
  })
})

/** Changes all leaves after one, as somebody who can write the tables does. */
async function changeAfter(ledger: MemoryLedger, seq: number): Promise<void> {
  const { head } = await ledger.load(three, {})
  for (let next = seq + 1; next <= head.seq; next++)
    ledger.tamper(three, next, (leaf) => ({ ...leaf, text: leaf.text.replace('"at":"2026', '"at":"2025') }))
}

describe('a chain that was repaired', () => {
  /** Four events that were sent, of which two were changed and taken out; the third is the repair now. */
  async function repaired(more = 0) {
    const [ledger, sink, clock] = [new MemoryLedger(), testSink('siem'), new FakeClock(noon)]
    const world = sinkWorld([sink], { ledger })
    const request = await ask(ledger)
    await world.commit(1)
    await apply(ledger, request.id, vote(dba, 'approve', noon), noon)
    await world.commit(more)
    await world.main.sweep()
    expect(numbersOf(sink, three)).toEqual(Array.from({ length: 4 + more }, (_, i) => i + 1))
    await changeAfter(ledger, 3)
    const repairing = new Repairing({
      ...{ ledger, repairs: new MemoryRepairs(ledger), archive: new MemoryArchive(), seals: new MemorySeals(day) },
      ...{ macs: macsFor(testOrigin), clock, random: randomBytes, policy: fakePolicy(roster()), broken: () => [] },
      ...{ committed: () => undefined, ends: { leaveSoon: async () => undefined } },
    })
    const repair = () => repairing.repair({ shard: three, why: 'A key had leaked.', by: oid(63), requests: [] })
    await repair()
    return { ...world, sink, ledger, repair }
  }

  test('is sent again from the first event on that it replaced', async () => {
    const { main, sink, commit, ledger, failures } = await repaired()
    await main.sweep()
    await commit(2)
    await main.sweep()
    const after = sink.taken.slice(4)
    expect(after.map(({ event }) => event.seq)).toEqual(after.map((_, i) => i + 3))
    expect(after.map(({ event }) => event.type)).toContain('tampered')
    expect(after.at(-1)?.event.seq).toBe((await ledger.load(three, {})).head.seq)
    expect(failures).toEqual([])
  })

  test('twice before anything was sent is sent again from the first repair on', async () => {
    const { main, sink, commit, ledger, repair, failures } = await repaired(5)
    await commit(3)
    await changeAfter(ledger, 7)
    await repair()
    await main.sweep()
    const after = sink.taken.slice(9)
    expect(after.map(({ event }) => event.seq)).toEqual(after.map((_, i) => i + 3))
    expect(after.flatMap(({ event }) => (event.type === 'tampered' ? event.data.from : []))).toEqual([3, 1, 8])
    expect(after.at(-1)?.event.seq).toBe((await ledger.load(three, {})).head.seq)
    expect(failures).toEqual([])
  })

  test('is told from one that was replaced without a repair', async () => {
    const { main, sink, commit, ledger, process, failures } = await repaired()
    await main.sweep()
    const sent = sink.taken.length
    ledger.cutOff(three, 2)
    await main.sweep()
    await commit(6)
    await process().sweep()
    expect(sink.taken).toHaveLength(sent)
    expect(failures.length).toBeGreaterThan(0)
    expect(failures.every((cause) => isBroken(cause) && cause.details.broken?.check === 'head')).toBe(true)
  })
})

const day = noon.slice(0, 10) as ConstructorParameters<typeof MemorySeals>[0]

test('an event of a later version of the service waits for that version, and the ones before it are sent', async () => {
  const [ledger, sink] = [new MemoryLedger(), testSink('siem')]
  const { main, commit, failures } = sinkWorld([sink], { ledger })
  await commit(3)
  ledger.tamper(three, 3, (leaf) => ({ ...leaf, text: leaf.text.replace('"v":1}', '"v":2}') }))
  await main.sweep()
  await main.sweep()
  expect(numbersOf(sink, three)).toEqual([1, 2])
  expect(failures.every((cause) => cause instanceof Broken && cause.code === 'newer-format')).toBe(true)
})

test('a storage that is away is told of, and asked again', async () => {
  const [ledger, sink] = [new MemoryLedger(), testSink('siem')]
  const { commit, process, failures } = sinkWorld([sink], { ledger })
  await commit(2)
  let isAway = true
  const away: Pick<MemoryLedger, 'load'> = {
    load: async (...args) => {
      if (isAway) throw new Problem('unavailable', 'The storage is away.')
      return ledger.load(...args)
    },
  }
  const main = process({ ledger: Object.assign(Object.create(ledger) as MemoryLedger, away) })
  await expect(main.sweep()).rejects.toMatchObject({ code: 'unavailable' })
  expect(failures).toHaveLength(15)
  isAway = false
  await main.sweep()
  expect(await faultsOf(sink, ledger)).toEqual([])
})
