import { Recollection } from '../../src/approvals/recollection.ts'
import { TableLedger } from '../../src/azure/ledger.ts'
import type { RowSigner } from '../../src/azure/row.ts'
import { rowKey } from '../../src/azure/rowKey.ts'
import { transaction, type Version } from '../../src/azure/transaction.ts'
import { shardOf } from '../../src/core/data/id.ts'
import { type Instant, plusSeconds } from '../../src/core/data/instant.ts'
import type { Hex } from '../../src/core/data/id.ts'
import { redeem, report } from '../../src/core/request/redemption.ts'
import type { ApprovalRequest, Step } from '../../src/core/request/request.ts'
import { open } from '../../src/core/request/submission.ts'
import { apply, ask, changeOf, minutes, shard, submission, vote } from '../../test/ports/story.ts'
import { dba, redemption } from '../../test/support/build.ts'
import { rowSigner } from '../../test/support/fakes/ledgerKey.ts'
import { macsFor, testOrigin } from '../../test/support/fakes/macs.ts'
import { type MemoryTable, memoryTables } from '../../test/support/fakes/table.ts'
import { type Bench, each, type Figure, figure, inTurns, type Means, share } from './figure.ts'

export const rows: Bench = {
  about: 'processor time of authenticating the rows of an ask, and of finding that a request is what its events say',
  measure: async (means) => [await authenticated(means), await believed(means)],
}

/** An empty ledger, in memory. */
function emptyLedger(): { readonly table: MemoryTable; readonly ledger: TableLedger } {
  const { ledger: table, connect } = memoryTables(macsFor(testOrigin))
  return { table, ledger: new TableLedger(connect()) }
}

/** The floor makes the same rows without MACs. */
async function authenticated(means: Means): Promise<Figure> {
  const { ledger } = emptyLedger()
  const submitted = submission()
  const loaded = await ledger.load(shardOf(submitted.id), {})
  const change = changeOf(loaded, open(submitted), submitted.at)
  const bare: RowSigner = { origin: testOrigin, sign: () => ({ mac: '' as Hex, macKey: '' }) }
  const signed = rowSigner(testOrigin)
  const times = share(means, 20_000)
  const version = loaded.version as Version
  const [ours, floor] = [[] as number[], [] as number[]]
  await inTurns(means, async (counts) => {
    const took = each(times, () => transaction(signed, loaded, change, version))
    const tookBare = each(times, () => transaction(bare, loaded, change, version))
    if (!counts) return
    ours.push(took * 1_000)
    floor.push(tookBare * 1_000)
  })
  return figure({ name: 'rows of an ask, made and authenticated', unit: 'µs', ours, floor })
}

/** The floor reads the same rows and checks nothing. */
async function believed(means: Means): Promise<Figure> {
  const { table, ledger } = emptyLedger()
  const request = await lived(ledger)
  const place = shardOf(request.id)
  const times = share(means, 2_000)
  const [ours, floor] = [[] as number[], [] as number[]]
  await inTurns(means, async (counts) => {
    const took = await eachAwaited(times, () => new Recollection(ledger).check(request))
    const tookBare = await eachAwaited(times, () =>
      Promise.all(request.events.map(({ seq }) => table.getEntity(place, rowKey.event(seq)))),
    )
    if (!counts) return
    ours.push(took * 1_000)
    floor.push(tookBare * 1_000)
  })
  return figure({ name: `a request of ${request.events.length} events, believed`, unit: 'µs', ours, floor })
}

/** Asked for, approved, redeemed and reported. */
async function lived(ledger: TableLedger): Promise<ApprovalRequest> {
  const { id, digest, agent } = await ask(ledger, { shard: shard(3) })
  const acts: readonly ((request: ApprovalRequest, at: Instant) => Step)[] = [
    (request, at) => vote(dba, 'approve', at)(request),
    (request, at) => redeem(request, { redemption, digest, grantExpiresAt: plusSeconds(at, 1), at }),
    (request, at) => report(request, { executor: agent.id, result: 'succeeded', at }),
  ]
  for (const [i, act] of acts.entries())
    await apply(ledger, id, (request) => act(request, minutes(i + 1)), minutes(i + 1))
  const request = await ledger.find(id)
  if (!request) throw new Error('There is no such request.')
  return request
}

/** Milliseconds that each takes. */
async function eachAwaited(times: number, work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  for (let number = 0; number < times; number++) await work()
  return (performance.now() - began) / times
}
