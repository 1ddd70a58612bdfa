import { Broken } from '../../core/data/broken.ts'
import { type Day, endOf, nextDay, startOf } from '../../core/data/day.ts'
import { beginningsBetween, type Hex, type RequestId, type Shard, shards } from '../../core/data/id.ts'
import { instant, milliseconds, plusSeconds } from '../../core/data/instant.ts'
import { evidenceBroken } from '../../core/data/problem.ts'
import { endPath, endsPrefix } from '../../core/log/end.ts'
import { headsOf } from '../../core/log/witness.ts'
import type { Archive, ArchivedFile } from '../../ports/archive.ts'
import type { Ledger } from '../../ports/ledger.ts'
import type { Plan } from '../../ports/seals.ts'
import { abreast } from '../../runtime/concurrency.ts'
import type { Macs } from '../../runtime/macs.ts'
import { recordsOf } from '../log/logIndex.ts'
import { type Authentic, readEnds, readHeads } from '../witnessFiles.ts'
import { brokenEvent } from './eventCheck.ts'
import { cutOf } from './plan.ts'

export interface WitnessesParts {
  readonly ledger: Pick<Ledger, 'news'>
  readonly archive: Pick<Archive, 'list' | 'find'>
  readonly macs: Macs
  /** Is called with forged files, which do not stop sealing. Must not throw. */
  readonly failed: (cause: unknown) => void
}

/** Lookups at the same time. */
const atOnce = 8

/** Seconds. The moment in a request's id and its first event are never further apart. */
const slack = 600

/** Records of a day, above which its files are listed in shorter ranges. */
const many = 20_000

/** An event that a file outside the tables names. */
interface Testimony {
  readonly shard: Shard
  readonly seq: number
  readonly hash: Hex
}

/**
 * The events that files of the write-once archive name: witnessed heads, and ends of requests. The sealed log must
 * contain each of them, so that a change of the tables is found.
 */
export class Witnesses {
  readonly #plan: Plan
  /** Hashes of the day's events by shard and number, each as 32 characters, because there may be a million. */
  readonly #named = new Map<Shard, Map<number, string>>()
  /** The highest number after the day's cut, by shard. */
  readonly #later = new Map<Shard, number>()

  private constructor(plan: Plan) {
    this.#plan = plan
  }

  /**
   * Reads the files that can name events of the day. Files that the service did not write are ignored, and reported.
   *
   * @param open requests that were open when the day began
   * @throws {Broken} `broken-chain` if two files name different events, or if the ledger lacks an event that a file
   *   names
   */
  static async read(parts: WitnessesParts, plan: Plan, open: readonly RequestId[]): Promise<Witnesses> {
    const witnesses = new Witnesses(plan)
    const { date } = plan
    const days = [dayBefore(date), date, nextDay(date)]
    await abreast(atOnce, days, async (day) => {
      for (const { heads } of kept(parts, await readHeads(parts.macs, await parts.archive.list(headsOf(day)))))
        for (const shard of shards) {
          const head = heads[shard]
          if (head) witnesses.#take({ shard, ...head })
        }
    })
    const takeEnds = async (files: readonly ArchivedFile[]) => {
      for (const { shard, seq, leaf } of kept(parts, await readEnds(parts.macs, files)))
        witnesses.#take({ shard, seq, hash: leaf })
    }
    await abreast(atOnce, rangesOf(plan), async (prefix) => takeEnds(await parts.archive.list(prefix)))
    await abreast(atOnce, open, async (id) => {
      const file = await parts.archive.find(endPath(id))
      if (file) await takeEnds([file])
    })
    await witnesses.#checkLater(parts)
    return witnesses
  }

  /** @throws {Broken} `broken-chain` for an event that has another hash than a file names */
  check(shard: Shard, { seq, hash }: { readonly seq: number; readonly hash: Hex }): void {
    const named = this.#named.get(shard)?.get(seq)
    if (named !== undefined && named !== packed(hash)) throw replaced(seq, shard)
  }

  /** Gives the highest number that a file names of the day's events; `null` if none does. */
  newest(shard: Shard): number | null {
    const numbers = [...(this.#named.get(shard)?.keys() ?? [])]
    return numbers.length === 0 ? null : numbers.reduce((a, b) => Math.max(a, b))
  }

  #take({ shard, seq, hash }: Testimony): void {
    const [from, to] = [cutOf(this.#plan.from, shard), cutOf(this.#plan.to, shard)]
    if (seq === from.seq && hash !== from.hash) throw replaced(seq, shard)
    if (seq <= from.seq) return
    if (seq > to.seq) {
      this.#later.set(shard, Math.max(seq, this.#later.get(shard) ?? 0))
      return
    }
    const named = this.#named.get(shard) ?? new Map<number, string>()
    this.#named.set(shard, named)
    const text = packed(hash)
    if ((named.get(seq) ?? text) !== text) throw replaced(seq, shard)
    named.set(seq, text)
  }

  /** Checks that events after the day's cut exist. Their hashes are compared when their day is sealed. */
  async #checkLater({ ledger }: WitnessesParts): Promise<void> {
    for (const [shard, seq] of this.#later)
      if ((await ledger.news(shard, null)).seq < seq)
        throw brokenEvent(seq, shard, 'broken-chain', 'was recorded, and is missing')
  }
}

/** Ignores and reports forged files, so that an attacker cannot stop sealing by creating one. */
function kept<T>({ failed }: WitnessesParts, { found, foreign }: Authentic<T>): readonly T[] {
  for (const row of foreign) failed(evidenceBroken({ shard: row.split('/')[0] ?? '', row, check: 'mac' }))
  return found
}

/** Lists the prefixes of files of the day's requests; on the first day, the prefix of all files. */
function rangesOf(plan: Plan): readonly string[] {
  const { date, number } = plan
  // Requests that a slow clock dated before the first day belong to that day.
  if (number === 1) return [endsPrefix]
  const [from, to] = [plusSeconds(startOf(date), -slack), plusSeconds(endOf(date), slack)]
  return beginningsBetween(from, to, recordsOf(plan) < many ? 5 : 6).map((beginning) => `${endsPrefix}${beginning}`)
}

const dayBefore = (date: Day): Day => instant(milliseconds(startOf(date)) - 1).slice(0, 10) as Day

const replaced = (seq: number, shard: Shard): Broken =>
  brokenEvent(seq, shard, 'broken-chain', 'is not the one that a file in the archive names')

const packed = (hash: Hex): string => Buffer.from(hash, 'hex').toString('latin1')
