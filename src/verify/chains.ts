import { bundleFiles } from '../core/log/bundleFiles.ts'
import { endOf, startOf } from '../core/data/day.ts'
import { type Hex, type Shard, shards } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import type { Manifest } from '../core/log/manifest.ts'
import type { PlacedEvent } from '../core/record/record.ts'
import { BrokenAt } from './finding.ts'

/** By shard, the hash that the day's first event names as the one before it. */
export type Links = Readonly<Record<string, Hex>>

const member = bundleFiles.records.name
const nothing = '0'.repeat(64) as Hex

/** A shard with events on the day. */
interface Cut {
  readonly shard: Shard
  readonly from: number
  readonly to: number
  readonly head: Hex
}

/** Checks the chains, shard by shard: numbers without gaps, and each event with the hash of the one before it. */
export class Chains {
  readonly #manifest: Pick<Manifest, 'date' | 'number'>
  readonly #start: Instant
  readonly #end: Instant
  readonly #links: Record<string, Hex> = {}
  /** The shards that are not finished. The first one is being read. */
  readonly #queue: Cut[]
  #seq = 0
  /** The hash that the next event must name; `null` if an earlier day has the event before, whose hash is unknown. */
  #head: Hex | null = null

  constructor(manifest: Pick<Manifest, 'date' | 'number' | 'shards'>) {
    this.#manifest = manifest
    this.#start = startOf(manifest.date)
    this.#end = endOf(manifest.date)
    this.#queue = shards.flatMap((shard) => {
      const cut = manifest.shards[shard]
      return cut && cut.to > cut.from ? [{ shard, ...cut }] : []
    })
    this.#beginShard()
  }

  /** @throws {BrokenAt} `broken-chain`, `bad-record` */
  take(event: PlacedEvent, hash: Hex, line: number): void {
    const [current] = this.#queue
    const broken = (what: string) => new BrokenAt({ check: 'records', member, line }, 'broken-chain', what)
    if (!current) throw broken('There are more records than the manifest says.')
    if (event.shard !== current.shard || event.seq !== this.#seq + 1)
      throw broken(`${recordName(event)} stands where record ${this.#seq + 1} of shard ${current.shard} belongs.`)
    if (this.#head === null) this.#links[current.shard] = event.prev
    else if (event.prev !== this.#head)
      throw broken(`${recordName(event)} does not follow the one before it: one was changed.`)
    this.#checkDay(event, line)
    this.#seq += 1
    this.#head = hash
    if (this.#seq < current.to) return
    if (hash !== current.head)
      throw broken(`${recordName(event)} is not the last of its shard that the manifest names.`)
    this.#queue.shift()
    this.#beginShard()
  }

  /** @throws {BrokenAt} `broken-chain` */
  end(): void {
    const [current] = this.#queue
    const what = `Record ${this.#seq + 1} of shard ${current?.shard} is missing.`
    if (current) throw new BrokenAt({ check: 'records', member }, 'broken-chain', what)
  }

  links(): Links {
    return this.#links
  }

  #beginShard(): void {
    this.#seq = this.#queue[0]?.from ?? 0
    this.#head = this.#seq === 0 ? nothing : null
  }

  #checkDay(event: PlacedEvent, line: number): void {
    const { date, number } = this.#manifest
    // Events that a slow clock dated before the first day belong to the first day.
    if (event.at < this.#end && (event.at >= this.#start || number === 1)) return
    const what = `${recordName(event)} is of ${event.at}, which is not on ${date}.`
    throw new BrokenAt({ check: 'records', member, line }, 'bad-record', what)
  }
}

const recordName = ({ seq, shard }: { readonly seq: number; readonly shard: Shard }): string =>
  `Record ${seq} of shard ${shard}`
