import { odata, type TableClient } from '@azure/data-tables'
import { isClaimed, isWaiting, type Posting } from '../core/request/delivery.ts'
import { type ObjectId, type RequestId, sha256, type Shard, shardOf, shards } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import type { Hearing } from '../ports/hearings.ts'
import type { CardRow, Claim, Claimed, Outbox, ToldRow } from '../ports/outbox.ts'
import { cardFrom, cardKey, cardKeys, cardRow } from './card.ts'
import { integerIn, isNewer, type Row, rowVersion, textIn, textOrNull } from './column.ts'
import { answered, dropped, found, unlessConflict } from './fault.ts'
import { readPage } from './query.ts'
import { rowOf } from './row.ts'
import { requestIdIn, rowKey } from './rowKey.ts'
import { type Deadline, within } from './deadline.ts'
import type { Tables } from './tables.ts'
import { hearingFrom, hearingPlace, hearingRow, toldFrom, toldKeys, toldRow } from './told.ts'

/** Rows of one shard that one call of `waiting` reads. */
const mostRows = 1_000

/** Lost races after which a claim is given up. Commits change the same row, so a claim may lose several in a row. */
const mostRaces = 5

/** An empty text stands for an absent value, because a merge cannot remove a column. */
const none = ''

/** Keeps the rows of deliveries, of cards and of the bot's conversations, beside the requests in the ledger. */
export class TableOutbox implements Outbox {
  readonly #table: TableClient
  readonly #pageSize: number
  /** Where the next call goes on, for each shard with more rows than were read. */
  readonly #places = new Map<Shard, string>()

  constructor({ ledger }: Pick<Tables, 'ledger'>, pageSize = mostRows) {
    this.#table = ledger
    this.#pageSize = pageSize
  }

