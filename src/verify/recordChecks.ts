import { bundleFiles } from '../core/log/bundleFiles.ts'
import { isAscii, isUtf8 } from 'node:buffer'
import { maxLeafBytes } from '../core/request/event.ts'
import type { Hex } from '../core/data/id.ts'
import type { Manifest } from '../core/log/manifest.ts'
import { type LogEvent, type Placed, readRecord } from '../core/record/record.ts'
import { Broken } from '../core/data/broken.ts'
import { chains, type Links } from './chains.ts'
import { BrokenAt } from './finding.ts'
import { type Lines, startOfLine } from './lines.ts'

/** A `key-rotated` event: the new key (SPKI, base64), and the log size up to which the old one signs alone. */
export interface Rotation {
  readonly key: string
  readonly size: number
}

/** The leaf's limit; longer lines are not even read. */
export const mostRecord = maxLeafBytes

const member = bundleFiles.records.name

/**
 * Checks what each record tells by itself and with the one before it: its form, and the chain of its shard. The chain
 * is followed across records that are too new to be understood.
 */
export function forms(manifest: Manifest) {
  const chain = chains(manifest)
  const types = new Map<string, number>()
  const rotations: Rotation[] = []
  let newer: BrokenAt | null = null

  /** Reads a record; of one that is too new, only its place. */
  function read(text: string, line: number): LogEvent | Placed {
    const place = { check: 'records', member, line } as const
    try {
      return readRecord(text)
    } catch (cause) {
      if (!(cause instanceof Broken)) throw cause
      const broken = new BrokenAt(place, cause.code, cause.message, { cause })
      if (cause.code !== 'newer-format') throw broken
      newer ??= broken
      return JSON.parse(text) as Placed
    }
  }

  return {
    /**
     * @param hashes of the leaves
     * @throws {BrokenAt} `bad-record`, `broken-chain`
     */
    take(lines: Lines, hashes: readonly Buffer[]): void {
      const { bytes, ends, first } = lines
      const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
      if (!isUtf8(all.subarray(1))) throw notText(lines, all)
      const encoding = isAscii(all) ? 'latin1' : 'utf8'
      for (let k = 0; k < ends.length; k++) {
        const line = first + k
        const text = all.toString(encoding, startOfLine(lines, k), ends[k])
        const event = read(text, line)
        chain.take(event, (hashes[k]?.toString('hex') ?? '') as Hex, line)
        types.set(event.type, (types.get(event.type) ?? 0) + 1)
        if ('data' in event && event.type === 'key-rotated') rotations.push(event.data)
      }
    },

    /** The first record that is too new to be understood, as `newer-format`. */
    newer: (): BrokenAt | null => newer,

    /** @throws {BrokenAt} `broken-chain` */
    end(): { readonly links: Links; readonly rotations: readonly Rotation[] } {
      chain.end()
      return { links: chain.links(), rotations }
    },

    /** @throws {BrokenAt} `wrong-counts` */
    checkTypes(): void {
      const { counts } = manifest
      for (const type of new Set([...types.keys(), ...Object.keys(counts.types)])) {
        const [here, there] = [types.get(type) ?? 0, counts.types[type] ?? 0]
        const what = `There are ${here} records of type “${type}”; the manifest says ${there}.`
        if (here !== there) throw new BrokenAt({ check: 'tables', member }, 'wrong-counts', what)
      }
    },
  }
}

function notText(lines: Lines, all: Buffer): BrokenAt {
  const line = lines.first + lines.ends.findIndex((end, k) => !isUtf8(all.subarray(startOfLine(lines, k), end)))
  return new BrokenAt({ check: 'records', member, line }, 'bad-record', `The record in line ${line} is not UTF-8.`)
}
