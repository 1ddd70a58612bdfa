import { canonicalAction } from '../../core/action/action.ts'
import type { Day } from '../../core/data/day.ts'
import { parseRequestId } from '../../core/data/id.ts'
import { canonical } from '../../core/data/json.ts'
import type { Clock } from '../../ports/clock.ts'
import type { KeptEvent, Ledger } from '../../ports/ledger.ts'
import type { Plan, Seals } from '../../ports/seals.ts'
import { sealedDay } from './calendar.ts'
import { type Placed, placesOf } from '../log/logIndex.ts'

/** Requests that are read ahead of what was sent, so that a day is not one round trip after the other. */
const lookAhead = 16

export interface SaidParts {
  readonly ledger: Ledger
  readonly seals: Seals
  readonly clock: Clock
}

/** {@link saidOf}, bound to its parts. */
export type SaidOf = (date: Day) => Promise<AsyncIterable<string>>

/**
 * Exports what people wrote on a day, from the ledger and not from a file, so that erased texts have left no copy. Lines
 * come in log order, those of one event together (docs/evidence/bundle.md, "What people wrote").
 *
 * @throws {Problem} `not-found` for a day that is not sealed, saying when it will be
 */
export async function saidOf({ ledger, seals, clock }: SaidParts, date: Day): Promise<AsyncIterable<string>> {
  await sealedDay(seals, date, clock.now())
  const plan = await seals.plan(date)
  if (plan === null) throw new Error(`${date} is sealed and has no plan.`)
  return lines(ledger, plan)
}

async function* lines(ledger: Ledger, plan: Plan): AsyncIterable<string> {
  for (const placed of placesOf(plan))
    yield* ahead(eventsOf(ledger, placed), ({ event, index }) => linesOf(ledger, event, index))
}

/** @throws {Error} if an event is missing, so that an incomplete export does not look complete */
async function* eventsOf(ledger: Ledger, { shard, after, upTo, index }: Placed) {
  let seq = after
  if (after === upTo) return
  for await (const page of ledger.stream(shard, after, upTo))
    for (const event of page) {
      yield { event, index: index + event.seq - after - 1 }
      seq = event.seq
    }
  if (seq !== upTo) throw new Error(`Event ${seq + 1} of shard ${shard} is missing.`)
}

async function linesOf(ledger: Ledger, { text: leaf, said }: KeptEvent, index: number): Promise<string> {
  const texts = Object.entries(said)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { salt, text }]) => `${canonical({ index, name, salt, text })}\n`)
  const { type, request } = JSON.parse(leaf) as { readonly type: string; readonly request?: string }
  const found = type === 'requested' && request !== undefined ? await ledger.find(parseRequestId(request)) : null
  const action = found?.action ? `${canonical({ index, name: 'action', text: canonicalAction(found.action) })}\n` : ''
  return texts.join('') + action
}

/** Maps in order, with a few of the calls under way at once. */
async function* ahead<T>(items: AsyncIterable<T>, call: (item: T) => Promise<string>): AsyncIterable<string> {
  const waiting: Promise<string>[] = []
  for await (const item of items) {
    const called = call(item)
    // A reader that stops early leaves calls that are not awaited; their errors must not end the process.
    called.catch(() => undefined)
    waiting.push(called)
    const first = waiting.length > lookAhead ? await waiting.shift() : undefined
    if (first) yield first
  }
  for (const called of waiting) {
    const text = await called
    if (text) yield text
  }
}
