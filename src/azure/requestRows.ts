import { odata, type TableClient } from '@azure/data-tables'
import type { Shard } from '../core/data/id.ts'
import type { Row } from './column.ts'
import { within } from './deadline.ts'
import { readPage } from './query.ts'

/** The most rows of one page that the storage returns. */
const pageSize = 1_000

/**
 * Reads the range of a shard's rows that has these keys, in pages. Other rows may lie in the range: those of requests that
 * were asked for in between, or that an insider put there. At most twice as many rows are read as keys are given, in whole
 * pages, so that such rows cannot make a read endless.
 */
export async function* readRequestRows(
  table: TableClient,
  shard: Shard,
  keys: readonly string[],
): AsyncGenerator<readonly Row[], void, undefined> {
  const sorted = [...keys].sort()
  const [first, last] = [sorted[0], sorted.at(-1)]
  if (first === undefined || last === undefined) return
  const filter = odata`PartitionKey eq ${shard} and RowKey ge ${first} and RowKey le ${last}`
  let left = 2 * keys.length
  let token: string | undefined
  do {
    const page = await readPage(table, { filter }, { size: pageSize, ...(token && { token }) }, within())
    yield page.rows
    left -= page.rows.length
    token = page.token
  } while (token !== undefined && left > 0)
}
