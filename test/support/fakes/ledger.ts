import {
  cursorOf,
  momentAt,
  type Position,
  parseCursor,
  positionByDue,
  positionById,
} from '../../../src/azure/cursor.ts'
import { takeTurns } from '../../../src/azure/turns.ts'
import { evidenceBroken } from '../../../src/core/data/problem.ts'
import { rowKey } from '../../../src/azure/rowKey.ts'
import { type ChainHead, emptyChain, type Leaf } from '../../../src/core/request/event.ts'
import {
  type Hex,
  type ObjectId,
  type RequestId,
  type Shard,
  shardOf,
  shards,
  timeOf,
} from '../../../src/core/data/id.ts'
import type { Instant } from '../../../src/core/data/instant.ts'
import { needsDelivery } from '../../../src/core/request/delivery.ts'
import { leafHash } from '../../../src/core/log/merkle.ts'
import { nextPrompt } from '../../../src/core/request/prompt.ts'
import { type ApprovalRequest, awaitsReview, due, isStanding } from '../../../src/core/request/request.ts'
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
} from '../../../src/ports/ledger.ts'

/** Rows are kept as JSON text, so that callers share no state with them. */
interface Kept {
  readonly text: string
  readonly version: number
}

interface Partition {
  head: Loaded['head']
  /** `null` for an event that was lost. */
  readonly leaves: (string | null)[]
  readonly requests: Map<RequestId, Kept>
  readonly keys: Map<Hex, string>
  readonly deputies: Map<string, DeputyRow>
}

interface Version {
  readonly head: Loaded['head']
  readonly request: number | null
  /** The text of a claimed key's row. */
  readonly claim: string | null
}

const mostRows = 5_000

/** Events of one page of a stream. */
const mostEvents = 1_000

/** A ledger in memory. */
export class MemoryLedger implements Ledger {
  readonly inTurn = takeTurns()
  /** The rows that a delivery finds: `rev` by request. */
  readonly posts = new Map<RequestId, number>()
  private readonly partitions = new Map<Shard, Partition>()
  private readonly pageSize: number

  constructor(pageSize = mostEvents) {
    this.pageSize = pageSize
  }

  async load(shard: Shard, want: Wanted): Promise<Loaded> {
    const { head, requests, keys } = this.partition(shard)
    const kept = want.request === undefined ? undefined : requests.get(want.request)
    const key = want.key === undefined ? undefined : keys.get(want.key)
    const found = key === undefined ? null : parse<KeyRow>(key)
    const claim = found && isClaim(found) ? (key ?? null) : null
    const version: Version = { head, request: kept?.version ?? null, claim }
    return { shard, head, request: kept ? parse(kept.text) : null, key: found, version }
  }

  async commit({ shard, head, request: before, version }: Loaded, change: Change): Promise<void> {
    const partition = this.partition(shard)
    const { requests, keys } = partition
    const { request, beside, key, leaves, at } = change
    const read = version as Version
    const newest = leaves.at(-1)
    if (!newest || leaves[0]?.seq !== head.seq + 1) throw new Error('The leaves do not continue the chain.')
    if (request && shardOf(request.id) !== shard) throw new Error('The change is about a request of another shard.')
    if (head.recordedAt !== null && at < head.recordedAt) throw new Error('The time of the shard never runs backwards.')
    if (change.cleared?.some(({ seq }) => !before?.events.some((event) => event.seq === seq)))
      throw new Error('The change clears texts of another request than the one that was loaded.')
    if (read.head !== partition.head || (key && (keys.get(key.hash) ?? null) !== read.claim)) throw new Conflict()
    const replaced = beside ?? request
    if (replaced && (requests.get(replaced.id)?.version ?? null) !== read.request) throw new Conflict()
    if (request && beside && requests.has(request.id)) throw new Conflict()

    const { policy = head.policy, logKey = head.logKey, cleared = [] } = change
    partition.head = Object.freeze({ seq: newest.seq, hash: newest.hash, recordedAt: at, policy, logKey })
    for (const { seq, said } of cleared) this.tamper(shard, seq, (leaf) => ({ ...leaf, said }))
    partition.leaves.push(...leaves.map((leaf) => JSON.stringify({ ...leaf, trace: change.trace })))
    if (change.deputy) {
      const row = rowKey.deputy(change.deputy.deputy, change.deputy.member)
      const named = leaves.findLast(({ type }) => type === 'delegated')
      if (named) partition.deputies.set(row, { ...change.deputy, seq: named.seq, event: named.hash })
      else partition.deputies.delete(row)
    }
    if (key) keys.set(key.hash, JSON.stringify({ request: key.request, body: key.body, claim: key.claim }))
    for (const one of [request, beside]) {
      if (!one) continue
      requests.set(one.id, { text: JSON.stringify(one), version: newest.seq })
      if (needsDelivery(one, leaves)) this.posts.set(one.id, one.events.length)
    }
  }

  async find(id: RequestId): Promise<ApprovalRequest | null> {
    const kept = this.partition(shardOf(id)).requests.get(id)
    return kept ? parse(kept.text) : null
  }

