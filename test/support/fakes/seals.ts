import type { Day } from '../../../src/core/data/day.ts'
import type { Shard } from '../../../src/core/data/id.ts'
import type { Instant } from '../../../src/core/data/instant.ts'
import { Conflict } from '../../../src/ports/ledger.ts'
import type { Alarm, Collected, Cosigning, Plan, SealHead, Seals } from '../../../src/ports/seals.ts'

/** Sealed days in memory. They are kept as JSON text, so that callers share no state with them. */
export class MemorySeals implements Seals {
  private readonly day: Day
  private readonly kept = new Map<Day, string>()
  private readonly posts = new Map<Day, Instant | null>()
  private readonly chunks = new Map<Shard, string>()
  private readonly cosigned = new Map<string, string>()
  private newest: { readonly text: string; readonly version: number } | null = null
  private raised: string | null = null

  constructor(first: Day) {
    this.day = first
  }

  async first(): Promise<Day> {
    return this.day
  }

  async head(): Promise<{ readonly head: SealHead | null; readonly version: number | null }> {
    const { text = null, version = null } = this.newest ?? {}
    return { head: parse(text), version }
  }

  async plan(date: Day): Promise<Plan | null> {
    return parse(this.kept.get(date) ?? null)
  }

  async plans(): Promise<readonly Plan[]> {
    return [...this.kept.values()].map((text) => JSON.parse(text) as Plan).sort((a, b) => (a.date < b.date ? -1 : 1))
  }

  async propose(plan: Plan): Promise<Plan> {
    if (!this.kept.has(plan.date)) this.kept.set(plan.date, JSON.stringify(plan))
    return JSON.parse(this.kept.get(plan.date) ?? '') as Plan
  }

  async advance(version: unknown, head: SealHead): Promise<void> {
    if ((this.newest?.version ?? null) !== version) {
      const stored = parse<SealHead>(this.newest?.text ?? null)
      // As after a lost answer: the wanted state exists already.
      if (stored?.number === head.number && stored.manifest === head.manifest) return
      throw new Conflict()
    }
    this.newest = { text: JSON.stringify(head), version: (this.newest?.version ?? 0) + 1 }
    this.posts.set(head.date, null)
    this.raised = null
  }

  async collected(): Promise<ReadonlyMap<Shard, Collected>> {
    return new Map([...this.chunks].map(([shard, text]) => [shard, JSON.parse(text) as Collected]))
  }

  async keepCollected(shard: Shard, collected: Collected): Promise<void> {
    this.chunks.set(shard, JSON.stringify(collected))
  }

  async cosigning(witness: string): Promise<Cosigning | null> {
    return parse(this.cosigned.get(witness) ?? null)
  }

  async keepCosigning(witness: string, cosigning: Cosigning): Promise<void> {
    this.cosigned.set(witness, JSON.stringify(cosigning))
  }

  async alarm(): Promise<Alarm | null> {
    return parse(this.raised)
  }

  async raise(alarm: Alarm): Promise<void> {
    this.raised = JSON.stringify(alarm)
  }

  async clear(): Promise<void> {
    this.raised = null
  }

  async announcements(now: Instant, until: Instant): Promise<readonly Day[]> {
    const free = [...this.posts].filter(([, claimed]) => claimed === null || claimed <= now).map(([date]) => date)
    for (const date of free) this.posts.set(date, until)
    return free.sort()
  }

  async announced(date: Day): Promise<void> {
    this.posts.delete(date)
  }
}

const parse = <T>(text: string | null): T | null => (text === null ? null : (JSON.parse(text) as T))
