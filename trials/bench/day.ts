import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  type WriteStream,
  writeFileSync,
} from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { canonicalAction } from '../../src/core/action/canonicalAction.ts'
import { type Day, endOf, startOf } from '../../src/core/data/day.ts'
import { canonical } from '../../src/core/data/json.ts'
import { type Instant } from '../../src/core/data/instant.ts'
import { type ChainHead, emptyChain } from '../../src/core/request/event.ts'
import { type Shard, shards } from '../../src/core/data/id.ts'
import { leafHash } from '../../src/core/log/merkle.ts'
import type { KeptEvent } from '../../src/ports/ledger.ts'
import type { Cuts } from '../../src/ports/seals.ts'
import { FakeClock } from '../../test/support/fakes.ts'
import { MemoryLedger } from '../../test/support/fakes/ledger.ts'
import { eventsOf, type Lived } from './lives.ts'

/** The day that is sealed. */
export const date = '2026-03-04' as Day

/** The day is over. */
export const clock = new FakeClock(endOf(date))

/** Events of a page, as the storage gives them. */
const page = 1_000

/**
 * Writes a day of about so many events into a folder: a file of leaves for each shard, line by line, and the said file of
 * the day.
 */
export const writeDay = (folder: string, events: number): Promise<void> => writeDays(folder, [date], events)

/** Writes days of about so many events each. The said file of the first is {@link saidIn}, those of others have their day. */
export async function writeDays(folder: string, days: readonly Day[], events: number): Promise<void> {
  mkdirSync(folder, { recursive: true })
  const cuts: Record<string, ChainHead> = {}
  const files = new Map(shards.map((shard) => [shard, shardFiles(folder, shard)]))
  let [index, asks] = [0, 0]
  for (const day of days) {
    const said = createWriteStream(day === date ? saidIn(folder) : saidOf(folder, day))
    for (const [shard, file] of files) {
      const begin = { head: cuts[shard] ?? emptyChain, number: asks }
      for (const lived of eventsOf(shard, startOf(day), Math.floor(events / shards.length), begin)) {
        const { seq, hash, text } = lived
        cuts[shard] = { seq, hash }
        if (lived.type === 'requested') asks += 1
        await file.add(text)
        await write(said, saidLines(lived, index++))
      }
    }
    await ended(said)
  }
  for (const file of files.values()) await file.end()
  writeFileSync(join(folder, 'cuts.json'), JSON.stringify(cuts))
  writeFileSync(join(folder, 'asks.json'), JSON.stringify(asks))
}

/** The leaves of a shard, and where each of them ends. */
function shardFiles(folder: string, shard: Shard) {
  const file = createWriteStream(fileOf(folder, shard))
  const ends = createWriteStream(endsOf(folder, shard))
  let end = 0
  return {
    async add(text: string): Promise<void> {
      end += Buffer.byteLength(text) + 1
      await write(file, `${text}\n`)
      await write(ends, Buffer.from(Float64Array.of(end).buffer))
    },
    async end(): Promise<void> {
      await ended(file)
      await ended(ends)
    },
  }
}

/** The said file of the day. */
export const saidIn = (folder: string): string => join(folder, 'said.jsonl')

/** The said file of a day, as it is downloaded. */
export const saidOf = (folder: string, day: Day): string => join(folder, `said-${day}.jsonl`)

/** What was written in an event, as the said file has it. */
function saidLines({ said, action }: Lived, index: number): string {
  const texts = Object.entries(said)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { salt, text }]) => ({ index, name, salt, text }))
  const all = [...texts, ...(action ? [{ index, name: 'action', text: canonicalAction(action) }] : [])]
  return all.map((line) => `${canonical(line)}\n`).join('')
}

async function write(to: WriteStream, text: string | Uint8Array): Promise<void> {
  if (text.length > 0 && !to.write(text)) await once(to, 'drain')
}

async function ended(file: WriteStream): Promise<void> {
  file.end()
  await once(file, 'finish')
}

export const cutsIn = (folder: string): Cuts => JSON.parse(readFileSync(join(folder, 'cuts.json'), 'utf8')) as Cuts

/** How many requests are asked for. */
export const asksIn = (folder: string): number => JSON.parse(readFileSync(join(folder, 'asks.json'), 'utf8')) as number

/** How many events there are. */
export const eventsIn = (folder: string): number => Object.values(cutsIn(folder)).reduce((sum, { seq }) => sum + seq, 0)

/** A shard's leaves, a page at a time. */
export async function* leavesIn(folder: string, shard: Shard): AsyncGenerator<readonly string[], void, undefined> {
  let lines: string[] = []
  let rest = ''
  for await (const piece of createReadStream(fileOf(folder, shard), { encoding: 'utf8', highWaterMark: 1 << 18 })) {
    const found = `${rest}${piece as string}`.split('\n')
    rest = found.pop() ?? ''
    lines.push(...found)
    for (; lines.length >= page; lines = lines.slice(page)) yield lines.slice(0, page)
  }
  yield lines
}

/** A ledger whose events are those of a folder; nothing is written to it. */
export class FileLedger extends MemoryLedger {
  private readonly folder: string
  private readonly cuts: Cuts

  private readonly last: Day

  /** @param last the day of the last event */
  constructor(folder: string, last: Day = date) {
    super()
    this.folder = folder
    this.cuts = cutsIn(folder)
    this.last = last
  }

  override async fence(): Promise<void> {}

  override async cut(shard: Shard, before: Instant): Promise<ChainHead> {
    const cut = this.cuts[shard]
    if (!cut) throw new Error(`The day has no shard ${shard}.`)
    if (before >= endOf(this.last)) return cut
    let [known, after] = [0, cut.seq + 1]
    let head: ChainHead = emptyChain
    while (after - known > 1) {
      const middle = Math.floor((known + after) / 2)
      const [text = ''] = this.leaves(shard, middle - 1, middle)
      if ((JSON.parse(text) as { readonly at: Instant }).at < before) {
        known = middle
        head = { seq: middle, hash: leafHash(text) }
      } else after = middle
    }
    return head
  }

  override async *stream(shard: Shard, after: number, upTo = Infinity) {
    const end = Math.min(upTo, this.cuts[shard]?.seq ?? 0)
    for (let from = after; from < end; from += page) {
      const leaves = this.leaves(shard, from, Math.min(from + page, end))
      yield leaves.map((text, i): KeptEvent => ({ seq: from + i + 1, hash: leafHash(text), text, said: {} }))
    }
  }

  /** The leaves after a number up to another. */
  private leaves(shard: Shard, after: number, upTo: number): readonly string[] {
    const at = (seq: number) => (seq === 0 ? 0 : readAt(endsOf(this.folder, shard), (seq - 1) * 8, 8).readDoubleLE(0))
    const from = at(after)
    return readAt(fileOf(this.folder, shard), from, at(upTo) - from)
      .toString('utf8')
      .split('\n')
      .slice(0, -1)
  }
}

/** Descriptors of files that are read in places. */
const opened = new Map<string, number>()

function readAt(file: string, from: number, size: number): Buffer {
  const descriptor = opened.get(file) ?? openSync(file, 'r')
  opened.set(file, descriptor)
  const bytes = Buffer.allocUnsafe(size)
  readSync(descriptor, bytes, 0, size, from)
  return bytes
}

const fileOf = (folder: string, shard: Shard): string => join(folder, `${shard}.jsonl`)

/** Where each leaf of a shard ends in its file: eight bytes for each. */
const endsOf = (folder: string, shard: Shard): string => join(folder, `${shard}.ends`)
