import { TableLedger } from '../../src/azure/ledger.ts'
import { prepareLedger } from '../../src/azure/meta.ts'
import { TableOutbox } from '../../src/azure/outbox.ts'
import { TableSeals } from '../../src/azure/seals.ts'
import type { Tables } from '../../src/azure/tables.ts'
import type { Day } from '../../src/core/data/day.ts'
import type { RequestId, Shard } from '../../src/core/data/id.ts'
import { type Instant, instant, parseInstant } from '../../src/core/data/instant.ts'
import type { Leaf } from '../../src/core/request/event.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import type { Change } from '../../src/ports/ledger.ts'
import type { Signer } from '../../src/ports/signer.ts'
import { bot } from '../../test/support/build.ts'
import { MemoryArchive } from '../../test/support/fakes/archive.ts'
import { macsFor, testOrigin } from '../../test/support/fakes/macs.ts'
import { memoryTables } from '../../test/support/fakes/table.ts'
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

/** A file of the archive as a process of ours made it. */
export interface Made {
  readonly text: string
  readonly at: Instant
}

const macs = macsFor(testOrigin)

/** @param begins second of the first day */
export function stores(begins: number) {
  const time: Time = { ms: Date.parse(parseInstant(`${firstDay}T00:00:00.000Z`)) + begins * 1000 }
  const { connect, ...rows } = memoryTables(macs)
  const seen = seenSoFar()
  /** The tables as a process reaches them: with its own clock, which a storage that knows the time refuses if it is off. */
  const reach = (off: () => number): Tables =>
    connect({
      clock: {
        get apart() {
          return Math.abs(off()) * 1000
        },
      },
      elapsed: () => time.ms + seen.calls,
    })
  const tables = reach(() => 0)
  return {
    ...{ time, seen, reach, macs, rows },
    // As nobody reaches them, to see what is there.
    ledger: new TableLedger(tables),
    outbox: new TableOutbox(tables),
    seals: new TableSeals(tables),
    teams: new MemoryTeams(clockOf(time, () => 0)),
    archive: new MemoryArchive(),

    /** Writes down what this ledger is, as the first process does. */
    prepare: async (): Promise<void> =>
      void (await prepareLedger(tables, { origin: testOrigin, tenant: bot, at: instant(time.ms) })),

    wrote(shard: Shard, { op, leaves, request }: Change, by: string): void {
      seen.ops.add(op)
      seen.leaves.push(...leaves.map((leaf) => ({ shard, leaf, by })))
      if (request && leaves.some((leaf) => leaf.type === 'requested')) {
        seen.requests.push(request.id)
        seen.born.set(request.id, request)
      }
    },
  }
}

/** What was really done, whatever becomes of the rows. */
const seenSoFar = () => ({
  /** Of ports, by all processes. */
  calls: 0,
  /** Of commits that had their effect. */
  ops: new Set<string>(),
  requests: [] as RequestId[],
  /** Requests as they were when they were asked for. */
  born: new Map<RequestId, ApprovalRequest>(),
  /** Every event as it was written, in this order, and the process that wrote it. */
  leaves: [] as { readonly shard: Shard; readonly leaf: Leaf; readonly by: string }[],
  /** Of every bundle as it was first found. */
  bundles: new Map<string, string>(),
  /** Small files that processes of ours made, by name. */
  files: new Map<string, Made>(),
  /** Those that were there when a day was about to be planned first. */
  planned: new Map<Day, readonly string[]>(),
})
