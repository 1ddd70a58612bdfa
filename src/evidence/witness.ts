import { type Day, dayOf } from '../core/data/day.ts'
import { type Shard, shards } from '../core/data/id.ts'
import { instant, milliseconds } from '../core/data/instant.ts'
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
import type { Macs } from '../runtime/macs.ts'
import { readHeads } from './witnessFiles.ts'

export interface WitnessParts {
  readonly ledger: Ledger
  readonly archive: Pick<Archive, 'createOrRead' | 'list'>
  readonly seals: Pick<Seals, 'first'>
  readonly macs: Macs
  readonly clock: Clock
  /** Gives so many random bytes. */
  readonly random: (bytes: number) => Uint8Array
  /** Is called with errors of work whose result is not awaited. Must not throw. */
  readonly failed: (cause: unknown) => void
}

/**
 * Remembers how far every chain went, so that none can be shortened or replaced unseen: in this process what it saw, and
 * for all processes in files of the write-once archive.
 */
export class Witness {
  /** The ledger, which commits nothing in a shard whose chain is not the one that was seen. */
  readonly ledger: Ledger
  readonly #parts: WitnessParts
  /** The highest head that was seen of each shard. */
  readonly #seen = new Map<Shard, WitnessedHead>()
  /** Files that the service did not write, which were reported. */
  readonly #foreign = new Set<string>()
  /** Of the newest file. */
  #newest: Witnessed | null = null
  /** When the files were read, or began to be read, in milliseconds. */
  #readAt = Number.NEGATIVE_INFINITY

  private constructor(parts: WitnessParts) {
    this.#parts = parts
    this.ledger = this.#guarded(parts.ledger)
  }

  /**
   * Reads the newest file.
   *
   * @throws {Problem} `unavailable`
   */
  static async begin(parts: WitnessParts): Promise<Witness> {
    const witness = new Witness(parts)
    const now = parts.clock.now()
    witness.#readAt = milliseconds(now)
    for (const month of monthsBack(dayOf(now), await parts.seals.first()))
      if (await witness.#read(`${headsPrefix}${month}`)) break
    return witness
  }

  /**
   * Writes where all chains stand, unless nothing moved since the newest file, or that is younger than five minutes.
   * Chains that are not as they were seen are reported; their files go on to say what was seen.
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
    // Another instance was first, or a foreign file takes the name: then this one goes beside it.
    if (await this.#read(path)) return
    const beside = `${path}.${Buffer.from(random(8)).toString('hex')}`
    await archive.createOrRead(beside, Buffer.from(text), 'application/json', text)
  }

  /** Takes the newest authentic file whose name begins so. Returns whether there is one. */
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
      if (head && head.seq > (this.#seen.get(shard)?.seq ?? 0)) this.#seen.set(shard, head)
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
   * @throws {Problem} `evidence-broken` for a head that is lower, or another at the same number
   */
  async #check(shard: Shard, { seq, hash }: WitnessedHead): Promise<void> {
    const seen = this.#seen.get(shard)
    if (seen === undefined || seq > seen.seq) {
      if (seq > 0) this.#seen.set(shard, { seq, hash })
      return
    }
    if (seq === seen.seq && hash === seen.hash) return
    // What a ledger remembers may be older than what another process wrote: the row itself decides.
    if (seq < seen.seq && (await this.#parts.ledger.news(shard, null)).seq >= seen.seq) return
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
        this.#seen.set(loaded.shard, { seq: newest.seq, hash: newest.hash })
    }
    return {
      load,
      commit,
      inTurn: (...args) => ledger.inTurn(...args),
      find: (id) => ledger.find(id),
      findKey: (...args) => ledger.findKey(...args),
      events: (request) => ledger.events(request),
      due: (...args) => ledger.due(...args),
      list: (...args) => ledger.list(...args),
      news: (...args) => ledger.news(...args),
      fence: (...args) => ledger.fence(...args),
      cut: (...args) => ledger.cut(...args),
      stream: (...args) => ledger.stream(...args),
      ping: () => ledger.ping(),
    }
  }
}

/** Months from that of a day back to that of another: `2026-03`, `2026-02`. */
function* monthsBack(from: Day, to: Day): Generator<string> {
  for (let month = from.slice(0, 7); month >= to.slice(0, 7); ) {
    yield month
    month = instant(Date.parse(`${month}-01T00:00:00.000Z`) - 1).slice(0, 7)
  }
}
