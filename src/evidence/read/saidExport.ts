import { actionDigest, canonicalAction } from '../../core/action/action.ts'
import type { Day } from '../../core/data/day.ts'
import { parseRequestId, type Shard } from '../../core/data/id.ts'
import { canonical } from '../../core/data/json.ts'
import { eventRow, evidenceBroken, isBroken } from '../../core/data/problem.ts'
import { readRecord } from '../../core/record/record.ts'
import { saidDigest } from '../../core/request/event.ts'
import type { Clock } from '../../ports/clock.ts'
import type { KeptEvent, Ledger } from '../../ports/ledger.ts'
import type { Plan, Seals } from '../../ports/seals.ts'
import { sealedDay } from './calendar.ts'
import { type Placed, placesOf } from '../log/logIndex.ts'

/** The number of requests that are read ahead, so that a day does not take one round trip after the other. */
const lookAhead = 16

export interface SaidParts {
  readonly ledger: Ledger
  readonly seals: Seals
  readonly clock: Clock
  /** Is called with what breaks an export off, after it began. Must not throw. */
  readonly failed?: (cause: unknown) => void
}

/** {@link saidOf}, bound to its parts. */
export type SaidOf = (date: Day) => Promise<AsyncIterable<string>>

/**
 * Exports what people wrote on a day, from the ledger and not from a file, so that erased texts have left no copy.
 * Lines come in log order, those of one event together (docs/evidence/bundle.md, "What people wrote").
 *
 * @throws {Problem} `not-found` for a day that is not sealed, saying when it will be
 */
export async function saidOf({ ledger, seals, clock, failed }: SaidParts, date: Day): Promise<AsyncIterable<string>> {
  await sealedDay(seals, date, clock.now())
  const plan = await seals.plan(date)
  if (plan === null) throw new Error(`${date} is sealed and has no plan.`)
  return lines(ledger, plan, failed)
}

async function* lines(ledger: Ledger, plan: Plan, failed?: SaidParts['failed']): AsyncIterable<string> {
  try {
    for (const placed of placesOf(plan))
      yield* ahead(eventsOf(ledger, placed), ({ event, index }) => linesOf(ledger, placed.shard, event, index))
  } catch (cause) {
    if (isBroken(cause)) failed?.(cause)
    throw cause
  }
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

/**
 * Tells what is left of the texts of an event. Beside events and in rows of requests may lie what somebody else wrote, so
 * each text has to be the one that the leaf commits to.
 *
 * @throws {Problem} `evidence-broken` for another text
 */
async function linesOf(ledger: Ledger, shard: Shard, kept: KeptEvent, index: number): Promise<string> {
  const event = readRecord(kept.text)
  const { request } = event
  const row = { shard, row: eventRow(kept.seq), ...(request !== undefined && { request }) }
  const texts = Object.entries(kept.said)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { salt, text }]) => {
      if (event.said?.[name] !== saidDigest({ salt, text })) throw evidenceBroken({ ...row, check: 'events' })
      return `${canonical({ index, name, salt, text })}\n`
    })
  if (event.type !== 'requested' || request === undefined) return texts.join('')
  const action = (await ledger.find(parseRequestId(request)))?.action ?? null
  if (action === null) return texts.join('')
  if (actionDigest(action) !== event.data.digest) throw evidenceBroken({ ...row, row: 'request', check: 'events' })
  return `${texts.join('')}${canonical({ index, name: 'action', text: canonicalAction(action) })}\n`
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
