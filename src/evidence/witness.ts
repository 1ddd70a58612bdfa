import { type Day, dayOf } from '../core/data/day.ts'
import { type Shard, shards } from '../core/data/id.ts'
import { type Instant, instant, milliseconds } from '../core/data/instant.ts'
import { evidenceBroken, Problem } from '../core/data/problem.ts'
import {
  authenticatedHeads,
  formatHeads,
  headsOf,
  headsPath,
  headsPrefix,
  slotOf,
  witnessEvery,
  type Witnessed,
  type WitnessedHead,
} from '../core/log/witness.ts'
import type { Archive } from '../ports/archive.ts'
import type { Clock } from '../ports/clock.ts'
import type { Ledger, Loaded } from '../ports/ledger.ts'
import type { Seals } from '../ports/seals.ts'
import { readsOf } from '../runtime/ledgerReads.ts'
import type { Macs } from '../runtime/macs.ts'
import { repairedSince } from './repair/repairedSince.ts'
import { readHeads } from './witnessFiles.ts'

export interface WitnessParts {
  readonly ledger: Ledger
  readonly archive: Pick<Archive, 'createOrRead' | 'list'>
  readonly seals: Pick<Seals, 'first'>
  readonly macs: Macs
  readonly clock: Clock
  /** Gives as many random bytes. */
  readonly random: (bytes: number) => Uint8Array
  /** Is called with errors of work whose result is not awaited. Must not throw. */
  readonly failed: (cause: unknown) => void
}

/**
 * Remembers the head of every chain, so that no chain can be shortened or replaced unnoticed: in memory for this
 * process, and in files of the write-once archive for all processes.
 */
export class Witness {
  /** The ledger, which commits nothing in a shard whose chain was shortened or replaced. */
  readonly ledger: Ledger
  readonly #parts: WitnessParts
  /** The highest head that was seen of each shard, and its time. */
  readonly #seen = new Map<Shard, WitnessedHead & { readonly at: Instant }>()
  /** Heads that were refused, because no repair explains them. */
  readonly #refused = new Map<Shard, string>()
  /** Files that the service did not write and that were reported. */
  readonly #foreign = new Set<string>()
  /** The content of the newest file. */
  #newest: Witnessed | null = null
  /** The time at which the newest read of the files began, in milliseconds. */
  #readAt = Number.NEGATIVE_INFINITY

  /** Makes one that knows nothing yet: see {@link begin}. */
  constructor(parts: WitnessParts) {
    this.#parts = parts
    this.ledger = this.#guarded(parts.ledger)
  }

  /** Makes one that has begun. @throws {Problem} `unavailable` */
  static async begin(parts: WitnessParts): Promise<Witness> {
    const witness = new Witness(parts)
    await witness.begin()
    return witness
  }

  /**
   * Reads the newest file. Comes before anything is committed, and may be repeated.
   *
   * @throws {Problem} `unavailable`
   */
  async begin(): Promise<void> {
    const { clock, seals } = this.#parts
    const now = clock.now()
    this.#readAt = milliseconds(now)
    const current = dayOf(now).slice(0, 7)
    const isIn = (month: string) => this.#read(`${headsPrefix}${month}`)
    // Most starts find the newest file in the current month, and need not know the first.
    const [first, isFound] = await Promise.all([seals.first(), isIn(current)])
    if (isFound) return
    for (const month of monthsBack(dayOf(now), first)) if (month !== current && (await isIn(month))) break
  }

