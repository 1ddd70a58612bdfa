import { setTimeout as pause } from 'node:timers/promises'
import type { TableClient, TransactionAction } from '@azure/data-tables'
import { type Hex, type Shard, shardAt } from '../core/data/id.ts'
import { Problem } from '../core/data/problem.ts'
import type { Instant } from '../core/data/instant.ts'
import type { ChainHead, Leaf } from '../core/request/event.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { type DeputyRow, isClaim } from '../ports/ledger.ts'
import type {
  ClaimCopy,
  EventCopy,
  HeadCopy,
  KeyCopy,
  RestoredRequest,
  RestoredRows,
  StoredRow,
} from '../ports/ledgerRows.ts'
import { type Row, split, textIn } from './column.ts'
import { answered } from './fault.ts'
import { eventCopy, headIn } from './ledgerRows.ts'
import { indexRows, listed } from './indexRow.ts'
import {
  deputyRow,
  eventRow,
  foreignIn,
  headFrom,
  headRow,
  keyFrom,
  keyRow,
  keyText,
  requestFrom,
  requestRow,
  requestText,
} from './row.ts'
import { inverseIdIn } from './rowKey.ts'
import { rowFrom, wholeOf } from './storedRow.ts'
import { within } from './deadline.ts'
import type { Tables } from './tables.ts'
import { postRow } from './transaction.ts'

/** A transaction has at most 100 rows and 4 MiB (learn.microsoft.com: Performing entity group transactions). */
const mostRows = 100
const mostBytes = 1_500_000

/** Tries of a transaction, each with all its retries: a restore takes long, and a failed one begins again. */
const tries = 4

/** The rows of tables that are being restored. */
export class RestoredTables implements RestoredRows {
  readonly #tables: Pick<Tables, 'ledger' | 'limits' | 'macs'>

  constructor(tables: Pick<Tables, 'ledger' | 'limits' | 'macs'>) {
    this.#tables = tables
  }

