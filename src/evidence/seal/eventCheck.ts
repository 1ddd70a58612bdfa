import { Broken, type BrokenCode } from '../../core/data/broken.ts'
import { endOf, startOf } from '../../core/data/day.ts'
import type { ChainHead } from '../../core/request/event.ts'
import { type Hex, type Shard, shardOf } from '../../core/data/id.ts'
import type { Instant } from '../../core/data/instant.ts'
import type { LogEvent } from '../../core/record/eventType.ts'
import { readRecord } from '../../core/record/record.ts'
import type { KeptEvent, Ledger } from '../../ports/ledger.ts'
import type { Plan } from '../../ports/seals.ts'

/** An event whose place in its shard and day was checked. */
export interface Checked {
  readonly event: LogEvent
  readonly text: string
  readonly hash: Hex
}

/** The shard and the time of a day's events: `from` is included, `before` is not. */
export interface DayPlace {
  readonly shard: Shard
  readonly from: Instant
  readonly before: Instant
}

/** Gives the place of a day in a shard. Events that a slow clock dated before the first day belong to that day. */
export const placeIn = ({ number, date }: Pick<Plan, 'number' | 'date'>, shard: Shard): DayPlace => ({
  shard,
  from: number === 1 ? ('' as Instant) : startOf(date),
  before: endOf(date),
})

/**
 * Checks that an event is the next of its shard, and of its day. A changed event has another hash than the next event
 * or the plan names.
 *
 * @param head the event before this one
 * @throws {Broken} `broken-chain`, `bad-record`, `newer-format`
 */
export function check({ seq, text, hash }: KeptEvent, head: ChainHead, { shard, from, before }: DayPlace): Checked {
  if (seq !== head.seq + 1) throw brokenEvent(seq, shard, 'broken-chain', `stands where event ${head.seq + 1} belongs`)
  const event = read(text, { shard, seq })
  if (event.prev !== head.hash) throw brokenEvent(seq, shard, 'broken-chain', 'does not follow the one before it')
  if (event.seq !== seq || event.shard !== shard) throw brokenEvent(seq, shard, 'bad-record', 'names another place')
  if (event.request !== undefined && shardOf(event.request) !== shard)
    throw brokenEvent(seq, shard, 'bad-record', 'is about a request of another shard')
  if (event.at < from || event.at >= before)
    throw brokenEvent(seq, shard, 'bad-record', `is of ${event.at}, another day`)
  return { event, text, hash }
}

/** Reads one event; `undefined` if the ledger lacks it. */
export async function eventAt(
  ledger: Pick<Ledger, 'stream'>,
  shard: Shard,
  seq: number,
): Promise<KeptEvent | undefined> {
  for await (const [event] of ledger.stream(shard, seq - 1, seq)) return event
  return undefined
}

export const brokenEvent = (seq: number, shard: Shard, code: BrokenCode, what: string): Broken =>
  new Broken(code, `Event ${seq} of shard ${shard} ${what}.`, { event: { shard, seq } })

function read(text: string, { shard, seq }: { readonly shard: Shard; readonly seq: number }): LogEvent {
  try {
    return readRecord(text)
  } catch (cause) {
    if (!(cause instanceof Broken)) throw cause
    throw new Broken(cause.code, `Event ${seq} of shard ${shard}: ${cause.message}`, { cause, event: { shard, seq } })
  }
}
