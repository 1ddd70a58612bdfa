import { randomUUID } from 'node:crypto'
import type { TableClient, TransactionAction } from '@azure/data-tables'
import type { Day } from '../core/data/day.ts'
import { type Shard, shards } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import { type BrokenRow, evidenceBroken, isBroken, Problem, rowChecks } from '../core/data/problem.ts'
import { Conflict } from '../ports/ledger.ts'
import type { Alarm, Collected, Cosigning, Plan, SealHead, Seals } from '../ports/seals.ts'
import { keyOf, type Row, textIn, textOrNull } from './column.ts'
import { answered, createOrRead, dropped, unlessConflict } from './fault.ts'
import { metaFrom } from './meta.ts'
import { placeOf, SealRows, sealPartition, unsigned } from './sealRows.ts'
import { within } from './deadline.ts'
import type { Tables } from './tables.ts'

const key = {
  meta: 'meta',
  head: 'head',
  alarm: 'alarm',
  plan: (date: Day) => `plan-${date}`,
  chunk: (shard: Shard) => `chunk-${shard}`,
  cosigning: (witness: string) => `witness-${witness}`,
  post: (date: Day) => `post-${date}`,
}

/** Characters of a row's value, above which it leaves out lists. A row holds 512 Ki. */
const mostOfRow = 400_000

/** Reads the day from a key of `key.post`. */
const dayIn = (name: string): Day => name.slice('post-'.length) as Day

/** Keeps the state of sealing in the partition `seal` of the ledger, which also has the row `meta`. */
export class TableSeals implements Seals {
  readonly #table: TableClient
  readonly #macs: Tables['macs']
  readonly #rows: SealRows

  constructor(tables: Pick<Tables, 'ledger' | 'macs'>, pageSize?: number) {
    this.#table = tables.ledger
    this.#macs = tables.macs
    this.#rows = new SealRows(tables, pageSize)
  }

  async first(): Promise<Day> {
    const row = await this.#rows.read(key.meta, within())
    if (row === null) throw evidenceBroken({ shard: sealPartition, row: key.meta, check: 'missing' })
    return (await metaFrom(this.#macs, row)).first as Day
  }

  async head(): Promise<{ readonly head: SealHead | null; readonly version: string | null }> {
    const row = await this.#rows.read(key.head, within())
    if (row === null) return { head: null, version: null }
    return { head: await this.#rows.believed<SealHead>(row), version: textIn(row, 'etag') }
  }

  async plan(date: Day): Promise<Plan | null> {
    const row = await this.#rows.read(key.plan(date), within())
    return row && this.#rows.believed<Plan>(row)
  }

  async plans(): Promise<readonly Plan[]> {
    return Promise.all((await this.#rows.from('plan-')).map((row) => this.#rows.believed<Plan>(row)))
  }

  async propose(plan: Plan): Promise<Plan> {
    const deadline = within()
    const name = key.plan(plan.date)
    const create = this.#table.createEntity(await this.#rows.rowOf(name, plan), deadline)
    const standing = await createOrRead(create, () => this.#rows.read(name, deadline))
    return standing ? this.#rows.believed<Plan>(standing) : plan
  }

  async advance(version: unknown, head: SealHead): Promise<void> {
    const deadline = within()
    const alarm = await this.#rows.read(key.alarm, deadline)
    const row = await this.#rows.rowOf(key.head, head)
    const rows: TransactionAction[] = [
      typeof version === 'string' ? ['update', row, 'Replace', { etag: version }] : ['create', row],
      ['upsert', placeOf(key.post(head.date)), 'Replace'],
      ...(alarm ? [['delete', placeOf(key.alarm)] satisfies TransactionAction] : []),
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

  async collected(forged: (cause: Problem) => void): Promise<ReadonlyMap<Shard, Collected>> {
    const found = new Map<Shard, Collected>()
    for (const row of await this.#rows.from('chunk-')) {
      const shard = shards.find((one) => keyOf(row) === key.chunk(one))
      try {
        if (shard !== undefined) found.set(shard, await this.#rows.believed<Collected>(row))
      } catch (cause) {
        if (!isBroken(cause)) throw cause
        forged(cause)
      }
    }
    return found
  }

  async keepCollected(shard: Shard, collected: Collected): Promise<void> {
    const { open: _open, carried: _carried, ...place } = collected
    const isLong = JSON.stringify(collected).length > mostOfRow
    const row = await this.#rows.rowOf(key.chunk(shard), isLong ? place : collected)
    await answered(this.#table.upsertEntity(row, 'Replace', within()))
  }

  async cosigning(witness: string): Promise<Cosigning | null> {
    const row = await this.#rows.read(key.cosigning(witness), within())
    return row && this.#rows.believed<Cosigning>(row)
  }

  async keepCosigning(witness: string, cosigning: Cosigning): Promise<void> {
    const row = await this.#rows.rowOf(key.cosigning(witness), cosigning)
    await answered(this.#table.upsertEntity(row, 'Replace', within()))
  }

  async alarm(): Promise<Alarm | null> {
    const row = await this.#rows.read(key.alarm, within())
    return row && alarmFrom(valueIn<Alarm & { readonly broken?: unknown }>(row))
  }

  async raise(alarm: Alarm): Promise<void> {
    await answered(this.#table.upsertEntity(unsigned(key.alarm, alarm), 'Replace', within()))
  }

  async clear(): Promise<void> {
    await dropped(this.#table.deleteEntity(sealPartition, key.alarm, within()))
  }

  async announcements(now: Instant, until: Instant): Promise<readonly Day[]> {
    const free = (await this.#rows.from('post-')).filter((row) => (textOrNull(row, 'until') ?? '') <= now)
    const claimed: Day[] = []
    for (const row of free) if (await this.#claim(row, until)) claimed.push(dayIn(textIn(row, 'rowKey')))
    return claimed
  }

  /** Ends the announcement, also if another process has claimed it meanwhile. */
  async announced(date: Day): Promise<void> {
    await dropped(this.#table.deleteEntity(sealPartition, key.post(date), within()))
  }

  async #claim(row: Row, until: Instant): Promise<boolean> {
    const deadline = within()
    const name = textIn(row, 'rowKey')
    const by = randomUUID()
    const settings = { etag: textIn(row, 'etag'), ...deadline }
    if (await unlessConflict(this.#table.updateEntity({ ...placeOf(name), until, by }, 'Merge', settings))) return true
    // After a lost answer the conflict is with this very write, and the claim is ours.
    const stored = await this.#rows.read(name, deadline)
    return stored !== null && textOrNull(stored, 'by') === by
  }
}

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
