import { bundleFiles } from '../core/log/bundleFiles.ts'
import { endOf, startOf } from '../core/data/day.ts'
import { type Hex, type Shard, shards } from '../core/data/id.ts'
import type { Manifest } from '../core/log/manifest.ts'
import type { Placed } from '../core/record/record.ts'
import { BrokenAt } from './finding.ts'

/** What the first event of each shard says came before it. */
export type Links = Readonly<Record<string, Hex>>

const member = bundleFiles.records.name
const nothing = '0'.repeat(64) as Hex

/** Follows the chains: shard by shard, number by number, each event naming the hash of the one before it. */
export function chains({ date, number, shards: cuts }: Pick<Manifest, 'date' | 'number' | 'shards'>) {
  const links: Record<string, Hex> = {}
  const [startOfDay, endOfDay] = [startOf(date), endOf(date)]
  const queue = shards.flatMap((shard) => {
    const cut = cuts[shard]
    return cut && cut.to > cut.from ? [{ shard, ...cut }] : []
  })
  let at = 0
  let seq = queue[0]?.from ?? 0
  let head: Hex | null = seq === 0 ? nothing : null

  return {
    /** @throws {BrokenAt} `broken-chain`, `bad-record` */
    take(event: Placed, hash: Hex, line: number): void {
      const current = queue[at]
      const broken = (what: string) => new BrokenAt({ check: 'records', member, line }, 'broken-chain', what)
      if (!current) throw broken('There are more records than the manifest says.')
      if (event.shard !== current.shard || event.seq !== seq + 1)
        throw broken(`${nameOf(event)} stands where record ${seq + 1} of shard ${current.shard} belongs.`)
      if (head === null) links[current.shard] = event.prev
      else if (event.prev !== head) throw broken(`${nameOf(event)} does not follow the one before it: one was changed.`)
      checkDay(event, line)
      seq += 1
      head = hash
      if (seq < current.to) return
      if (head !== current.head) throw broken(`${nameOf(event)} is not the last of its shard that the manifest names.`)
      at += 1
      seq = queue[at]?.from ?? 0
      head = seq === 0 ? nothing : null
    },

    /** @throws {BrokenAt} `broken-chain` */
    end(): void {
      const current = queue[at]
      const what = `Record ${seq + 1} of shard ${current?.shard} is missing.`
      if (current) throw new BrokenAt({ check: 'records', member }, 'broken-chain', what)
    },

    links: (): Links => links,
  }

  function checkDay(event: Placed, line: number): void {
    // What a clock that was behind wrote before the first day belongs to that.
    if (event.at < endOfDay && (event.at >= startOfDay || number === 1)) return
    const what = `${nameOf(event)} is of ${event.at}, which is not on ${date}.`
    throw new BrokenAt({ check: 'records', member, line }, 'bad-record', what)
  }
}

const nameOf = ({ seq, shard }: { readonly seq: number; readonly shard: Shard }): string =>
  `Record ${seq} of shard ${shard}`
