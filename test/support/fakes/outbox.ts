import { cardName, isClaimed, isWaiting, type Posting } from '../../../src/core/request/delivery.ts'
import type { ObjectId, RequestId } from '../../../src/core/data/id.ts'
import type { Instant } from '../../../src/core/data/instant.ts'
import type { Hearing } from '../../../src/ports/hearings.ts'
import type { CardRow, Claim, Claimed, Outbox, ToldRow } from '../../../src/ports/outbox.ts'
import type { MemoryLedger } from './ledger.ts'

/** The version of a row, which changes with each write, like an ETag. */
interface Version {
  readonly rev: number
  readonly changes: number
}

const unclaimed: Posting = { tries: 0 }

/** Deliveries in memory. The ledger's commits say which cards are out of date. */
export class MemoryOutbox implements Outbox {
  private readonly posts: MemoryLedger['posts']
  private readonly postings = new Map<RequestId, Posting>()
  private readonly rows = new Map<RequestId, Map<string, string>>()
  private readonly tellings = new Map<RequestId, Map<string, string>>()
  private readonly hearers = new Map<ObjectId, Hearing>()
  private readonly arrivals = new Set<string>()
  private changes = 0
  private readonly changed = new Map<RequestId, number>()

  constructor({ posts }: Pick<MemoryLedger, 'posts'>) {
    this.posts = posts
  }

  async waiting(now: Instant, limit: number): Promise<readonly RequestId[]> {
    const ids = [...this.posts.keys()].filter((id) => isWaiting(this.posting(id), now))
    return ids.sort().slice(0, limit)
  }

  async claim(request: RequestId, by: string, now: Instant, until: Instant): Promise<Claimed | null> {
    if (!this.posts.has(request) || isClaimed(this.posting(request), now)) return null
    const said = { rev: this.posts.get(request) || null, isFirst: !this.postings.has(request) }
    this.write(request, { ...this.posting(request), by, until, tries: this.posting(request).tries + 1 })
    return { request, by, until, moved: false, version: this.version(request), ...said }
  }

  async renew({ request, by, version }: Claim, until: Instant): Promise<Claim | null> {
    if (!this.posts.has(request) || this.posting(request).by !== by) return null
    const moved = !this.isAt(request, version)
    this.write(request, { ...this.posting(request), until })
    return { request, by, until, moved, version: this.version(request) }
  }

  async finish({ request, version }: Claim): Promise<boolean> {
    if (!this.posts.has(request) || !this.isAt(request, version)) return false
    this.posts.delete(request)
    this.postings.delete(request)
    return true
  }

  async defer({ request, version }: Claim, notBefore: Instant): Promise<boolean> {
    if (!this.posts.has(request) || !this.isAt(request, version)) return false
    this.write(request, { notBefore, tries: 0 })
    return true
  }

  async touch(request: RequestId): Promise<void> {
    if (!this.posts.has(request)) this.posts.set(request, 0)
    this.write(request, this.posting(request))
  }

  async cards(request: RequestId): Promise<readonly CardRow[]> {
    return [...(this.rows.get(request)?.values() ?? [])].map((text) => JSON.parse(text) as CardRow)
  }

  async putCard(request: RequestId, row: CardRow): Promise<void> {
    const rows = this.rows.get(request) ?? new Map<string, string>()
    this.rows.set(request, rows.set(cardName(row), JSON.stringify(row)))
  }

  async dropCard(request: RequestId, row: CardRow): Promise<void> {
    this.rows.get(request)?.delete(cardName(row))
  }

  async told(request: RequestId): Promise<readonly ToldRow[]> {
    return [...(this.tellings.get(request)?.values() ?? [])].map((text) => JSON.parse(text) as ToldRow)
  }

  async putTold(request: RequestId, row: ToldRow): Promise<void> {
    const rows = this.tellings.get(request) ?? new Map<string, string>()
    this.tellings.set(request, rows.set(`${row.seq} ${row.whom}`, JSON.stringify(row)))
  }

  async hearings(): Promise<readonly Hearing[]> {
    return [...this.hearers.values()]
  }

  async hearing(person: ObjectId): Promise<Hearing | null> {
    return this.hearers.get(person) ?? null
  }

  async putHearing(hearing: Hearing): Promise<void> {
    this.hearers.set(hearing.person, hearing)
  }

  async dropHearing(person: ObjectId): Promise<void> {
    this.hearers.delete(person)
  }

  async arrive(conversation: string): Promise<boolean> {
    const isNew = !this.arrivals.has(conversation)
    this.arrivals.add(conversation)
    return isNew
  }

  async leave(conversation: string): Promise<void> {
    this.arrivals.delete(conversation)
  }

  private posting(request: RequestId): Posting {
    return this.postings.get(request) ?? unclaimed
  }

  private write(request: RequestId, posting: Posting): void {
    this.postings.set(request, posting)
    this.changed.set(request, ++this.changes)
  }

  private version(request: RequestId): Version {
    return { rev: this.posts.get(request) ?? 0, changes: this.changed.get(request) ?? 0 }
  }

  private isAt(request: RequestId, version: unknown): boolean {
    const { rev, changes } = this.version(request)
    const read = version as Version
    return read.rev === rev && read.changes === changes
  }
}
