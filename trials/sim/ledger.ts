import { Problem } from '../../src/core/data/problem.ts'
import { type Shard, shards } from '../../src/core/data/id.ts'
import { type Change, Conflict, type Ledger, type Loaded } from '../../src/ports/ledger.ts'
import type { Limits } from '../../src/ports/limits.ts'
import { type Again, type Call, called } from './calls.ts'
import type { Stores } from './stores.ts'

/** What stores a process reaches, and who counts what happens there. */
export interface Seen {
  readonly stores: Stores
  readonly reached: (what: string) => void
}

/** The ledger as this process reaches it: with turns of its own, and a storage that knows the time. */
export function ledgerOf(parts: Seen, call: Call, off: () => number): Ledger {
  const { stores, reached } = parts
  const { ledger } = stores
  const checkClock = () => {
    if (Math.abs(off()) <= 30) return
    reached('clock refused')
    throw new Problem('unavailable', 'The clocks differ.', { retryAfter: 30 })
  }
  const write = async (loaded: Loaded, change: Change) => {
    checkClock()
    await ledger.commit(loaded, change).catch(commits.lost(parts))
    stores.wrote(loaded.shard, change)
  }
  return called<Ledger>(call, 'ledger', ledger, {
    inTurn: turns(),
    commit: (loaded, change) => call('ledger.commit', () => write(loaded, change), commits.again(parts, change)),
    fence: (shard, at) => call('ledger.fence', async () => (checkClock(), ledger.fence(shard, at))),
    async *stream(shard, after, upTo) {
      const pages = ledger.stream(shard, after, upTo)[Symbol.asyncIterator]()
      for (;;) {
        const page = await call(
          'ledger.stream',
          () => pages.next(),
          async (_, first) => first,
        )
        if (page.done) return
        yield page.value
      }
    },
  })
}

function turns(): Ledger['inTurn'] {
  const ends = new Map<Shard, Promise<unknown>>(shards.map((shard) => [shard, Promise.resolve()]))
  return (shard, work) => {
    const mine = (ends.get(shard) ?? Promise.resolve()).then(work)
    ends.set(
      shard,
      mine.catch(() => undefined),
    )
    return mine
  }
}

/** What the adapter of the storage does about answers that were lost: a repetition finds out whose work is there. */
const commits = {
  /** The events of a commit bear its operation id. */
  again:
    ({ stores, reached }: Seen, { op }: Change): Again<void> =>
    async (effect) =>
      effect().catch((cause: unknown) => {
        if (!(cause instanceof Conflict) || !stores.seen.ops.has(op)) throw cause
        reached('commit recovered')
      }),

  lost:
    ({ reached }: Pick<Seen, 'reached'>) =>
    (cause: unknown): never => {
      if (cause instanceof Conflict) reached('conflict')
      throw cause
    },
}

/** A row of slots is as it was wanted, or somebody else has replaced it. */
export const slotsIn =
  (call: Call, { stores: { limits }, reached }: Seen): Limits['replace'] =>
  (key, version, row) =>
    call(
      'limits.replace',
      () => limits.replace(key, version, row),
      async (effect) =>
        effect().catch(async (cause: unknown) => {
          const stored = await limits.read(key)
          if (JSON.stringify(stored.row) !== JSON.stringify(row)) throw cause
          reached('slot recovered')
        }),
    )
