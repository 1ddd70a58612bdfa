import { shards } from '../../src/core/data/id.ts'
import { headsPrefix, parseHeads } from '../../src/core/log/witness.ts'
import { Witness, type WitnessParts } from '../../src/evidence/witness.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import type { Reaching, Seen } from './ledger.ts'

/** A process's ledger, whose chains cannot be cut off unnoticed, and its record of them. */
export interface Witnessing {
  /** The ledger as use cases have it. */
  readonly ledger: Ledger
  readonly record: () => Promise<boolean>
}

/** Starts a witness at the first call. A real process serves no call before that. A start that failed is tried again. */
export function witnessing({ stores }: Seen, parts: WitnessParts, { chains }: Pick<Reaching, 'chains'>): Witnessing {
  let started: Promise<Witness> | undefined
  const start = (): Promise<Witness> => {
    if (started) return started
    const heads = newestHeads(stores.seen.files)
    started = Witness.begin(parts).then(
      (witness) => {
        for (const shard of shards) chains.set(shard, Math.max(chains.get(shard) ?? 0, heads[shard]?.seq ?? 0))
        return witness
      },
      (cause: unknown) => {
        started = undefined
        throw cause
      },
    )
    return started
  }
  const guarded: Partial<Ledger> = {
    load: async (...args) => (await start()).ledger.load(...args),
    commit: async (...args) => (await start()).ledger.commit(...args),
  }
  return {
    record: async () => (await start()).record(),
    ledger: new Proxy(parts.ledger, {
      get: (target, method) => Reflect.get(guarded, method) ?? (Reflect.get(target, method) as unknown),
    }),
  }
}

/** Reads the chains' heads from the newest file that a process made. */
function newestHeads(files: Seen['stores']['seen']['files']) {
  const newest = [...files.keys()]
    .filter((name) => name.startsWith(headsPrefix))
    .sort()
    .at(-1)
  return parseHeads(files.get(newest ?? '')?.text ?? '')?.heads.heads ?? {}
}
