import { odata, type TableClient } from '@azure/data-tables'
import type { Shard } from '../core/data/id.ts'
import type { KeptEvent } from '../ports/ledger.ts'
import { eventText } from '../core/log/mac.ts'
import type { Macs } from '../runtime/macs.ts'
import { keyOf, type Row } from './column.ts'
import { readPage } from './query.ts'
import { eventFrom } from './row.ts'
import { rowKey } from './rowKey.ts'
import { within } from './deadline.ts'

export interface Stretch {
  readonly shard: Shard
  readonly after: number
  readonly upTo: number
}

/**
 * Streams a shard's events, oldest first, and reads one page ahead. Ends before the first that is missing.
 *
 * @throws {Problem} `evidence-broken` at an event that the service did not write, after those before it
 */
export async function* streamEvents(
  table: TableClient,
  macs: Macs,
  { shard, after, upTo }: Stretch,
  pageSize: number,
): AsyncGenerator<readonly KeptEvent[], void, undefined> {
  const read = async (place: number): Promise<readonly Row[]> => {
    if (place >= upTo) return []
    const [from, to] = [rowKey.event(place), rowKey.event(upTo)]
    const filter = odata`PartitionKey eq ${shard} and RowKey gt ${from} and RowKey le ${to}`
    return (await readPage(table, { filter }, { size: Math.min(pageSize, upTo - place) }, within())).rows
  }

  let place = after
  let rows = await read(place)
  while (rows.length > 0) {
    const first = place + 1
    const gap = rows.findIndex((row, i) => keyOf(row) !== rowKey.event(first + i))
    const dense = gap < 0 ? rows : rows.slice(0, gap)
    place += dense.length
    const next = gap < 0 ? read(place) : Promise.resolve([])
    // Avoids an unhandled rejection: the error surfaces when this page is awaited.
    next.catch(() => undefined)
    const { events, broken } = await believedIn(dense.map((row, i) => eventIn(macs, shard, first + i, row)))
    if (events.length > 0) yield events
    if (broken !== undefined) throw broken.cause
    rows = await next
  }
}

/** The events before the first that is refused, and why that one is. */
async function believedIn(
  read: readonly Promise<KeptEvent>[],
): Promise<{ readonly events: readonly KeptEvent[]; readonly broken?: { readonly cause: unknown } }> {
  const ended = await Promise.allSettled(read)
  const place = ended.findIndex(({ status }) => status === 'rejected')
  const events = ended.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const refused = ended[place]
  if (refused?.status !== 'rejected') return { events }
  return { events: events.slice(0, place), broken: { cause: refused.reason } }
}

/**
 * Reads an event from its row.
 *
 * @throws {Problem} `evidence-broken` for a row that the service did not write at this place
 */
export function eventIn(macs: Macs, shard: Shard, seq: number, row: Row): Promise<KeptEvent> {
  const { origin } = macs
  return macs.believed(
    row,
    { shard, row: rowKey.event(seq) },
    () => eventFrom(seq, row),
    ({ hash }) => eventText({ origin, shard, seq, leaf: hash }),
  )
}
