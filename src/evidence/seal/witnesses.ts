import { Broken } from '../../core/data/broken.ts'
import { type Day, dayBefore, dayOf, endOf, nextDay, startOf } from '../../core/data/day.ts'
import { type Hex, type RequestId, type Shard, shards } from '../../core/data/id.ts'
import type { Instant } from '../../core/data/instant.ts'
import { evidenceBroken } from '../../core/data/problem.ts'
import { endPath, endPrefixes, endsPrefix } from '../../core/log/end.ts'
import { chunksOf } from '../../core/log/chunk.ts'
import { headsOf } from '../../core/log/witness.ts'
import { readRecord } from '../../core/record/record.ts'
import type { Archive, ArchivedFile } from '../../ports/archive.ts'
import type { Clock } from '../../ports/clock.ts'
import type { KeptEvent, Ledger } from '../../ports/ledger.ts'
import { abreast } from '../../runtime/concurrency.ts'
import type { Macs } from '../../runtime/macs.ts'
import { recordsOf } from '../log/logIndex.ts'
import { repairedSince } from '../repair/repairedSince.ts'
import { type Authentic, readChunks, readEnds, readHeads } from '../witnessFiles.ts'
import { brokenEvent, eventAt } from './eventCheck.ts'
import { cutOf, type DayCuts } from './plan.ts'

export interface WitnessesParts {
  readonly ledger: Pick<Ledger, 'news' | 'stream'>
  readonly archive: Pick<Archive, 'list' | 'find'>
  readonly macs: Macs
  readonly clock: Clock
  /** Is called with forged files, which do not stop sealing. Must not throw. */
  readonly failed: (cause: unknown) => void
}

/** Lookups at the same time. */
const atOnce = 8

/** Records of a day, above which its files are listed in shorter ranges. */
const many = 20_000

/** An event that a file outside the tables names, and the time of that file. */
interface Testimony {
  readonly shard: Shard
  readonly seq: number
  readonly hash: Hex
  readonly at: Instant
}

/**
 * The events that files of the write-once archive name: witnessed heads, and ends of requests. The sealed log must
 * contain each of them, so that a change of the tables is found.
 */
export class Witnesses {
  readonly #plan: DayCuts
  readonly #ledger: WitnessesParts['ledger']
  /**
   * The day's events that a file names, by shard and number: the hash as 32 characters, because there may be a million,
   * and the time of the file.
   */
  readonly #named = new Map<Shard, Map<number, string>>()
  /** Events after the day's cut. */
  readonly #later: Testimony[] = []
  /** Events in whose place another file, or the sealed log, names another event. */
  readonly #disputed: Testimony[] = []

  private constructor({ ledger }: WitnessesParts, plan: DayCuts) {
    this.#ledger = ledger
    this.#plan = plan
  }

