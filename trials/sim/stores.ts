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
import { MemoryTeams, type ShownCard } from '../../test/support/fakes/teams.ts'
import { clockOf, type Time } from './roster.ts'

export const firstDay = '2026-03-04' as Day

/** The stores, which outlive every process, and a record of what was really written to them. */
export type Stores = ReturnType<typeof stores>

/** Real keys: one pair for all runs. */
export interface Keys {
  readonly grants: Signer
  readonly log: Signer
}

/** A file of the archive as a process made it. */
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
  /** Connects to the tables as a process does. Its clock may be off, and then the adapters refuse to write. */
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
    // Adapters without faults, for the checks.
    ledger: new TableLedger(tables),
    outbox: new TableOutbox(tables),
    seals: new TableSeals(tables),
    rooms: {
      teams: new MemoryTeams(clockOf(time, () => 0)),
      slack: new MemoryTeams(
        clockOf(time, () => 0),
        'slack-',
      ),
    },
    archive: new MemoryArchive(),

    /** Writes the row that says what the ledger is, as the first process does. */
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

/** The cards that lie in a channel, or in all channels of all rooms. */
export const cardsIn = ({ rooms }: Stores, channel?: string): readonly ShownCard[] =>
  Object.values(rooms).flatMap((room) => room.cards(channel))

/** From now on each send gets through. */
export function calm({ rooms }: Stores): void {
  for (const room of Object.values(rooms)) room.plan = () => null
}

/** A record of what was really done, which edits of the rows do not change. */
const seenSoFar = () => ({
  /** Calls of ports by all processes. */
  calls: 0,
  /** Operation ids of commits that had their effect. */
  ops: new Set<string>(),
  requests: [] as RequestId[],
  /** Requests as they were when they were asked for. */
  born: new Map<RequestId, ApprovalRequest>(),
  /** Every event as it was written, in this order, and the process that wrote it. */
  leaves: [] as { readonly shard: Shard; readonly leaf: Leaf; readonly by: string }[],
  /** The SHA-256 of every bundle as it was first found. */
  bundles: new Map<string, string>(),
  /** Small files that processes made, by name. */
  files: new Map<string, Made>(),
  /** The names of those files before each day was planned for the first time. */
  planned: new Map<Day, readonly string[]>(),
})
