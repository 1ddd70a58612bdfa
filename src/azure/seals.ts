import { randomUUID } from 'node:crypto'
import { odata, type TableClient, type TransactionAction } from '@azure/data-tables'
import type { Day } from '../core/data/day.ts'
import type { Instant } from '../core/data/instant.ts'
import { type BrokenRow, evidenceBroken, Problem, rowChecks } from '../core/data/problem.ts'
import { Conflict } from '../ports/ledger.ts'
import type { Alarm, Plan, SealHead, Seals } from '../ports/seals.ts'
import { rowText } from '../core/log/mac.ts'
import { keyOf, type Row, rowVersion, split, textIn, textOrNull } from './column.ts'
import { answered, createOrRead, dropped, found, unlessConflict } from './fault.ts'
import { metaFrom } from './meta.ts'
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

/** Keeps the state of sealing in the partition `seal` of the ledger, which also has the row `meta`. */
export class TableSeals implements Seals {
  readonly #table: TableClient
  readonly #macs: Tables['macs']
  readonly #pageSize: number

  constructor({ ledger, macs }: Pick<Tables, 'ledger' | 'macs'>, pageSize = mostRows) {
    this.#table = ledger
    this.#macs = macs
    this.#pageSize = pageSize
  }

  async first(): Promise<Day> {
    const row = await this.#read(key.meta, within())
    if (row === null) throw evidenceBroken({ shard: partition, row: key.meta, check: 'missing' })
    return (await metaFrom(this.#macs, row)).first as Day
  }

  async head(): Promise<{ readonly head: SealHead | null; readonly version: string | null }> {
    const row = await this.#read(key.head, within())
    if (row === null) return { head: null, version: null }
    return { head: await this.#believed<SealHead>(row), version: textIn(row, 'etag') }
  }

  async plan(date: Day): Promise<Plan | null> {
    const row = await this.#read(key.plan(date), within())
    return row && this.#believed<Plan>(row)
  }

  async plans(): Promise<readonly Plan[]> {
    return Promise.all((await this.#rowsFrom('plan-')).map((row) => this.#believed<Plan>(row)))
  }

  async propose(plan: Plan): Promise<Plan> {
    const deadline = within()
    const name = key.plan(plan.date)
    const create = this.#table.createEntity(await this.#rowOf(name, plan), deadline)
    const standing = await createOrRead(create, () => this.#read(name, deadline))
    return standing ? this.#believed<Plan>(standing) : plan
  }

  async advance(version: unknown, head: SealHead): Promise<void> {
    const deadline = within()
    const alarm = await this.#read(key.alarm, deadline)
    const row = await this.#rowOf(key.head, head)
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
      // After a lost answer the conflict is with this very write, and the head is as it should be.
      if (stored?.number !== head.number || stored.manifest !== head.manifest) throw cause
    }
  }

  async alarm(): Promise<Alarm | null> {
    const row = await this.#read(key.alarm, within())
    return row && alarmFrom(valueIn<Alarm & { readonly broken?: unknown }>(row))
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
    // After a lost answer the conflict is with this very write, and the claim is ours.
    const stored = await this.#read(name, deadline)
    return stored !== null && textOrNull(stored, 'by') === by
  }

  /** Reads all rows whose keys have this prefix, in the order of keys. */
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

  async #rowOf(name: string, value: object) {
    const { origin, sign } = await this.#macs.rows()
    const row = rowOf(name, value)
    return { ...row, ...sign(sealText(origin, name, JSON.stringify(value))) }
  }

  async #believed<T>(row: Row): Promise<T> {
    const { origin } = this.#macs
    const name = keyOf(row)
    const text = await this.#macs.believed(
      row,
      { shard: partition, row: name },
      () => textIn(row, 'value'),
      (value) => sealText(origin, name, value),
    )
    return JSON.parse(text) as T
  }

  #read(name: string, deadline: Deadline): Promise<Row | null> {
    return found(this.#table.getEntity(partition, name, deadline))
  }
}

const place = (name: string) => ({ partitionKey: partition, rowKey: name, v: rowVersion })

const rowOf = (name: string, value: object) => ({ ...place(name), ...split('value', JSON.stringify(value)) })

/** Makes the authenticated text of a row of this partition. */
const sealText = (origin: string, name: string, value: string): string =>
  rowText({ origin, partition, row: name, columns: { value } })

const valueIn = <T>(row: Row): T => JSON.parse(textIn(row, 'value')) as T

/** The alarm's row is not authenticated, and health shows what it names: only what looks like a row is passed on. */
function alarmFrom({ broken, ...alarm }: Omit<Alarm, 'broken'> & { readonly broken?: unknown }): Alarm {
  const row = brokenIn(broken)
  return { ...alarm, ...(row && { broken: row }) }
}

function brokenIn(value: unknown): BrokenRow | null {
  const { shard, row, request, check: found } = Object(value) as Readonly<Record<string, unknown>>
  const check = rowChecks.find((one) => one === found)
  const isName = (text: unknown): text is string => typeof text === 'string' && /^[ -~]{1,200}$/.test(text)
  if (!isName(shard) || !isName(row) || check === undefined) return null
  return { shard, row, ...(isName(request) && { request }), check }
}