  async findMany(shard: Shard, ids: readonly RequestId[]): Promise<ReadonlyMap<RequestId, ApprovalRequest>> {
    const { requests } = this.partition(shard)
    return new Map(
      ids.flatMap((id) => {
        const kept = requests.get(id)
        return kept ? [[id, parse<ApprovalRequest>(kept.text)] as const] : []
      }),
    )
  }

  async deputies(shard: Shard, deputy?: ObjectId): Promise<readonly DeputyRow[]> {
    const rows = [...this.partition(shard).deputies].sort(([a], [b]) => (a < b ? -1 : 1))
    return rows.flatMap(([, row]) => (deputy === undefined || row.deputy === deputy ? [row] : []))
  }

  /** Puts a row of a deputy back, as {@link tamper} does, or takes it away. */
  forgeDeputy(shard: Shard, row: DeputyRow, put = true): void {
    const { deputies } = this.partition(shard)
    if (put) deputies.set(rowKey.deputy(row.deputy, row.member), row)
    else deputies.delete(rowKey.deputy(row.deputy, row.member))
  }

  async findKey(shard: Shard, hash: Hex): Promise<KeyRow | null> {
    const key = this.partition(shard).keys.get(hash)
    return key === undefined ? null : parse(key)
  }

  async claimKey(shard: Shard, hash: Hex, { request, body, under }: ClaimedKey): Promise<KeyRow | null> {
    const { keys } = this.partition(shard)
    const key = keys.get(hash)
    if (key === undefined) keys.set(hash, JSON.stringify({ request, body, under }))
    return key === undefined ? null : parse(key)
  }

  async events({ id, events }: Pick<ApprovalRequest, 'id' | 'events'>): Promise<readonly KeptEvent[]> {
    const { leaves } = this.partition(shardOf(id))
    return events.map(({ seq }) => {
      const text = leaves[seq - 1] ?? null
      if (text === null) throw evidenceBroken({ shard: shardOf(id), row: rowKey.event(seq), check: 'missing' })
      return keptFrom(text)
    })
  }

  async due(before: Instant, limit: number): Promise<readonly RequestId[]> {
    return this.all()
      .flatMap((request) => {
        const at = due(request)
        return at !== null && at <= before ? [{ id: request.id, position: positionByDue(at, request.id) }] : []
      })
      .sort(byPosition)
      .slice(0, limit)
      .map(({ id }) => id)
  }

  async dueIn(shard: Shard, before: Instant, part: DuePart): Promise<DuePage> {
    return this.timed(shard, part, (request) => {
      const at = due(request)
      return at !== null && at <= before ? rowKey.due(at, request.id) : null
    })
  }

  async promptsIn(shard: Shard, before: Instant, part: DuePart): Promise<DuePage> {
    return this.timed(shard, part, (request) => {
      const next = nextPrompt(request)
      return next !== null && next.at <= before ? rowKey.prompt(next.at, request.id) : null
    })
  }

  private timed(shard: Shard, { limit, after }: DuePart, keyOf: (request: ApprovalRequest) => string | null): DuePage {
    const rows = this.all()
      .filter(({ id }) => shardOf(id) === shard)
      .flatMap((request) => {
        const key = keyOf(request)
        return key === null ? [] : [{ request: request.id, place: key as DuePlace }]
      })
      .filter(({ place }) => after === undefined || place > after)
      .sort((a, b) => (a.place < b.place ? -1 : 1))
    const deadlines = rows.slice(0, limit)
    const last = deadlines.at(-1)
    return { deadlines, ...(rows.length > limit && last && { next: last.place }) }
  }

  async pending(limit: number): Promise<readonly RequestId[]> {
    return this.first({ by: 'pending' }, limit)
  }

  async open(kind: 'review' | 'standing', limit: number): Promise<readonly RequestId[]> {
    return this.first({ by: kind }, limit)
  }

  private first(scope: Scope, limit: number): readonly RequestId[] {
    const all = this.all().filter((request) => isIn(scope, request))
    return shards.flatMap((shard) =>
      all
        .filter(({ id }) => shardOf(id) === shard)
        .map((request) => ({ id: request.id, position: positionIn(scope, request) }))
        .sort(byPosition)
        .slice(0, limit)
        .map(({ id }) => id),
    )
  }

  async list(scope: Scope, { keep, limit, cursor }: Parameters<Ledger['list']>[1]): Promise<RequestPage> {
    const after = cursor === undefined ? '' : parseCursor(scope, cursor)
    const rows = this.all()
      .filter((request) => isIn(scope, request))
      .map((request) => ({ request, position: positionIn(scope, request) }))
      .filter(({ position }) => position > after)
      .sort(byPosition)
    const read = rows.slice(0, mostRows)
    const requests: ApprovalRequest[] = []
    let count = 0
    for (; count < read.length && requests.length < limit; count++) {
      const request = read[count]?.request
      if (request && (await keep(request))) requests.push(request)
    }
    const last = read[count - 1]
    const next = last && { cursor: cursorOf(scope, last.position), until: momentAt(scope, last.position) }
    return { requests, ...(count < rows.length && next) }
  }

