import type { Hex, Shard } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import type { OutgoingEvent } from '../exports/outgoingEvent.ts'

/** The kinds of receivers, as `sinks.json` names them. */
const sinkKinds = ['webhook', 'sentinel', 'ocsf'] as const
export type SinkKind = (typeof sinkKinds)[number]

/**
 * Why a sink did not take an event. No part of a receiver's answer is among these words, because whoever configures an
 * address must not read through it what lies behind.
 */
export const sinkFaults = [
  /** No connection, no answer in time, or one that is not HTTP. */
  'no-answer',
  /** An answer that is neither success nor any of the following. */
  'refused',
  /** 401 or 403: a secret or a role is missing. */
  'not-permitted',
  /** 3xx. */
  'redirected',
  /** 429 or 503. */
  'throttled',
  /** 410: the receiver wants no more. */
  'gone',
  /** The name leads to an address that is not public. */
  'not-public',
  /** The receiver did not say that it wants events of this service. */
  'not-allowed',
  /** The secret that signs cannot be read, or has not its form. */
  'no-secret',
  /** Its cursor is not as the service wrote it. Nothing is sent until an administrator sets the cursor. */
  'not-believed',
  /** An administrator has switched it off. */
  'by-order',
  /** This program failed; the log has the error. */
  'fault',
] as const
export type SinkFault = (typeof sinkFaults)[number]

export interface SinkFailure {
  readonly why: SinkFault
  /** Seconds that the receiver asks to be left alone for. */
  readonly retryAfter?: number
  /** Whether the receiver is to be sent nothing any more. */
  readonly isFinal?: true
}

/** What became of events. */
export interface SinkAnswer {
  /** How many were taken: the first ones. */
  readonly taken: number
  /** Why the next one was not. Absent if all were taken, or no more fit into the call. */
  readonly failure?: SinkFailure
  /** What the receiver has allowed, to be kept with the cursor and given to later calls. */
  readonly consent?: Hex
}

/** A receiver of all events. */
export interface Sink {
  /** Its name in `sinks.json`, which its cursors have. */
  readonly name: string
  readonly kind: SinkKind
  /** Shards that one process sends to it at the same time. */
  readonly atOnce: number
  /** Events that a call takes at most, where that is far fewer than are read at once: the others would be read in vain. */
  readonly most?: number
  /**
   * Seconds before each further try of an event; after the last it is switched off. Without them it is tried for ever, at
   * most every five minutes.
   */
  readonly retries?: readonly number[]
  /**
   * Sends the first of these events, which are of one shard and follow one another, in their order. The same events may come
   * again. Ends within 40 seconds.
   *
   * @param consent what an earlier call returned
   */
  send(events: readonly OutgoingEvent[], consent: Hex | undefined): Promise<SinkAnswer>
}

/** How far a sink was sent the events of one shard. */
export interface SinkCursor {
  /** The last event that was taken; 0 before the first. */
  readonly seq: number
  readonly hash: Hex
  /** When that event was recorded. Absent before the first. */
  readonly at?: Instant
  readonly consent?: Hex
  /** Present while the next event is not taken. */
  readonly failing?: Failing
  /** Present once the sink is switched off: nothing more is sent. */
  readonly off?: { readonly at: Instant; readonly why: SinkFault }
  /** Present while a process sends. */
  readonly claim?: { readonly by: string; readonly until: Instant }
}

export interface Failing {
  readonly since: Instant
  readonly tries: number
  readonly why: SinkFault
  /** The earliest moment of the next try. */
  readonly notBefore: Instant
}

/** A cursor as it was read or written. Only the adapter reads `version`. */
export interface StoredCursor {
  readonly cursor: SinkCursor
  readonly version: unknown
}

/** Of one sink, in one shard. */
export interface SinkPlace {
  readonly sink: string
  readonly shard: Shard
}

/**
 * The cursors of sinks: one row for each sink and shard. Each row is authenticated, since an edited one could keep events
 * from a receiver. An older row that is put back has them sent twice.
 *
 * @throws {Problem} `unavailable` if the storage cannot be reached; `evidence-broken` for a row that the service did not
 *   write; `newer-format`
 */
export interface SinkCursors {
  /** Reads a cursor. One that was never written is before the first event. */
  read(place: SinkPlace): Promise<StoredCursor>
  /**
   * Writes a cursor if it is as it was read; `null` if another process has written it. After a lost answer the row is read
   * back.
   */
  write(place: SinkPlace, version: unknown, cursor: SinkCursor): Promise<StoredCursor | null>
  /** Writes a cursor, whatever there was. */
  put(place: SinkPlace, cursor: SinkCursor): Promise<void>
  /** Reads the cursors of all sinks in a shard, by name; `null` for a row that the service did not write. */
  all(shard: Shard): Promise<ReadonlyMap<string, SinkCursor | null>>
}