  event(lasting: StoredRow, erasable: StoredRow | null): Promise<EventCopy> {
    const row = wholeOf(lasting, erasable)
    return eventCopy(this.#tables.macs, row.partition as Shard, numberIn(row), rowFrom(row))
  }

  head(row: StoredRow): Promise<HeadCopy> {
    return headIn(this.#tables.macs, row.partition as Shard, rowFrom(row))
  }

  async leaf(shard: Shard, { seq, hash, text }: ChainHead & { readonly text: string }): Promise<EventCopy> {
    const { type, request } = JSON.parse(text) as Pick<Leaf, 'type' | 'request'>
    const leaf: Leaf = { seq, type, hash, text, said: {}, ...(request !== undefined && { request }) }
    const row = eventRow(await this.#tables.macs.rows(), shard, { op: 'restored' }, leaf)
    return eventCopy(this.#tables.macs, shard, seq, row)
  }

  async laterHead(
    shard: Shard,
    before: StoredRow | null,
    { seq, hash, at }: ChainHead & { readonly at: Instant },
  ): Promise<HeadCopy> {
    const { policy, logKey } = before === null ? { policy: null, logKey: null } : headFrom(rowFrom(before))
    const row = headRow(await this.#tables.macs.rows(), shard, { seq, hash, recordedAt: at, policy, logKey })
    return headIn(this.#tables.macs, shard, row)
  }

  request(stored: StoredRow): Promise<ApprovalRequest> {
    const row = rowFrom(stored)
    const { origin } = this.#tables.macs
    const shard = stored.partition as Shard
    const id = inverseIdIn(stored.row, shard)
    return this.#tables.macs.believed(
      row,
      { shard, row: stored.row, ...(id && { request: id }) },
      () => {
        const request = requestFrom(row)
        if (request.id !== id) throw new Error('The row is about another request.')
        return request
      },
      (request) => requestText(origin, request),
    )
  }

  async key(stored: StoredRow): Promise<KeyCopy> {
    const row = rowFrom(stored)
    const { origin } = this.#tables.macs
    const shard = stored.partition as Shard
    const hash = stored.row.slice('key-'.length) as Hex
    const key = await this.#tables.macs.believed(
      row,
      { shard, row: stored.row },
      () => keyFrom(row),
      (used) => keyText(origin, shard, hash, used),
    )
    const { request, body } = key
    if (isClaim(key) || !key.claim) return { hash, request, isClaim: isClaim(key) }
    return { hash, request, isClaim: false, claim: { request, body, ...key.claim } }
  }

  async putClaims(claims: readonly ClaimCopy[]): Promise<void> {
    const signer = await this.#tables.macs.rows()
    for (const claim of claims) await write(this.#tables.ledger, [keyRow(signer, shardAt(claim.hash), claim)])
  }

  put(rows: readonly StoredRow[]): Promise<void> {
    return write(this.#tables.ledger, rows.map(rowFrom))
  }

  putAbsences(shard: Shard, rows: readonly DeputyRow[]): Promise<void> {
    return write(
      this.#tables.ledger,
      rows.map((row) => ({ ...deputyRow(shard, row) })),
    )
  }

  putEvents(events: readonly EventCopy[]): Promise<void> {
    return write(
      this.#tables.ledger,
      events.map(({ event, lasting, erasable }) => {
        const { columns } = wholeOf(lasting, erasable)
        const others = Object.entries(columns).filter(([name]) => !/^said\d*$/.test(name))
        return rowFrom({
          ...lasting,
          columns: { ...Object.fromEntries(others), ...split('said', JSON.stringify(event.said)) },
        })
      }),
    )
  }

  async putRequests(requests: readonly RestoredRequest[]): Promise<void> {
    const signer = await this.#tables.macs.rows()
    const { origin } = signer
    const rows = requests.flatMap(({ request, row: stored, isOutOfDate }) => {
      const kept = stored === null ? requestRow(signer, request) : asItWas(origin, request, rowFrom(stored))
      return [kept, ...listed(indexRows(signer, request)), ...(isOutOfDate ? [{ ...postRow(request), tries: 0 }] : [])]
    })
    return write(this.#tables.ledger, rows)
  }

  async putLimits(rows: readonly StoredRow[]): Promise<void> {
    for (const row of rows) await write(this.#tables.limits, [rowFrom(row)])
  }
}

function asItWas(origin: string, request: ApprovalRequest, row: Row): Row {
  const [mac, macKey] = [textIn(row, 'mac') as Hex, textIn(row, 'macKey')]
  return requestRow({ origin, sign: () => ({ mac, macKey }) }, request, foreignIn(row))
}

/** Writes rows of one partition, in as few transactions as they take. */
async function write(table: TableClient, rows: readonly Row[]): Promise<void> {
  for (const some of batchesOf(rows)) await patiently(() => submit(table, some))
}

function* batchesOf(rows: readonly Row[]): Generator<readonly Row[]> {
  let batch: Row[] = []
  let bytes = 0
  for (const row of rows) {
    const size = Buffer.byteLength(JSON.stringify(row))
    if (batch.length === mostRows || (batch.length > 0 && bytes + size > mostBytes)) {
      yield batch
      ;[batch, bytes] = [[], 0]
    }
    batch.push(row)
    bytes += size
  }
  if (batch.length > 0) yield batch
}

async function submit(table: TableClient, rows: readonly Row[]): Promise<void> {
  const actions = rows.map((row): TransactionAction => ['upsert', row as TransactionAction[1], 'Replace'])
  const { subResponses } = await answered(table.submitTransaction(actions, within(20_000)))
  if (subResponses.length !== actions.length)
    throw new Problem('unavailable', 'The ledger’s storage cannot be reached.', { retryAfter: 2 })
}

async function patiently(work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await work()
      return
    } catch (cause) {
      if (attempt === tries || !(cause instanceof Problem) || cause.code !== 'unavailable') throw cause
    }
    await pause(500 * 2 ** attempt)
  }
}

/** The number in the key of an event's row. */
const numberIn = ({ row }: StoredRow): number => Number(row.slice('event-'.length))
