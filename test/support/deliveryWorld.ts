import { randomBytes } from 'node:crypto'
import { Ends } from '../../src/approvals/ends.ts'
import type { ChangeParts, CommitRule } from '../../src/approvals/commit.ts'
import { revision } from '../../src/core/request/delivery.ts'
import type { RequestId } from '../../src/core/data/id.ts'
import { plusSeconds } from '../../src/core/data/instant.ts'
import { type ApprovalRequest, overdue } from '../../src/core/request/request.ts'
import { dispatch } from '../../src/delivery/dispatch.ts'
import { Delivery, type DeliveryParts } from '../../src/delivery/delivery.ts'
import { apply, type Asking, ask, dba, noon, oid, policyVersion, vote } from '../ports/story.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import type { Messenger } from '../../src/ports/messenger.ts'
import type { Outbox } from '../../src/ports/outbox.ts'
import { MemoryArchive } from './fakes/archive.ts'
import { macsFor, testOrigin } from './fakes/macs.ts'
import { MemoryLedger } from './fakes/ledger.ts'
import { MemoryOutbox } from './fakes/outbox.ts'
import { MemoryTeams } from './fakes/teams.ts'
import { FakeTime } from './fakes/time.ts'

export const dbaChannel = '19:dba@thread.tacv2'
export const securityChannel = '19:security@thread.tacv2'

export const complianceChannel = '19:compliance@thread.tacv2'

const channels: Readonly<Record<string, readonly string[]>> = {
  dba: [dbaChannel],
  security: [securityChannel],
  both: [securityChannel, dbaChannel],
  silent: [],
  wide: Array.from({ length: 60 }, (_, i) => `19:wide${i}@thread.tacv2`),
}

/** The policy's answer that one person of each of these groups must approve within an hour. */
export const needing = (...groups: readonly string[]): Asking => lasting(3_600, ...groups)

/** The policy's answer with this many seconds to the deadline, and again to the lapse. */
export const lasting = (seconds: number, ...groups: readonly string[]): Asking => ({
  expiresIn: seconds,
  judgement: {
    outcome: 'approve',
    rules: ['rule'],
    slots: groups.map((group) => ({ groups: [group], quorum: 1 })),
    ...{ expires: seconds, lapse: seconds, grant: 300, tier: 'medium' },
  },
})

/** The parts that each process has of its own. */
type Others = Partial<Omit<DeliveryParts, 'ledger'>> & { readonly ledger?: Partial<Ledger> }

export type DeliveryWorld = ReturnType<typeof deliveryWorld>

/** Parts in place of the fakes. */
export interface Real {
  readonly clock: FakeTime
  readonly ledger: Ledger
  readonly outbox: Outbox
  readonly messenger: Messenger
}

/** Deliveries over fakes, or real adapters: one process, and others on the same rows and the same Teams. */
export function deliveryWorld(real?: Partial<Real>) {
  const clock = real?.clock ?? new FakeTime(noon)
  const memory = new MemoryLedger()
  const ledger: Ledger = real?.ledger ?? memory
  const outbox: Outbox = real?.outbox ?? new MemoryOutbox(memory)
  const teams = new MemoryTeams(clock)
  const archive = new MemoryArchive()
  const failures: unknown[] = []
  const failed = (cause: unknown) => void failures.push(cause)
  const undelivered: RequestId[] = []
  const policy: DeliveryParts['policy'] = {
    version: policyVersion,
    complianceChannel: () => complianceChannel,
    group: (name) => ({ name, members: [], channels: channels[name] ?? [] }),
  }

  /** Starts another process. Each change that it commits begins a delivery, as in the composition. */
  function process({ ledger: rows, ...other }: Others = {}): Delivery {
    const changes: ChangeParts = {
      ...{ clock, policy, random: randomBytes },
      ledger: rows ? Object.assign(Object.create(ledger) as Ledger, rows) : ledger,
      committed: (request) => delivery.committed(request),
    }
    const own = {
      outbox,
      messenger: dispatch(new Map([['teams', real?.messenger ?? teams]])),
      pause: clock.pause,
      failed,
      undelivered: (id: RequestId) => void undelivered.push(id),
      ends: new Ends({ archive, macs: macsFor(testOrigin), clock, failed, pause: clock.pause }),
    }
    const delivery = new Delivery({ ...changes, ...own, policy, ...other })
    return delivery
  }

  /** Commits a change of another process, perhaps against the rules. This process does not notice it. */
  const commit = (id: RequestId, rule: CommitRule) =>
    apply(ledger, id, (request) => overdue(request, clock.now()) ?? rule(request, clock.now()), clock.now())

  const delivery = process()
  let agents = 100
  return {
    ...{ clock, ledger, outbox, archive, teams, policy, failures, undelivered, process, delivery },
    /** Asks with an agent of its own, so that limits do not apply. By default dba decides. */
    ask: (asking: Asking = needing('dba')) => ask(ledger, { agent: oid(agents++), at: clock.now(), ...asking }),
    commit,
    approve: (id: RequestId) => commit(id, (one, at) => vote(dba, 'approve', at)(one)),
    deny: (id: RequestId) => commit(id, (one, at) => vote(dba, 'deny', at)(one)),
    find: async (id: RequestId): Promise<ApprovalRequest> => {
      const request = await ledger.find(id)
      if (!request) throw new Error('There is no such request.')
      return request
    },
    /** Lists the contents of the cards in a channel. */
    shown: (channel?: string) => teams.cards(channel).map(({ status }) => status),
    isQuiet: async () => (await outbox.waiting(plusSeconds(clock.now(), 10_000_000), 1000)).length === 0,
  }
}

/** Whether each known card shows the current request. */
export async function lies(world: DeliveryWorld, id: RequestId): Promise<readonly string[]> {
  const request = await world.find(id)
  const cards = new Map(world.teams.cards().map((card) => [card.activity, card]))
  const known = (await world.outbox.cards(id)).flatMap(({ card }) => (card ? [card.activity] : []))
  return known.flatMap((activity) => {
    const card = cards.get(activity)
    if (!card || (card.status === request.status && card.rev === revision(request))) return []
    return [`${activity} shows ${card.status} at ${card.rev}, not ${request.status} at ${revision(request)}`]
  })
}
