import { odata, type TableClient } from '@azure/data-tables'
import { rowText } from '../core/log/mac.ts'
import { keyOf, type Row, rowVersion, split, textIn } from './column.ts'
import { found } from './fault.ts'
import { readPage } from './query.ts'
import { type Deadline, within } from './deadline.ts'
import type { Tables } from './tables.ts'

/** The partition of the ledger for rows that belong to no shard. */
export const sealPartition = 'seal'

/** Rows of one page. */
const mostRows = 1_000

/** Rows of that partition: each has one value as JSON, and its MAC. */
export class SealRows {
  readonly #table: TableClient
  readonly #macs: Tables['macs']
  readonly #pageSize: number

  constructor({ ledger, macs }: Pick<Tables, 'ledger' | 'macs'>, pageSize = mostRows) {
    this.#table = ledger
    this.#macs = macs
    this.#pageSize = pageSize
  }

  /** Reads all rows whose keys have this prefix, in the order of keys. */
  async from(prefix: string): Promise<readonly Row[]> {
    const end = `${prefix}~`
    const filter = odata`PartitionKey eq ${sealPartition} and RowKey ge ${prefix} and RowKey lt ${end}`
    const rows: Row[] = []
    let token: string | undefined
    do {
      const page = await readPage(this.#table, { filter }, { size: this.#pageSize, ...(token && { token }) }, within())
      rows.push(...page.rows)
      token = page.token
    } while (token !== undefined)
    return rows
  }

  read(name: string, deadline: Deadline): Promise<Row | null> {
    return found(this.#table.getEntity(sealPartition, name, deadline))
  }

  /** Makes the row of a value, with its MAC. */
  async rowOf(name: string, value: object) {
    const { origin, sign } = await this.#macs.rows()
    return { ...unsigned(name, value), ...sign(sealText(origin, name, JSON.stringify(value))) }
  }

  /** Reads the value of a row. @throws {Problem} `evidence-broken` for a row that the service did not write */
  async believed<T>(row: Row): Promise<T> {
    const { origin } = this.#macs
    const name = keyOf(row)
    const text = await this.#macs.believed(
      row,
      { shard: sealPartition, row: name },
      () => textIn(row, 'value'),
      (value) => sealText(origin, name, value),
    )
    return JSON.parse(text) as T
  }
}

export const placeOf = (name: string) => ({ partitionKey: sealPartition, rowKey: name, v: rowVersion })

/** Makes the row of a value without a MAC. */
export const unsigned = (name: string, value: object) => ({
  ...placeOf(name),
  ...split('value', JSON.stringify(value)),
})

/** Makes the authenticated text of a row of this partition. */
const sealText = (origin: string, name: string, value: string): string =>
  rowText({ origin, partition: sealPartition, row: name, columns: { value } })
