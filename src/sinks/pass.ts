import type { Shard } from '../core/data/id.ts'
import { type Instant, plusSeconds } from '../core/data/instant.ts'
import { evidenceBroken } from '../core/data/problem.ts'
import { type ChainHead, emptyChain } from '../core/request/event.ts'
import { repairSince } from '../evidence/repair/repairedSince.ts'
import type { OutgoingEvent } from '../exports/outgoingEvent.ts'
import type { Clock } from '../ports/clock.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { Sink, SinkAnswer, SinkCursor, SinkCursors, SinkFault, StoredCursor } from '../ports/sinks.ts'
import { advanced, claimedBy, lasts, released, restOf } from './cursor.ts'
import type { Feed } from './feed.ts'

export interface PassParts {
  readonly cursors: Pick<SinkCursors, 'read' | 'write'>
  readonly feed: Pick<Feed, 'read' | 'forget'>
  readonly ledger: Pick<Ledger, 'load' | 'stream'>
  readonly clock: Clock
  /** Gives so many random bytes. */
  readonly random: (bytes: number) => Uint8Array
  /** The name of this process in claims, which no other has. */
  readonly by: string
  /** Resolves when further events may be sent: callers who wait for an answer go first. */
  readonly giveWay: () => Promise<void>
  /** Is called with errors of background work. Must not throw. */
  readonly failed: (cause: unknown) => void
}

/** What is sent to one sink of one shard. */
export interface PassOf {
  readonly sink: Sink
  readonly shard: Shard
  /** How far the chain goes, as far as this process knows. */
  readonly head: ChainHead
  /** The cursor as this process last saw it; `null` to read it. */
  readonly known: StoredCursor | null
}

export interface PassEnd {
  /** The cursor as this process left it; `null` where that is not known. */
  readonly stored: StoredCursor | null
  /** The number of events that were taken. */
  readonly sent: number
  /** Whether the time was up before the known end of the chain. */
  readonly isCut?: true
  /** Why the sink was switched off by this pass. */
  readonly off?: SinkFault
}

/** Seconds after which a pass ends, so that other shards have their turn. */
const longestPass = 25

/** Lost races for a cursor, after which the next pass tries. */
const mostRaces = 3

/**
 * Sends a shard's events to a sink, from its cursor on, under a claim: one process at a time sends. The cursor is moved
 * after the receiver has taken the events, so that a crash in between has them sent again, and none is left out.
 *
 * @throws {Problem} `evidence-broken` at an event that the service did not write: nothing is sent past it; `unavailable`
 */
export async function pass(parts: PassParts, of: PassOf): Promise<PassEnd> {
  const begun = await claim(parts, of)
  if (begun === null) return { stored: null, sent: 0 }
  const { stored, head, isClaimed } = begun
  if (!isClaimed) return { stored, sent: 0 }
  const held = { stored, sent: 0 }
  try {
    return await sendAll(parts, { ...of, head }, held)
  } catch (cause) {
    // The claim of a pass that failed would keep others from trying; if this fails too, it lapses.
    await release(parts, of, held.stored).catch(parts.failed)
    throw cause
  }
}

/** Whether a cursor has reached the end of its chain. */
export const isAt = ({ seq, hash }: Pick<SinkCursor, 'seq' | 'hash'>, head: ChainHead): boolean =>
  seq === head.seq && hash === head.hash

interface Begun {
  readonly stored: StoredCursor
  readonly head: ChainHead
  readonly isClaimed: boolean
}

/** Claims the cursor, unless there is nothing to send or something is in the way. `null` after too many lost races. */
async function claim(parts: PassParts, of: PassOf): Promise<Begun | null> {
  const { cursors, clock, by } = parts
  const place = { sink: of.sink.name, shard: of.shard }
  for (let race = 0; race < mostRaces; race++) {
    const stored = (race === 0 && of.known) || (await cursors.read(place))
    const { cursor, version } = stored
    if (restOf(cursor, by, clock.now()) !== null) return { stored, head: of.head, isClaimed: false }
    const head = await headBeyond(parts, of, cursor)
    if (isAt(cursor, head)) return { stored, head, isClaimed: false }
    const claimed = await cursors.write(place, version, claimedBy(cursor, by, clock.now()))
    if (claimed) return { stored: claimed, head, isClaimed: true }
  }
  return null
}

/** Reads the head again if a cursor is beyond the known one, because another process has sent later events. */
async function headBeyond({ ledger }: PassParts, { shard, head }: PassOf, cursor: SinkCursor): Promise<ChainHead> {
  return cursor.seq < head.seq || isAt(cursor, head) ? head : (await ledger.load(shard, {})).head
}

/** A claimed cursor, as it moves. */
interface HeldCursor {
  stored: StoredCursor
  sent: number
}