  async news(shard: Shard, after: number | null): ReturnType<Ledger['news']> {
    const { leaves } = this.partition(shard)
    if (after === null) return { seq: leaves.length, requests: [] }
    const ids = leaves.slice(after).flatMap((text) => (text === null ? [] : (parse<Leaf>(text).request ?? [])))
    return { seq: Math.max(after, leaves.length), requests: [...new Set(ids)] }
  }

  fence(shard: Shard, at: Instant): Promise<void> {
    return this.inTurn(shard, async () => {
      const partition = this.partition(shard)
      const { recordedAt } = partition.head
      if (recordedAt === null || recordedAt < at) partition.head = Object.freeze({ ...partition.head, recordedAt: at })
    })
  }

  async cut(shard: Shard, before: Instant): Promise<ChainHead> {
    const { leaves, head } = this.partition(shard)
    const events = leaves.flatMap((text) => (text === null ? [] : keptFrom(text)))
    const newest = events.findLast(({ text }) => parse<{ readonly at: Instant }>(text).at < before)
    // The head has the hash of the newest event.
    return newest ? { seq: newest.seq, hash: newest.seq === head.seq ? head.hash : newest.hash } : emptyChain
  }

  async *stream(shard: Shard, after: number, upTo: number): AsyncGenerator<readonly KeptEvent[], void, undefined> {
    const { leaves } = this.partition(shard)
    const gap = leaves.indexOf(null, after)
    const end = Math.min(upTo, gap < 0 ? leaves.length : gap)
    for (let place = after; place < end; place += this.pageSize)
      yield leaves.slice(place, Math.min(place + this.pageSize, end)).map((text) => keptFrom(text ?? 'missing'))
  }

  /** Replaces an event, as a person with access to the tables can; `null` removes it. */
  tamper(shard: Shard, seq: number, change: ((leaf: Leaf) => Leaf) | null): void {
    const { leaves } = this.partition(shard)
    leaves[seq - 1] = change && JSON.stringify(change(parse(leaves[seq - 1] ?? 'missing')))
  }

  /** Removes the events after this one and moves the head back, as {@link tamper} does. */
  cutOff(shard: Shard, seq: number): void {
    const partition = this.partition(shard)
    partition.leaves.length = seq
    const newest = seq === 0 ? emptyChain : keptFrom(partition.leaves[seq - 1] ?? 'missing')
    partition.head = Object.freeze({ ...partition.head, seq, hash: newest.hash })
  }

  /** Replaces the row of a request, as {@link tamper} does; `null` removes it. */
  forge(id: RequestId, request: ApprovalRequest | null): void {
    const { requests } = this.partition(shardOf(id))
    if (request === null) requests.delete(id)
    else requests.set(id, { text: JSON.stringify(request), version: (requests.get(id)?.version ?? 0) + 1 })
  }

  async ping(): Promise<void> {}

  /** What lies in a shard: for the fake of repairs, which writes it, too. */
  lying(shard: Shard): Pick<Partition, 'leaves' | 'requests'> & { head: Loaded['head'] } {
    return this.partition(shard)
  }

  private all(): ApprovalRequest[] {
    const kept = shards.flatMap((shard) => [...this.partition(shard).requests.values()])
    return kept.map(({ text }) => parse<ApprovalRequest>(text))
  }

  private partition(shard: Shard): Partition {
    const known = this.partitions.get(shard)
    if (known) return known
    const head = Object.freeze({ ...emptyChain, recordedAt: null, policy: null, logKey: null })
    const partition: Partition = { head, leaves: [], requests: new Map(), keys: new Map(), deputies: new Map() }
    this.partitions.set(shard, partition)
    return partition
  }
}

function isIn(scope: Scope, request: ApprovalRequest): boolean {
  if (scope.by === 'pending') return request.status === 'pending'
  if (scope.by === 'review') return awaitsReview(request)
  if (scope.by === 'standing') return request.status === 'approved' && isStanding(request)
  const made = timeOf(request.id)
  if ((scope.from && made < scope.from) || (scope.to && made >= scope.to)) return false
  if (scope.by === 'agent') return request.agent.id === scope.id
  return scope.by === 'time' || request.decisions.some((decision) => decision.approver === scope.id)
}

function positionIn(scope: Scope, request: ApprovalRequest): Position {
  const isByDue = scope.by === 'pending' || scope.by === 'standing'
  const at = scope.by === 'review' ? request.glass?.reviewBy : isByDue && due(request)
  return at ? positionByDue(at, request.id) : positionById(request.id)
}

function keptFrom(text: string): KeptEvent {
  const { seq, text: leaf, said, trace } = parse<Leaf & Pick<KeptEvent, 'trace'>>(text)
  return { seq, hash: leafHash(leaf), text: leaf, said, ...(trace !== undefined && { trace }) }
}

const byPosition = (a: { readonly position: Position }, b: { readonly position: Position }): number =>
  a.position < b.position ? -1 : 1

const parse = <T>(text: string): T => JSON.parse(text) as T
