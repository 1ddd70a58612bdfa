import { type RequestId, type Shard, shardOf } from '../core/data/id.ts'
import type { Ledger } from '../ports/ledger.ts'

/** How often the heads of the shards that somebody waits on are looked at. */
const tickMs = 1000

/** Somebody's interest in a request. Close it, or it is kept for ever. */
export interface Watch {
  /** Resolves when the request may have changed since the watch began or was last told, or the time is up. */
  changed(ms: number): Promise<void>
  close(): void
}

/**
 * Lets many callers wait for requests to change, at no cost per caller: one loop per process looks at the heads of
 * the shards that are watched, and wakes by request id. What this process changes itself wakes at once.
 *
 * A watch begins before the request is read, so no change between the two is missed.
 */
export function waiting(ledger: Pick<Ledger, 'news'>) {
  const watches = new Map<RequestId, Set<() => void>>()
  const seen = new Map<Shard, number>()
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  function watch(id: RequestId): Watch {
    let told = false
    let wakeUp: (() => void) | undefined
    const tell = () => {
      told = true
      wakeUp?.()
    }
    const others = watches.get(id) ?? new Set()
    watches.set(id, others.add(tell))
    timer ??= setTimeout(() => void tick(), tickMs)
    return {
      async changed(ms) {
        if (!told)
          await new Promise<void>((done) => {
            const end = setTimeout(done, ms)
            wakeUp = () => {
              clearTimeout(end)
              done()
            }
          })
        told = false
        wakeUp = undefined
      },
      close() {
        others.delete(tell)
        if (others.size === 0 && watches.get(id) === others) watches.delete(id)
      },
    }
  }

  function wake(id: RequestId): void {
    for (const tell of watches.get(id) ?? []) tell()
  }

  async function tick(): Promise<void> {
    const watched = new Set([...watches.keys()].map(shardOf))
    for (const shard of seen.keys()) if (!watched.has(shard)) seen.delete(shard)
    // A storage that does not answer now is asked again at the next tick.
    await Promise.allSettled([...watched].map(look))
    if (watches.size === 0) seen.clear()
    timer = watches.size > 0 && !stopped ? setTimeout(() => void tick(), tickMs) : undefined
  }

  async function look(shard: Shard): Promise<void> {
    const from = seen.get(shard)
    const { seq, requests } = await ledger.news(shard, from ?? null)
    seen.set(shard, seq)
    // Whoever began to watch before the shard's number was known may have missed something: they look for themselves.
    const changed = from === undefined ? [...watches.keys()].filter((id) => shardOf(id) === shard) : requests
    for (const id of changed) wake(id)
  }

  return {
    watch,
    wake,
    waiters: () => [...watches.values()].reduce((sum, set) => sum + set.size, 0),
    /** Lets everybody who waits go at once, and from then on nobody waits: the process ends. */
    stop: () => {
      stopped = true
      for (const id of watches.keys()) wake(id)
    },
    stopped: () => stopped,
  }
}

export type Waiting = ReturnType<typeof waiting>
