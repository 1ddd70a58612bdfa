import { bundleFiles } from '../core/log/bundleFiles.ts'
import type { Manifest } from '../core/log/manifest.ts'
import { parseBundle, parseStatement } from '../core/log/statement.ts'
import { extentOf } from './manifest.ts'
import { mostRow } from './memberSizes.ts'
import { type Carried, CarriedReader } from './carried.ts'
import { bytesOf, contentOf } from './content.ts'
import { directory } from './zip/centralDirectory.ts'
import { withFile } from './file.ts'
import { BrokenAt, placed } from './finding.ts'
import { hashesOf, type Lines, linesOf, startOfLine } from './lines.ts'
import { mostRecord } from './recordChecks.ts'

/** A bundle that is open for reading. It is not verified here: callers do that before, if they must. */
export interface OpenDay {
  readonly manifest: Manifest
  /** A signed note. */
  readonly checkpoint: string
  /** In the order of the log. */
  records(): AsyncIterable<{ readonly index: number; readonly text: string }>
  /** The leaf hashes of the records. */
  hashes(): AsyncIterable<readonly Uint8Array[]>
  /** The lines of `requests.csv`. */
  requests(): AsyncIterable<string>
  /** The carried events: earlier events of requests that began on another day. */
  carried(): AsyncIterable<Carried>
}

/**
 * Opens a bundle, and closes it when the work has ended.
 *
 * @throws {Unreadable} if it cannot be read
 * @throws {BrokenAt} if it is not a bundle
 */
export function withDay<T>(path: string, work: (day: OpenDay) => Promise<T>): Promise<T> {
  return withFile(path, async (opened) => {
    const { fd } = opened
    const members = await directory(opened)
    const contentIn = (name: string) => contentOf(fd, extentOf(members, name))
    const textIn = async (name: string) => (await bytesOf(fd, extentOf(members, name))).toString('utf8')
    const place = { check: 'manifest', member: bundleFiles.manifest.name } as const
    const signed = await textIn(bundleFiles.manifest.name)
    const { manifest } = placed(place, () => parseStatement(parseBundle(signed).payload))
    const lines = () => linesOf(contentIn(bundleFiles.records.name), mostRecord, tooLong)

    return work({
      manifest,
      checkpoint: await textIn(bundleFiles.checkpoint.name),
      async *records() {
        let index = manifest.log.from.size
        for await (const some of lines()) for (const text of textsOf(some)) yield { index: index++, text }
      },
      async *hashes() {
        for await (const some of lines()) yield hashesOf(some)
      },
      async *requests() {
        for await (const some of linesOf(contentIn(bundleFiles.requests.name), mostRow, tooLong)) yield* textsOf(some)
      },
      async *carried() {
        const carried = new CarriedReader(contentIn(bundleFiles.carried.name), manifest.log)
        for (let next = await carried.peek(); next !== null; next = await carried.peek()) {
          const { request } = next.event
          if (request === undefined) return
          yield* carried.of(request)
        }
      },
    })
  })
}

function textsOf(lines: Lines): readonly string[] {
  const { bytes, ends } = lines
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return Array.from(ends, (end, k) => all.toString('utf8', startOfLine(lines, k), end))
}

const tooLong = (line: number, what: string): BrokenAt => {
  const place = { check: 'records', member: bundleFiles.records.name, line } as const
  return new BrokenAt(place, 'bad-record', `The record in line ${line} ${what}.`)
}
