import { randomBytes } from 'node:crypto'
import { TableLedger } from '../../src/azure/ledger.ts'
import type { ObjectId, RequestId } from '../../src/core/data/id.ts'
import { eraseAll } from '../../src/evidence/erasures.ts'
import { noHolds, oid, policyVersion } from '../support/build.ts'
import type { Dumped, Place } from './place.ts'

/** Erases all that people and the agent wrote about a request. */
export async function erasing(place: Place, id: RequestId): Promise<void> {
  const parts = {
    ledger: new TableLedger(place.tables),
    clock: place.clock,
    policy: { version: policyVersion, accounts: (one: ObjectId) => [one] },
    random: randomBytes,
    committed: () => undefined,
    holds: noHolds,
  }
  for (const by of [oid(62), oid(63)])
    await eraseAll(parts, id, { names: ['action', 'name', 'reason'], why: 'GDPR request', by })
}

/** Rows that a restore makes anew, or leaves out: where cards lie, and what a delivery still has to do. */
const isCompared = (name: string): boolean =>
  !/^ledger (\w+ (post|card)-|teams |seal (post-|backup|alarm|chunk-))/.test(name)

export const comparable = async (place: Place): Promise<ReadonlyMap<string, Dumped>> =>
  new Map([...(await place.dump())].filter(([name]) => isCompared(name)))
