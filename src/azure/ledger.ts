import { odata, RestError, type TableClient } from '@azure/data-tables'
import { emptyChain } from '../core/event.ts'
import { type Hex, parseRequestId, type RequestId, type Shard, shardOf, shards } from '../core/id.ts'
import type { Instant } from '../core/instant.ts'
import { Problem } from '../core/problem.ts'
import type { ApprovalRequest } from '../core/request.ts'
import {
  type Change,
  Conflict,
  type KeptEvent,
  type Ledger,
  type Loaded,
  type Page,
  type Scope,
  type UsedKey,
} from '../ports.ts'
import { type Row, textIn, textOrNull } from './column.ts'
import { found, translated } from './fault.ts'
import { type Listing, listRequests } from './list.ts'
import { readPage } from './query.ts'
import { eventFrom, headFrom, keyFrom, requestFrom, rowKey } from './row.ts'
import { type Deadline, type Tables, within } from './tables.ts'
import { headAfter, transaction, type Version } from './transaction.ts'
import { takeTurns } from './turns.ts'

/** Milliseconds. An older head is likelier to be somebody else's by now than worth the read it saves. */
const freshFor = 15

/** Milliseconds between the storage's clock and ours past which nothing is recorded. */
const mostApart = 30_000

const emptyHead: Loaded['head'] = { ...emptyChain, recordedAt: null, policy: null }

interface HeadRead {
  readonly head: Loaded['head']
  readonly etag: string | null
}

/** All requests and events, in Azure Table Storage: one partition a shard, one transaction a change. */
export class TableLedger implements Ledger {
  readonly inTurn = takeTurns()
  private readonly tables: Tables
  private readonly table: TableClient
  private readonly remembered = new Map<Shard, HeadRead & { readonly at: number }>()

  constructor(tables: Tables) {
    this.tables = tables
    this.table = tables.ledger
  }

  async load(shard: Shard, want: { readonly request?: RequestId; readonly key?: Hex }): Promise<Loaded> {
    const deadline = within()
    const [{ head, etag }, request, key] = await Promise.all([
      this.freshHead(shard) ?? this.readHead(shard, deadline),
      want.request === undefined ? null : this.read(shard, rowKey.request(want.request), deadline),
      want.key === undefined ? null : this.read(shard, rowKey.key(want.key), deadline),
    ])
    const version: Version = { head: etag, request: request && textIn(request, 'etag') }
    return { shard, head, request: request && requestFrom(request), key: key && keyFrom(key), version }
  }

  async commit(loaded: Loaded, change: Change): Promise<void> {
    if (this.tables.clock.apart > mostApart)
      throw new Problem('unavailable', 'The clocks of the storage and of this machine differ.', { retryAfter: 30 })
    const rows = transaction(loaded, change, versionOf(loaded))
    this.remembered.delete(loaded.shard)
    try {
      const { subResponses } = await this.table.submitTransaction(rows, within())
      if (subResponses.length !== rows.length) throw new RestError('The answer is not one to our transaction.')
      const etag = subResponses[0]?.etag
      if (etag !== undefined) this.remember(loaded.shard, { head: headAfter(loaded, change), etag })
    } catch (cause) {
      await this.settle(loaded, change, translated(cause))
    }
  }

  /** Finds out whether a commit is written after all: the event at the number it tried bears its operation id. */
  private async settle({ shard, head }: Loaded, { op }: Change, fault: unknown): Promise<void> {
    if (!(fault instanceof Conflict || fault instanceof Problem)) throw fault
    const deadline = within(2_000)
    const [event, newest] = await Promise.all([
      this.read(shard, rowKey.event(head.seq + 1), deadline),
      this.readHead(shard, deadline),
    ])
    this.remember(shard, newest)
    if (event === null || textIn(event, 'op') !== op) throw fault
  }

  async find(id: RequestId): Promise<ApprovalRequest | null> {
    return this.findBy(within())(id)
  }

  async findKey(shard: Shard, hash: Hex): Promise<UsedKey | null> {
    const row = await this.read(shard, rowKey.key(hash), within())
    return row && keyFrom(row)
  }

  async events({ id, events }: ApprovalRequest): Promise<readonly KeptEvent[]> {
    const deadline = within()
    return Promise.all(
      events.map(async ({ seq }) => {
        const row = await this.read(shardOf(id), rowKey.event(seq), deadline)
        if (row === null) throw new Error(`Event ${seq} of shard ${shardOf(id)} is missing.`)
        return eventFrom(seq, row)
      }),
    )
  }

  async due(before: Instant, limit: number): Promise<readonly RequestId[]> {
    const deadline = within()
    const end = `due-${before}-~`
    const rowsOf = async (shard: Shard): Promise<readonly Row[]> => {
      const filter = odata`PartitionKey eq ${shard} and RowKey ge 'due-' and RowKey le ${end}`
      return (await readPage(this.table, { filter, select: ['RowKey'] }, { size: Math.min(limit, 1000) }, deadline))
        .rows
    }
    const rows = await Promise.all(shards.map(rowsOf))
    const keys = rows.flat().map((row) => textIn(row, 'rowKey'))
    return keys
      .sort()
      .slice(0, limit)
      .map((key) => parseRequestId(key.slice('due-2026-01-31T09:30:00.000Z-'.length)))
  }

  async list(scope: Scope, page: Listing): Promise<Page> {
    const deadline = within()
    return listRequests({ table: this.table, find: this.findBy(deadline), deadline }, scope, page)
  }

  async news(shard: Shard, after: number | null): ReturnType<Ledger['news']> {
    if (after === null) return { seq: (await this.readHead(shard, within())).head.seq, requests: [] }
    const filter = odata`PartitionKey eq ${shard} and RowKey gt ${rowKey.event(after)} and RowKey lt 'event-~'`
    const { rows } = await readPage(this.table, { filter, select: ['RowKey', 'request'] }, { size: 1000 }, within())
    // What follows a gap is left for next time: numbers are dense, so the gap's event was written while we read.
    const gap = rows.findIndex((row, i) => textIn(row, 'rowKey') !== rowKey.event(after + 1 + i))
    const covered = gap < 0 ? rows : rows.slice(0, gap)
    const ids = covered.flatMap((row) => textOrNull(row, 'request') ?? [])
    return { seq: after + covered.length, requests: [...new Set(ids)].map(parseRequestId) }
  }

  async ping(): Promise<void> {
    await this.read('seal', 'meta', within())
  }

  private findBy(deadline: Deadline): (id: RequestId) => Promise<ApprovalRequest | null> {
    return async (id) => {
      const row = await this.read(shardOf(id), rowKey.request(id), deadline)
      return row && requestFrom(row)
    }
  }

  private read(partition: string, key: string, deadline: Deadline): Promise<Row | null> {
    return found(this.table.getEntity(partition, key, deadline))
  }

  private async readHead(shard: Shard, deadline: Deadline): Promise<HeadRead> {
    const row = await this.read(shard, rowKey.head, deadline)
    return row === null ? { head: emptyHead, etag: null } : { head: headFrom(row), etag: textIn(row, 'etag') }
  }

  private freshHead(shard: Shard): HeadRead | null {
    const head = this.remembered.get(shard)
    return head !== undefined && performance.now() - head.at < freshFor ? head : null
  }

  private remember(shard: Shard, head: HeadRead): void {
    this.remembered.set(shard, { ...head, at: performance.now() })
  }
}

/** What `load` put there; from elsewhere it would be a bug. */
function versionOf({ version }: Loaded): Version {
  return version as Version
}
