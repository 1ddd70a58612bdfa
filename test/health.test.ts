import type { Day } from '../src/core/data/day.ts'
import type { Hex } from '../src/core/data/id.ts'
import type { Instant } from '../src/core/data/instant.ts'
import { type BrokenRow, evidenceBroken, Problem } from '../src/core/data/problem.ts'
import { openCounts } from '../src/approvals/backlog.ts'
import { type Health, health } from '../src/health.ts'
import type { SealHead, Seals } from '../src/ports/seals.ts'
import { noon } from './support/build.ts'
import { FakeClock, FakeDirectory } from './support/fakes.ts'
import { MemoryArchive } from './support/fakes/archive.ts'
import { MemoryLedger } from './support/fakes/ledger.ts'
import { macsFor, testOrigin } from './support/fakes/macs.ts'
import { MemorySeals } from './support/fakes/seals.ts'
import { newSigner } from './support/world.ts'

const first = '2026-03-04' as Day

const head = (date: Day): SealHead => ({
  ...{ number: 7, date, size: 1200, root: '', frontier: [], cuts: {} },
  ...{ key: 'key', manifest: '0'.repeat(64) as Hex },
})

type HealthParts = Parameters<typeof health>[0]

async function look(
  at: string,
  seals: Pick<Seals, 'first' | 'head' | 'alarm'>,
  counted = false,
  isDeliveryFailing = false,
  broken: readonly BrokenRow[] = [],
  more: Partial<HealthParts> = {},
) {
  const alarms = { rows: () => broken, recheck: async () => undefined }
  const ask = await asking({ seals, alarms, isDeliveryFailing: () => isDeliveryFailing, ...more }, at)
  return ask(counted)
}

async function asking(more: Partial<HealthParts>, at: string = noon): Promise<Health> {
  const clock = new FakeClock(at as Instant)
  return health({
    ...{
      clock,
      seals: new MemorySeals(first),
      ledger: new MemoryLedger(),
      archive: new MemoryArchive(),
      directory: new FakeDirectory(clock),
    },
    signer: await newSigner(),
    witness: { isLate: async () => false },
    cosigning: async () => ({ state: 'off', uncosigned: [] }),
    version: '1.2.3',
    people: 'admitted',
    macs: { rows: async () => macsFor(testOrigin).rows() },
    isOpen: () => true,
    waiting: { waiters: () => 0 },
    alarms: { rows: () => [], recheck: async () => undefined },
    isDeliveryFailing: () => false,
    overdue: async () => 3,
    open: () => openCounts(new MemoryLedger()),
    throttled: () => 4,
    ...more,
  })
}

test.each([
  ['before the first day is over', null, '2026-03-04T12:00:00.000Z', 'ok'],
  ['26 hours after the first day', null, '2026-03-06T02:00:00.000Z', 'ok'],
  ['later, with none sealed', null, '2026-03-06T02:00:00.001Z', 'failing'],
  ['26 hours after the newest sealed day', '2026-03-10', '2026-03-12T02:00:00.000Z', 'ok'],
  ['later', '2026-03-10', '2026-03-12T02:00:00.001Z', 'failing'],
])('sealing, %s', async (_when, date, at, seal) => {
  const seals = new MemorySeals(first)
  if (date !== null) await seals.advance(null, head(date as Day))
  const { status, parts } = await look(at, seals)
  expect({ status, seal: parts.seal }).toEqual({ status: 'ok', seal })
})

test('broken evidence is reported, and asking and deciding go on', async () => {
  const seals = new MemorySeals(first)
  await seals.raise({ date: first, code: 'broken-chain', words: 'Event 7 is missing.', since: noon })
  const report = await look('2026-03-04T12:00:00.000Z', seals)
  expect(report).toMatchObject({ status: 'ok', parts: { seal: 'evidence-broken', ledger: 'ok' } })
  expect(JSON.stringify(report)).not.toContain('missing')
})

test('failing deliveries are reported, and asking and deciding go on', async () => {
  const report = await look(noon, new MemorySeals(first), false, true)
  expect(report).toMatchObject({ status: 'ok', parts: { deliveries: 'failing', ledger: 'ok' } })
  expect((await look(noon, new MemorySeals(first))).parts.deliveries).toBe('ok')
})

describe('the files that say how far the chains go', () => {
  const partsWith = async (isLate: () => Promise<boolean>) =>
    look(noon, new MemorySeals(first), false, false, [], { witness: { isLate } })

  test.each<[string, () => Promise<boolean>, string]>([
    ['are written', async () => false, 'ok'],
    ['are late', async () => true, 'failing'],
    ['cannot be looked at', async () => Promise.reject(new Problem('unavailable', 'No.')), 'failing'],
  ])('%s, and asking and deciding go on', async (_how, isLate, witness) => {
    expect(await partsWith(isLate)).toMatchObject({ status: 'ok', parts: { witness, ledger: 'ok' } })
  })
})

