import type { Day } from '../../../src/core/data/day.ts'
import type { HoldId } from '../../../src/core/data/id.ts'
import type { Instant } from '../../../src/core/data/instant.ts'
import { KnownHolds } from '../../../src/core/record/knownHolds.ts'
import { replay } from '../../../src/core/record/replay.ts'
import type { HoldScope } from '../../../src/core/request/hold.ts'
import { after, bot, dba, dba2, noon, pending } from '../../support/build.ts'
import { erasing, eventsOf, history, take, tell, vote } from './history.ts'

const hold = '01kjw2xm00aaaaaaaaaaaaaaaa' as HoldId
const request = pending()

const held = (scope: HoldScope, at: Instant = after(100)): KnownHolds => {
  const holds = new KnownHolds()
  holds.take({ type: 'held', at, data: { hold, scope } })
  return holds
}

const ofBot = { agent: bot }

test.each<[string, HoldScope, boolean]>([
  ['of the request', { request: request.id }, true],
  ['of another request', { request: `01kjw2xm00${'b'.repeat(16)}-07` as typeof request.id }, false],
  ['of its agent', ofBot, true],
  ['of another agent', { agent: dba }, false],
  ['of its day', { from: '2026-03-04' as Day, to: '2026-03-04' as Day }, true],
  ['of days around it', { from: '2026-03-01' as Day, to: '2026-03-31' as Day }, true],
  ['of days before it', { from: '2026-03-01' as Day, to: '2026-03-03' as Day }, false],
  ['of days after it', { from: '2026-03-05' as Day, to: '2026-03-06' as Day }, false],
])('a hold %s', (_, scope, covers) => {
  expect(held(scope).covering(request, after(1_000))).toBe(covers ? hold : null)
})

test('within a minute after a hold began, and before it or the day ended, nobody can tell', () => {
  const holds = held(ofBot)
  expect(holds.covering(request, after(160))).toBeNull()
  expect(holds.covering(request, after(161))).toBe(hold)
  const midnight = 12 * 3600
  expect(holds.covering(request, after(midnight - 61))).toBe(hold)
  expect(holds.covering(request, after(midnight - 60))).toBeNull()
  holds.take({ type: 'released', at: after(1_000), data: { hold } })
  expect(holds.covering(request, after(939))).toBe(hold)
  expect(holds.covering(request, after(940))).toBeNull()
  expect(holds.covering(request, after(5_000))).toBeNull()
})

test('an erasure of a request on hold is refused, and one before or after the hold is not', () => {
  const all = eventsOf(
    history({}, [60, vote()], [61, take], [62, tell('failed')], [5_098, erasing(dba)], [5_099, erasing(dba2)]).entries,
  )
  const replayed = (holds: KnownHolds): string | null => {
    const rules = replay({ holds })
    try {
      all.forEach((event, index) => rules.take(event, index))
      return null
    } catch (cause) {
      return String(cause)
    }
  }
  expect(all.map(({ at }) => at).at(-1)).toBe(after(5_099))
  expect(replayed(held(ofBot))).toContain(`hold ${hold} covered the request`)
  expect(replayed(held({ agent: dba }))).toBeNull()
  expect(replayed(held(ofBot, after(5_050)))).toBeNull()
  const released = held(ofBot, noon)
  released.take({ type: 'released', at: after(5_000), data: { hold } })
  expect(replayed(released)).toBeNull()
})
