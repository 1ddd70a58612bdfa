import { setTimeout as pause } from 'node:timers/promises'
import type { TableClient } from '@azure/data-tables'
import { emptyChain } from '../core/request/event.ts'
import type { Shard } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import { Problem } from '../core/data/problem.ts'
import { Conflict, type Loaded } from '../ports/ledger.ts'
import { type Row, textIn } from './column.ts'
import { answered, found } from './fault.ts'
import { headText } from '../core/log/mac.ts'
import { headFrom, headRow } from './row.ts'
import { rowKey } from './rowKey.ts'
import { type Deadline, within } from './deadline.ts'
import type { Tables } from './tables.ts'

export interface HeadRead {
  readonly head: Loaded['head']
  /** `null` where there was no row. */
  readonly etag: string | null
}

/** Milliseconds. While other processes write too, an older head is probably outdated. */
const freshFor = 15

/**
 * Milliseconds. While no other process writes, a remembered head is up to date. If one does, a single lost race shows
 * it.
 */
const freshAlone = 5_000

/** Milliseconds without a write of another process, after which this process is taken for the only one. */
const aloneAfter = 10_000

/** Milliseconds between the storage's clock and ours, above which nothing is recorded and no day counts as over. */
const mostApart = 30_000

/** Lost races after which raising a head is given up. Commits change the same row. */
const mostRaces = 12

const emptyHead: Loaded['head'] = { ...emptyChain, recordedAt: null, policy: null, logKey: null }

const ofProcess = (): number => performance.now()

/** Reads, raises and remembers the head rows of all shards. */
export class Heads {
  readonly #table: TableClient
  readonly #clock: Tables['clock']
  readonly #macs: Tables['macs']
  readonly #elapsed: () => number
  readonly #remembered = new Map<Shard, HeadRead & { readonly at: number }>()
  /** The end of the time in which other processes are assumed to write. */
  #sharedUntil = 0

  constructor({ ledger, clock, macs, elapsed = ofProcess }: Pick<Tables, 'ledger' | 'clock' | 'macs' | 'elapsed'>) {
    this.#table = ledger
    this.#clock = clock
    this.#macs = macs
    this.#elapsed = elapsed
  }

  /** @throws {Problem} `unavailable` while the clocks of the storage and of this machine differ. */
  checkClock(): void {
    if (this.#clock.apart > mostApart)
      throw new Problem('unavailable', 'The clocks of the storage and of this machine differ.', { retryAfter: 30 })
  }

  /** @throws {Problem} `evidence-broken` for a head that the service did not write */
  async read(shard: Shard, deadline: Deadline): Promise<HeadRead> {
    const before = this.#remembered.get(shard)
    const row = await found(this.#table.getEntity(shard, rowKey.head, deadline))
    const read =
      row === null
        ? { head: emptyHead, etag: null }
        : { head: await this.#headIn(row, shard), etag: textIn(row, 'etag') }
    // Our own writes forget the head first. If a remembered head differs from the row, another process wrote the row.
    if (before && before === this.#remembered.get(shard) && before.etag !== read.etag) this.meet()
    return read
  }

  /** Returns a remembered head; `null` if there is none that is recent enough. */
  fresh(shard: Shard): HeadRead | null {
    const head = this.#remembered.get(shard)
    const now = this.#elapsed()
    const long = now < this.#sharedUntil ? freshFor : freshAlone
    return head !== undefined && now - head.at < long ? head : null
  }

  /** Reads a head ahead of its turn, together with another read, while no other process is likely to move it. */
  async readAhead(shard: Shard, deadline: Deadline): Promise<void> {
    if (this.#elapsed() < this.#sharedUntil || this.fresh(shard)) return
    const before = this.#remembered.get(shard)
    const head = await this.read(shard, deadline)
    if (before === this.#remembered.get(shard)) this.remember(shard, head)
  }

  remember(shard: Shard, head: HeadRead): void {
    this.#remembered.set(shard, { ...head, at: this.#elapsed() })
  }

  forget(shard: Shard): void {
    this.#remembered.delete(shard)
  }

  /** Notes that another process writes too. */
  meet(): void {
    this.#sharedUntil = this.#elapsed() + aloneAfter
  }

  /**
   * Raises the shard's time to a moment, so that every commit which had read an earlier one fails.
   *
   * @throws {Problem} `busy` after too many lost races; `unavailable`, also while the clocks differ, because a midnight
   *   of a clock that is ahead would stop the shard until the real one
   */
  async raise(shard: Shard, at: Instant): Promise<void> {
    let known = this.fresh(shard) ?? (await this.read(shard, within()))
    for (let race = 1; isBefore(known, at); race++) {
      this.checkClock()
      this.forget(shard)
      try {
        known = await this.#write(shard, known, at)
      } catch (cause) {
        if (!(cause instanceof Conflict || cause instanceof Problem)) throw cause
        // Another process was first, or the answer to our own write was lost: only the time that it has now counts.
        known = await this.read(shard, within(2_000))
        if (!isBefore(known, at)) break
        if (cause instanceof Problem) throw cause
        if (race === mostRaces) throw new Problem('busy', 'Too many changes at once: try again.', { cause })
        await pause(Math.random() * Math.min(5 * 2 ** race, 100))
      }
    }
    this.remember(shard, known)
  }

  /** Merges, so that columns which this program does not know stay. */
  async #write(shard: Shard, { head, etag }: HeadRead, at: Instant): Promise<HeadRead> {
    const raised = { ...head, recordedAt: at }
    const row = headRow(await this.#macs.rows(), shard, raised)
    const { etag: next } = await answered(
      etag === null
        ? this.#table.createEntity(row, within())
        : this.#table.updateEntity(row, 'Merge', { etag, ...within() }),
    )
    return next === undefined ? this.read(shard, within()) : { head: raised, etag: next }
  }

  #headIn(row: Row, shard: Shard): Promise<Loaded['head']> {
    const { origin } = this.#macs
    const place = { shard, row: rowKey.head }
    return this.#macs.believed(
      row,
      place,
      () => headFrom(row),
      (head) => headText({ origin, shard, ...head }),
    )
  }
}

const isBefore = ({ head: { recordedAt } }: HeadRead, at: Instant): boolean => recordedAt === null || recordedAt < at
