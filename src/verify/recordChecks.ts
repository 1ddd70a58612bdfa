import { bundleFiles } from '../core/log/bundleFiles.ts'
import { isAscii, isUtf8 } from 'node:buffer'
import { maxLeafBytes } from '../core/request/event.ts'
import type { Hex } from '../core/data/id.ts'
import type { Manifest } from '../core/log/manifest.ts'
import type { LogEvent } from '../core/record/eventType.ts'
import { type PlacedEvent, readRecord } from '../core/record/record.ts'
import { Broken } from '../core/data/broken.ts'
import { Chains, type Links } from './chains.ts'
import { BrokenAt } from './finding.ts'
import { type HashedLines, type Lines, startOfLine } from './lines.ts'

/** A `key-rotated` event: the new key (SPKI, base64), and the log size up to which only the old key signs. */
export interface Rotation {
  readonly key: string
  readonly size: number
}

/** The most bytes of a record, which is a leaf. Reading stops at a longer line. */
export const mostRecord = maxLeafBytes

const member = bundleFiles.records.name

/**
 * Checks the form of each record, and the chain of its shard. Records that are too new to be understood are still links
 * of the chain.
 */
export class RecordChecks {
  readonly #counts: Manifest['counts']
  readonly #chains: Chains
  readonly #types = new Map<string, number>()
  readonly #rotations: Rotation[] = []
  #newer: BrokenAt | null = null

  constructor(manifest: Manifest) {
    this.#counts = manifest.counts
    this.#chains = new Chains(manifest)
  }

  /**
   * Reads the records in some lines.
   *
   * @returns those that this program understands
   * @throws {BrokenAt} `bad-record`, `broken-chain`
   */
  take(lines: HashedLines): readonly ReadRecord[] {
    const { bytes, ends, first } = lines
    const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
    const hashes = Buffer.from(lines.hashes.buffer, lines.hashes.byteOffset, lines.hashes.length)
    if (!isUtf8(all.subarray(1))) throw notText(lines, all)
    const encoding = isAscii(all) ? 'latin1' : 'utf8'
    const read: ReadRecord[] = []
    for (let k = 0; k < ends.length; k++) {
      const line = first + k
      const text = all.toString(encoding, startOfLine(lines, k), ends[k])
      const hash = hashes.toString('hex', 32 * k, 32 * (k + 1)) as Hex
      const event = this.#read(text, line)
      this.#chains.take(event, hash, line)
      this.#types.set(event.type, (this.#types.get(event.type) ?? 0) + 1)
      if (!('actor' in event)) continue
      if (event.type === 'key-rotated') this.#rotations.push(event.data)
      read.push({ event, hash, text, line })
    }
    return read
  }

  /** Returns the error `newer-format` of the first record that is too new to be understood. */
  newer(): BrokenAt | null {
    return this.#newer
  }

  /** @throws {BrokenAt} `broken-chain` */
  end(): RecordsRead {
    this.#chains.end()
    return { links: this.#chains.links(), rotations: this.#rotations }
  }

  /** @throws {BrokenAt} `wrong-counts` */
  checkTypes(): void {
    const { types } = this.#counts
    for (const type of new Set([...this.#types.keys(), ...Object.keys(types)])) {
      const [here, there] = [this.#types.get(type) ?? 0, types[type] ?? 0]
      const what = `There are ${here} records of type “${type}”; the manifest says ${there}.`
      if (here !== there) throw new BrokenAt({ check: 'tables', member }, 'wrong-counts', what)
    }
  }

  /** Reads a record; if it is too new, only its place in the chain. */
  #read(text: string, line: number): LogEvent | PlacedEvent {
    const place = { check: 'records', member, line } as const
    try {
      return readRecord(text)
    } catch (cause) {
      if (!(cause instanceof Broken)) throw cause
      const broken = new BrokenAt(place, cause.code, cause.message, { cause })
      if (cause.code !== 'newer-format') throw broken
      this.#newer ??= broken
      const { at, shard, seq, prev, type } = JSON.parse(text) as PlacedEvent
      return { at, shard, seq, prev, type }
    }
  }
}

/** A record whose form is right. */
export interface ReadRecord {
  readonly event: LogEvent
  /** Of its leaf. */
  readonly hash: Hex
  readonly text: string
  readonly line: number
}

/** What the records say, known once all are read. */
export interface RecordsRead {
  readonly links: Links
  readonly rotations: readonly Rotation[]
}

function notText(lines: Lines, all: Buffer): BrokenAt {
  const line = lines.first + lines.ends.findIndex((end, k) => !isUtf8(all.subarray(startOfLine(lines, k), end)))
  return new BrokenAt({ check: 'records', member, line }, 'bad-record', `The record in line ${line} is not UTF-8.`)
}
