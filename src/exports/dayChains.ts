import { type Hex, type Shard, shards } from '../core/data/id.ts'
import type { Manifest } from '../core/log/manifest.ts'
import type { LogEvent } from '../core/record/eventType.ts'
import type { PopulationCount } from './dayTest.ts'

/** Follows the chains of all shards through a day, and compares their ends with the manifest. */
export class DayChains {
  readonly #manifest: Manifest
  /** The newest event of each shard. */
  readonly #heads = new Map<Shard, { readonly seq: number; readonly hash: Hex | null }>()
  #records = 0
  #breaks = 0

  constructor(manifest: Manifest) {
    this.#manifest = manifest
    // The manifest lacks the hash before the day. The proof of growth and the bundle before cover it.
    for (const shard of shards) this.#heads.set(shard, { seq: manifest.shards[shard]?.from ?? 0, hash: null })
  }

  take({ shard, seq, prev }: LogEvent, hash: Hex): void {
    const head = this.#heads.get(shard)
    const follows = head?.seq === seq - 1 && (head.hash === null || head.hash === prev)
    if (!follows) this.#breaks += 1
    this.#heads.set(shard, { seq, hash })
    this.#records += 1
  }

  /** How many records there are, and how many places at which one is missing or was changed. */
  found(): PopulationCount {
    const { log, counts, shards: cuts } = this.#manifest
    const wrongEnds = [...this.#heads].filter(([shard, { seq, hash }]) => {
      const cut = cuts[shard]
      return cut?.to !== seq || (hash !== null && cut.head !== hash)
    })
    const isAll = this.#records === counts.records && this.#records === log.to.size - log.from.size
    return { population: this.#records, exceptions: this.#breaks + wrongEnds.length + (isAll ? 0 : 1) }
  }
}
