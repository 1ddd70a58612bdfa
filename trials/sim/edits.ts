import { rowKey } from '../../src/azure/rowKey.ts'
import { canonicalAction } from '../../src/core/action/action.ts'
import { digestOf, type RequestId, sha256, type Shard, shards } from '../../src/core/data/id.ts'
import type { Instant } from '../../src/core/data/instant.ts'
import { leafHash } from '../../src/core/log/merkle.ts'
import { dba, dba2, oid, owner } from '../../test/support/build.ts'
import type { Columns, Written } from '../../test/support/fakes/table.ts'
import { actionOf } from './roster.ts'
import type { Stores } from './stores.ts'

/** The rows that one edit of the insider is about. */
export interface Target {
  readonly stores: Stores
  /** All rows of the ledger as they were written, oldest first. */
  readonly journal: readonly Written[]
  readonly id: RequestId
  readonly shard: Shard
  /** Chooses among the ways in which a kind of edit is made. */
  readonly pick: number
}

/** An edit by a person who may write the tables and has no key. Edits leave alone what is missing. */
export type Edit = (target: Target) => void

/** Texts and values for a column in which a program expects something else. */
const garbage = ['', 'null', '{}', '[]', '"x"', 'x', 7, true, `{"a":${'['.repeat(50)}`] as const

/** Values for a place where a program expects another type. `undefined` removes the member. */
const otherValues = [undefined, null, 0, -1, 1e300, '', 'x', true, [], {}, [null], { a: null }] as const

const far = '2036-01-01T00:00:00.000Z' as Instant

type State = Readonly<Record<string, unknown>>

/** Edits the state of a request, which is JSON in a column of its row. */
const state =
  (...changes: readonly ((before: State, target: Target) => State)[]): Edit =>
  (target) => {
    const row = requestRow(target)
    const before = row && parsed(row['state'])
    const change = one(changes, target)
    if (before) putRequest(target, { ...row, state: JSON.stringify({ ...before, ...change(before, target) }) })
  }

const approved = ({ createdAt }: State): State => ({ status: 'approved', approvedAt: createdAt, lapsesAt: far })

const votesOf = (...approvers: readonly string[]): readonly State[] =>
  approvers.map((approver) => {
    const facts = { accounts: [approver], groups: ['dba', 'security'], member: true, enabled: true, asOf: far }
    return { approver, verdict: 'approve', via: 'api', at: far, facts }
  })

/** An event of the request is said to be its end. */
const cancelled = ({ createdAt, agent, events }: State): State => ({
  ...{ status: 'cancelled', closedAt: createdAt, closedBy: { kind: 'agent', id: asState(agent)['id'] } },
  events: statesIn(events).map((event, i, all) => (i === all.length - 1 ? { ...event, type: 'cancelled' } : event)),
})

/** A: the row says that it is approved, or that it has ended. */
export const approvedRow = state(
  approved,
  (before) => ({ ...approved(before), decisions: votesOf(dba, dba2) }),
  (before) => ({ decisions: [...statesIn(before['decisions']), ...votesOf(dba2)] }),
  cancelled,
)

/** C: the row names another action, its digest, or both. */
export const swappedAction: Edit = (target) => {
  const row = requestRow(target)
  const before = row && parsed(row['state'])
  if (!row || !before) return
  const action = canonicalAction(actionOf('one', 'another'))
  const digest = JSON.stringify({ ...before, digest: digestOf(action) })
  putRequest(target, { ...row, ...one([{ action, state: digest }, { action }, { state: digest }], target) })
}

/** D: the row asks for fewer people and excludes none of them, or its deadlines are years away. */
export const softened = state(
  ({ requirement }) => ({
    requirement: { ...asState(requirement), excluded: [], slots: [{ groups: ['dba'], quorum: 1 }] },
  }),
  ({ requirement }) => ({ requirement: { ...asState(requirement), expiresAt: far } }),
  () => ({ lapsesAt: far, lapse: 31_000_000, grant: 31_000_000 }),
)

