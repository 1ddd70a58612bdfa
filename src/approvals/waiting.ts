import { type RequestId, type Shard, shardOf, shards } from '../core/data/id.ts'
import type { Ledger } from '../ports/ledger.ts'

/**
 * Milliseconds between two looks at the heads of the shards that are watched: a little less than a second, so that a waiting
 * agent is answered within one, the reads included.
 */
const tickMs = 900

/**
 * Milliseconds between two looks at a shard in which a watched request was just shown to somebody or voted on, and for how
 * long: a decision mostly follows, since a click in Teams always comes after a look at the request.
 */
const quickTickMs = 150
const quickFor = 60_000

/**
 * Every so many looks all shards are looked at for callers who wait for a list. A list costs more than a request to read
 * again, and changes more often.
 */
const looksPerList = 5

/** A caller's interest in a request, or in all of them. The caller must close it: an open watch stays in memory. */
export interface Watch {
  /** Resolves when what is watched may have changed since the watch began or last resolved, or when the time is up. */
  changed(ms: number): Promise<void>
  close(): void
}

/**
 * Lets many callers wait for requests to change, at no cost per caller: one loop per process looks at the heads of
 * the shards that are watched, and wakes by request id. Changes made by this process wake at once.
 *
 * A caller begins its watch before it reads the request, so that no change between the two is missed.
 */
export class Waiting {
  readonly #ledger: Pick<Ledger, 'news'>
  readonly #watches = new Map<RequestId, Set<() => void>>()
  readonly #listWatches = new Set<() => void>()
  /** Whether any shard has changed since the callers who watch all of them were last woken. */
  #hasNews = false
  #looks = 0
  /** The newest event number of each watched shard, as of the last look. */
  readonly #seen = new Map<Shard, number>()
  #timer: NodeJS.Timeout | undefined
  /** The shards that are looked at more often, and until when. */
  readonly #quick = new Map<Shard, number>()
  #quickTimer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(ledger: Pick<Ledger, 'news'>) {
    this.#ledger = ledger
  }

  watch(id: RequestId): Watch {
    const alarm = new Alarm()
    const ring = () => alarm.ring()
    const others = this.#watches.get(id) ?? new Set()
    this.#watches.set(id, others.add(ring))
    this.#begin()
    return {
      changed: (ms) => alarm.rung(ms),
      close: () => {
        others.delete(ring)
        if (others.size === 0 && this.#watches.get(id) === others) this.#watches.delete(id)
      },
    }
  }

  /** Watches all requests. It resolves some seconds after a change. */
  watchAll(): Watch {
    const alarm = new Alarm()
    const ring = () => alarm.ring()
    this.#listWatches.add(ring)
    this.#begin()
    return { changed: (ms) => alarm.rung(ms), close: () => void this.#listWatches.delete(ring) }
  }

  wake(id: RequestId): void {
    if (this.#watches.has(id)) this.#hasten(shardOf(id))
    this.#ring(id)
  }

  waiters(): number {
    return [...this.#watches.values()].reduce((sum, set) => sum + set.size, this.#listWatches.size)
  }

  /** Lets every waiting caller go at once, and from then on no call waits: the process is about to end. */
  stop(): void {
    this.#stopped = true
    for (const id of this.#watches.keys()) this.#ring(id)
    for (const ring of this.#listWatches) ring()
  }

  stopped(): boolean {
    return this.#stopped
  }

  #ring(id: RequestId): void {
    for (const ring of this.#watches.get(id) ?? []) ring()
  }

  #begin(): void {
    if (this.#timer === undefined) this.#timer = this.#nextTick()
  }

  #nextTick(): NodeJS.Timeout {
    return setTimeout(() => void this.#tick(), tickMs)
  }

  async #tick(): Promise<void> {
    const watched = new Set([...this.#watches.keys()].map(shardOf))
    const isForLists = this.#listWatches.size > 0 && ++this.#looks % looksPerList === 0
    if (this.#listWatches.size === 0)
      for (const shard of this.#seen.keys()) if (!watched.has(shard)) this.#seen.delete(shard)
    // A storage that does not answer now is asked again at the next tick.
    await Promise.allSettled([...(isForLists ? shards : watched)].map((shard) => this.#look(shard)))
    if (isForLists && this.#hasNews) this.#wakeLists()
    const isWatched = this.#watches.size > 0 || this.#listWatches.size > 0
    if (!isWatched) this.#seen.clear()
    this.#timer = isWatched && !this.#stopped ? this.#nextTick() : undefined
  }

  /** Looks at a shard more often for a while. */
  #hasten(shard: Shard): void {
    this.#quick.set(shard, performance.now() + quickFor)
    if (this.#quickTimer === undefined) this.#quickTimer = this.#nextQuickTick()
  }

  #nextQuickTick(): NodeJS.Timeout {
    return setTimeout(() => void this.#quickTick(), quickTickMs)
  }

  async #quickTick(): Promise<void> {
    const watched = new Set([...this.#watches.keys()].map(shardOf))
    for (const [shard, until] of this.#quick)
      if (!watched.has(shard) || performance.now() >= until) this.#quick.delete(shard)
    await Promise.allSettled([...this.#quick.keys()].map((shard) => this.#look(shard)))
    this.#quickTimer = this.#quick.size > 0 && !this.#stopped ? this.#nextQuickTick() : undefined
  }

  #wakeLists(): void {
    this.#hasNews = false
    for (const ring of this.#listWatches) ring()
  }

  async #look(shard: Shard): Promise<void> {
    const from = this.#seen.get(shard)
    const { seq, requests } = await this.#ledger.news(shard, from ?? null)
    this.#seen.set(shard, seq)
    this.#hasNews ||= seq !== from
    // Watches that began before the shard's number was known may have missed a change: all of them read again.
    if (from === undefined) for (const id of this.#watches.keys()) if (shardOf(id) === shard) this.#ring(id)
    if (from !== undefined) for (const id of requests) this.wake(id)
  }
}

/** Remembers a ring that comes while its owner does not wait, so that none is missed. */
class Alarm {
  #hasRung = false
  #wakeUp: (() => void) | undefined

  ring(): void {
    this.#hasRung = true
    this.#wakeUp?.()
  }

  /** Resolves at the next ring, at once if there was one since the last call, or after so many milliseconds. */
  async rung(ms: number): Promise<void> {
    if (!this.#hasRung)
      await new Promise<void>((done) => {
        const end = setTimeout(done, ms)
        this.#wakeUp = () => {
          clearTimeout(end)
          done()
        }
      })
    this.#hasRung = false
    this.#wakeUp = undefined
  }
}
