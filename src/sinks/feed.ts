import { eventRow, evidenceBroken, isBroken } from '../core/data/problem.ts'
import type { RequestId, Shard } from '../core/data/id.ts'
import { readRecord } from '../core/record/record.ts'
import { type AskedFor, askedFor, type OutgoingEvent } from '../exports/outgoingEvent.ts'
import type { KeptEvent, Ledger } from '../ports/ledger.ts'
import { abreast } from '../runtime/concurrency.ts'
import { remember } from '../runtime/remember.ts'

export interface FeedParts {
  readonly ledger: Pick<Ledger, 'stream' | 'find' | 'events'>
}

/** Events that are read at once, and that are remembered of a shard. */
const mostAtOnce = 500

/** Asks that are remembered. Most requests end soon after they were asked for. */
const mostAsks = 4_000

/** Asks that are read at the same time. */
const asksAtOnce = 8

/** The events of a shard after one, as they were read. */
interface FeedPage {
  readonly after: number
  readonly upTo: number
  readonly events: Promise<readonly OutgoingEvent[]>
}

/**
 * Reads the log for all sinks of a process. Sinks that are equally far share what was read. Every event is authentic: the
 * ledger refuses the others, and none comes after one that is missing or refused.
 */
export class Feed {
  readonly #ledger: FeedParts['ledger']
  /** The newest pages of each shard, the newest first: a sink that is behind another finds them. */
  readonly #pages = new Map<Shard, readonly FeedPage[]>()
  readonly #asks = new Map<RequestId, AskedFor>()

  constructor({ ledger }: FeedParts) {
    this.#ledger = ledger
  }

  /**
   * Reads the events after one, up to another, as many as are read at once. Returns those before a row that does not hold; if
   * there are none, it throws.
   *
   * @throws {Problem} `evidence-broken`, `unavailable`, `newer-format`
   * @throws {Broken} `newer-format` for an event of a later version of the service
   */
  async read(shard: Shard, after: number, upTo: number): Promise<readonly OutgoingEvent[]> {
    const known = this.#pages.get(shard)?.find((page) => page.after <= after && after < page.upTo)
    const page = known ?? this.#load(shard, after, upTo)
    const events = (await page.events).filter(({ event }) => event.seq > after && event.seq <= upTo)
    // The page may have ended before a row that was put right since.
    if (events.length > 0 || !known) return events
    this.forget(shard)
    return this.read(shard, after, upTo)
  }

  /** Forgets what was read of a shard, or of all. */
  forget(shard?: Shard): void {
    if (shard === undefined) this.#pages.clear()
    else this.#pages.delete(shard)
  }

  #load(shard: Shard, after: number, upTo: number): FeedPage {
    const end = Math.min(upTo, after + mostAtOnce)
    const page = { after, upTo: end, events: this.#events(shard, after, end) }
    this.#pages.set(shard, recent([page, ...(this.#pages.get(shard) ?? [])]))
    // A failure is not kept, so that the next call reads again.
    page.events.catch(() => this.forget(shard))
    return page
  }

  async #events(shard: Shard, after: number, upTo: number): Promise<readonly OutgoingEvent[]> {
    const kept: KeptEvent[] = []
    try {
      for await (const page of this.#ledger.stream(shard, after, upTo)) kept.push(...page)
    } catch (cause) {
      if (!isBroken(cause) || kept.length === 0) throw cause
    }
    if (kept.length === 0) throw evidenceBroken({ shard, row: eventRow(after + 1), check: 'missing' })
    const events = followingEvents(kept)
    for (const { event } of events)
      if (event.type === 'requested' && event.request) this.#keep(event.request, askedFor(event.data))
    await this.#readAsks(events.flatMap(({ event }) => event.request ?? []))
    return events.map((told) => ({ ...told, asked: this.#asks.get(told.event.request ?? ('' as RequestId)) ?? null }))
  }

  /** Reads the asks of requests that are not remembered. */
  async #readAsks(requests: readonly RequestId[]): Promise<void> {
    const unknown = [...new Set(requests)].filter((id) => !this.#asks.has(id))
    await abreast(asksAtOnce, unknown, async (id) => {
      const ask = await this.#askOf(id)
      if (ask) this.#keep(id, ask)
    })
  }

  /** The ask as its own event has it, since a row of a request may say anything. `null` where that cannot be believed. */
  async #askOf(id: RequestId): Promise<AskedFor | null> {
    try {
      const request = await this.#ledger.find(id)
      const events = request?.events.filter(({ type }) => type === 'requested') ?? []
      const [first] = await this.#ledger.events({ id, events })
      const event = first && readRecord(first.text)
      return event?.type === 'requested' && event.request === id ? askedFor(event.data) : null
    } catch (cause) {
      if (isBroken(cause)) return null
      throw cause
    }
  }

  #keep(id: RequestId, ask: AskedFor): void {
    remember(this.#asks, id, ask, mostAsks)
  }
}

/** The newest pages, as far as they have no more events together than are remembered. The newest is kept in any case. */
function recent(pages: readonly FeedPage[]): readonly FeedPage[] {
  let size = 0
  const end = pages.findIndex(({ after, upTo }) => (size += upTo - after) > mostAtOnce)
  return pages.slice(0, end < 0 ? pages.length : Math.max(1, end))
}

/**
 * Reads leaves up to the first that does not follow the one before it, or that this program cannot read.
 *
 * @throws {Broken} if that is the first of all
 */
function followingEvents(kept: readonly KeptEvent[]): readonly Omit<OutgoingEvent, 'asked'>[] {
  const events: Omit<OutgoingEvent, 'asked'>[] = []
  for (const { text, hash } of kept) {
    try {
      const event = readRecord(text)
      const before = events.at(-1)
      if (before && event.prev !== before.hash) break
      events.push({ event, leaf: text, hash })
    } catch (cause) {
      if (events.length === 0) throw cause
      break
    }
  }
  return events
}
