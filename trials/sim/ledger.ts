import type { TableLedger } from '../../src/azure/ledger.ts'
import type { TableLimits } from '../../src/azure/limits.ts'
import { type Shard, shards } from '../../src/core/data/id.ts'
import { type Change, Conflict, type Ledger, type Loaded } from '../../src/ports/ledger.ts'
import type { Limits } from '../../src/ports/limits.ts'
import { type Call, called } from './calls.ts'
import { demand } from './demand.ts'
import type { Stores } from './stores.ts'
import { isPrompt } from './times.ts'

/** What stores a process reaches, and who counts what happens there. */
export interface Seen {
  readonly stores: Stores
  readonly reached: (what: string) => void
}

/** The ledger as one process reaches it. */
export interface Reaching {
  readonly process: string
  readonly ledger: TableLedger
  /** The highest number of each chain that this process has seen. */
  readonly chains: Map<Shard, number>
  /** Seconds by which the process's clock is off. */
  readonly off: () => number
  /** Whether the process's timer sweeps at this moment. */
  readonly isSweeping: () => boolean
}

/** The ledger as a process reaches it, with turns of its own. */
export function ledgerOf(parts: Seen, call: Call, { process, ledger, chains, off, isSweeping }: Reaching): Ledger {
  const { stores, reached } = parts
  const noteClock = () => Math.abs(off()) > 30 && reached('clock refused')
  const noteChain = (shard: Shard, seq: number) => void chains.set(shard, Math.max(seq, chains.get(shard) ?? 0))
  const write = async (loaded: Loaded, change: Change): Promise<void> => {
    noteClock()
    const { shard } = loaded
    try {
      await ledger.commit(loaded, change)
    } catch (cause) {
      if (cause instanceof Conflict) reached('conflict')
      throw cause
    }
    // The adapter recognises its own commit whose answer was lost.
    if (stores.seen.ops.has(change.op)) return reached('commit recovered')
    const before = (change.leaves[0]?.seq ?? 1) - 1
    demand(6, before >= (chains.get(shard) ?? 0), () => `${process} went on in ${shard} from ${before}, and knew more`)
    stores.wrote(shard, change, process)
    demand(
      13,
      isSweeping() || !change.leaves.some(({ type }) => isPrompt(type)),
      () => `${process} told people again, though it was not for its timer`,
    )
  }
  return called<Ledger>(call, 'ledger', ledger, {
    inTurn: turns(),
    load: async (...args) => {
      const loaded = await call('ledger.load', () => ledger.load(...args))
      noteChain(loaded.shard, loaded.head.seq)
      return loaded
    },
    commit: async (loaded, change) => {
      await call('ledger.commit', () => write(loaded, change))
      noteChain(loaded.shard, change.leaves.at(-1)?.seq ?? 0)
    },
    fence: (shard, at) => call('ledger.fence', async () => (noteClock(), ledger.fence(shard, at))),
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

/** The adapter recognises its own row of slots when a write arrives twice. */
export const slotsIn =
  (call: Call, limits: TableLimits, { reached }: Seen): Limits['replace'] =>
  (...args) =>
    call(
      'limits.replace',
      () => limits.replace(...args),
      async (effect) => {
        const version = await effect()
        reached('slot recovered')
        return version
      },
    )
