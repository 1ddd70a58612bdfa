import type { Hex, Shard } from '../../../src/core/data/id.ts'
import { type Instant, plusSeconds } from '../../../src/core/data/instant.ts'
import type { EventOf } from '../../../src/core/record/eventType.ts'
import { deputyFactOf, KnownDeputies } from '../../../src/core/record/knownDeputies.ts'
import type { Facts } from '../../../src/core/request/requirement.ts'
import { after, dba, facts, oid, requestId } from '../../support/build.ts'

const deputy = oid(61)
const hash = 'd'.repeat(64) as Hex
const until = after(10_000)
const place = { v: 1, shard: '01' as Shard, seq: 5, prev: hash, actor: { kind: 'person', id: dba } } as const

const away = (at: Instant, more: Partial<EventOf<'delegated'>['data']> = {}): EventOf<'delegated'> => ({
  ...{ ...place, at, type: 'delegated', data: { to: deputy, groups: ['dba'], until, ...more } },
})

const back = (at: Instant): EventOf<'recalled'> => ({ ...place, at, type: 'recalled', data: { event: hash } })

const standIn = { accounts: [dba], groups: ['dba'], event: hash, until }
const joined: Facts = { ...facts(dba), accounts: [dba, deputy], for: standIn }

const act = (at: Instant, data: Facts = joined): EventOf<'revoked'> => ({
  ...{ ...place, at, type: 'revoked', request: requestId, data: { facts: data } },
  actor: { kind: 'person', id: deputy },
})

/** Judges events in an order; `null` if all of them hold. */
function judged(known: KnownDeputies, ...events: readonly ReturnType<typeof away | typeof back | typeof act>[]) {
  for (const event of events) {
    const fact = deputyFactOf(event, hash)
    if (fact) known.take(fact)
  }
  try {
    known.judge()
    return null
  } catch (cause) {
    return (cause as Error).message.replace(/^.* breaks the rules: /, '')
  }
}

test.each([
  ['while the member is away', [away(after(0)), act(after(100))], null],
  ['read before the absence, of another shard', [act(after(100)), away(after(0))], null],
  ['within a minute before the absence', [away(after(100)), act(after(40))], null],
  ['earlier', [away(after(100)), act(after(39))], 'the member was not away yet.'],
  ['just after a recall', [away(after(0)), back(after(100)), act(after(340))], null],
  ['later after a recall', [away(after(0)), back(after(100)), act(after(341))], 'the member was back.'],
  ['for nobody', [act(after(100))], 'no member said that they are away.'],
  ['after a recall of nothing', [back(after(100))], 'no member said that they are away.'],
  ['of another deputy', [away(after(0), { to: oid(62) }), act(after(100))], 'the member named another deputy.'],
  [
    'for other groups',
    [away(after(0), { groups: ['security'] }), act(after(100))],
    'the deputy was named for other groups.',
  ],
  ['for longer', [away(after(0), { until: after(9_000) }), act(after(100))], 'the member was away until another time.'],
  [
    'for another member',
    [away(after(0)), act(after(100), { ...joined, for: { ...standIn, accounts: [oid(12)] } })],
    'another member was away.',
  ],
] as const)('a deputy acts %s', (_, events, expected) => {
  expect(judged(new KnownDeputies(true), ...events)).toBe(expected)
})

test('of an absence that may be in a part of the log that was not read, nothing is said', () => {
  expect(judged(new KnownDeputies(), act(after(100)), back(after(200)))).toBeNull()
  const known = new KnownDeputies()
  known.begin(after(0))
  expect(judged(known, act(after(100)))).toBeNull()
  // Nobody is away for more than thirty days.
  known.begin(after(99_999_999))
  expect(judged(known, act(after(30 * 86_400 + 60)))).toBe('no member said that they are away.')
})

test('a second recall says nothing new, and absences that are over are forgotten', () => {
  const known = new KnownDeputies()
  known.begin(after(-31 * 86_400))
  expect(judged(known, away(after(0)), back(after(100)), back(after(200)))).toBeNull()
  expect(judged(known, act(after(341)))).toBe('the member was back.')
  known.forget(plusSeconds(until, 240))
  expect(judged(known, act(after(341)))).toBe('the member was back.')
  known.forget(plusSeconds(until, 241))
  expect(judged(known, act(after(341)))).toBe('no member said that they are away.')
})
