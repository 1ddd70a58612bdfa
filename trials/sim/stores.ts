import { parseInstant } from '../../src/core/data/instant.ts'
import type { Day } from '../../src/core/data/day.ts'
import type { Leaf } from '../../src/core/request/event.ts'
import type { RequestId, Shard } from '../../src/core/data/id.ts'
import type { Change } from '../../src/ports/ledger.ts'
import type { Signer } from '../../src/ports/signer.ts'
import { MemoryArchive } from '../../test/support/fakes/archive.ts'
import { MemoryLedger } from '../../test/support/fakes/ledger.ts'
import { MemoryLimits } from '../../test/support/fakes/limits.ts'
import { MemoryOutbox } from '../../test/support/fakes/outbox.ts'
import { MemorySeals } from '../../test/support/fakes/seals.ts'
import { MemoryTeams } from '../../test/support/fakes/teams.ts'
import { clockOf, type Time } from './roster.ts'

export const firstDay = '2026-03-04' as Day

/** What outlives every process, and what was seen of it meanwhile. */
export type Stores = ReturnType<typeof stores>

/** Real keys: one pair for all runs. */
export interface Keys {
  readonly grants: Signer
  readonly log: Signer
}

/** @param begins second of the first day */
export function stores(begins: number) {
  const time: Time = { ms: Date.parse(parseInstant(`${firstDay}T00:00:00.000Z`)) + begins * 1000 }
  const ledger = new MemoryLedger()
  const seen = {
    /** Of commits that had their effect. */
    ops: new Set<string>(),
    requests: [] as RequestId[],
    /** Every event as it was written, in this order. */
    leaves: [] as { readonly shard: Shard; readonly leaf: Leaf }[],
    /** Of every bundle as it was first found. */
    bundles: new Map<string, string>(),
  }
  return {
    ...{ time, ledger, seen },
    limits: new MemoryLimits(),
    outbox: new MemoryOutbox(ledger),
    teams: new MemoryTeams(clockOf(time, () => 0)),
    seals: new MemorySeals(firstDay),
    archive: new MemoryArchive(),

    wrote(shard: Shard, { op, leaves, request }: Change): void {
      seen.ops.add(op)
      seen.leaves.push(...leaves.map((leaf) => ({ shard, leaf })))
      if (request && leaves.some((leaf) => leaf.type === 'requested')) seen.requests.push(request.id)
    },
  }
}
