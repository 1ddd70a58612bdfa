import type { TableClient, TableEntity, TransactionAction } from '@azure/data-tables'
import { isObjectId, type RequestId, type Shard, shardOf } from '../core/data/id.ts'
import { Problem } from '../core/data/problem.ts'
import { headText, rowText } from '../core/log/mac.ts'
import { leafHash } from '../core/log/merkle.ts'
import type { SurveyedRow } from '../core/record/chainSurvey.ts'
import { emptyChain, type Fact, type Salted } from '../core/request/event.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { type Change, Conflict, type Loaded } from '../ports/ledger.ts'
import type { BegunRepair, Repairs, SurveyedHead, SurveyedRequest } from '../ports/repairs.ts'
import { abreast } from '../runtime/concurrency.ts'
import { keyOf, type ReadRow, type Row, textIn, textOrNull } from './column.ts'
import { answered, dropped, found } from './fault.ts'
import { indexRows, listed } from './indexRow.ts'
import { eventRow, headFrom, headRow, requestFrom, requestText, rowOf } from './row.ts'
import { checkRequestForm } from './rowForm.ts'
import { rowKey, timedIdIn } from './rowKey.ts'
import { objectIn, orNull, rowsBetween, surveyEvents } from './survey.ts'
import { within } from './deadline.ts'
import type { Tables } from './tables.ts'
import { keptApart, namedIn } from './tampered.ts'
import { headAfter, type Version } from './transaction.ts'

/** The number of rows of one page. */
const mostRows = 1_000

/** The number of rows of one transaction. The storage accepts 100; the last one also writes other rows. */
const mostAtOnce = 90

/** The number of rows that are written at the same time. */
const atOnce = 8

/** The key of the row that describes an unfinished repair. */
const begunKey = 'repair'

/** A key that begins with a time, and the request that it is about. */
interface TimedKey {
  readonly key: string
  readonly request: RequestId
}

/** Reads and writes all rows of a shard, also foreign ones. Copies of removed rows are kept in `tampered-<shard>`. */
export class TableRepairs implements Repairs {
  readonly #table: TableClient
  readonly #macs: Tables['macs']
  readonly #pageSize: number

  constructor({ ledger, macs }: Pick<Tables, 'ledger' | 'macs'>, pageSize = mostRows) {
    this.#table = ledger
    this.#macs = macs
    this.#pageSize = pageSize
  }

