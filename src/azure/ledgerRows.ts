import { odata, type TableClient } from '@azure/data-tables'
import { newRequestId, parseRequestId, type RequestId, type Shard, shardAt, shardOf } from '../core/data/id.ts'
import { type Instant, parseInstant } from '../core/data/instant.ts'
import { evidenceBroken } from '../core/data/problem.ts'
import type { Fact } from '../core/request/event.ts'
import { headText } from '../core/log/mac.ts'
import type { EventCopy, HeadCopy, LedgerRows, StoredRow } from '../ports/ledgerRows.ts'
import { keyOf, type Row, rowVersion, textIn, textOrNull } from './column.ts'
import { answered, found } from './fault.ts'
import { readPage } from './query.ts'
import { headFrom } from './row.ts'
import { rowKey } from './rowKey.ts'
import { halvesOf, storedOf } from './storedRow.ts'
import { eventIn } from './stream.ts'
import { within } from './deadline.ts'
import type { Tables } from './tables.ts'

/** The most rows of one page that the storage returns. */
const mostRows = 1_000

/**
 * Whether a row of the partition `seal` is copied. A restored ledger finds broken evidence again by itself, and the
 * chunks in the archive tell how far its events are collected.
 */
const isLasting = (row: Row): boolean => !/^(?:alarm|backup|chunk-.*)$/.test(keyOf(row))

/** The rows of the tables, for a snapshot. */
export class TableRows implements LedgerRows {
  readonly #tables: Pick<Tables, 'ledger' | 'limits' | 'macs'>
  readonly #pageSize: number

  constructor(tables: Pick<Tables, 'ledger' | 'limits' | 'macs'>, pageSize = mostRows) {
    this.#tables = tables
    this.#pageSize = pageSize
  }

  async head(shard: Shard): Promise<HeadCopy | null> {
    const row = await found(this.#tables.ledger.getEntity(shard, rowKey.head, within()))
    return row && headIn(this.#tables.macs, shard, row)
  }

  async *events(shard: Shard, after: number, upTo: number): AsyncGenerator<readonly EventCopy[]> {
    const filter = odata`PartitionKey eq ${shard} and RowKey gt ${rowKey.event(after)} and RowKey le ${rowKey.event(upTo)}`
    let place = after
    for await (const rows of this.#scan(this.#tables.ledger, filter)) {
      const gap = rows.findIndex((row, i) => keyOf(row) !== rowKey.event(place + 1 + i))
      if (gap >= 0) throw missing(shard, place + 1 + gap)
      yield await Promise.all(rows.map((row, i) => eventCopy(this.#tables.macs, shard, place + 1 + i, row)))
      place += rows.length
    }
    if (place < upTo) throw missing(shard, place + 1)
  }

  async hasErased(shard: Shard, after: number): Promise<boolean> {
    const range = odata`PartitionKey eq ${shard} and RowKey gt ${rowKey.event(after)} and RowKey lt 'event-~'`
    const filter = `${range} and type eq 'erased'`
    const { rows } = await readPage(this.#tables.ledger, { filter, select: ['RowKey'] }, { size: 1 }, within())
    return rows.length > 0
  }

  async request(id: RequestId): Promise<StoredRow | null> {
    const row = await found(this.#tables.ledger.getEntity(shardOf(id), rowKey.request(id), within()))
    return row && storedOf(row)
  }

  requests(shard: Shard): AsyncIterable<readonly StoredRow[]> {
    const filter = odata`PartitionKey eq ${shard} and RowKey ge 'request-' and RowKey lt 'request-~'`
    return this.#stored(this.#tables.ledger, filter)
  }

  keys(shard: Shard, since: Instant): AsyncIterable<readonly StoredRow[]> {
    const first = newRequestId(since, new Uint8Array(10), shardAt('0'))
    const range = odata`PartitionKey eq ${shard} and RowKey ge 'key-' and RowKey lt 'key-~'`
    return this.#stored(this.#tables.ledger, `${range} and ${odata`request ge ${first}`}`)
  }

  seals(): AsyncIterable<readonly StoredRow[]> {
    return this.#stored(this.#tables.ledger, odata`PartitionKey eq 'seal'`, isLasting)
  }

  limits(): AsyncIterable<readonly StoredRow[]> {
    return this.#stored(this.#tables.limits, odata`PartitionKey ge ''`)
  }

  async taken(at: Instant): Promise<void> {
    const row = { partitionKey: 'seal', rowKey: 'backup', v: rowVersion, at }
    await answered(this.#tables.ledger.upsertEntity(row, 'Replace', within()))
  }

  async newest(): Promise<Instant | null> {
    const row = await found(this.#tables.ledger.getEntity('seal', 'backup', within()))
    return row && parseInstant(textIn(row, 'at'))
  }

  async *#stored(
    table: TableClient,
    filter: string,
    keep: (row: Row) => boolean = () => true,
  ): AsyncGenerator<readonly StoredRow[]> {
    for await (const rows of this.#scan(table, filter)) yield rows.filter(keep).map(storedOf)
  }

  async *#scan(table: TableClient, filter: string): AsyncGenerator<readonly Row[]> {
    let token: string | undefined
    do {
      const page = await readPage(table, { filter }, { size: this.#pageSize, ...(token && { token }) }, within())
      if (page.rows.length > 0) yield page.rows
      token = page.token
    } while (token !== undefined)
  }
}

/** @throws {Problem} `evidence-broken` for a row that the service did not write */
export async function headIn(macs: Tables['macs'], shard: Shard, row: Row): Promise<HeadCopy> {
  const { origin } = macs
  const { seq, hash } = await macs.believed(
    row,
    { shard, row: rowKey.head },
    () => headFrom(row),
    (head) => headText({ origin, shard, ...head }),
  )
  return { head: { seq, hash }, row: storedOf(row) }
}

/** @throws {Problem} `evidence-broken` for a row that the service did not write at this place */
export async function eventCopy(macs: Tables['macs'], shard: Shard, seq: number, row: Row): Promise<EventCopy> {
  const event = await eventIn(macs, shard, seq, row)
  const request = textOrNull(row, 'request')
  return {
    event,
    type: textIn(row, 'type') as Fact['type'],
    ...(request !== null && { request: parseRequestId(request) }),
    ...halvesOf(storedOf(row)),
  }
}

const missing = (shard: Shard, seq: number) => evidenceBroken({ shard, row: rowKey.event(seq), check: 'missing' })
