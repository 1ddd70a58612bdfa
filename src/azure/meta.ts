import { shards } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import { type Row, rowVersion, textIn } from './column.ts'
import { answered, found, unlessConflict } from './fault.ts'
import { type Tables, within } from './tables.ts'

/** What a ledger is. It never changes: one deployment serves one tenant and one log. */
export interface Meta {
  /** Of the log, as in its checkpoints. */
  readonly origin: string
  readonly tenant: string
  /** The first day that can have events: `2026-01-31`. */
  readonly first: string
}

/**
 * Makes the tables if need be, and writes once what this ledger is.
 *
 * @throws {Error} that names the field, if this is the ledger of another deployment or another format.
 * @throws {Problem} `unavailable`
 */
export async function prepareLedger(
  { ledger, limits }: Pick<Tables, 'ledger' | 'limits'>,
  { at, ...ours }: Omit<Meta, 'first'> & { readonly at: Instant },
): Promise<Meta> {
  const deadline = within()
  await answered(Promise.all([ledger.createTable(deadline), limits.createTable(deadline)]))
  const read = () => found(ledger.getEntity('seal', 'meta', deadline))
  let meta = await read()
  if (meta === null) {
    const first = at.slice(0, 10)
    const row = { partitionKey: 'seal', rowKey: 'meta', v: rowVersion, ...ours, shards: shards.length, first }
    // Another instance, or an earlier try of ours, may have been first; the row is checked all the same.
    await unlessConflict(ledger.createEntity(row, deadline))
    meta = await read()
  }
  if (meta === null) throw new Error('The ledger’s meta row was written and is not there.')
  return checked(meta, ours)
}

function checked(meta: Row, { origin, tenant }: Omit<Meta, 'first'>): Meta {
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
  return { origin, tenant, first: textIn(meta, 'first') }
}
