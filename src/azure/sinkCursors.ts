import { odata, type TableClient } from '@azure/data-tables'
import type { Shard } from '../core/data/id.ts'
import { rowText } from '../core/log/mac.ts'
import { isBroken } from '../core/data/problem.ts'
import { emptyChain } from '../core/request/event.ts'
import type { SinkCursor, SinkCursors, SinkPlace, StoredCursor } from '../ports/sinks.ts'
import { keyOf, type Row, textIn } from './column.ts'
import { within } from './deadline.ts'
import { answered, found, unlessConflict } from './fault.ts'
import { readPage } from './query.ts'
import { rowOf } from './row.ts'
import type { Tables } from './tables.ts'

const prefix = 'sink-'

/** More rows than a shard has sinks. */
const mostRows = 1_000

/** Keeps the cursors of sinks as rows `sink-<name>` beside the events of their shard. */
export class TableSinkCursors implements SinkCursors {
  readonly #table: TableClient
  readonly #macs: Tables['macs']

  constructor({ ledger, macs }: Pick<Tables, 'ledger' | 'macs'>) {
    this.#table = ledger
    this.#macs = macs
  }

  async read({ sink, shard }: SinkPlace): Promise<StoredCursor> {
    const row = await found(this.#table.getEntity(shard, `${prefix}${sink}`, within()))
    if (row === null) return { cursor: { seq: emptyChain.seq, hash: emptyChain.hash }, version: null }
    return { cursor: await this.#believed(shard, row), version: textIn(row, 'etag') }
  }

  async write(place: SinkPlace, version: unknown, cursor: SinkCursor): Promise<StoredCursor | null> {
    const deadline = within()
    const row = await this.#rowOf(place, cursor)
    const written = await unlessConflict(
      typeof version === 'string'
        ? this.#table.updateEntity(row, 'Replace', { etag: version, ...deadline })
        : this.#table.createEntity(row, deadline),
    )
    if (written?.etag !== undefined) return { cursor, version: written.etag }
    // After a lost answer the conflict is with this very write. A claim has its process, and so two are never alike.
    const standing = await this.read(place)
    return JSON.stringify(standing.cursor) === JSON.stringify(cursor) ? standing : null
  }

  async put(place: SinkPlace, cursor: SinkCursor): Promise<void> {
    await answered(this.#table.upsertEntity(await this.#rowOf(place, cursor), 'Replace', within()))
  }

  async all(shard: Shard): Promise<ReadonlyMap<string, SinkCursor | null>> {
    const filter = odata`PartitionKey eq ${shard} and RowKey ge ${prefix} and RowKey lt ${`${prefix}~`}`
    const { rows } = await readPage(this.#table, { filter }, { size: mostRows }, within())
    return new Map(
      await Promise.all(
        rows.map(async (row) => [keyOf(row).slice(prefix.length), await orNull(this.#believed(shard, row))] as const),
      ),
    )
  }

  async #rowOf({ sink, shard }: SinkPlace, cursor: SinkCursor) {
    const { origin, sign } = await this.#macs.rows()
    const [row, value] = [`${prefix}${sink}`, JSON.stringify(cursor)]
    return rowOf(shard, row, { value, ...sign(rowText({ origin, partition: shard, row, columns: { value } })) })
  }

  async #believed(shard: Shard, row: Row): Promise<SinkCursor> {
    const { origin } = this.#macs
    const name = keyOf(row)
    const text = await this.#macs.believed(
      row,
      { shard, row: name },
      () => textIn(row, 'value'),
      (value) => rowText({ origin, partition: shard, row: name, columns: { value } }),
    )
    return JSON.parse(text) as SinkCursor
  }
}

/** `null` for a row that the service did not write. */
async function orNull<T>(read: Promise<T>): Promise<T | null> {
  try {
    return await read
  } catch (cause) {
    if (isBroken(cause)) return null
    throw cause
  }
}
