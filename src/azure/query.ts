import type { TableClient } from '@azure/data-tables'
import { read, unavailable } from './fault.ts'
import type { Row } from './column.ts'
import type { Deadline } from './tables.ts'

export interface Query {
  /** Made with the `odata` tag. */
  readonly filter: string
  /** Names of columns; all if absent. */
  readonly select?: readonly string[]
}

export interface RowPage {
  readonly rows: readonly Row[]
  /** Where it goes on; absent at the end. */
  readonly token?: string
}

/** Reads at most so many rows, ascending. A page is empty only at the end: the storage may answer with less. */
export const readPage = (
  table: TableClient,
  query: Query,
  part: { readonly size: number; readonly token?: string },
  deadline: Deadline,
): Promise<RowPage> => read(pageOf(table, query, part, deadline))

async function pageOf(
  table: TableClient,
  { filter, select }: Query,
  { size, token }: { readonly size: number; readonly token?: string },
  deadline: Deadline,
): Promise<RowPage> {
  const queryOptions = { filter, ...(select && { select: [...select] }) }
  const settings = { maxPageSize: size, ...(token !== undefined && { continuationToken: token }) }
  const options = { queryOptions, ...deadline, onResponse: checkRows }
  for await (const page of table.listEntities(options).byPage(settings)) {
    const { continuationToken: next } = page
    if (page.length > 0 || next === undefined) return { rows: page, ...(next !== undefined && { token: next }) }
  }
  return { rows: [] }
}

/** The SDK takes whatever has no rows for an end. */
function checkRows({ status, parsedBody: body }: { readonly status: number; readonly parsedBody?: unknown }): void {
  const isRows = typeof body === 'object' && body !== null && 'value' in body && Array.isArray(body.value)
  if (status === 200 && !isRows) throw unavailable(new TypeError('The answer is no list of rows.'))
}