/** E: an event has another text. Every second time the row and the head name the new hash. */
export const rewrittenEvent: Edit = (target) => {
  const { stores, shard, pick } = target
  const events = eventsOf(target)
  const chosen = events[pick % Math.max(1, events.length)]
  const row = chosen && stores.rows.ledger.peek(shard, rowKey.event(chosen.seq))
  const leaf = row?.['leaf']
  if (!chosen || !row || typeof leaf !== 'string') return
  const text = rewritten(leaf, pick)
  stores.rows.ledger.put(shard, rowKey.event(chosen.seq), { ...row, leaf: text })
  if (pick % 2 === 0) return
  const named = events.map((event) => (event.seq === chosen.seq ? { ...event, hash: leafHash(text) } : event))
  state(() => ({ events: named }))(target)
  const head = stores.rows.ledger.peek(shard, rowKey.head)
  if (head?.['seq'] === chosen.seq) stores.rows.ledger.put(shard, rowKey.head, { ...head, hash: leafHash(text) })
}

const rewritten = (leaf: string, pick: number): string =>
  one(
    [
      (text: string) =>
        text.replace('"verdict":"deny"', '"verdict":"approve"').replace('"type":"denied"', '"type":"approved"'),
      (text: string) => text.replaceAll(owner, dba),
      (text: string) => text.replace(/"quorum":\d/g, '"quorum":1').replace(/"excluded":\[[^\]]*\]/, '"excluded":[]'),
      (text: string) => text.replace(/"digest":"sha256:[0-9a-f]{64}"/, `"digest":"${digestOf('another')}"`),
      (text: string) => text.replace(/"(lapsesAt|expiresAt)":"[^"]+"/, `"$1":"${far}"`),
      (text: string) => `${text} `,
    ],
    { pick },
  )(leaf)

/** F: the request's row is replaced by an earlier version. */
export const olderRow: Edit = (target) => {
  const { journal, shard, id, pick, stores } = target
  // Where members are back, an absence that is over is put back most of the time.
  const isGone = (one: Written): boolean => journal.findLast(({ row }) => row === one.row)?.columns === null
  const over = journal.findLast((one) => one.row.startsWith('deputy-') && one.columns !== null && isGone(one))
  if (over?.columns && pick % 4 > 0) stores.rows.ledger.put(over.partition, over.row, over.columns)
  const versions = journal.filter(({ partition, row }) => partition === shard && row === rowKey.request(id))
  const older = versions[versions.length - 2 - (pick % 4)]?.columns
  if (older) putRequest(target, older)
}

/** G: the whole shard is rolled back to before one of its newest commits. */
export const cutOff: Edit = ({ stores: { rows }, journal, shard, pick }) => {
  const commits = journal.flatMap(({ partition, row }, at) => (partition === shard && row === rowKey.head ? [at] : []))
  const upTo = commits[commits.length - 1 - (pick % 5)]
  if (upTo === undefined) return
  const then = new Map<string, Columns | null>()
  for (const { partition, row, columns } of journal.slice(0, upTo)) if (partition === shard) then.set(row, columns)
  for (const row of rows.ledger.keys(shard)) if (!then.get(row)) rows.ledger.remove(shard, row)
  for (const [row, columns] of then) if (columns) rows.ledger.put(shard, row, columns)
}

/** H: the row names another executor, another agent, or shows them or the action in other words. */
export const otherAgent = state(
  () => ({ executor: oid(77) }),
  () => ({ agent: { id: oid(77), name: 'deploy-bot' } }),
  ({ agent }) => ({ agent: { ...asState(agent), name: 'payroll-bot' } }),
  ({ policy }) => ({ policy: { ...asState(policy), summary: 'Restart a test server' } }),
)

/** The row says other facts: redemption, views, warnings, principal, or the list of its events. */
export const otherFacts = state(
  () => ({ redemption: '6f9619ff-8b86-4d01-b42d-00c04fc964f2' }),
  ({ shown, digest }) => ({
    shown: [dba, dba2].map((approver) => ({
      ...{ approver, view: digest, content: sha256('x'), page: 1, pages: 1 },
      ...statesIn(shown)[0],
      approver,
    })),
  }),
  () => ({ warnings: ['hidden'] }),
  () => ({ onBehalfOf: dba }),
  ({ events }) => ({ events: statesIn(events).slice(0, -1) }),
  ({ events }) => ({ events: [...statesIn(events), ...statesIn(events).slice(0, 1)] }),
)

