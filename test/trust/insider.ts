import type { TableClient } from '@azure/data-tables'
import type { Row } from '../../src/azure/column.ts'
import { rowKey } from '../../src/azure/rowKey.ts'
import { transaction, type Version } from '../../src/azure/transaction.ts'
import { TableLedger } from '../../src/azure/ledger.ts'
import type { RowSigner } from '../../src/azure/row.ts'
import { type RequestId, shardOf } from '../../src/core/data/id.ts'
import { macOf } from '../../src/core/log/mac.ts'
import type { ApprovalRequest, Step } from '../../src/core/request/request.ts'
import { changeOf } from '../ports/story.ts'
import { meta, type TestStorage } from '../ports/tables.ts'
import type { Shard } from '../../src/core/data/id.ts'

/** A row's columns as the insider writes them, without what the storage adds. */
export type Columns = Record<string, unknown>

/** Who may write the tables, and knows the code, but holds no key. */
export class Insider {
  readonly #storage: Pick<TestStorage, 'connect'>
  readonly #table: TableClient

  constructor(storage: Pick<TestStorage, 'connect'>) {
    this.#storage = storage
    this.#table = storage.connect().ledger
  }

  async row(partition: string, key: string): Promise<Columns> {
    const { etag: _etag, timestamp: _at, 'odata.metadata': _metadata, ...row } = await this.#read(partition, key)
    return row
  }

  async put(row: Columns): Promise<void> {
    await this.#table.upsertEntity(row as never, 'Replace')
  }

  async drop(partition: string, key: string): Promise<void> {
    await this.#table.deleteEntity(partition, key)
  }

  async edit(partition: string, key: string, change: (row: Columns) => Columns): Promise<void> {
    await this.put({ ...(await this.row(partition, key)), ...change(await this.row(partition, key)) })
  }

  /** All rows of a partition, by key. */
  async rows(partition: string): Promise<readonly Columns[]> {
    const rows: Columns[] = []
    const queryOptions = { filter: `PartitionKey eq '${partition}'` }
    for await (const { etag: _, timestamp: _at, ...row } of this.#table.listEntities({ queryOptions })) rows.push(row)
    return rows
  }

  /** Puts the rows of a shard back to what they were. */
  async restore(shard: Shard, rows: readonly Columns[]): Promise<void> {
    const wanted = new Set(rows.map((row) => row['rowKey']))
    for (const { rowKey: key } of await this.rows(shard)) if (!wanted.has(key)) await this.drop(shard, String(key))
    for (const row of rows) await this.put(row)
  }

  /** Edits a request's row: its state is JSON in a column. */
  async request(id: RequestId, change: (state: Columns) => Columns, columns: Columns = {}): Promise<void> {
    await this.edit(shardOf(id), rowKey.request(id), ({ state }) => {
      const before = JSON.parse(String(state)) as Columns
      return { ...columns, state: JSON.stringify({ ...before, ...change(before) }) }
    })
  }

  /** Edits the text of an event, and nothing that follows from it. */
  async event(id: RequestId, seq: number, change: (text: string) => string): Promise<void> {
    await this.edit(shardOf(id), rowKey.event(seq), ({ leaf }) => ({ leaf: change(String(leaf)) }))
  }

  /**
   * Commits events, head and row as the service would, with a key of the insider's own.
   *
   * @param as the id of the key's version that the rows name
   */
  async commit(id: RequestId, rule: (request: ApprovalRequest) => Step, as = 'v1'): Promise<void> {
    const ledger = new TableLedger(this.#storage.connect())
    const loaded = await ledger.load(shardOf(id), { request: id })
    if (!loaded.request) throw new Error('There is no such request.')
    const change = changeOf(loaded, rule(loaded.request), loaded.head.recordedAt ?? loaded.request.createdAt)
    await this.#table.submitTransaction(transaction(ownKey(as), loaded, change, loaded.version as Version))
  }

  #read(partition: string, key: string): Promise<Row & Columns> {
    return this.#table.getEntity(partition, key) as Promise<Row & Columns>
  }
}

const ownKey = (id: string): RowSigner => ({
  origin: meta.origin,
  sign: (text) => macOf({ id, secret: Buffer.alloc(32, 'insider') }, text),
})