describe('the cosignatures', () => {
  const uncosigned = [{ witness: 'witness.example/w1', fault: 'fork', date: first, since: noon }] as const
  const partsWith = (cosigning: Parameters<typeof health>[0]['cosigning'], counted = false) =>
    look(noon, new MemorySeals(first), counted, false, [], { cosigning })

  test.each(['ok', 'failing', 'refused', 'off'] as const)('are %s, and asking and deciding go on', async (state) => {
    const { status, parts } = await partsWith(async () => ({ state, uncosigned: [] }))
    expect({ status, cosignatures: parts.cosignatures }).toEqual({ status: 'ok', cosignatures: state })
  })

  test('that cannot be asked for are failing', async () => {
    expect(await partsWith(() => Promise.reject(new Error('no')))).toMatchObject({ parts: { cosignatures: 'failing' } })
  })

  test('that a witness refused are named to readers of evidence alone', async () => {
    const refused = async () => ({ state: 'refused', uncosigned }) as const
    expect(await partsWith(refused)).not.toHaveProperty('uncosigned')
    expect(await partsWith(refused, true)).toMatchObject({ uncosigned })
  })

  test('of a ledger that can only be read are off, since there is nothing new to cosign', async () => {
    const lost = { gaps: [], textless: [] }
    const late = async () => ({ state: 'failing', uncosigned: [] }) as const
    const { parts } = await look(noon, new MemorySeals(first), false, false, [], { cosigning: late, lost })
    expect(parts.cosignatures).toBe('off')
  })
})

describe('the sinks', () => {
  const states = (...each: readonly ('ok' | 'failing' | 'off')[]) =>
    each.map((state, i) => ({
      ...{ name: `sink-${i}`, kind: 'webhook' as const, state, lag: i },
      ...(state !== 'ok' && { why: 'no-answer' as const, since: noon }),
    }))
  const withSinks = (sinks?: () => Promise<ReturnType<typeof states>>, counted = false) =>
    look(noon, new MemorySeals(first), counted, false, [], sinks ? { sinks } : {})

  test.each([
    ['none', undefined, 'off'],
    ['one that takes its events', async () => states('ok'), 'ok'],
    ['one of two that takes nothing', async () => states('ok', 'failing'), 'failing'],
    ['one that is switched off', async () => states('off'), 'failing'],
    ['one whose place cannot be read', () => Promise.reject(new Problem('unavailable', 'No.')), 'failing'],
  ] as const)('with %s: asking and deciding go on', async (_which, sinks, expected) => {
    const { status, parts } = await withSinks(sinks)
    expect({ status, sinks: parts.sinks }).toEqual({ status: 'ok', sinks: expected })
  })

  test('are told of one by one to readers of evidence alone', async () => {
    const two = states('ok', 'failing')
    expect(await withSinks(async () => two, true)).toMatchObject({ sinks: two })
    expect(await withSinks(async () => two)).not.toHaveProperty('sinks')
    expect(await withSinks(undefined, true)).not.toHaveProperty('sinks')
  })
})

test('version, clock and whether people are admitted are told to anyone', async () => {
  const seals = new MemorySeals(first)
  expect(await look(noon, seals)).toMatchObject({ version: '1.2.3', now: noon, people: 'admitted' })
  expect(await look(noon, seals, false, false, [], { people: 'refused' })).toMatchObject({ people: 'refused' })
})

test.each([true, false])(
  'whether the storage protects files (%s) is for those who may read evidence',
  async (immutable) => {
    const archive = { ping: async () => ({ immutable }) }
    const seals = new MemorySeals(first)
    expect(await look(noon, seals, true, false, [], { archive })).toHaveProperty('immutable', immutable)
    expect(await look(noon, seals, false, false, [], { archive })).not.toHaveProperty('immutable')
  },
)

test('an archive that does not answer is failing, and nothing is said of its files', async () => {
  const archive = { ping: async () => Promise.reject(new Problem('unavailable', 'No.')) }
  const report = await look(noon, new MemorySeals(first), true, false, [], { archive })
  expect(report).toMatchObject({ status: 'ok', parts: { archive: 'failing', ledger: 'ok' } })
  expect(report).not.toHaveProperty('immutable')
})

test('a part that cannot be read counts as failing', async () => {
  const down = async () => Promise.reject(new Problem('unavailable', 'No.'))
  const { status, parts } = await look(noon, { first: down, head: down, alarm: down })
  expect({ status, seal: parts.seal }).toEqual({ status: 'ok', seal: 'failing' })
})