  /**
   * Writes a file with the heads of all chains, unless no chain has grown since the newest file, or that file is
   * younger than five minutes. Reports a chain that was shortened or replaced, and goes on to write the head that was
   * seen.
   *
   * @throws {Problem} `unavailable`
   */
  async record(): Promise<boolean> {
    const { clock } = this.#parts
    const now = clock.now()
    const slot = slotOf(now)
    if (this.#newest !== null && this.#newest.at >= slot) return false
    await this.#read(headsOf(dayOf(now)))
    if (this.#newest !== null && this.#newest.at >= slot) return false
    const heads = await this.#heads()
    if (shards.every((shard) => heads[shard]?.seq === this.#newest?.heads[shard]?.seq)) return false
    await this.#write({ at: now, heads })
    return true
  }

  /**
   * Tells whether an event has been in the ledger for a quarter of an hour, and no file says how far its chain goes: an
   * event that is in no file can be cut off unseen.
   *
   * @throws {Problem} `unavailable`
   */
  async isLate(): Promise<boolean> {
    const now = milliseconds(this.#parts.clock.now())
    const before = instant(now - 3 * witnessEvery * 1000)
    if (!(await this.#isBehind(before))) return false
    // Another process may have written since this one read; around midnight its file is that of the day before.
    for (const day of new Set([dayOf(before), dayOf(instant(now))])) await this.#read(headsOf(day))
    return this.#isBehind(before)
  }

  async #isBehind(before: Instant): Promise<boolean> {
    const { ledger } = this.#parts
    const behind = shards.map(async (shard) => {
      const known = this.#newest?.heads[shard]?.seq ?? 0
      if ((await ledger.news(shard, null)).seq <= known) return false
      return (await ledger.cut(shard, before)).seq > known
    })
    return (await Promise.all(behind)).includes(true)
  }

  async #heads(): Promise<Witnessed['heads']> {
    const { ledger, failed } = this.#parts
    const found = await Promise.all(
      shards.map(async (shard) => {
        try {
          await this.#check(shard, (await ledger.load(shard, {})).head)
        } catch (cause) {
          if (!(cause instanceof Problem) || cause.code !== 'evidence-broken') throw cause
          failed(cause)
        }
        const seen = this.#seen.get(shard)
        return seen ? [[shard, { seq: seen.seq, hash: seen.hash }] as const] : []
      }),
    )
    return Object.fromEntries(found.flat()) as Witnessed['heads']
  }

  async #write(heads: Witnessed): Promise<void> {
    const path = headsPath(heads.at)
    const { archive, macs, random } = this.#parts
    const { sign } = await macs.rows()
    const text = formatHeads(heads, sign(authenticatedHeads(macs.origin, heads)))
    const standing = await archive.createOrRead(path, Buffer.from(text), 'application/json', text)
    this.#newest = heads
    if (Buffer.from(standing).toString('utf8') === text) return
    // Another instance was first, which is enough; or a forged file has the name, and this one is stored beside it.
    if (await this.#read(path)) return
    const beside = `${path}.${Buffer.from(random(8)).toString('hex')}`
    await archive.createOrRead(beside, Buffer.from(text), 'application/json', text)
  }

  /** Takes the newest authentic file whose name has this prefix. Returns whether there is one. */
  async #read(prefix: string): Promise<boolean> {
    const { archive, macs } = this.#parts
    const files = await archive.list(prefix)
    const { found, foreign } = await readHeads(macs, files.toReversed(), 1)
    for (const name of foreign) this.#report(name)
    const [newest] = found
    if (newest === undefined) return false
    this.#take(newest)
    return true
  }

  #take(witnessed: Witnessed): void {
    if (this.#newest === null || witnessed.at > this.#newest.at) this.#newest = witnessed
    for (const shard of shards) {
      const head = witnessed.heads[shard]
      if (head && head.seq > (this.#seen.get(shard)?.seq ?? 0)) this.#seen.set(shard, { ...head, at: witnessed.at })
    }
  }

  #report(name: string): void {
    if (this.#foreign.has(name)) return
    this.#foreign.add(name)
    this.#parts.failed(evidenceBroken({ shard: 'heads', row: name, check: 'mac' }))
  }

  /**
   * Compares a head with the highest that was seen, and remembers it.
   *
   * @throws {Problem} `evidence-broken` for a lower head, or for another hash at the same number, unless the chain
   *   records a repair since
   */
  async #check(shard: Shard, { seq, hash, recordedAt }: Loaded['head']): Promise<void> {
    const seen = this.#seen.get(shard)
    const found = { seq, hash, at: recordedAt ?? ('' as Instant) }
    if (seen === undefined || seq > seen.seq) {
      if (seq > 0) this.#seen.set(shard, found)
      return
    }
    if (seq === seen.seq && hash === seen.hash) return
    // The ledger may remember a head that is older than another process's. The row itself decides.
    if (seq < seen.seq && (await this.#parts.ledger.news(shard, null)).seq >= seen.seq) return
    if (this.#refused.get(shard) !== hash && (await repairedSince(this.#parts.ledger, shard, seen, seq))) {
      this.#seen.set(shard, found)
      return
    }
    this.#refused.set(shard, hash)
    throw evidenceBroken({ shard, row: `head ${seq}, was ${seen.seq}`, check: 'head' })
  }

  /** Reads the files again when they are old, without making the caller wait. */
  #refresh(): void {
    const now = milliseconds(this.#parts.clock.now())
    if (now - this.#readAt < witnessEvery * 1000) return
    this.#readAt = now
    this.#read(headsOf(dayOf(instant(now)))).catch(this.#parts.failed)
  }

  #guarded(ledger: Ledger): Ledger {
    const load = async (...args: Parameters<Ledger['load']>): Promise<Loaded> => {
      this.#refresh()
      const loaded = await ledger.load(...args)
      await this.#check(loaded.shard, loaded.head)
      return loaded
    }
    const commit = async (...[loaded, change]: Parameters<Ledger['commit']>): Promise<void> => {
      await ledger.commit(loaded, change)
      const newest = change.leaves.at(-1)
      if (newest && newest.seq > (this.#seen.get(loaded.shard)?.seq ?? 0))
        this.#seen.set(loaded.shard, { seq: newest.seq, hash: newest.hash, at: change.at })
    }
    const claimKey: Ledger['claimKey'] = (...args) => ledger.claimKey(...args)
    return { ...readsOf(ledger), load, commit, claimKey, fence: (...args) => ledger.fence(...args) }
  }
}

/** Lists the months from one day back to another: `2026-03`, `2026-02`. */
export function* monthsBack(from: Day, to: Day): Generator<string> {
  for (let month = from.slice(0, 7); month >= to.slice(0, 7); ) {
    yield month
    month = instant(Date.parse(`${month}-01T00:00:00.000Z`) - 1).slice(0, 7)
  }
}
