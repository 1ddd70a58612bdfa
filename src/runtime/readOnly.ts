import { Problem } from '../core/data/problem.ts'
import type { HoldRows } from '../ports/holds.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { Limits } from '../ports/limits.ts'
import type { Outbox } from '../ports/outbox.ts'
import type { Repairs } from '../ports/repairs.ts'
import type { Signer } from '../ports/signer.ts'
import { readsOf } from './ledgerReads.ts'

/** Ports that write to a ledger, or act on its content. */
interface WritingPorts {
  readonly ledger: Ledger
  readonly limits: Limits
  readonly outbox: Outbox
  readonly repairs: Repairs
  readonly holds: HoldRows
  /** Signs grants. */
  readonly signer: Signer
}

/**
 * Makes ports that only read. A ledger that was restored without its newest events must not be continued: a used
 * approval could be used again, and a day that lacks events can never be sealed.
 *
 * A call that would write throws `read-only`. Work without a waiting caller does nothing.
 */
export const readOnly = ({
  ledger,
  outbox,
  signer,
  holds,
}: Omit<WritingPorts, 'limits' | 'repairs'>): WritingPorts => ({
  ledger: {
    ...readsOf(ledger),
    // Only a commit loads a shard.
    load: refuse,
    commit: refuse,
    claimKey: refuse,
    fence: refuse,
  },
  // Only an ask reads limits.
  limits: { read: refuse, replace: refuse },
  outbox: {
    waiting: async () => [],
    claim: async () => null,
    renew: async () => null,
    finish: async () => true,
    defer: async () => true,
    touch: async () => undefined,
    cards: (request) => outbox.cards(request),
    putCard: async () => undefined,
    dropCard: async () => undefined,
    told: (request) => outbox.told(request),
    putTold: async () => undefined,
    hearings: () => outbox.hearings(),
    hearing: (person) => outbox.hearing(person),
    putHearing: refuse,
    dropHearing: refuse,
    arrive: async () => false,
    leave: async () => undefined,
  },
  holds: {
    all: () => holds.all(),
    find: (hold) => holds.find(hold),
    create: refuse,
    replace: refuse,
  },
  repairs: {
    survey: () => {
      throw refusal()
    },
    head: refuse,
    begun: refuse,
    begin: refuse,
    mend: refuse,
    finish: refuse,
    named: refuse,
    due: refuse,
    request: refuse,
    prepare: refuse,
    remove: refuse,
  },
  signer: { keys: () => signer.keys(), sign: refuse },
})

const refuse = async (): Promise<never> => {
  throw refusal()
}

const refusal = () =>
  new Problem(
    'read-only',
    'This ledger was restored and lacks its newest events: it can be read, and nothing is asked, decided or granted.',
  )
