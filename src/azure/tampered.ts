import type { TableClient, TableEntity } from '@azure/data-tables'
import { isRequestId, type RequestId, sha256, type Shard, shardOf } from '../core/data/id.ts'
import { keyOf, type Row } from './column.ts'
import { objectIn, rowsBetween } from './survey.ts'

/** The partition with copies of a shard's foreign rows. */
const partitionOf = (shard: string): string => `tampered-${shard}`

/** Columns that the storage adds to each row. */
const ofStorage = ['odata.metadata', 'etag', 'partitionKey', 'rowKey', 'timestamp']

/** The number of characters of a key that are kept. A key has at most 512, and a digest follows. */
const longest = 200

/**
 * Makes a copy of a row beside its shard, with all columns. Its key ends in a digest of the whole row, so the same row has
 * one copy, and two versions of a row have two.
 */
export function keptApart(row: Row): TableEntity {
  const key = keyOf(row)
  const columns = Object.entries(row)
    .filter(([name]) => !ofStorage.includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  const written = JSON.stringify([key, columns], (_name, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
  return {
    ...Object.fromEntries(columns),
    partitionKey: partitionOf(String(row['partitionKey'])),
    rowKey: `${key.slice(0, longest)}-${sha256(written)}`,
  }
}

/** The requests of the shard that these copies of events name, in the leaf or beside it. */
export async function namedIn(table: TableClient, shard: Shard, size: number): Promise<readonly RequestId[]> {
  const named = new Set<RequestId>()
  const part = { size, select: ['RowKey', 'leaf', 'request'] }
  for await (const rows of rowsBetween(table, partitionOf(shard), ['event-', 'event-~'], part))
    for (const { leaf, request } of rows)
      for (const id of [request, typeof leaf === 'string' ? objectIn(leaf)?.['request'] : undefined])
        if (typeof id === 'string' && isRequestId(id) && shardOf(id as RequestId) === shard) named.add(id as RequestId)
  return [...named]
}
