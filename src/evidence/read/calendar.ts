import { type Day, endOf } from '../../core/data/day.ts'
import { type Instant, instant, later, milliseconds } from '../../core/data/instant.ts'
import { Problem } from '../../core/data/problem.ts'
import type { SealHead, Seals } from '../../ports/seals.ts'

/** Milliseconds between two runs of sealing. */
const runsEvery = 300_000

/**
 * Reads the head of the log, if this day is sealed.
 *
 * @throws {Problem} `not-found` for a day that is not sealed, saying when it will be
 */
export async function sealedDay(
  seals: Pick<Seals, 'first' | 'head' | 'alarm'>,
  date: Day,
  now: Instant,
): Promise<SealHead> {
  const [first, { head }] = await Promise.all([seals.first(), seals.head()])
  if (date < first) throw new Problem('not-found', `There is no such day here: the first is ${first}.`)
  if (head !== null && date <= head.date) return head
  const alarm = await seals.alarm()
  if (alarm !== null)
    throw new Problem(
      'not-found',
      `${date} is not sealed: sealing stopped at ${alarm.date}, because evidence does not hold.`,
    )
  throw new Problem('not-found', `${date} is not sealed yet: ${whenSealed(date, now)}`)
}

function whenSealed(date: Day, now: Instant): string {
  const end = endOf(date)
  if (now < end) return `the day ends at ${end}, and sealing begins then.`
  return `the day has ended, and sealing runs every five minutes: next at ${nextRun(later(now, end))}.`
}

const nextRun = (now: Instant): Instant => instant((Math.floor(milliseconds(now) / runsEvery) + 1) * runsEvery)
