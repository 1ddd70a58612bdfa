import { type Hex, shards } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import { rowText } from '../core/log/mac.ts'
import type { Macs } from '../runtime/macs.ts'
import type { Incomplete } from '../ports/ledgerMark.ts'
import { integerIn, type Row, rowVersion, textIn, textOrNull } from './column.ts'
import { answered, found, unlessConflict } from './fault.ts'
import type { RowSigner } from './row.ts'
import { within } from './deadline.ts'
import type { Tables } from './tables.ts'

/** The identity of a ledger, which never changes: one deployment serves one tenant and one log. */
export interface Meta {
  /** The name of the log, as in its checkpoints. */
  readonly origin: string
  readonly tenant: string
  /** The first day that can have events: `2026-01-31`. */
  readonly first: string
  /** Present if the ledger was restored without all of its events: then it can only be read. */
  readonly incomplete?: Incomplete
}

/** The note of a restore, in the column `restore` of a restored ledger. */
export type RestoreMark =
  | { readonly state: 'running'; readonly of: Hex }
  | ({ readonly state: 'incomplete' } & Incomplete)

/**
 * Creates the tables if they are missing, and writes the identity of the ledger once.
 *
 * @throws {Error} naming the field, if this is the ledger of another deployment or another format; also while it is
 *   being restored
 * @throws {Problem} `unavailable`, `evidence-broken`
 */
export async function prepareLedger(
  { ledger, limits, macs }: Pick<Tables, 'ledger' | 'limits' | 'macs'>,
  { at, ...ours }: Pick<Meta, 'origin' | 'tenant'> & { readonly at: Instant },
): Promise<Meta> {
  const deadline = within()
  const read = () => found(ledger.getEntity('seal', 'meta', deadline))
  const created = answered(Promise.all([ledger.createTable(deadline), limits.createTable(deadline)]))
  // Only the first start of a deployment has to create anything, so the row is read meanwhile. Without a table that fails.
  let [meta] = await Promise.all([read().catch(() => null), created])
  if (meta === null) {
    const first = at.slice(0, 10)
    const { origin, sign } = await macs.rows()
    const row = metaRow({ origin, sign }, { ...ours, shards: shards.length, first })
    // Another instance or an earlier try may have been first. The row is checked in any case.
    await unlessConflict(ledger.createEntity(row, deadline))
    meta = await read()
  }
  if (meta === null) throw new Error('The ledger’s meta row was written and is not there.')
  checkOurs(meta, ours)
  const { origin, tenant, first, restore } = await metaFrom(macs, meta)
  const mark = markIn(restore)
  if (mark?.state === 'running')
    throw new Error('This ledger is being restored: run the restore again, until it has ended.')
  return {
    origin,
    tenant,
    first,
    ...(mark && { incomplete: { at: mark.at, gaps: mark.gaps, textless: mark.textless } }),
  }
}

export interface MetaColumns extends Omit<Meta, 'incomplete'> {
  readonly shards: number
  /** A {@link RestoreMark} as JSON. */
  readonly restore?: string
}

/** The row, with its MAC. */
export const metaRow = ({ origin, sign }: RowSigner, columns: MetaColumns) => ({
  ...{ partitionKey: 'seal', rowKey: 'meta', v: rowVersion },
  ...columns,
  ...sign(metaText(origin, columns)),
})

/** Reads the note of a restore; `null` if there is none, or if the ledger is complete. */
export const markIn = (restore: string | undefined): RestoreMark | null =>
  restore === undefined ? null : (JSON.parse(restore) as RestoreMark)

/** @throws {Problem} `evidence-broken` for a row that the service did not write */
export const metaFrom = (macs: Macs, row: Row): Promise<MetaColumns> =>
  macs.believed(
    row,
    { shard: 'seal', row: 'meta' },
    () => {
      const restore = textOrNull(row, 'restore')
      return {
        origin: textIn(row, 'origin'),
        tenant: textIn(row, 'tenant'),
        first: textIn(row, 'first'),
        shards: integerIn(row, 'shards'),
        ...(restore !== null && { restore }),
      }
    },
    (columns) => metaText(macs.origin, columns),
  )

const metaText = (log: string, { origin, tenant, first, shards, restore }: MetaColumns): string =>
  rowText({
    ...{ origin: log, partition: 'seal', row: 'meta' },
    columns: { origin, tenant, first, shards, ...(restore !== undefined && { restore }) },
  })

/** Runs before the row is authenticated, so that another ledger's row is not reported as forged. */
export function checkOurs(meta: Row, { origin, tenant }: Pick<Meta, 'origin' | 'tenant'>): void {
  const fields = [
    ['format version', meta['v'], rowVersion],
    ['origin', meta['origin'], origin],
    ['tenant', meta['tenant'], tenant],
    ['shard count', meta['shards'], shards.length],
  ] as const
  for (const [field, theirs, ours] of fields)
    if (theirs !== ours)
      throw new Error(
        `This ledger is another one: its ${field} is ${JSON.stringify(theirs)}, ours ${JSON.stringify(ours)}.`,
      )
}
