import { type Instant, instant, milliseconds } from '../../src/core/data/instant.ts'
import { paced, pacing } from '../../src/delivery/pace.ts'
import { teamsRules } from '../../src/teams/outbound/rules.ts'
import { noon } from '../support/build.ts'
import { MemoryTeams } from '../support/fakes/teams.ts'

/** A clock that whoever waits turns on. */
function hasty() {
  let ms = milliseconds(noon)
  return {
    now: () => instant(ms),
    pause: async (more: number) => void (ms += more),
    until: (at: Instant) => void (ms = Math.max(ms, milliseconds(at))),
  }
}

/** Sends as fast as it may, and says when. */
function greedy(count: number, place: (i: number) => string): number[] {
  const clock = hasty()
  const pace = pacing(clock, () => teamsRules)
  const times: number[] = []
  while (times.length < count) {
    const turn = pace.next(place(times.length))
    if ('notBefore' in turn) clock.until(turn.notBefore)
    else times.push(milliseconds(clock.now()) + turn.wait)
  }
  return times
}

test.each([
  [7, 1_000],
  [8, 2_000],
  [60, 30_000],
  [1_800, 3_600_000],
])('the pace allows %i sends in %i ms into one conversation, and never more', (most, ms) => {
  const times = greedy(4_000, () => '19:one')
  const stretches = times.slice(most).map((at, i) => at - (times[i] ?? 0))
  expect(Math.min(...stretches)).toBeGreaterThanOrEqual(ms)
})

test('the pace allows 50 sends a second into many conversations, and never more', () => {
  const times = greedy(2_000, (i) => `19:${i % 200}`)
  expect(Math.min(...times.slice(50).map((at, i) => at - (times[i] ?? 0)))).toBe(1_000)
})

test('words share the pace of the cards in their channel, and are not sent if their turn is far off', async () => {
  const clock = hasty()
  const pace = pacing(clock, () => teamsRules)
  const teams = new MemoryTeams(clock)
  const words = paced(teams, pace, clock.pause)
  for (let i = 0; i < 7; i++) pace.next('19:one')
  expect(await words.say('19:one', 'Sealed.')).toEqual({ sent: null })
  expect(milliseconds(clock.now()) - milliseconds(noon)).toBe(1_000)
  pace.hold('19:one', instant(milliseconds(noon) + 60_000))
  expect(await words.reply('19:one;messageid=1', 'Done.')).toEqual({ unsent: 'throttled' })
  expect(await words.reply('a:two', 'Done.')).toEqual({ sent: null })
  expect(teams.said).toHaveLength(1)
})