/** The texts that people read are other ones, in the row alone or beside the event too, or they are gone. */
export const otherWords: Edit = (target) => {
  const { stores, shard, pick } = target
  const row = requestRow(target)
  if (!row) return
  const text = (column: unknown) => String(column).replaceAll('Because.', 'Routine.').replaceAll('Person', 'Nobody')
  putRequest(target, { ...row, said: pick % 3 === 2 ? '[]' : text(row['said']) })
  for (const { seq } of pick % 3 === 1 ? eventsOf(target) : []) {
    const event = stores.rows.ledger.peek(shard, rowKey.event(seq))
    if (event) stores.rows.ledger.put(shard, rowKey.event(seq), { ...event, said: text(event['said']) })
  }
}

/** The head is an older one, has another number or time, or is gone. */
export const otherHead: Edit = ({ stores: { rows }, journal, shard, pick }) => {
  const heads = journal.filter(({ partition, row }) => partition === shard && row === rowKey.head)
  const newest = rows.ledger.peek(shard, rowKey.head)
  const older = heads[heads.length - 2 - (pick % 2)]?.columns
  if (!newest) return
  const [seq, other] = [Number(newest['seq']), one([older, null, undefined], { pick })]
  if (other) rows.ledger.put(shard, rowKey.head, other)
  else if (other === null) rows.ledger.remove(shard, rowKey.head)
  else rows.ledger.put(shard, rowKey.head, { ...newest, ...(pick % 2 ? { seq: seq - 1 } : { recordedAt: far }) })
}

/** One row of the request's shard is deleted, whatever it is. */
export const deleted: Edit = ({ stores: { rows }, shard, pick }) => {
  const keys = rows.ledger.keys(shard)
  const key = keys[pick % Math.max(1, keys.length)]
  if (key !== undefined) rows.ledger.remove(shard, key)
}

/** An event of this shard or another one stands in the place of another event: all its columns, or leaf and MAC alone. */
export const copied: Edit = ({ stores: { rows }, shard, pick }) => {
  const eventKeys = (place: Shard) => rows.ledger.keys(place).filter((key) => key.startsWith('event-'))
  const elsewhere = shards.flatMap((place) => eventKeys(place).map((key) => [place, key] as const))
  const [place, key] = elsewhere[pick % Math.max(1, elsewhere.length)] ?? []
  const mine = eventKeys(shard)
  const at = [...mine, rowKey.event(mine.length + 1)][Math.floor(pick / 7) % (mine.length + 1)]
  const source = place && key !== undefined ? rows.ledger.peek(place, key) : null
  if (!source || at === undefined) return
  const standing = rows.ledger.peek(shard, at)
  const leaf = { leaf: source['leaf'], mac: source['mac'] }
  rows.ledger.put(shard, at, pick % 2 && standing ? { ...standing, ...leaf } : source)
}

/** The row of one request is copied to the key of another. */
export const exchanged: Edit = (target) => {
  const { stores, pick } = target
  const others = stores.seen.requests.filter((id) => id !== target.id)
  const other = others[pick % Math.max(1, others.length)]
  const row = other && requestRow({ ...target, id: other, shard: other.slice(-2) as Shard })
  if (row) putRequest(target, row)
}

/** A column of the request's row, an event or the head holds another text, or another value somewhere inside. */
export const nonsense: Edit = (target) => {
  const { stores, shard, id, pick } = target
  const events = eventsOf(target).map(({ seq }) => rowKey.event(seq))
  const key = one([rowKey.request(id), rowKey.request(id), rowKey.head, ...events], target)
  const row = stores.rows.ledger.peek(shard, key)
  const column = row && Object.keys(row)[pick % Object.keys(row).length]
  if (column === null || column === undefined) return
  const inside = parsed(row?.[column])
  const value = inside && pick % 3 > 0 ? JSON.stringify(spoilt(inside, Math.floor(pick / 3))) : undefined
  const other = value ?? garbage[Math.floor(pick / 5) % garbage.length]
  stores.rows.ledger.put(shard, key, { ...row, [column]: other })
}

