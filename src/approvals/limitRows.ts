import { AsyncResource } from 'node:async_hooks'
import type { Instant } from '../core/data/instant.ts'
import type { LimitRow } from '../core/request/limit.ts'
import type { Clock } from '../ports/clock.ts'
import type { LimitKey, Limits } from '../ports/limits.ts'
import { type ChangeParts, retrying } from './commit.ts'
import { remember } from '../runtime/remember.ts'

/** Computes what a row becomes. Throws a problem to refuse; returns the row itself to leave it as it is. */
export type RowChange = (row: LimitRow, at: Instant) => LimitRow | Promise<LimitRow>

interface Parts extends Pick<ChangeParts, 'backOff'> {
  readonly clock: Clock
}

interface Job {
  readonly change: RowChange
  readonly done: () => void
  readonly failed: (cause: unknown) => void
}

interface Found {
  readonly row: LimitRow
  readonly version: unknown
}

/** What the changes of some jobs make of a row. */
interface Changed {
  readonly row: LimitRow
  readonly refused: ReadonlyMap<Job, unknown>
  /** Whether every job changed the row. */
  readonly byAll: boolean
}

/** Changes that are written together. */
const mostTogether = 50

/** Milliseconds for which a row is taken to be as this process wrote it. A write of others makes the next one fail. */
const rememberedFor = 5_000

/** Milliseconds in which nothing is remembered of a row that another process wrote. */
const sharedFor = 10_000

/** Rows that a process remembers; the oldest give way. */
const mostRemembered = 2_000

/**
 * Changes rows of limits. Changes of one row that come while another is under way are written together, so that a busy
 * channel costs one read and one write at a time. A row that this process wrote a moment ago is not read again: its
 * version shows at the write whether another process was there.
 */
export class LimitRows {
  readonly #limits: Limits
  readonly #elapsed: () => number
  readonly #waiting = new Map<string, Job[]>()
  readonly #remembered = new Map<string, Found & { readonly until: number }>()
  readonly #shared = new Map<string, number>()

  /** @param elapsed milliseconds, of a clock that never goes back */
  constructor(limits: Limits, elapsed: () => number = () => performance.now()) {
    this.#limits = limits
    this.#elapsed = elapsed
  }

  /** Changes a row. @throws {Problem} what the change throws, `busy`, `unavailable` */
  change(parts: Parts, key: LimitKey, change: RowChange): Promise<void> {
    const name = JSON.stringify(key)
    return new Promise((done, failed) => {
      // Without this, the change would run in the context of another call.
      const job = { change: AsyncResource.bind(change), done, failed }
      const waiting = this.#waiting.get(name)
      if (waiting) waiting.push(job)
      else {
        this.#waiting.set(name, [job])
        void this.#work(parts, key, name)
      }
    })
  }

  /** Reads a row, which may be as it was some seconds ago. @throws {Problem} `unavailable` */
  async peek(key: LimitKey): Promise<LimitRow> {
    const name = JSON.stringify(key)
    const known = this.#remembered.get(name)
    if (known && this.#elapsed() < known.until) return known.row
    const found = await this.#limits.read(key)
    this.#remember(name, found)
    return found.row
  }

  async #work(parts: Parts, key: LimitKey, name: string): Promise<void> {
    for (;;) {
      const jobs = this.#waiting.get(name)?.splice(0, mostTogether) ?? []
      if (jobs.length === 0) break
      try {
        const refused = await retrying(parts, (number) => this.#together(parts, key, { name, jobs, number }))
        for (const job of jobs)
          if (refused.has(job)) job.failed(refused.get(job))
          else job.done()
      } catch (cause) {
        for (const { failed } of jobs) failed(cause)
      }
    }
    this.#waiting.delete(name)
  }

  /** Writes what some jobs make of the row. Returns those that refused. @throws {Conflict} */
  async #together(
    { clock }: Parts,
    key: LimitKey,
    { name, jobs, number }: { readonly name: string; readonly jobs: readonly Job[]; readonly number: number },
  ): Promise<Changed['refused']> {
    const remembered = this.#take(name)
    if (number > 0) this.#shared.set(name, this.#elapsed() + sharedFor)
    let found = remembered ?? (await this.#limits.read(key))
    let changed = await changedBy(jobs, found.row, clock)
    // Only the row itself may refuse, or need no change.
    if (remembered && (changed.refused.size > 0 || !changed.byAll)) {
      found = await this.#limits.read(key)
      changed = await changedBy(jobs, found.row, clock)
    }
    if (changed.row !== found.row) {
      const version = await this.#limits.replace(key, found.version, changed.row)
      this.#remember(name, { row: changed.row, version })
    }
    return changed.refused
  }

  /** Takes what is remembered of a row, so that a write which fails leaves nothing remembered. */
  #take(name: string): Found | null {
    const found = this.#remembered.get(name)
    this.#remembered.delete(name)
    return found && this.#elapsed() < found.until ? found : null
  }

  #remember(name: string, found: Found): void {
    const now = this.#elapsed()
    for (const [other, until] of this.#shared) if (until <= now) this.#shared.delete(other)
    if (found.version === undefined || found.version === null || this.#shared.has(name)) return
    remember(this.#remembered, name, { ...found, until: now + rememberedFor }, mostRemembered)
  }
}

async function changedBy(jobs: readonly Job[], row: LimitRow, clock: Clock): Promise<Changed> {
  let now = row
  let byAll = true
  const refused = new Map<Job, unknown>()
  for (const job of jobs)
    try {
      const next = await job.change(now, clock.now())
      byAll &&= next !== now
      now = next
    } catch (cause) {
      refused.set(job, cause)
    }
  return { row: now, refused, byAll }
}

const known = new WeakMap<Limits, LimitRows>()

/** Returns this process's way to change the rows of these limits. */
export function limitRowsOf(limits: Limits): LimitRows {
  const found = known.get(limits) ?? new LimitRows(limits)
  known.set(limits, found)
  return found
}
