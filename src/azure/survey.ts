import { odata, type TableClient } from '@azure/data-tables'
import type { Hex, Shard } from '../core/data/id.ts'
import { isObject, type Json, type JsonObject } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import { eventText } from '../core/log/mac.ts'
import { leafHash } from '../core/log/merkle.ts'
import type { SurveyedRow } from '../core/record/chainSurvey.ts'
import type { Macs } from '../runtime/macs.ts'
import { keyOf, type Row, textIn, textOrNull } from './column.ts'
import { readPage } from './query.ts'
import { eventFrom } from './row.ts'
import { rowKey } from './rowKey.ts'
import { within } from './deadline.ts'

/** Reads all rows of a partition whose keys lie after one and before another, in pages. */
export async function* rowsBetween(
  table: TableClient,
  partition: string,
  [after, before]: readonly [string, string],
  { size, select }: { readonly size: number; readonly select?: readonly string[] },
): AsyncGenerator<readonly Row[], void, undefined> {
  const filter = odata`PartitionKey eq ${partition} and RowKey gt ${after} and RowKey lt ${before}`
  let token: string | undefined
  do {
    const page = await readPage(
      table,
      { filter, ...(select && { select }) },
      { size, ...(token && { token }) },
      within(),
    )
    if (page.rows.length > 0) yield page.rows
    token = page.token
  } while (token !== undefined)
}

/** Streams the rows of a shard's chain after a number, unchecked. */
export async function* surveyEvents(
  table: TableClient,
  macs: Macs,
  { shard, after }: { readonly shard: Shard; readonly after: number },
  size: number,
): AsyncGenerator<readonly SurveyedRow[], void, undefined> {
  for await (const rows of rowsBetween(table, shard, [rowKey.event(after), 'event-~'], { size }))
    yield await Promise.all(rows.map((row) => surveyedRow(macs, shard, row)))
}

/** @throws {Problem} `newer-format` */
async function surveyedRow(macs: Macs, shard: Shard, row: Row): Promise<SurveyedRow> {
  const key = keyOf(row)
  const [, digits] = /^event-(\d{12})$/.exec(key) ?? []
  const seq = digits === undefined ? null : Number(digits)
  const leaf = orNull(() => textOrNull(row, 'leaf'))
  const hash = leaf === null ? null : leafHash(leaf)
  const text = hash !== null && seq !== null && eventText({ origin: macs.origin, shard, seq, leaf: hash })
  const isAuthentic = text !== false && (await macs.isAuthentic(text, row))
  return {
    key,
    seq,
    hash,
    prev: leaf === null ? null : prevIn(leaf),
    check: isAuthentic ? null : leaf === null ? 'form' : 'mac',
    isWhole: seq !== null && orNull(() => eventFrom(seq, row)) !== null,
    version: textIn(row, 'etag'),
  }
}

/** Reads a part of a row; `null` if it cannot be read. */
export function orNull<T>(read: () => T): T | null {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof Problem) throw cause
    return null
  }
}

export const objectIn = (text: string): JsonObject | null =>
  orNull(() => {
    const value = JSON.parse(text) as Json
    return isObject(value) ? value : null
  })

function prevIn(leaf: string): Hex | null {
  const prev = objectIn(leaf)?.['prev']
  return typeof prev === 'string' ? (prev as Hex) : null
}
