import { odata, RestError, type TableClient } from '@azure/data-tables'
import type { ChainHead } from '../core/request/event.ts'
import {
  type Hex,
  type ObjectId,
  parseRequestId,
  type RequestId,
  type Shard,
  shardOf,
  shards,
} from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import { evidenceBroken, Problem } from '../core/data/problem.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import {
  type Change,
  type ClaimedKey,
  Conflict,
  type DeputyRow,
  isClaim,
  type DuePage,
  type DuePart,
  type DuePlace,
  type KeptEvent,
  type KeyRow,
  type Ledger,
  type Loaded,
  type RequestPage,
  type Scope,
  type Wanted,
} from '../ports/ledger.ts'
import { isNewer, keyOf, type ReadRow, type Row, textIn, textOrNull } from './column.ts'
import { cutBefore } from './cut.ts'
import { createOrRead, found, translated } from './fault.ts'
import { Heads } from './heads.ts'
import { copyIn } from './indexRow.ts'
import { type Listing, listRequests } from './list.ts'
import { readPage } from './query.ts'
import { readRequestRows } from './requestRows.ts'
import { checkRequestForm } from './rowForm.ts'
import { deputyFrom, foreignIn, keyFrom, keyRow, keyText, requestFrom, requestText } from './row.ts'
import { rowKey, timedIdIn } from './rowKey.ts'
import { eventIn, streamEvents } from './stream.ts'
import { type Deadline, within } from './deadline.ts'
import type { Tables } from './tables.ts'
import { clearedBy, headAfter, transaction, type Version } from './transaction.ts'
import { takeTurns } from './turns.ts'

/**
 * Events of one page of a stream; the storage answers with no more (learn.microsoft.com: Query timeout and pagination).
 */
const mostEvents = 1_000

/** Keeps all requests and events in Azure Table Storage: one partition a shard, one transaction a change. */
export class TableLedger implements Ledger {
  readonly inTurn = takeTurns()
  readonly #table: TableClient
  readonly #heads: Heads
  readonly #macs: Tables['macs']
  /** The rows of requests that were found. An entry lives as long as the request's object. */
  readonly #rows = new WeakMap<ApprovalRequest, ReadRow>()
  readonly #pageSize: number

  constructor(tables: Tables, pageSize = mostEvents) {
    this.#table = tables.ledger
    this.#heads = new Heads(tables)
    this.#macs = tables.macs
    this.#pageSize = pageSize
  }