  survey(shard: Shard, after: number): AsyncIterable<readonly SurveyedRow[]> {
    return surveyEvents(this.#table, this.#macs, { shard, after }, this.#pageSize)
  }

  async head(shard: Shard): Promise<SurveyedHead> {
    const row = await this.#read(shard, rowKey.head)
    if (row === null) return { head: null, check: 'missing', version: null }
    const version = textIn(row, 'etag')
    const head = orNull(() => headFrom(row))
    if (head === null) return { head, check: 'form', version }
    const isAuthentic = await this.#macs.isAuthentic(headText({ origin: this.#macs.origin, shard, ...head }), row)
    return isAuthentic ? { head, check: null, version } : { head: null, check: 'mac', version }
  }

  async begun(shard: Shard): Promise<BegunRepair | null> {
    const row = await this.#read(shard, begunKey)
    const value = row && orNull(() => textOrNull(row, 'value'))
    if (row === null || value === null) return null
    return (await this.#macs.isAuthentic(this.#begunText(shard, value), row))
      ? (JSON.parse(value) as BegunRepair)
      : null
  }

  async begin(shard: Shard, repair: BegunRepair): Promise<void> {
    const { sign } = await this.#macs.rows()
    const value = JSON.stringify(repair)
    const row = rowOf(shard, begunKey, { value, ...sign(this.#begunText(shard, value)) })
    await answered(this.#table.upsertEntity(row, 'Replace', within()))
  }

  async mend(shard: Shard, rows: readonly SurveyedRow[]): Promise<void> {
    const signer = await this.#macs.rows()
    await abreast(atOnce, rows, async (surveyed) => {
      const row = await this.#unchanged(shard, surveyed)
      const leaf = textIn(row, 'leaf')
      const { type, request } = objectIn(leaf) ?? {}
      const event = {
        seq: surveyed.seq ?? 0,
        type: (typeof type === 'string' ? type : '') as Fact['type'],
        hash: leafHash(leaf),
        text: leaf,
        ...(typeof request === 'string' && { request: request as RequestId }),
        said: saidIn(row),
      }
      const trace = orNull(() => textOrNull(row, 'trace'))
      const op = orNull(() => textOrNull(row, 'op')) ?? ''
      const mended = eventRow(signer, shard, { op, ...(trace !== null && { trace }) }, event)
      await answered(this.#table.updateEntity(mended, 'Replace', { etag: etagOf(surveyed.version), ...within() }))
    })
  }

  async finish(head: SurveyedHead, loaded: Loaded, rows: readonly SurveyedRow[], change: Change): Promise<void> {
    const { shard } = loaded
    await abreast(atOnce, rows, async (row) => this.#keep(await this.#unchanged(shard, row)))
    const headBefore = head.check === null ? null : await this.#read(shard, rowKey.head)
    if (headBefore) await this.#keep(headBefore)
    const reused = new Set(change.leaves.map(({ seq }) => rowKey.event(seq)))
    // From the end on, so that a repeated repair finds the rest in the same way after a crash.
    const others = rows.filter(({ key }) => !reused.has(key)).toReversed()
    while (others.length > mostAtOnce) await this.#drop(shard, others.splice(0, mostAtOnce))
    const begun = await this.#read(shard, begunKey)
    const signer = await this.#macs.rows()
    const actions = [
      this.#headAction(headRow(signer, shard, headAfter(loaded, change)), head),
      ...change.leaves.map((leaf): TransactionAction => {
        const before = rows.find(({ key }) => key === rowKey.event(leaf.seq))
        const row = eventRow(signer, shard, change, leaf)
        return before ? ['update', row, 'Replace', { etag: etagOf(before.version) }] : ['create', row]
      }),
      ...others.map((row) => deletion(shard, row)),
      ...(begun ? [['delete', { partitionKey: shard, rowKey: begunKey }] satisfies TransactionAction] : []),
    ]
    await this.#submit(actions, () => this.#isWritten(shard, change))
  }

  async named(shard: Shard): Promise<readonly RequestId[]> {
    return namedIn(this.#table, shard, this.#pageSize)
  }

  async due(shard: Shard): Promise<readonly RequestId[]> {
    return [...new Set((await this.#keysOf('due', shard)).map(({ request }) => request))]
  }

  async request(id: RequestId): Promise<SurveyedRequest> {
    const row = await this.#read(shardOf(id), rowKey.request(id))
    if (row === null) return { id, request: null, check: 'missing', version: null }
    const version = textIn(row, 'etag')
    const request = orNull(() => wellFormed(requestFrom(row), id))
    if (request === null) return { id, request, check: 'form', version }
    const isAuthentic = await this.#macs.isAuthentic(orNull(() => requestText(this.#macs.origin, request)) ?? '', row)
    return { id, request, check: isAuthentic ? formCheck(request) : 'mac', version }
  }

  async prepare(row: SurveyedRequest, request: ApprovalRequest): Promise<Loaded> {
    const shard = shardOf(request.id)
    await this.#keepRequest(row)
    await this.#index(shard, request)
    const head = await this.#read(shard, rowKey.head)
    const version: Version = {
      head: head && textIn(head, 'etag'),
      request: row.version === null ? null : ({ etag: etagOf(row.version), foreign: {} } satisfies ReadRow),
    }
    const found = await this.head(shard)
    if (found.head === null || found.version !== version.head) throw new Conflict()
    return { shard, head: found.head, request, key: null, version }
  }

  async remove(row: SurveyedRequest): Promise<void> {
    const shard = shardOf(row.id)
    await this.#keepRequest(row)
    const keys = [
      ...(await this.#timedKeys(shard)).filter(({ request }) => request === row.id).map(({ key }) => key),
      ...(row.request === null ? [] : indexKeys(row.request)),
      rowKey.post(row.id),
      // The row is removed last: after a crash it leads to the rows that are left.
      rowKey.request(row.id),
    ]
    for (const key of keys) await dropped(this.#table.deleteEntity(shard, key, within()))
  }

  /** Writes the rows of a request's times, agent and voters, and removes rows of other times. */
  async #index(shard: Shard, request: ApprovalRequest): Promise<void> {
    const index = indexRows(await this.#macs.rows(), request)
    const rows = listed(index)
    const keys = new Set(rows.map(({ rowKey }) => rowKey))
    const stale = (await this.#timedKeys(shard)).filter((row) => row.request === request.id && !keys.has(row.key))
    for (const { key } of stale) await dropped(this.#table.deleteEntity(shard, key, within()))
    await abreast(atOnce, rows, (row) => answered(this.#table.upsertEntity(row, 'Replace', within())))
  }

  /** The keys that begin with a time: of deadlines, prompts and reviews. */
  async #timedKeys(shard: Shard): Promise<readonly TimedKey[]> {
    const kinds = await Promise.all(['due', 'prompt', 'review'].map((kind) => this.#keysOf(kind, shard)))
    return kinds.flat()
  }

  async #keysOf(kind: string, shard: Shard): Promise<readonly TimedKey[]> {
    const keys: TimedKey[] = []
    const part = { size: this.#pageSize, select: ['RowKey'] }
    for await (const rows of rowsBetween(this.#table, shard, [`${kind}-`, `${kind}-~`], part))
      for (const key of rows.map(keyOf)) {
        const request = timedIdIn(key)
        if (request !== null) keys.push({ key, request })
      }
    return keys
  }

  async #keepRequest({ id, version }: SurveyedRequest): Promise<void> {
    if (version === null) return
    const row = await this.#read(shardOf(id), rowKey.request(id))
    if (row === null || row['etag'] !== version) throw new Conflict()
    await this.#keep(row)
  }

  async #keep(row: Row): Promise<void> {
    await answered(this.#table.upsertEntity(keptApart(row), 'Replace', within()))
  }

  async #unchanged(shard: Shard, { key, version }: SurveyedRow): Promise<Row> {
    const row = await this.#read(shard, key)
    if (row === null || row['etag'] !== version) throw new Conflict()
    return row
  }

  #headAction(row: TableEntity, { version }: SurveyedHead): TransactionAction {
    // Replaces instead of merging, so that no foreign column stays.
    return version === null ? ['create', row] : ['update', row, 'Replace', { etag: etagOf(version) }]
  }

  async #drop(shard: Shard, rows: readonly SurveyedRow[]): Promise<void> {
    const isGone = async () => (await this.#read(shard, rows.at(-1)?.key ?? '')) === null
    await this.#submit(
      rows.map((row) => deletion(shard, row)),
      isGone,
    )
  }

  /** @param isDone finds out whether the transaction was carried out although its answer was lost */
  async #submit(actions: readonly TransactionAction[], isDone: () => Promise<boolean>): Promise<void> {
    try {
      const { subResponses } = await answered(this.#table.submitTransaction([...actions], within()))
      if (subResponses.length === actions.length) return
      throw new Problem('unavailable', 'The ledger’s storage cannot be reached.', { retryAfter: 2 })
    } catch (cause) {
      if (!(cause instanceof Conflict || cause instanceof Problem) || !(await isDone())) throw cause
    }
  }

  async #isWritten(shard: Shard, { op, leaves }: Change): Promise<boolean> {
    const event = await this.#read(shard, rowKey.event(leaves[0]?.seq ?? emptyChain.seq))
    return event !== null && textOrNull(event, 'op') === op
  }

  #begunText(shard: Shard, value: string): string {
    return rowText({ origin: this.#macs.origin, partition: shard, row: begunKey, columns: { value } })
  }

  #read(partition: string, key: string): Promise<Row | null> {
    return found(this.#table.getEntity(partition, key, within()))
  }
}

/** Reads the value that this adapter stored. A foreign value is a bug. */
const etagOf = (version: unknown): string => version as string

/** The keys of the rows of a request's agent and voters, as far as its own row, which may be forged, can be read. */
function indexKeys({ id, agent, decisions }: ApprovalRequest): readonly string[] {
  const votes: ApprovalRequest['decisions'] = Array.isArray(decisions) ? decisions : []
  const voters = new Set(votes.map(({ approver }) => approver).filter(isObjectId))
  return [rowKey.agent(agent.id, id), ...[...voters].map((approver) => rowKey.voter(approver, id))]
}

const deletion = (shard: Shard, { key, version }: SurveyedRow): TransactionAction => [
  'delete',
  { partitionKey: shard, rowKey: key, etag: etagOf(version) },
]

/** Reads the texts beside an event, as far as possible. Their users compare each with its leaf. */
function saidIn(row: Row): Readonly<Record<string, Salted>> {
  const said = objectIn(orNull(() => textOrNull(row, 'said')) ?? '') ?? {}
  const isSalted = (value: unknown): value is Salted => {
    const { salt, text } = Object(value) as Readonly<Record<string, unknown>>
    return typeof salt === 'string' && typeof text === 'string'
  }
  return Object.fromEntries(Object.entries(said).filter(([, value]) => isSalted(value))) as unknown as Record<
    string,
    Salted
  >
}

/** Finds a member of another type, which no event contradicts: the MAC covers few members of a row. */
const formCheck = (request: ApprovalRequest): SurveyedRequest['check'] =>
  orNull(() => checkRequestForm(request)) === null ? 'form' : null

/** @throws {Error} for a row that lacks what every request of the service has */
function wellFormed(request: ApprovalRequest, id: RequestId): ApprovalRequest {
  const { agent, events, said, policy } = request
  const isWhole =
    request.id === id &&
    isObjectId(agent.id) &&
    Array.isArray(events) &&
    Array.isArray(said) &&
    typeof policy === 'object'
  if (!isWhole) throw new Error('The row is of another form.')
  return request
}