async function sendAll(parts: PassParts, of: PassOf, held: HeldCursor): Promise<PassEnd> {
  const { cursors, clock } = parts
  const { sink, shard, head } = of
  const place = { sink: sink.name, shard }
  const end = plusSeconds(clock.now(), longestPass)
  for (;;) {
    const { events, cursor } = await nextOf(parts, of, held.stored.cursor)
    if (!lasts(held.stored.cursor, clock.now())) {
      const renewed = await cursors.write(place, held.stored.version, claimedBy(cursor, parts.by, clock.now()))
      if (renewed === null) return lost(held)
      held.stored = renewed
    }
    const answer = await sendTo(parts, sink, events, cursor)
    const after = movedBy(parts, sink, { cursor, events, answer })
    const isOver = after.off || after.failing || after.seq >= head.seq || clock.now() >= end
    held.sent += answer.taken
    const stored = await cursors.write(
      place,
      held.stored.version,
      isOver ? released(after) : claimedBy(after, parts.by, clock.now()),
    )
    if (stored === null) return lost(held)
    held.stored = stored
    if (isOver) {
      const isCut = !after.off && !after.failing && after.seq < head.seq
      return { stored, sent: held.sent, ...(isCut && { isCut }), ...(after.off && { off: after.off.why }) }
    }
    await parts.giveWay()
  }
}

/** Another process has the claim: what was sent last comes again, from there. */
const lost = ({ sent }: HeldCursor): PassEnd => ({ stored: null, sent })

function movedBy(
  { clock, random }: PassParts,
  { retries }: Sink,
  {
    cursor,
    events,
    answer,
  }: { readonly cursor: SinkCursor; readonly events: readonly OutgoingEvent[]; readonly answer: SinkAnswer },
): SinkCursor {
  const [high = 0, low = 0] = random(2)
  const retrying = { now: clock.now(), random: (high * 256 + low) / 65_536, ...(retries && { retries }) }
  return advanced(cursor, events, answer, retrying)
}

async function sendTo(
  { failed }: PassParts,
  sink: Sink,
  events: readonly OutgoingEvent[],
  { consent }: SinkCursor,
): Promise<SinkAnswer> {
  try {
    const answer = await sink.send(events, consent)
    // Without progress and without a reason the pass would never end.
    if (answer.taken > 0 || answer.failure) return answer
    throw new Error(`The sink ${sink.name} took nothing.`)
  } catch (cause) {
    failed(cause)
    return { taken: 0, failure: { why: 'fault' } }
  }
}

/** The events after a cursor, and the cursor, which goes back if a repair has replaced what was sent. */
async function nextOf(
  parts: PassParts,
  { sink, shard, head }: PassOf,
  cursor: SinkCursor,
): Promise<{ readonly events: readonly OutgoingEvent[]; readonly cursor: SinkCursor }> {
  const { feed } = parts
  const readAfter = (seq: number) =>
    feed.read(shard, seq, Math.min(head.seq, seq + (sink.most ?? Number.POSITIVE_INFINITY)))
  for (const isFresh of [false, true]) {
    const events = cursor.seq < head.seq ? await readAfter(cursor.seq) : []
    if (events[0]?.event.prev === cursor.hash) return { events, cursor }
    // What was read before the repair has the old chain.
    if (!isFresh) feed.forget(shard)
  }
  const back = await beforeRepair(parts, shard, cursor, head)
  return { events: await readAfter(back.seq), cursor: back }
}

/**
 * Finds how far the chain is as it was sent. A repair may have taken events out that were sent, and has recorded that.
 *
 * @throws {Problem} `evidence-broken` for a chain that was replaced without a repair
 */
async function beforeRepair(
  { ledger }: PassParts,
  shard: Shard,
  cursor: SinkCursor,
  head: ChainHead,
): Promise<SinkCursor> {
  const seen = { seq: cursor.seq, at: cursor.at ?? ('' as Instant) }
  const from = await repairSince(ledger, shard, seen, head.seq)
  if (from === null) throw evidenceBroken({ shard, row: `head ${head.seq}, was ${cursor.seq}`, check: 'head' })
  const { at: _at, ...rest } = cursor
  if (from === 1) return { ...rest, seq: emptyChain.seq, hash: emptyChain.hash }
  for await (const [event] of ledger.stream(shard, from - 2, from - 1))
    if (event) return { ...rest, seq: event.seq, hash: event.hash, ...(cursor.at && { at: cursor.at }) }
  throw evidenceBroken({ shard, row: `head ${head.seq}, was ${cursor.seq}`, check: 'missing' })
}

async function release(
  { cursors }: PassParts,
  { sink, shard }: PassOf,
  stored: StoredCursor,
): Promise<StoredCursor | null> {
  return cursors.write({ sink: sink.name, shard }, stored.version, released(stored.cursor))
}