/** Replaces a value at some place inside another one. */
function spoilt(value: unknown, pick: number): unknown {
  const members = typeof value === 'object' && value !== null ? Object.keys(value) : []
  const name = members[pick % Math.max(1, members.length)]
  if (name === undefined) return otherValues[pick % otherValues.length]
  const rest = Math.floor(pick / members.length)
  const inside = (value as State)[name]
  // Half of the time this member itself is replaced, and else a place inside it.
  const other = rest % 2 ? spoilt(inside, Math.floor(rest / 2)) : otherValues[Math.floor(rest / 2) % otherValues.length]
  if (Array.isArray(value)) return value.with(Number(name), other)
  return { ...(value as State), [name]: other }
}

/** A deadline's row is added for this request or for one that does not exist, or is deleted. */
export const otherDeadline: Edit = ({ stores: { rows, time }, shard, id, pick }) => {
  const due = rows.ledger.keys(shard).filter((key) => key.startsWith('due-'))
  const past = new Date(time.ms - 1000).toISOString() as Instant
  if (pick % 3 === 0) rows.ledger.put(shard, rowKey.due(past, id), { v: 1, status: 'pending' })
  else if (pick % 3 === 1) for (const key of due) rows.ledger.remove(shard, key)
  else rows.ledger.put(shard, rowKey.due(past, `01jg0000000000000000000000-${shard}` as RequestId), { v: 1 })
}

/** The rows of idempotency keys lead to another request, or are deleted. */
export const otherKey: Edit = ({ stores: { rows }, shard, id, pick }) => {
  const keys = rows.ledger.keys(shard).filter((key) => key.startsWith('key-'))
  for (const key of keys)
    if (pick % 2) rows.ledger.remove(shard, key)
    else rows.ledger.put(shard, key, { ...rows.ledger.peek(shard, key), request: id })
}

/** The rows of limits are deleted or emptied. */
export const otherLimits: Edit = ({ stores: { rows }, pick }) => {
  for (const partition of rows.limits.partitions())
    for (const key of rows.limits.keys(partition))
      if (pick % 2) rows.limits.remove(partition, key)
      else rows.limits.put(partition, key, { v: 1, row: '{}' })
}

/** A row of sealed days, or the one that says what the ledger is: edited, replaced by an older version, or deleted. */
export const otherSeal: Edit = ({ stores: { rows }, journal, pick }) => {
  const keys = rows.ledger.keys('seal')
  const key = keys[pick % Math.max(1, keys.length)]
  const row = key === undefined ? null : rows.ledger.peek('seal', key)
  if (key === undefined || !row) return
  const versions = journal.filter((write) => write.partition === 'seal' && write.row === key)
  const how = Math.floor(pick / 3) % 3
  const older = versions[versions.length - 2]?.columns
  if (how === 0) rows.ledger.remove('seal', key)
  else if (how === 1 && older) rows.ledger.put('seal', key, older)
  else rows.ledger.put('seal', key, { ...row, value: `${String(row['value'])} `, first: '2026-03-03' })
}

const requestRow = ({ stores: { rows }, shard, id }: Target): Columns | null =>
  rows.ledger.peek(shard, rowKey.request(id))

const putRequest = ({ stores: { rows }, shard, id }: Target, columns: Columns): void =>
  rows.ledger.put(shard, rowKey.request(id), columns)

/** The events that a request's row names. */
function eventsOf(target: Target): readonly { readonly seq: number; readonly hash: string }[] {
  const events = parsed(requestRow(target)?.['state'])?.['events']
  return Array.isArray(events) ? (events as { seq: number; hash: string }[]).filter((event) => event?.seq > 0) : []
}

/** Parses a column; `null` if an earlier edit made it unreadable. */
function parsed(text: unknown): State | null {
  try {
    const value: unknown = JSON.parse(String(text))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as State) : null
  } catch {
    return null
  }
}

/** Of a list that an earlier edit made into something else, there is nothing. */
const statesIn = (value: unknown): readonly State[] => (Array.isArray(value) ? (value as readonly State[]) : [])

const asState = (value: unknown): State => (typeof value === 'object' && value !== null ? (value as State) : {})

/** @throws {Error} without any choices */
function one<T>(choices: readonly T[], { pick }: Pick<Target, 'pick'>): T {
  const chosen = choices[Math.floor(pick / 2) % choices.length]
  if (chosen === undefined && choices.length === 0) throw new Error('There is nothing to choose from.')
  return chosen as T
}
