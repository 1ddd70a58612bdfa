import { type RequestId, type Shard, shardOf } from '../core/data/id.ts'
import type { Ledger } from '../ports/ledger.ts'

/** Milliseconds between two looks at the heads of the shards that are watched. */
const tickMs = 1000

/** A caller's interest in a request. The caller must close it: an open watch stays in memory. */
export interface Watch {
  /** Resolves when the request may have changed since the watch began or last resolved, or when the time is up. */
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
  /** The newest event number of each watched shard, as of the last look. */
  readonly #seen = new Map<Shard, number>()
  #timer: NodeJS.Timeout | undefined
  #stopped = false

  constructor(ledger: Pick<Ledger, 'news'>) {
    this.#ledger = ledger
  }

  watch(id: RequestId): Watch {
    const alarm = new Alarm()
    const ring = () => alarm.ring()
    const others = this.#watches.get(id) ?? new Set()
    this.#watches.set(id, others.add(ring))
    if (this.#timer === undefined) this.#timer = this.#nextTick()
    return {
      changed: (ms) => alarm.rung(ms),
      close: () => {
        others.delete(ring)
        if (others.size === 0 && this.#watches.get(id) === others) this.#watches.delete(id)
      },
    }
  }

  wake(id: RequestId): void {
    for (const ring of this.#watches.get(id) ?? []) ring()
  }

  waiters(): number {
    return [...this.#watches.values()].reduce((sum, set) => sum + set.size, 0)
  }

  /** Lets every waiting caller go at once, and from then on no call waits: the process is about to end. */
  stop(): void {
    this.#stopped = true
    for (const id of this.#watches.keys()) this.wake(id)
  }

  stopped(): boolean {
    return this.#stopped
  }

  #nextTick(): NodeJS.Timeout {
    return setTimeout(() => void this.#tick(), tickMs)
  }

  async #tick(): Promise<void> {
    const watched = new Set([...this.#watches.keys()].map(shardOf))
    for (const shard of this.#seen.keys()) if (!watched.has(shard)) this.#seen.delete(shard)
    // A storage that does not answer now is asked again at the next tick.
    await Promise.allSettled([...watched].map((shard) => this.#look(shard)))
    if (this.#watches.size === 0) this.#seen.clear()
    this.#timer = this.#watches.size > 0 && !this.#stopped ? this.#nextTick() : undefined
  }

  async #look(shard: Shard): Promise<void> {
    const from = this.#seen.get(shard)
    const { seq, requests } = await this.#ledger.news(shard, from ?? null)
    this.#seen.set(shard, seq)
    // Watches that began before the shard's number was known may have missed a change: all of them read again.
    const changed = from === undefined ? [...this.#watches.keys()].filter((id) => shardOf(id) === shard) : requests
    for (const id of changed) this.wake(id)
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
