import type { Shard } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import { eventRow, evidenceBroken } from '../core/data/problem.ts'
import type { EventOf, LogEvent } from '../core/record/eventType.ts'
import type { Fact } from '../core/request/event.ts'
import type { Ledger } from '../ports/ledger.ts'

/** Events of one type that a shard records once in a while, such as once in an hour. */
interface RecordedEvents<Type extends Fact['type']> {
  readonly ledger: Pick<Ledger, 'cut' | 'stream'>
  readonly shard: Shard
  readonly type: Type
  /** Names what an event records. */
  readonly keyOf: (event: EventOf<Type>) => string
}

/** What was read of a shard: the keys of its events from a moment on, up to one of them. */
interface ReadStretch {
  readonly since: Instant
  readonly upTo: number
  readonly keys: ReadonlySet<string>
}

/**
 * Knows what a shard has recorded since a moment. The chain itself tells, so that several processes record a thing once, and
 * nobody hides an event by writing a row. What this process has read, it does not read again.
 */
export class RecordedSince<Type extends Fact['type']> {
  readonly #events: RecordedEvents<Type>
  #known: ReadStretch | null = null

  constructor(events: RecordedEvents<Type>) {
    this.#events = events
  }

  /**
   * Reads the keys of the shard's events since a moment.
   *
   * @param seq the shard's newest event
   * @param isEnough ends the reading early, once these keys say all that the caller wants to know
   * @throws {Problem} `evidence-broken` if an event is missing, or not authentic; `unavailable`
   * @throws {Broken} if the first event since that moment cannot be found
   */
  async keys(
    seq: number,
    since: Instant,
    isEnough: (keys: ReadonlySet<string>) => boolean = () => false,
  ): Promise<ReadonlySet<string>> {
    const { ledger, shard } = this.#events
    const known = this.#known?.since === since && this.#known.upTo <= seq ? this.#known : null
    const after = known?.upTo ?? Math.min(seq, (await ledger.cut(shard, since)).seq)
    const keys = new Set(known?.keys)
    let upTo = after
    if (after < seq && !isEnough(keys))
      for await (const page of ledger.stream(shard, after, seq)) {
        for (const event of page) {
          upTo = event.seq
          const key = this.#keyIn(event.text)
          if (key !== null) keys.add(key)
        }
        if (isEnough(keys)) break
      }
    if (upTo < seq && !isEnough(keys)) throw evidenceBroken({ shard, row: eventRow(upTo + 1), check: 'missing' })
    this.#known = { since, upTo, keys }
    return keys
  }

  /** Reads a leaf only if it can be of the type, since a busy hour has thousands of events. */
  #keyIn(leaf: string): string | null {
    const { type, keyOf } = this.#events
    if (!leaf.includes(`"type":"${type}"`)) return null
    const event = JSON.parse(leaf) as LogEvent
    return event.type === type ? keyOf(event as EventOf<Type>) : null
  }
}
