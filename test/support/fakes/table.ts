import { RestError, type TableClient, type TableEntity, type TransactionAction } from '@azure/data-tables'
import type { Tables } from '../../../src/azure/tables.ts'

/** A row's columns as they were written. */
export type Columns = Readonly<Record<string, unknown>>

/** One row after it was written; `null` for one that was deleted. */
export interface Written {
  readonly partition: string
  readonly row: string
  readonly columns: Columns | null
}

interface Kept {
  readonly columns: Columns
  readonly etag: string
}

interface Filter {
  readonly column: string
  readonly operator: string
  readonly value: string
}

interface Paging {
  readonly maxPageSize?: number
  readonly continuationToken?: string
}

interface Query {
  readonly queryOptions?: { readonly filter?: string; readonly select?: readonly string[] }
}

type Page = Columns[] & { continuationToken?: string }

/** The row and the answer of an action whose conditions hold. */
type Outcome = Written & { readonly answer: { readonly etag?: string } }

/** The storage adds a time to each row. The service does not read it. */
const timestamp = '2026-01-01T00:00:00.0000000Z'

/**
 * One table of Table Storage, in memory: the calls that our adapters make of its client, with the answers that the
 * storage gives. Single rows and transactions are atomic, and conflicts have their status codes.
 */
export class MemoryTable {
  /** Is called with each row that was written, in this order. */
  noted: (write: Written) => void = () => {}
  readonly #partitions = new Map<string, Map<string, Kept>>()
  #etags = 0

  /** The table as adapters take it. */
  get client(): TableClient {
    return this as unknown as TableClient
  }

  async getEntity(partition: string, row: string): Promise<Columns> {
    const kept = this.#kept(partition, row)
    if (kept === undefined) throw refused(404, 'ResourceNotFound')
    return entityOf(partition, row, kept)
  }

  async createEntity(entity: TableEntity): Promise<{ readonly etag?: string }> {
    return this.#single(['create', entity])
  }

  async updateEntity(
    entity: TableEntity,
    mode: 'Merge' | 'Replace' = 'Merge',
    options: { readonly etag?: string } = {},
  ): Promise<{ readonly etag?: string }> {
    return this.#single(['update', entity, mode, options])
  }

  async upsertEntity(entity: TableEntity, mode: 'Merge' | 'Replace' = 'Merge'): Promise<{ readonly etag?: string }> {
    return this.#single(['upsert', entity, mode])
  }

  async deleteEntity(partitionKey: string, rowKey: string, options: { readonly etag?: string } = {}): Promise<object> {
    this.#checkEtag(this.#kept(partitionKey, rowKey), options.etag)
    this.remove(partitionKey, rowKey)
    return {}
  }

  async submitTransaction(actions: readonly TransactionAction[]) {
    const keys = actions.map(([, { partitionKey, rowKey }]) => `${partitionKey}/${rowKey}`)
    if (new Set(keys).size !== keys.length) throw refused(400, 'InvalidDuplicateRow')
    if (new Set(actions.map(([, { partitionKey }]) => partitionKey)).size > 1 || actions.length > 100)
      throw refused(400, 'InvalidInput')
    const outcomes = actions.map((action) => this.#outcome(action))
    for (const outcome of outcomes) this.#keep(outcome)
    return { status: 202, subResponses: outcomes.map(({ row, answer }) => ({ status: 204, rowKey: row, ...answer })) }
  }

  listEntities({ queryOptions: { filter = '', select } = {} }: Query = {}) {
    const filters = filtersIn(filter)
    const byPage = (paging: Paging) => this.#pages(filters, select, paging)
    const rows = async function* () {
      for await (const page of byPage({})) yield* page
    }
    return { byPage, [Symbol.asyncIterator]: rows }
  }

  async createTable(): Promise<void> {}

  async deleteTable(): Promise<void> {
    this.#partitions.clear()
  }

  /** Reads a row behind the adapters' back; `null` if there is none. */
  peek(partition: string, row: string): Columns | null {
    return this.#kept(partition, row)?.columns ?? null
  }

  /** Writes a row behind the adapters' back, whatever was there. */
  put(partition: string, row: string, columns: Columns): void {
    this.#keep({ partition, row, columns, answer: { etag: this.#nextEtag() } })
  }

  remove(partition: string, row: string): void {
    this.#keep({ partition, row, columns: null, answer: {} })
  }

  partitions(): readonly string[] {
    return [...this.#partitions.keys()].sort()
  }

  /** The keys of a partition's rows, in their order. */
  keys(partition: string): readonly string[] {
    return [...(this.#partitions.get(partition)?.keys() ?? [])].sort()
  }

  #single(action: TransactionAction): { readonly etag?: string } {
    const outcome = this.#outcome(action)
    this.#keep(outcome)
    return outcome.answer
  }

  /** @throws {RestError} for an action that the row, as it is, does not allow */
  #outcome([kind, entity, mode, options]: TransactionAction): Outcome {
    const { partitionKey: partition, rowKey: row, etag: _etag, timestamp: _at, ...given } = entity
    const kept = this.#kept(partition, row)
    if (kind === 'create' && kept !== undefined) throw refused(409, 'EntityAlreadyExists')
    if (kind === 'update' || kind === 'delete') this.#checkEtag(kept, options?.etag)
    if (kind === 'delete') return { partition, row, columns: null, answer: {} }
    const columns = { ...(mode === 'Merge' && kept?.columns), ...present(given) }
    return { partition, row, columns, answer: { etag: this.#nextEtag() } }
  }

  #checkEtag(kept: Kept | undefined, etag = '*'): void {
    if (kept === undefined) throw refused(404, 'ResourceNotFound')
    if (etag !== '*' && etag !== kept.etag) throw refused(412, 'UpdateConditionNotSatisfied')
  }

  #keep({ partition, row, columns, answer: { etag = '' } }: Outcome): void {
    const rows = this.#partitions.get(partition) ?? new Map<string, Kept>()
    this.#partitions.set(partition, rows)
    if (columns === null) rows.delete(row)
    else rows.set(row, { columns: Object.freeze(columns), etag })
    this.noted({ partition, row, columns })
  }

  #kept(partition: string, row: string): Kept | undefined {
    return this.#partitions.get(partition)?.get(row)
  }

  #nextEtag(): string {
    this.#etags += 1
    return `W/"${this.#etags}"`
  }

