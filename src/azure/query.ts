import type { TableClient } from '@azure/data-tables'
import { answered } from './fault.ts'
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
): Promise<RowPage> => answered(read(table, query, part, deadline))

async function read(
  table: TableClient,
  { filter, select }: Query,
  { size, token }: { readonly size: number; readonly token?: string },
  deadline: Deadline,
): Promise<RowPage> {
  const queryOptions = { filter, ...(select && { select: [...select] }) }
  const settings = { maxPageSize: size, ...(token !== undefined && { continuationToken: token }) }
  for await (const page of table.listEntities({ queryOptions, ...deadline }).byPage(settings)) {
    const { continuationToken: next } = page
    if (page.length > 0 || next === undefined) return { rows: page, ...(next !== undefined && { token: next }) }
  }
  return { rows: [] }
}
