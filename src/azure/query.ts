import type { TableClient } from '@azure/data-tables'
import { read, unavailable } from './fault.ts'
import type { Row } from './column.ts'
import type { Deadline } from './deadline.ts'

export interface Query {
  /** Made with the `odata` tag. */
  readonly filter: string
  /** Names of columns; all if absent. */
  readonly select?: readonly string[]
}

export interface RowPage {
  readonly rows: readonly Row[]
  /** Where the next page begins; absent at the end. */
  readonly token?: string
}

/** Reads up to `size` rows, ascending. The storage may answer with fewer rows, but a page is empty only at the end. */
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

/** Refuses an answer without a list of rows: the SDK would take it for the end of the table. */
function checkRows({ status, parsedBody: body }: { readonly status: number; readonly parsedBody?: unknown }): void {
  const isRows = typeof body === 'object' && body !== null && 'value' in body && Array.isArray(body.value)
  if (status === 200 && !isRows) throw unavailable(new TypeError('The answer is no list of rows.'))
}