  async waiting(now: Instant, limit: number): Promise<readonly RequestId[]> {
    const deadline = within()
    const rows = await Promise.all(shards.map((shard) => this.#posts(shard, deadline)))
    return rows
      .flat()
      .filter((row) => !isNewer(row) && isWaiting(postingFrom(row), now))
      .map((row) => requestIdIn(textIn(row, 'rowKey')))
      .sort()
      .slice(0, limit)
  }

  async claim(request: RequestId, by: string, now: Instant, until: Instant): Promise<Claimed | null> {
    const deadline = within()
    for (let left = mostRaces; left > 0; left--) {
      const row = await this.#read(request, deadline)
      if (row === null) return null
      const posting = postingFrom(row)
      const said = { rev: row['rev'] === undefined ? null : integerIn(row, 'rev'), isFirst: row['tries'] === undefined }
      // Each delivery claims with its own name, so this is the same claim, whose answer was lost.
      if (posting.by === by) return { request, by, until, moved: false, version: textIn(row, 'etag'), ...said }
      if (isClaimed(posting, now)) return null
      const columns = { by, until, tries: posting.tries + 1 }
      const etag = await this.#merge(request, columns, textIn(row, 'etag'), deadline)
      if (etag !== null) return { request, by, until, moved: false, version: etag, ...said }
    }
    return null
  }

  async renew({ request, by, version }: Claim, until: Instant): Promise<Claim | null> {
    const deadline = within()
    let moved = false
    let etag = etagOf(version)
    for (let left = mostRaces; left > 0; left--) {
      const next = await this.#merge(request, { by, until }, etag, deadline)
      if (next !== null) return { request, by, until, moved, version: next }
      const row = await this.#read(request, deadline)
      if (row === null || textOrNull(row, 'by') !== by) return null
      // The row may have changed only by this very write, whose answer was lost. That cannot be told from a commit.
      moved = true
      etag = textIn(row, 'etag')
    }
    return null
  }

  async finish({ request, version }: Claim): Promise<boolean> {
    const { partitionKey, rowKey } = place(request)
    const settings = { etag: etagOf(version), ...within() }
    return (await unlessConflict(this.#table.deleteEntity(partitionKey, rowKey, settings))) !== null
  }

  async defer({ request, version }: Claim, notBefore: Instant): Promise<boolean> {
    const deadline = within()
    const columns = { by: none, until: none, notBefore, tries: 0 }
    if ((await this.#merge(request, columns, etagOf(version), deadline)) !== null) return true
    const row = await this.#read(request, deadline)
    return row !== null && textOrNull(row, 'by') === none && textOrNull(row, 'notBefore') === notBefore
  }

  async touch(request: RequestId): Promise<void> {
    await answered(this.#table.upsertEntity(place(request), 'Merge', within()))
  }

  async cards(request: RequestId): Promise<readonly CardRow[]> {
    return (await this.#between(shardOf(request), ...cardKeys(request))).map(cardFrom)
  }

  async putCard(request: RequestId, row: CardRow): Promise<void> {
    await answered(this.#table.upsertEntity(cardRow(request, row), 'Replace', within()))
  }

  async dropCard(request: RequestId, row: CardRow): Promise<void> {
    await dropped(this.#table.deleteEntity(shardOf(request), cardKey(request, row), within()))
  }

  async told(request: RequestId): Promise<readonly ToldRow[]> {
    return (await this.#between(shardOf(request), ...toldKeys(request))).map(toldFrom)
  }

  async putTold(request: RequestId, row: ToldRow): Promise<void> {
    await answered(this.#table.upsertEntity(toldRow(request, row), 'Replace', within()))
  }

  async hearings(): Promise<readonly Hearing[]> {
    const rows = await this.#between('teams', 'person-', 'person-~')
    return rows.filter((row) => !isNewer(row)).map(hearingFrom)
  }

  async hearing(person: ObjectId): Promise<Hearing | null> {
    const { partitionKey, rowKey } = hearingPlace(person)
    const row = await found(this.#table.getEntity(partitionKey, rowKey, within()))
    return row && hearingFrom(row)
  }

  async putHearing(hearing: Hearing): Promise<void> {
    await answered(this.#table.upsertEntity(hearingRow(hearing), 'Replace', within()))
  }

  async dropHearing(person: ObjectId): Promise<void> {
    const { partitionKey, rowKey } = hearingPlace(person)
    await dropped(this.#table.deleteEntity(partitionKey, rowKey, within()))
  }

  async arrive(conversation: string): Promise<boolean> {
    const entity = { ...arrival(conversation), v: rowVersion }
    return (await unlessConflict(this.#table.createEntity(entity, within()))) !== null
  }

  async leave(conversation: string): Promise<void> {
    const { partitionKey, rowKey } = arrival(conversation)
    await dropped(this.#table.deleteEntity(partitionKey, rowKey, within()))
  }

  /** Reads all rows of a partition from one key up to another. */
  async #between(partition: string, from: string, to: string): Promise<readonly Row[]> {
    const deadline = within()
    const filter = odata`PartitionKey eq ${partition} and RowKey ge ${from} and RowKey lt ${to}`
    const rows: Row[] = []
    let token: string | undefined
    do {
      const page = await readPage(this.#table, { filter }, { size: 1_000, ...(token && { token }) }, deadline)
      rows.push(...page.rows)
      token = page.token
    } while (token !== undefined)
    return rows
  }

  /** Reads up to a page of a shard's rows, from where the last call ended. */
  async #posts(shard: Shard, deadline: Deadline): Promise<readonly Row[]> {
    const query = {
      filter: odata`PartitionKey eq ${shard} and RowKey ge 'post-' and RowKey lt 'post-~'`,
      select: ['RowKey', 'v', 'by', 'until', 'notBefore', 'tries'],
    }
    const token = this.#places.get(shard)
    this.#places.delete(shard)
    const page = await readPage(this.#table, query, { size: this.#pageSize, ...(token && { token }) }, deadline)
    if (page.token !== undefined) this.#places.set(shard, page.token)
    return page.rows
  }

  #read(request: RequestId, deadline: Deadline): Promise<Row | null> {
    const { partitionKey, rowKey } = place(request)
    return found(this.#table.getEntity(partitionKey, rowKey, deadline))
  }

  /** Merges columns into the row. Returns its new ETag; `null` if the row has changed or is gone. */
  async #merge(
    request: RequestId,
    columns: Record<string, unknown>,
    etag: string,
    deadline: Deadline,
  ): Promise<string | null> {
    const entity = { ...place(request), ...columns }
    return (await unlessConflict(this.#table.updateEntity(entity, 'Merge', { etag, ...deadline })))?.etag ?? null
  }
}

const place = (request: RequestId) => rowOf(shardOf(request), rowKey.post(request))

/** Makes the key of a conversation's row. The id is hashed, because it has characters that a key may not have. */
const arrival = (conversation: string) => ({ partitionKey: 'teams', rowKey: `arrival-${sha256(conversation)}` })

function postingFrom(row: Row): Posting {
  const text = (name: string) => textOrNull(row, name) ?? none
  const [by, until, notBefore] = [text('by'), text('until') as Instant, text('notBefore') as Instant]
  return {
    ...(by !== none && { by }),
    ...(until !== none && { until }),
    ...(notBefore !== none && { notBefore }),
    tries: row['tries'] === undefined ? 0 : integerIn(row, 'tries'),
  }
}

/** Reads the ETag of a claim. A claim of other origin is a bug. */
const etagOf = (version: unknown): string => version as string
