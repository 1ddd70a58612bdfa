import { randomBytes } from 'node:crypto'
import { Ends } from '../../src/approvals/ends.ts'
import { TableLedger } from '../../src/azure/ledger.ts'
import { TableRows } from '../../src/azure/ledgerRows.ts'
import { TableRepairs } from '../../src/azure/repairs.ts'
import type { RequestId, Shard } from '../../src/core/data/id.ts'
import { takeSnapshot } from '../../src/evidence/backup/snapshot.ts'
import { Repairing, type RepairOrder, type RepairResult } from '../../src/evidence/repair/repair.ts'
import { Witness } from '../../src/evidence/witness.ts'
import type { Archive } from '../../src/ports/archive.ts'
import { oid, tool } from '../support/build.ts'
import { FakeClock, fakePolicy } from '../support/fakes.ts'
import { MemoryArchive } from '../support/fakes/archive.ts'
import { macsFor } from '../support/fakes/macs.ts'
import { type Instance, roster, type World, world } from '../support/world.ts'
import type { Account, Sealer } from '../evidence/account.ts'
import { at, origin } from '../evidence/days.ts'
import { Insider } from './insider.ts'

const eraser = oid(63)

/** A process that can repair. */
export interface Repairer extends Instance {
  readonly witness: Witness
  readonly failures: unknown[]
  repair(shard: Shard, more?: Partial<RepairOrder>): Promise<RepairResult>
}

/** A ledger and an archive in one storage account, with somebody who can write the tables. */
export interface Site {
  readonly here: World
  readonly insider: Insider
  readonly sealer: Sealer
  readonly clock: FakeClock
  /**
   * A process that remembers nothing.
   *
   * @param tables another address than the storage's own
   */
  process(more?: { tables?: string; archive?: Archive; broken?: readonly RequestId[] }): Promise<Repairer>
  /** Keeps a snapshot, as the timer does each night. Returns the names of its files. */
  snapshot(): Promise<readonly string[]>
}

export async function siteOn(account: Account): Promise<Site> {
  const store = await account.anew()
  const here = await world()
  const clock = new FakeClock(at(4, '12:00:00'))
  const sealer = await store.sealer({ clock })
  const { seals } = sealer

  const process: Site['process'] = async ({ tables: url, archive = sealer.archive, broken = [] } = {}) => {
    const tables = store.connect(url)
    const failures: unknown[] = []
    const failed = (cause: unknown) => void failures.push(cause)
    const macs = macsFor(origin)
    const shared = { archive, macs, clock, seals, random: randomBytes }
    const witness = await Witness.begin({ ...shared, ledger: new TableLedger(tables), failed })
    const { ledger } = witness
    const ends = new Ends({ archive, macs, clock, failed, pause: () => new Promise(() => {}) })
    const policy = fakePolicy(roster())
    const repairing = new Repairing({
      ...{ ...shared, ledger, policy, ends, repairs: new TableRepairs(tables) },
      ...{ committed: () => undefined, broken: () => broken, backOff: async () => undefined },
    })
    const repair = (shard: Shard, more: Partial<RepairOrder> = {}) =>
      repairing.repair({ shard, why: 'A key had leaked.', by: eraser, client: tool, requests: [], ...more })
    return { ...here.another({ ledger, archive, clock }), witness, failures, repair }
  }
  const snapshot = () =>
    takeSnapshot({
      ...{ rows: new TableRows(store.connect()), seals, archive: sealer.archive, backup: new MemoryArchive() },
      ...{ macs: macsFor(origin), clock, random: randomBytes, failed: (cause) => void sealer.failures.push(cause) },
    })
  return { here, insider: new Insider(store), sealer, clock, process, snapshot }
}
