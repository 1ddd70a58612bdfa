import * as fc from 'fast-check'
import type { LogEvent } from '../../src/core/record/eventType.ts'
import type { Manifest } from '../../src/core/log/manifest.ts'
import { DayTests } from '../../src/exports/dayTests.ts'
import { manifestIn } from '../evidence/bundle.ts'
import { sample } from '../support/chance.ts'
import { fiveDays, type TrueDays } from '../support/liars.ts'
import { countedAgain, hashedEvents, type HashedEvent, type RawEvent } from './countedAgain.ts'

let real: TrueDays
let days: readonly { readonly manifest: Manifest; readonly events: readonly HashedEvent[] }[]

beforeAll(async () => {
  real = await fiveDays()
  days = real.days.map((members) => ({ manifest: manifestIn(members), events: hashedEvents(members) }))
})
afterAll(() => real.place.clean())

function found(manifest: Manifest, events: readonly HashedEvent[]) {
  const tests = new DayTests(manifest)
  for (const { event, hash, isOfDay } of events) {
    const one = [event as unknown as LogEvent, hash as never] as const
    if (isOfDay) tests.take(...one)
    else tests.carry(...one)
  }
  return Object.fromEntries(tests.found().map(({ id, population, exceptions }) => [id, [population, exceptions]]))
}

function again(manifest: Manifest, events: readonly HashedEvent[]) {
  return countedAgain(
    events,
    Object.fromEntries(Object.entries(manifest.shards).map(([shard, { from }]) => [shard, from])),
  )
}

test('days that happened are counted as a naive reading of their records counts them', () => {
  const all = days.map(({ manifest, events }) => found(manifest, events))
  expect(all).toEqual(days.map(({ manifest, events }) => again(manifest, events)))
  const sums = Object.fromEntries(
    Object.keys(all[0] ?? {}).map((id) => [
      id,
      [0, 1].map((i) => all.reduce((sum, day) => sum + (day[id]?.[i] ?? 0), 0)),
    ]),
  )
  expect(sums).toEqual({
    'no-self-approval': [expect.any(Number), 0],
    'redeemed-only-when-approved': [5, 0],
    'quorum-met': [10, 0],
    // One was never reported. Each execution belongs to one day.
    'outcome-reported': [5, 1],
    // A row had been changed, and its repair is recorded.
    'log-complete': [days.reduce((sum, { manifest }) => sum + manifest.counts.records, 0), 1],
  })
})

/** Something that an insider might do to records. */
const lies: Readonly<Record<string, (event: RawEvent, ask: RawEvent) => RawEvent | null>> = {
  'leaves an event out': () => null,
  'lets an excluded person vote': (event, ask) =>
    changedFacts(event, { accounts: (ask.data?.['excluded'] as string[] | undefined)?.slice(0, 1) ?? [] }),
  'lets the agent vote': (event, ask) => changedFacts(event, { accounts: [ask.actor.id ?? ''] }),
  'takes groups away': (event) => changedFacts(event, { groups: [] }),
  'carries out another action': (event) => changedData(event, { digest: `sha256:${'0'.repeat(64)}` }),
  'lets an approval lapse at once': (event) => changedData(event, { lapsesAt: event.at }),
  'turns a vote': (event) => changedData(event, { verdict: event.data?.['verdict'] === 'deny' ? 'approve' : 'deny' }),
}

const changedData = (event: RawEvent, change: Record<string, unknown>): RawEvent =>
  Object.keys(change).every((name) => event.data && name in event.data)
    ? { ...event, data: { ...event.data, ...change } }
    : event

const changedFacts = (event: RawEvent, change: Record<string, unknown>): RawEvent =>
  event.data?.['facts'] === undefined
    ? event
    : changedData(event, { facts: { ...(event.data['facts'] as Record<string, unknown>), ...change } })

function lied(events: readonly HashedEvent[], at: number, lie: string): readonly HashedEvent[] {
  return events.flatMap((one, i) => {
    if (i !== at || one.event.type === 'requested') return [one]
    const ask = events.find(({ event }) => event.type === 'requested' && event.request === one.event.request)
    const event = lies[lie]?.(one.event, ask?.event ?? one.event)
    return event ? [{ ...one, event }] : []
  })
}

test('records that lie are counted as a naive reading counts them', () => {
  const exceptions = new Set<string>()
  fc.assert(
    fc.property(fc.nat({ max: 3 }), fc.nat(), fc.nat(), fc.constantFrom(...Object.keys(lies)), (which, a, b, lie) => {
      const day = days[which]
      if (!day) throw new Error('There are four days with events.')
      const { manifest, events } = day
      const changed = lied(lied(events, a % events.length, lie), b % events.length, lie)
      const { 'log-complete': log, ...counted } = found(manifest, changed)
      const { 'log-complete': logAgain, ...countedTwice } = again(manifest, changed)
      expect(counted).toEqual(countedTwice)
      // Beside gaps, the end of a chain and the number of records tell.
      expect((log?.[1] ?? 0) >= logAgain[1]).toBe(true)
      if (changed.length < events.length && changed.filter(({ isOfDay }) => isOfDay).length < manifest.counts.records)
        expect(log?.[1]).toBeGreaterThan(0)
      for (const [id, [, number = 0]] of Object.entries<number[]>(counted)) if (number > 0) exceptions.add(id)
    }),
    sample(150),
  )
  // The property says something only if the lies reach every test.
  expect([...exceptions].sort()).toEqual([
    ...['no-self-approval', 'outcome-reported', 'quorum-met', 'redeemed-only-when-approved'],
  ])
})
