import { odata, type TableClient } from '@azure/data-tables'
import { type Hex, shards } from '../core/data/id.ts'
import type { Incomplete, LedgerMark } from '../ports/ledgerMark.ts'
import type { StoredRow } from '../ports/ledgerRows.ts'
import { answered, found, unlessConflict } from './fault.ts'
import { checkOurs, markIn, type Meta, metaFrom, metaRow, type RestoreMark } from './meta.ts'
import { readPage } from './query.ts'
import { rowFrom } from './storedRow.ts'
import { within } from './deadline.ts'
import type { Tables } from './tables.ts'

/** The row `meta`, by which the service knows whether it may use the tables. */
export class TableMark implements LedgerMark {
  readonly #tables: Pick<Tables, 'ledger' | 'limits' | 'macs'>
  readonly #ours: Pick<Meta, 'origin' | 'tenant'>

  constructor(tables: Pick<Tables, 'ledger' | 'limits' | 'macs'>, { origin, tenant }: Pick<Meta, 'origin' | 'tenant'>) {
    this.#tables = tables
    this.#ours = { origin, tenant }
  }

  async begin(of: Hex): Promise<'begun' | 'occupied' | 'other'> {
    const { ledger, limits, macs } = this.#tables
    await answered(Promise.all([ledger.createTable(within()), limits.createTable(within())]))
    const read = () => found(ledger.getEntity('seal', 'meta', within()))
    if ((await read()) === null) {
      if (!(await isEmpty(ledger)) || !(await isEmpty(limits))) return 'occupied'
      const restore = JSON.stringify({ state: 'running', of } satisfies RestoreMark)
      const columns = { ...this.#ours, shards: shards.length, first: '', restore }
      await unlessConflict(ledger.createEntity(metaRow(await macs.rows(), columns), within()))
    }
    const row = await read()
    if (row === null) throw new Error('The ledger’s meta row was written and is not there.')
    if (!('restore' in row)) return 'occupied'
    const mark = markIn((await metaFrom(macs, row)).restore)
    if (mark?.state !== 'running') return 'occupied'
    return mark.of === of ? 'begun' : 'other'
  }

  async open(meta: StoredRow, incomplete?: Incomplete): Promise<void> {
    const { ledger, macs } = this.#tables
    const row = rowFrom(meta)
    checkOurs(row, this.#ours)
    const columns = await metaFrom(macs, row)
    const restore = incomplete && JSON.stringify({ state: 'incomplete', ...incomplete } satisfies RestoreMark)
    const opened = restore === undefined ? row : metaRow(await macs.rows(), { ...columns, restore })
    await answered(ledger.upsertEntity(opened as ReturnType<typeof metaRow>, 'Replace', within()))
  }
}

async function isEmpty(table: TableClient): Promise<boolean> {
  const { rows } = await readPage(
    table,
    { filter: odata`PartitionKey ge ''`, select: ['RowKey'] },
    { size: 1 },
    within(),
  )
  return rows.length === 0
}