test('the newest sealed day is shown to readers of evidence only', async () => {
  const seals = new MemorySeals(first)
  expect(await look(noon, seals, true)).not.toHaveProperty('sealed')
  await seals.advance(null, head(first))
  expect(await look(noon, seals)).not.toHaveProperty('sealed')
  expect(await look(noon, seals, true)).toMatchObject({
    sealed: { date: first, number: 7, size: 1200 },
    counts: { overdue: 3 },
  })
})

test('readers of evidence are told what is open, and the rows are read once in five seconds', async () => {
  const asks: number[] = []
  const open = async () => {
    asks.push(1)
    return { pending: 2, oldest: noon, reviews: 1, standing: 4 }
  }
  const ask = await asking({ open })
  expect(await ask(false)).not.toHaveProperty('counts')
  expect(asks).toEqual([])
  for (let i = 0; i < 3; i++)
    expect((await ask(true)).counts).toEqual({
      ...{ overdue: 3, pending: 2, oldest: noon, reviews: 1, standing: 4, waiting: 0, throttled: 4 },
    })
  expect(asks).toEqual([1])
})

test('a count that failed is not kept', async () => {
  let isDown = true
  const open = async () => {
    if (isDown) throw new Problem('unavailable', 'No.')
    return openCounts(new MemoryLedger())
  }
  const ask = await asking({ open })
  await expect(ask(true)).rejects.toMatchObject({ code: 'unavailable' })
  isDown = false
  expect((await ask(true)).counts).toMatchObject({ pending: 0, reviews: 0, standing: 0 })
  expect((await ask(true)).counts).not.toHaveProperty('oldest')
})

test('altered rows are named to readers of evidence only', async () => {
  const broken: BrokenRow[] = [{ shard: '07', row: 'event-000000000003', check: 'mac' }]
  const seals = new MemorySeals(first)
  const report = await look('2026-03-04T12:00:00.000Z', seals, true, false, broken)
  expect(report).toMatchObject({ status: 'ok', parts: { evidence: 'evidence-broken', seal: 'ok' }, broken })
  const unsigned = await look('2026-03-04T12:00:00.000Z', seals, false, false, broken)
  expect(unsigned.parts.evidence).toBe('evidence-broken')
  expect(unsigned).not.toHaveProperty('broken')
})

test('the row because of which sealing has stopped is named to whoever may read evidence, once', async () => {
  const row: BrokenRow = { shard: '07', row: 'event-000000000003', check: 'chain' }
  const seals = new MemorySeals(first)
  await seals.raise({ date: first, code: 'broken-chain', words: 'Event 3.', broken: row, since: noon })
  const report = await look(noon, seals, true, false, [row])
  expect(report).toMatchObject({ parts: { seal: 'evidence-broken', evidence: 'evidence-broken' } })
  expect(report.broken).toEqual([row])
  expect(await look(noon, seals)).not.toHaveProperty('broken')
})

test('a forged row of the seals counts as broken evidence, not as a late seal', async () => {
  const seals = new MemorySeals(first)
  seals.head = async () => {
    throw evidenceBroken({ shard: 'seal', row: 'head', check: 'mac' })
  }
  expect((await look('2026-03-04T12:00:00.000Z', seals)).parts.seal).toBe('evidence-broken')
  expect((await look(noon, seals, true)).broken).toEqual([{ shard: 'seal', row: 'head', check: 'mac' }])
})

test.each([
  ['none on the first day', null, '2026-03-06T02:00:00.000Z', 'ok'],
  ['none later', null, '2026-03-06T02:00:00.001Z', 'failing'],
  ['one of 26 hours ago', '2026-03-10T00:05:00.000Z', '2026-03-11T02:05:00.000Z', 'ok'],
  ['an older one', '2026-03-10T00:05:00.000Z', '2026-03-11T02:05:00.001Z', 'failing'],
])('a snapshot is missed when it is late: %s', async (_when, newest, at, backup) => {
  const kept = { newest: async () => newest as Instant | null }
  const { status, parts } = await look(at, new MemorySeals(first), false, false, [], { backup: kept })
  expect({ status, backup: parts.backup }).toEqual({ status: 'ok', backup })
})

test('without backups none is missed; one that cannot be asked for counts as failing', async () => {
  expect((await look(noon, new MemorySeals(first))).parts.backup).toBe('off')
  const down = { newest: async () => Promise.reject(new Problem('unavailable', 'No.')) }
  expect((await look(noon, new MemorySeals(first), false, false, [], { backup: down })).parts.backup).toBe('failing')
})