  async *#pages(
    filters: readonly Filter[],
    select: readonly string[] | undefined,
    { maxPageSize = 1_000, continuationToken: token = '' }: Paging,
  ): AsyncGenerator<Page, void, undefined> {
    const keys = filters.filter(({ column }) => isKey(column))
    const others = filters.filter(({ column }) => !isKey(column))
    const found = this.#partitionsOf(filters).flatMap((partition) =>
      this.keys(partition)
        .filter((row) => `${partition}/${row}` > token && passes({ partitionKey: partition, rowKey: row }, keys))
        .map((row) => entityOf(partition, row, this.#kept(partition, row)))
        .filter((entity) => passes(entity, others)),
    )
    for (let at = 0; at === 0 || at < found.length; at += maxPageSize) {
      const rows = found.slice(at, at + maxPageSize)
      const page: Page = rows.map((entity) => (select ? selected(entity, select) : entity))
      const last = rows.at(-1)
      if (last && at + maxPageSize < found.length)
        page.continuationToken = `${String(last['partitionKey'])}/${String(last['rowKey'])}`
      yield page
    }
  }

  #partitionsOf(filters: readonly Filter[]): readonly string[] {
    const one = filters.find(({ column, operator }) => column === 'PartitionKey' && operator === 'eq')
    return one ? [one.value] : [...this.#partitions.keys()].sort()
  }
}

/** The tables of an account, in memory; each connection is one of a process of its own. */
export function memoryTables(macs: Tables['macs']) {
  const [ledger, limits] = [new MemoryTable(), new MemoryTable()]
  const connect = (more: Partial<Pick<Tables, 'clock' | 'elapsed'>> = {}): Tables => ({
    ...{ ledger: ledger.client, limits: limits.client, macs, clock: { apart: 0 } },
    ...more,
  })
  return { ledger, limits, connect }
}

const refused = (statusCode: number, code: string): RestError => new RestError(code, { statusCode, code })

const entityOf = (partitionKey: string, rowKey: string, kept: Kept | undefined): Columns => ({
  ...kept?.columns,
  ...{ etag: kept?.etag, partitionKey, rowKey, timestamp },
})

/** Columns without a value are not sent. */
const present = (columns: Columns): Columns =>
  Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined && value !== null))

const selected = (entity: Columns, names: readonly string[]): Columns =>
  Object.fromEntries(
    Object.entries(entity).filter(([name]) => names.includes(nameOf(name)) || ['etag', 'timestamp'].includes(name)),
  )

/** Keys have capital initials in queries, and small ones in entities. */
const nameOf = (column: string): string => (isKey(capital(column)) ? capital(column) : column)
const capital = (column: string): string => column.charAt(0).toUpperCase() + column.slice(1)
const isKey = (column: string): boolean => column === 'PartitionKey' || column === 'RowKey'

const clause = /^(\w+) (eq|ge|gt|le|lt) '((?:[^']|'')*)'$/

/** @throws {Error} for a filter of another form than those that our adapters send */
function filtersIn(filter: string): readonly Filter[] {
  if (filter === '') return []
  return filter.split(' and ').map((text) => {
    const [, column, operator, value] = clause.exec(text) ?? []
    if (column === undefined || operator === undefined || value === undefined)
      throw new Error(`A filter that this table does not know: ${filter}`)
    return { column, operator, value: value.replaceAll("''", "'") }
  })
}

const passes = (entity: Columns, filters: readonly Filter[]): boolean =>
  filters.every(({ column, operator, value }) => {
    const found = entity[isKey(column) ? column.charAt(0).toLowerCase() + column.slice(1) : column]
    return typeof found === 'string' && holds(found, operator, value)
  })

function holds(found: string, operator: string, value: string): boolean {
  switch (operator) {
    case 'eq':
      return found === value
    case 'ge':
      return found >= value
    case 'gt':
      return found > value
    case 'le':
      return found <= value
    default:
      return found < value
  }
}