  /**
   * Reads the files that can name events of the day. Files that the service did not write are ignored, and reported.
   *
   * @param open requests that were open when the day began
   * @throws {Broken} `broken-chain` if two files name different events, or if the ledger lacks an event that a file
   *   names, and the chain does not record a repair since
   */
  static async read(parts: WitnessesParts, plan: DayCuts, open: readonly RequestId[]): Promise<Witnesses> {
    const { date } = plan
    const witnesses = await Witnesses.#ofHeads(parts, plan, daysOf(plan, dayOf(parts.clock.now())))
    const chunks = kept(parts, await readChunks(parts.macs, await parts.archive.list(chunksOf(date))))
    for (const { shard, to, at } of chunks) witnesses.#take({ shard, ...to, at })
    const takeEnds = async (files: readonly ArchivedFile[]) => {
      for (const { shard, seq, leaf, at } of kept(parts, await readEnds(parts.macs, files)))
        witnesses.#take({ shard, seq, hash: leaf, at })
    }
    await abreast(atOnce, rangesOf(plan), async (prefix) => takeEnds(await parts.archive.list(prefix)))
    await abreast(atOnce, open, async (id) => {
      const file = await parts.archive.find(endPath(id))
      if (file) await takeEnds([file])
    })
    await witnesses.#checkLater()
    for (const testimony of witnesses.#disputed) await witnesses.explain(testimony)
    return witnesses
  }

  /**
   * Reads the heads that were witnessed on a day that is not over yet. Later ones than its newest events prove nothing now.
   *
   * @throws {Broken} `broken-chain` as {@link Witnesses.read}
   */
  static async readHeads(parts: WitnessesParts, day: DayCuts): Promise<Witnesses> {
    const witnesses = await Witnesses.#ofHeads(parts, day, [day.date])
    for (const testimony of witnesses.#disputed) await witnesses.explain(testimony)
    return witnesses
  }

  static async #ofHeads(parts: WitnessesParts, plan: DayCuts, days: readonly Day[]): Promise<Witnesses> {
    const witnesses = new Witnesses(parts, plan)
    await abreast(atOnce, days, async (day) => {
      for (const { at, heads } of kept(parts, await readHeads(parts.macs, await parts.archive.list(headsOf(day)))))
        for (const shard of shards) {
          const head = heads[shard]
          if (head) witnesses.#take({ shard, ...head, at })
        }
    })
    return witnesses
  }

  /** Finds a file that names another event in the place of this one; `null` if there is none. */
  contradiction(shard: Shard, { seq, hash }: { readonly seq: number; readonly hash: Hex }): Testimony | null {
    const named = this.#named.get(shard)?.get(seq)
    return named === undefined || named.startsWith(packed(hash)) ? null : { shard, seq, ...unpacked(named) }
  }

  /**
   * Finds files that name other events in the place of some of these.
   *
   * @param after the number before the first
   * @param hashes of their leaves, 32 bytes each
   */
  *contradictions(shard: Shard, after: number, hashes: Buffer): Generator<Testimony> {
    const named = this.#named.get(shard)
    if (named === undefined) return
    for (let at = 0, seq = after + 1; at < hashes.length; at += 32, seq += 1) {
      if (!named.has(seq)) continue
      const found = this.contradiction(shard, { seq, hash: hashes.toString('hex', at, at + 32) as Hex })
      if (found) yield found
    }
  }

  /**
   * Finds that a repair took the event out that a file names: the chain records that, after the file was written.
   *
   * @throws {Broken} `broken-chain` if it does not
   */
  async explain(testimony: Testimony): Promise<void> {
    if (!(await this.#isRepaired(testimony))) throw replaced(testimony.seq, testimony.shard)
  }

  /** Gives the highest number that a file names of the day's events; `null` if none does. */
  newest(shard: Shard): number | null {
    const numbers = [...(this.#named.get(shard)?.keys() ?? [])]
    return numbers.length === 0 ? null : numbers.reduce((a, b) => Math.max(a, b))
  }

  #take(testimony: Testimony): void {
    const { shard, seq, hash } = testimony
    const [from, to] = [cutOf(this.#plan.from, shard), cutOf(this.#plan.to, shard)]
    if (seq === from.seq && hash !== from.hash) this.#disputed.push(testimony)
    if (seq <= from.seq) return
    if (seq > to.seq) {
      this.#later.push(testimony)
      return
    }
    const named = this.#named.get(shard) ?? new Map<number, string>()
    this.#named.set(shard, named)
    const known = named.get(seq)
    const other = known === undefined || known.startsWith(packed(hash)) ? null : { shard, seq, ...unpacked(known) }
    // Of two that differ the later one counts; the earlier has to be explained.
    if (other) this.#disputed.push(other.at < testimony.at ? other : testimony)
    if (known === undefined || (other && other.at < testimony.at)) named.set(seq, `${packed(hash)}${testimony.at}`)
  }

  /**
   * Checks that the ledger has the events after the day's cut, and that they are of later days. An event of the day that
   * was cut off is thus found before the day is published, also if the chain has grown again since, or if the event was
   * put back once the day was planned.
   */
  async #checkLater(): Promise<void> {
    const end = endOf(this.#plan.date)
    for (const shard of new Set(this.#later.map(({ shard }) => shard))) {
      const later = this.#later.filter((testimony) => testimony.shard === shard)
      const found = await this.#found(shard, new Set(later.map(({ seq }) => seq)))
      for (const testimony of later) {
        const { seq, hash } = testimony
        const event = found.get(seq)
        const at = event?.hash === hash ? readRecord(event.text).at : null
        if ((at !== null && at >= end) || (await this.#isRepaired(testimony))) continue
        if (event === undefined) throw brokenEvent(seq, shard, 'broken-chain', 'was recorded, and is missing')
        if (at === null) throw replaced(seq, shard)
        throw brokenEvent(seq, shard, 'broken-chain', `is of ${at}, and was not there when the day was planned`)
      }
    }
  }

  /** Finds single events of the ledger. */
  async #found(shard: Shard, numbers: ReadonlySet<number>): Promise<ReadonlyMap<number, KeptEvent>> {
    const found = new Map<number, KeptEvent>()
    await abreast(atOnce, [...numbers], async (seq) => {
      const event = await eventAt(this.#ledger, shard, seq)
      if (event) found.set(seq, event)
    })
    return found
  }

  async #isRepaired({ shard, seq, at }: Testimony): Promise<boolean> {
    const { seq: end } = await this.#ledger.news(shard, null)
    return repairedSince(this.#ledger, shard, { seq, at }, end)
  }
}

/** Ignores and reports forged files, so that an attacker cannot stop sealing by creating one. */
function kept<T>({ failed }: WitnessesParts, { found, foreign }: Authentic<T>): readonly T[] {
  for (const row of foreign) failed(evidenceBroken({ shard: row.split('/')[0] ?? '', row, check: 'mac' }))
  return found
}

/**
 * Lists the days whose files of heads may name an event of the day. An event is the head of its chain until another comes,
 * and a day may be sealed late; another process's clock may be ahead.
 */
function daysOf({ date }: DayCuts, today: Day): readonly Day[] {
  const days = [dayBefore(date)]
  for (let day = date; day <= nextDay(today); day = nextDay(day)) days.push(day)
  return days
}

/** Lists the prefixes of files of the day's requests; on the first day, the prefix of all files. */
function rangesOf(plan: DayCuts): readonly string[] {
  const { date, number } = plan
  // Requests that a slow clock dated before the first day belong to that day.
  if (number === 1) return [endsPrefix]
  return endPrefixes(startOf(date), endOf(date), recordsOf(plan) < many ? 5 : 6)
}

const replaced = (seq: number, shard: Shard): Broken =>
  brokenEvent(seq, shard, 'broken-chain', 'is not the one that a file in the archive names')

const packed = (hash: Hex): string => Buffer.from(hash, 'hex').toString('latin1')

const unpacked = (named: string): Pick<Testimony, 'hash' | 'at'> => ({
  hash: Buffer.from(named.slice(0, 32), 'latin1').toString('hex') as Hex,
  at: named.slice(32) as Instant,
})
