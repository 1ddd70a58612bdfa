import type { Ledger } from '../ports/ledger.ts'

/** The methods of a ledger that change nothing. */
export type LedgerReads = Omit<Ledger, 'load' | 'commit' | 'claimKey' | 'fence'>

/**
 * Takes the methods that change nothing from a ledger, for a ledger that guards the others. A spread would not do: the
 * methods of an adapter belong to its class.
 */
export const readsOf = (ledger: Ledger): LedgerReads => ({
  inTurn: (...args) => ledger.inTurn(...args),
  find: (id) => ledger.find(id),
  findMany: (...args) => ledger.findMany(...args),
  deputies: (...args) => ledger.deputies(...args),
  findKey: (...args) => ledger.findKey(...args),
  events: (request) => ledger.events(request),
  due: (...args) => ledger.due(...args),
  dueIn: (...args) => ledger.dueIn(...args),
  promptsIn: (...args) => ledger.promptsIn(...args),
  pending: (limit) => ledger.pending(limit),
  open: (...args) => ledger.open(...args),
  list: (...args) => ledger.list(...args),
  news: (...args) => ledger.news(...args),
  cut: (...args) => ledger.cut(...args),
  stream: (...args) => ledger.stream(...args),
  ping: () => ledger.ping(),
})
