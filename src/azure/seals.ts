import { randomUUID } from 'node:crypto'
import { odata, type TableClient, type TransactionAction } from '@azure/data-tables'
import type { Day } from '../core/data/day.ts'
import type { Instant } from '../core/data/instant.ts'
import { Problem } from '../core/data/problem.ts'
import { Conflict } from '../ports/ledger.ts'
import type { Alarm, Plan, SealHead, Seals } from '../ports/seals.ts'
import { type Row, rowVersion, split, textIn, textOrNull } from './column.ts'
import { answered, createOrRead, dropped, found, unlessConflict } from './fault.ts'
import { readPage } from './query.ts'
import { type Deadline, type Tables, within } from './tables.ts'

const partition = 'seal'

const key = {
  meta: 'meta',
  head: 'head',
  alarm: 'alarm',
  plan: (date: Day) => `plan-${date}`,
  post: (date: Day) => `post-${date}`,
}

/** Reads the day from a key of `key.post`. */
const dayIn = (name: string): Day => name.slice('post-'.length) as Day

/** Rows of one page. */
const mostRows = 1_000

/** What is known of sealed days: the partition `seal` of the ledger, where `meta` lies too. */
export class TableSeals implements Seals {
  readonly #table: TableClient
  readonly #pageSize: number

  constructor({ ledger }: Pick<Tables, 'ledger'>, pageSize = mostRows) {
    this.#table = ledger
    this.#pageSize = pageSize
  }

  async first(): Promise<Day> {
    const row = await this.#read(key.meta, within())
    if (row === null) throw new Error('The ledger has no meta row.')
    return textIn(row, 'first') as Day
  }

  async head(): Promise<{ readonly head: SealHead | null; readonly version: string | null }> {
    const row = await this.#read(key.head, within())
    return row === null ? { head: null, version: null } : { head: valueIn<SealHead>(row), version: textIn(row, 'etag') }
  }

  async plan(date: Day): Promise<Plan | null> {
    const row = await this.#read(key.plan(date), within())
    return row && valueIn<Plan>(row)
  }

  async plans(): Promise<readonly Plan[]> {
    return (await this.#rowsFrom('plan-')).map(valueIn<Plan>)
  }

  async propose(plan: Plan): Promise<Plan> {
    const deadline = within()
    const name = key.plan(plan.date)
    const create = this.#table.createEntity(rowOf(name, plan), deadline)
    const standing = await createOrRead(create, () => this.#read(name, deadline))
    return standing ? valueIn<Plan>(standing) : plan
  }

  async advance(version: unknown, head: SealHead): Promise<void> {
    const deadline = within()
    const alarm = await this.#read(key.alarm, deadline)
    const row = rowOf(key.head, head)
    const rows: TransactionAction[] = [
      typeof version === 'string' ? ['update', row, 'Replace', { etag: version }] : ['create', row],
      ['upsert', place(key.post(head.date)), 'Replace'],
      ...(alarm ? [['delete', place(key.alarm)] satisfies TransactionAction] : []),
    ]
    try {
      const { subResponses } = await answered(this.#table.submitTransaction(rows, deadline))
      if (subResponses.length !== rows.length)
        throw new Problem('unavailable', 'The ledger’s storage cannot be reached.', { retryAfter: 2 })
    } catch (cause) {
      if (!(cause instanceof Conflict || cause instanceof Problem)) throw cause
      const { head: stored } = await this.head()
      // An answer may be lost: then the head is as we wanted it, and the conflict is with ourselves.
      if (stored?.number !== head.number || stored.manifest !== head.manifest) throw cause
    }
  }

  async alarm(): Promise<Alarm | null> {
    const row = await this.#read(key.alarm, within())
    return row && valueIn<Alarm>(row)
  }

  async raise(alarm: Alarm): Promise<void> {
    await answered(this.#table.upsertEntity(rowOf(key.alarm, alarm), 'Replace', within()))
  }

  async announcements(now: Instant, until: Instant): Promise<readonly Day[]> {
    const free = (await this.#rowsFrom('post-')).filter((row) => (textOrNull(row, 'until') ?? '') <= now)
    const claimed: Day[] = []
    for (const row of free) if (await this.#claim(row, until)) claimed.push(dayIn(textIn(row, 'rowKey')))
    return claimed
  }

  /** Ends the announcement, also if another process has claimed it meanwhile. */
  async announced(date: Day): Promise<void> {
    await dropped(this.#table.deleteEntity(partition, key.post(date), within()))
  }

  async #claim(row: Row, until: Instant): Promise<boolean> {
    const deadline = within()
    const name = textIn(row, 'rowKey')
    const by = randomUUID()
    const settings = { etag: textIn(row, 'etag'), ...deadline }
    if (await unlessConflict(this.#table.updateEntity({ ...place(name), until, by }, 'Merge', settings))) return true
    // An answer may be lost: then the claim is ours, and the conflict is with ourselves.
    const stored = await this.#read(name, deadline)
    return stored !== null && textOrNull(stored, 'by') === by
  }

  /** All rows whose keys begin so, by key. */
  async #rowsFrom(prefix: string): Promise<readonly Row[]> {
    const end = `${prefix}~`
    const filter = odata`PartitionKey eq ${partition} and RowKey ge ${prefix} and RowKey lt ${end}`
    const rows: Row[] = []
    let token: string | undefined
    do {
      const page = await readPage(this.#table, { filter }, { size: this.#pageSize, ...(token && { token }) }, within())
      rows.push(...page.rows)
      token = page.token
    } while (token !== undefined)
    return rows
  }

  #read(name: string, deadline: Deadline): Promise<Row | null> {
    return found(this.#table.getEntity(partition, name, deadline))
  }
}

const place = (name: string) => ({ partitionKey: partition, rowKey: name, v: rowVersion })

const rowOf = (name: string, value: object) => ({ ...place(name), ...split('value', JSON.stringify(value)) })

const valueIn = <T>(row: Row): T => JSON.parse(textIn(row, 'value')) as T