  async load(shard: Shard, { request: id, found: given, key: hash }: Wanted): Promise<Loaded> {
    const deadline = within()
    const known = given && given.id === id && this.#rows.has(given) ? given : null
    const [{ head, etag }, request, key] = await Promise.all([
      this.#heads.fresh(shard) ?? this.#heads.read(shard, deadline),
      known ?? (id === undefined ? null : this.#findBy(deadline)(id)),
      hash === undefined ? null : this.#keyRow(shard, hash, deadline),
    ])
    const version: Version = {
      head: etag,
      request: (request && this.#rows.get(request)) ?? null,
      ...(key && isClaim(key.key) && { claim: key.etag }),
    }
    return { shard, head, request, key: key && key.key, version }
  }

  async commit(loaded: Loaded, change: Change): Promise<void> {
    this.#heads.checkClock()
    const cleared = clearedBy(loaded, change)
    const kept = cleared.length > 0 ? await this.#rowsOf(loaded.shard, cleared) : undefined
    const rows = transaction(await this.#macs.rows(), loaded, change, versionOf(loaded), kept)
    this.#heads.forget(loaded.shard)
    try {
      const { subResponses } = await this.#table.submitTransaction(rows, within())
      if (subResponses.length !== rows.length) throw new RestError('The answer is not one to our transaction.')
      const etag = subResponses[0]?.etag
      if (etag !== undefined) this.#heads.remember(loaded.shard, { head: headAfter(loaded, change), etag })
    } catch (cause) {
      await this.#passIfWritten(loaded, change, translated(cause))
    }
  }

  /**
   * Returns if a commit was written although its answer was lost: the event at the number it tried has its operation
   * id. Rethrows the fault otherwise.
   */
  async #passIfWritten(loaded: Loaded, { op }: Change, fault: unknown): Promise<void> {
    if (!(fault instanceof Conflict || fault instanceof Problem)) throw fault
    const { shard, head } = loaded
    const deadline = within(2_000)
    const [event, newest] = await Promise.all([
      this.#read(shard, rowKey.event(head.seq + 1), deadline),
      this.#heads.read(shard, deadline),
    ])
    this.#heads.remember(shard, newest)
    if (event !== null && operationIn(shard, head.seq + 1, event) === op) return
    if (newest.etag !== versionOf(loaded).head) this.#heads.meet()
    throw fault
  }

  async find(id: RequestId): Promise<ApprovalRequest | null> {
    return this.#findBy(within())(id)
  }

  async findMany(shard: Shard, ids: readonly RequestId[]): Promise<ReadonlyMap<RequestId, ApprovalRequest>> {
    const wanted = new Map(ids.map((id) => [rowKey.request(id), id]))
    const found = new Map<RequestId, ApprovalRequest>()
    for await (const rows of readRequestRows(this.#table, shard, [...wanted.keys()]))
      for (const row of rows) {
        const id = wanted.get(keyOf(row))
        const request = id !== undefined && (await unlessRefused(this.#believed(id, row)))
        if (request) found.set(request.id, request)
      }
    return found
  }

  async deputies(shard: Shard, deputy?: ObjectId): Promise<readonly DeputyRow[]> {
    const begin = `deputy-${deputy === undefined ? '' : `${deputy}-`}`
    const filter = odata`PartitionKey eq ${shard} and RowKey ge ${begin} and RowKey lt ${`${begin}~`}`
    const found: DeputyRow[] = []
    let token: string | undefined
    do {
      const part = { size: 1_000, ...(token !== undefined && { token }) }
      const page = await readPage(this.#table, { filter }, part, within())
      found.push(...page.rows.flatMap((row) => (isNewer(row) ? [] : (deputyFrom(row) ?? []))))
      token = page.token
    } while (token !== undefined)
    return found
  }

  async findKey(shard: Shard, hash: Hex): Promise<KeyRow | null> {
    const deadline = within()
    // The caller commits the key next, so the head is read at the same time.
    const [found] = await Promise.all([this.#keyRow(shard, hash, deadline), this.#heads.readAhead(shard, deadline)])
    return found && found.key
  }

  async claimKey(shard: Shard, hash: Hex, claim: ClaimedKey): Promise<KeyRow | null> {
    const deadline = within()
    const row = keyRow(await this.#macs.rows(), shard, { hash, ...claim })
    const standing = await createOrRead(this.#table.createEntity(row, deadline), () =>
      this.#read(shard, rowKey.key(hash), deadline),
    )
    return standing && (await this.#believedKey(shard, hash, standing))
  }

  async events({ id, events }: Pick<ApprovalRequest, 'id' | 'events'>): Promise<readonly KeptEvent[]> {
    const shard = shardOf(id)
    const rows = await this.#rowsOf(
      shard,
      events.map(({ seq }) => seq),
    )
    return Promise.all([...rows].map(([seq, row]) => eventIn(this.#macs, shard, seq, row)))
  }

  async due(before: Instant, limit: number): Promise<readonly RequestId[]> {
    const keys = await this.#timedKeys('due', `due-${before}-~`, { limit })
    return idsIn(keys.sort()).slice(0, limit)
  }

  dueIn(shard: Shard, before: Instant, page: DuePart): Promise<DuePage> {
    return this.#timed('due', shard, before, page)
  }

  promptsIn(shard: Shard, before: Instant, page: DuePart): Promise<DuePage> {
    return this.#timed('prompt', shard, before, page)
  }

  async #timed(kind: 'due' | 'prompt', shard: Shard, before: Instant, { limit, after }: DuePart): Promise<DuePage> {
    const [begin, end] = [after ?? `${kind}-`, `${kind}-${before}-~`]
    const filter = odata`PartitionKey eq ${shard} and RowKey gt ${begin} and RowKey le ${end}`
    const page = await readPage(this.#table, { filter, select: ['RowKey', 'v'] }, { size: limit }, within())
    const deadlines = readable(page.rows).flatMap((key) => {
      const request = timedIdIn(key)
      return request === null ? [] : { request, place: key as DuePlace }
    })
    const last = page.rows.at(-1)
    return { deadlines, ...(page.token !== undefined && last && { next: keyOf(last) as DuePlace }) }
  }

  async pending(limit: number): Promise<readonly RequestId[]> {
    return idsIn(await this.#timedKeys('due', 'due-~', { limit, status: 'pending' }))
  }

  async open(kind: 'review' | 'standing', limit: number): Promise<readonly RequestId[]> {
    if (kind === 'review') return idsIn(await this.#timedKeys('review', 'review-~', { limit }))
    return idsIn(await this.#timedKeys('due', 'due-~', { limit, status: 'standing' }))
  }

  /** Keys that begin with a time, at most `limit` of each shard. */
  async #timedKeys(
    kind: 'due' | 'review',
    end: string,
    { limit, status }: { readonly limit: number; readonly status?: 'pending' | 'standing' },
  ): Promise<string[]> {
    const deadline = within()
    const size = Math.min(limit, 1000)
    const more = status === undefined ? '' : ` and status eq '${status}'`
    const rowsOf = async (shard: Shard): Promise<readonly Row[]> => {
      const filter = odata`PartitionKey eq ${shard} and RowKey ge ${`${kind}-`} and RowKey le ${end}` + more
      return (await readPage(this.#table, { filter, select: ['RowKey', 'v'] }, { size }, deadline)).rows
    }
    return readable((await Promise.all(shards.map(rowsOf))).flat())
  }

  async list(scope: Scope, page: Listing): Promise<RequestPage> {
    const deadline = within()
    const find = (id: RequestId) => this.#listed(id, deadline)
    const source = { table: this.#table, find, copyIn: (row: Row) => copyIn(this.#macs, row), deadline }
    return listRequests(source, scope, page)
  }

  async news(shard: Shard, after: number | null): ReturnType<Ledger['news']> {
    if (after === null) return { seq: (await this.#heads.read(shard, within())).head.seq, requests: [] }
    const filter = odata`PartitionKey eq ${shard} and RowKey gt ${rowKey.event(after)} and RowKey lt 'event-~'`
    const { rows } = await readPage(
      this.#table,
      { filter, select: ['RowKey', 'request', 'v'] },
      { size: 1000 },
      within(),
    )
    // Events after a gap are left for the next call: numbers have no gaps, so the missing one was written during the
    // read.
    const gap = rows.findIndex((row, i) => keyOf(row) !== rowKey.event(after + 1 + i))
    const covered = gap < 0 ? rows : rows.slice(0, gap)
    // An event of a later format wakes no caller. One that waits for its request reads it when its time is up.
    const ids = covered.flatMap((row) => (isNewer(row) ? [] : (textOrNull(row, 'request') ?? [])))
    return { seq: after + covered.length, requests: [...new Set(ids)].map(parseRequestId) }
  }

  fence(shard: Shard, at: Instant): Promise<void> {
    return this.inTurn(shard, () => this.#heads.raise(shard, at))
  }

  async cut(shard: Shard, before: Instant): Promise<ChainHead> {
    const deadline = within()
    const { head } = await this.#heads.read(shard, deadline)
    const read = async (seq: number): Promise<KeptEvent | null> => {
      const row = await this.#read(shard, rowKey.event(seq), deadline)
      return row && eventIn(this.#macs, shard, seq, row)
    }
    return cutBefore({ shard, head, read }, before)
  }

  stream(shard: Shard, after: number, upTo: number): AsyncIterable<readonly KeptEvent[]> {
    return streamEvents(this.#table, this.#macs, { shard, after, upTo }, this.#pageSize)
  }

  async ping(): Promise<void> {
    await this.#read('seal', 'meta', within())
  }

  /** Reads a request for a list. Its row is not authenticated, so that one forged row does not hide the others. */
  async #listed(id: RequestId, deadline: Deadline): Promise<ApprovalRequest | null> {
    const row = await this.#read(shardOf(id), rowKey.request(id), deadline)
    return row && requestFrom(row)
  }

  async #keyRow(shard: Shard, hash: Hex, deadline: Deadline): Promise<{ key: KeyRow; etag: string } | null> {
    const row = await this.#read(shard, rowKey.key(hash), deadline)
    return row && { key: await this.#believedKey(shard, hash, row), etag: textIn(row, 'etag') }
  }

  #believedKey(shard: Shard, hash: Hex, row: Row): Promise<KeyRow> {
    const { origin } = this.#macs
    return this.#macs.believed(
      row,
      { shard, row: rowKey.key(hash) },
      () => keyFrom(row),
      (key) => keyText(origin, shard, hash, key),
    )
  }

  #findBy(deadline: Deadline): (id: RequestId) => Promise<ApprovalRequest | null> {
    return async (id) => {
      const row = await this.#read(shardOf(id), rowKey.request(id), deadline)
      if (row === null) return null
      const request = await this.#believed(id, row)
      this.#rows.set(request, { etag: textIn(row, 'etag'), foreign: foreignIn(row) })
      return request
    }
  }

  /** @throws {Problem} `evidence-broken` for a row that the service did not write for this request; `newer-format` */
  #believed(id: RequestId, row: Row): Promise<ApprovalRequest> {
    const { origin } = this.#macs
    return this.#macs.believed(
      row,
      { shard: shardOf(id), row: rowKey.request(id), request: id },
      () => requestOf(id, row),
      (read) => requestText(origin, read),
    )
  }

  #read(partition: string, key: string, deadline: Deadline): Promise<Row | null> {
    return found(this.#table.getEntity(partition, key, deadline))
  }

  /** Reads event rows, by number. */
  async #rowsOf(shard: Shard, numbers: readonly number[]): Promise<ReadonlyMap<number, Row>> {
    const deadline = within()
    const pairs = numbers.map(async (seq) => {
      const row = await this.#read(shard, rowKey.event(seq), deadline)
      if (row === null) throw evidenceBroken({ shard, row: rowKey.event(seq), check: 'missing' })
      return [seq, row] as const
    })
    return new Map(await Promise.all(pairs))
  }
}

/** The operation that wrote an event. @throws {Problem} `evidence-broken` for a row that the service did not write */
function operationIn(shard: Shard, seq: number, event: Row): string {
  try {
    return textIn(event, 'op')
  } catch (cause) {
    if (cause instanceof Problem) throw cause
    throw evidenceBroken({ shard, row: rowKey.event(seq), check: 'form' })
  }
}

/** The request of a row, or `null` if its reader refuses the row: `find` refuses it again, and says why. */
const unlessRefused = (read: Promise<ApprovalRequest>): Promise<ApprovalRequest | null> =>
  read.catch((cause: unknown) => {
    if (cause instanceof Problem && cause.code !== 'unavailable') return null
    throw cause
  })

/** The keys of rows of this format. A deadline of a later one is left to the program that knows it. */
const readable = (rows: readonly Row[]): string[] => rows.filter((row) => !isNewer(row)).map(keyOf)

/** The requests of these deadlines. A key of another form is passed over: one forged row would hold up all deadlines. */
const idsIn = (keys: readonly string[]): RequestId[] => keys.flatMap((key) => timedIdIn(key) ?? [])

/** Reads the version that `load` made. A version of other origin is a bug. */
function versionOf({ version }: Loaded): Version {
  return version as Version
}

/** @throws {Error} for the row of another request */
function requestOf(id: RequestId, row: Row): ApprovalRequest {
  const request = requestFrom(row)
  checkRequestForm(request)
  if (request.id !== id) throw new Error('The row is about another request.')
  return request
}
