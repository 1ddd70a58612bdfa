import { actionDigest, canonicalAction } from '../../core/action/action.ts'
import type { Day } from '../../core/data/day.ts'
import { parseRequestId, type RequestId, type Shard } from '../../core/data/id.ts'
import { canonical } from '../../core/data/json.ts'
import { eventRow, evidenceBroken, isBroken, Problem } from '../../core/data/problem.ts'
import type { LogEvent } from '../../core/record/eventType.ts'
import { readRecord } from '../../core/record/record.ts'
import { saidDigest } from '../../core/request/event.ts'
import { type ApprovalRequest, askedActionOf } from '../../core/request/request.ts'
import type { Clock } from '../../ports/clock.ts'
import type { KeptEvent, Ledger } from '../../ports/ledger.ts'
import type { Seals } from '../../ports/seals.ts'
import { sealedDay } from './calendar.ts'
import { type Placed, placesOf, recordsOf } from '../log/logIndex.ts'

/**
 * Asks in one window of events, at least. Their requests are read together, so a larger window takes fewer reads, and more
 * memory: two windows are held at once.
 */
const asksPerWindow = 500

/** Events after which a window ends in any case. */
const mostEvents = 8_000

export interface SaidParts {
  readonly ledger: Ledger
  readonly seals: Seals
  readonly clock: Clock
  /** Is called with what breaks an export off, after it began. Must not throw. */
  readonly failed?: (cause: unknown) => void
}

/** {@link saidOf}, bound to its parts. */
export type SaidOf = (date: Day, from?: number) => Promise<AsyncIterable<string>>

/**
 * Exports what people wrote on a day, from the ledger and not from a file, so that erased texts have left no copy.
 * Lines come in log order, those of one event together (docs/evidence/bundle.md, "What people wrote").
 *
 * @param from the log index of the first event, to go on where an export was broken off; the day's first if absent
 * @throws {Problem} `not-found` for a day that is not sealed, saying when it will be; `invalid-input` for an index outside
 */
export async function saidOf(
  { ledger, seals, clock, failed }: SaidParts,
  date: Day,
  from?: number,
): Promise<AsyncIterable<string>> {
  await sealedDay(seals, date, clock.now())
  const plan = await seals.plan(date)
  if (plan === null) throw new Error(`${date} is sealed and has no plan.`)
  const [first, end] = [plan.size, plan.size + recordsOf(plan)]
  if (from !== undefined && (from < first || from > end))
    throw new Problem('invalid-input', `/from is a log index of the day: from ${first} to ${end}.`, {
      pointer: '/from',
    })
  return lines(ledger, placesOf(plan).map(beginningAt(from ?? first)), failed)
}

/** Leaves out the events of a shard before a log index. */
const beginningAt =
  (from: number) =>
  ({ shard, after, upTo, index }: Placed): Placed => {
    const skipped = Math.min(Math.max(0, from - index), upTo - after)
    return { shard, after: after + skipped, upTo, index: index + skipped }
  }

async function* lines(
  ledger: Ledger,
  places: readonly Placed[],
  failed?: SaidParts['failed'],
): AsyncGenerator<string, void, undefined> {
  try {
    for await (const { shard, events, requests } of ahead(windowsIn(ledger, places)))
      for (const placed of events) {
        const text = await linesOf(ledger, shard, placed, await requests)
        if (text !== '') yield text
      }
  } catch (cause) {
    if (isBroken(cause)) failed?.(cause)
    throw cause
  }
}

/** An event, and its index in the log. */
interface IndexedEvent {
  readonly kept: KeptEvent
  readonly event: LogEvent
  readonly index: number
}

/** Events of one shard, one after the other, and the requests that were opened by them. */
interface Window {
  readonly shard: Shard
  readonly events: readonly IndexedEvent[]
  readonly requests: ReturnType<Ledger['findMany']>
}

/** Reads one window ahead, so that reading and sending take turns no longer. */
async function* ahead(windows: AsyncGenerator<Window, void, undefined>): AsyncGenerator<Window, void, undefined> {
  let next = windows.next()
  for (;;) {
    const { value, done } = await next
    if (done === true || value === undefined) return
    next = windows.next()
    // A reader that stops early awaits neither; their errors must not end the process.
    next.catch(() => undefined)
    yield value
  }
}

async function* windowsIn(ledger: Ledger, places: readonly Placed[]): AsyncGenerator<Window, void, undefined> {
  for (const placed of places) {
    let events: IndexedEvent[] = []
    let asks = 0
    for await (const page of pagesOf(ledger, placed)) {
      events.push(...page)
      asks += page.filter(isAsk).length
      if (asks < asksPerWindow && events.length < mostEvents) continue
      yield windowOf(ledger, placed.shard, events)
      events = []
      asks = 0
    }
    if (events.length > 0) yield windowOf(ledger, placed.shard, events)
  }
}

function windowOf(ledger: Ledger, shard: Shard, events: readonly IndexedEvent[]): Window {
  const requests = ledger.findMany(
    shard,
    events
      .filter(isAsk)
      .flatMap(({ event }) => event.request ?? [])
      .map(parseRequestId),
  )
  requests.catch(() => undefined)
  return { shard, events, requests }
}

const isAsk = ({ event }: IndexedEvent): boolean => event.type === 'requested'

/** @throws {Error} if an event is missing, so that an incomplete export does not look complete */
async function* pagesOf(ledger: Ledger, { shard, after, upTo, index }: Placed) {
  let seq = after
  if (after === upTo) return
  for await (const page of ledger.stream(shard, after, upTo)) {
    yield page.map((kept) => ({ kept, event: readRecord(kept.text), index: index + kept.seq - after - 1 }))
    seq = page.at(-1)?.seq ?? seq
  }
  if (seq !== upTo) throw new Error(`Event ${seq + 1} of shard ${shard} is missing.`)
}

/**
 * Tells what is left of the texts of an event. Beside events and in rows of requests may lie what somebody else wrote, so
 * each text has to be the one that the leaf commits to.
 *
 * @throws {Problem} `evidence-broken` for another text
 */
async function linesOf(
  ledger: Ledger,
  shard: Shard,
  { kept, event, index }: IndexedEvent,
  requests: ReadonlyMap<RequestId, ApprovalRequest>,
): Promise<string> {
  const { request } = event
  const row = { shard, row: eventRow(kept.seq), ...(request !== undefined && { request }) }
  const texts = Object.entries(kept.said)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { salt, text }]) => {
      if (event.said?.[name] !== saidDigest({ salt, text })) throw evidenceBroken({ ...row, check: 'events' })
      return `${canonical({ index, name, salt, text })}\n`
    })
  if (event.type !== 'requested' || request === undefined) return texts.join('')
  const id = parseRequestId(request)
  const found = requests.get(id) ?? (await ledger.find(id))
  const action = found && askedActionOf(found)
  if (!action) return texts.join('')
  if (actionDigest(action) !== event.data.digest) throw evidenceBroken({ ...row, row: 'request', check: 'events' })
  return `${texts.join('')}${canonical({ index, name: 'action', text: canonicalAction(action) })}\n`
}
