import { bundleFiles } from '../core/log/bundleFiles.ts'
import { type Hex, sha256 } from '../core/data/id.ts'
import type { Manifest } from '../core/log/manifest.ts'
import { parseBundle, parseStatement, type Subject } from '../core/log/statement.ts'
import { extentOf } from './manifest.ts'
import { mostRow } from './memberSizes.ts'
import { type Carried, CarriedReader } from './carried.ts'
import { bytesOf, contentOf } from './content.ts'
import { directory } from './zip/centralDirectory.ts'
import { withFile } from './file.ts'
import { BrokenAt, placed } from './finding.ts'
import { hashAt, hashesOf, type Lines, linesOf, startOfLine } from './lines.ts'
import { mostRecord } from './recordChecks.ts'

/** A bundle that is open for reading. Nothing of it is verified: callers who rely on it verify it before. */
export class OpenDay {
  readonly manifest: Manifest
  /** The other members, as the manifest lists them. */
  readonly subjects: readonly Subject[]
  /** SHA-256 of the manifest's file. */
  readonly manifestHash: Hex
  /** A signed note. */
  readonly checkpoint: string
  readonly #contentIn: (member: string) => AsyncIterator<Uint8Array>

  constructor(
    {
      manifest,
      subjects,
      manifestHash,
      checkpoint,
    }: Pick<OpenDay, 'manifest' | 'subjects' | 'manifestHash' | 'checkpoint'>,
    contentIn: (member: string) => AsyncIterator<Uint8Array>,
  ) {
    this.manifest = manifest
    this.subjects = subjects
    this.manifestHash = manifestHash
    this.checkpoint = checkpoint
    this.#contentIn = contentIn
  }

  /** Reads the records in the order of the log. */
  async *records(): AsyncGenerator<{ readonly index: number; readonly text: string }> {
    let index = this.manifest.log.from.size
    for await (const some of this.#recordLines()) for (const text of textsOf(some)) yield { index: index++, text }
  }

  /** Computes the leaf hashes of the records. */
  async *hashes(): AsyncGenerator<readonly Uint8Array[]> {
    for await (const some of this.#recordLines()) {
      const hashes = hashesOf(some)
      yield Array.from(some.ends, (_, k) => hashAt(hashes, k))
    }
  }

  /** Reads the lines of `requests.csv`. */
  async *requests(): AsyncGenerator<string> {
    const content = this.#contentIn(bundleFiles.requests.name)
    for await (const some of linesOf(content, mostRow, tooLong)) yield* textsOf(some)
  }

  /** Reads the lines of `exceptions.csv`. */
  async *exceptions(): AsyncGenerator<string> {
    const content = this.#contentIn(bundleFiles.exceptions.name)
    for await (const some of linesOf(content, mostRow, tooLong)) yield* textsOf(some)
  }

  /** Reads the carried events: earlier events of requests that began on another day. */
  async *carried(): AsyncGenerator<Carried> {
    const carried = new CarriedReader(this.#contentIn(bundleFiles.carried.name), this.manifest.log)
    for (let next = await carried.peek(); next !== null; next = await carried.peek()) {
      const { request } = next.event
      if (request === undefined) return
      yield* carried.of(request)
    }
  }

  #recordLines() {
    return linesOf(this.#contentIn(bundleFiles.records.name), mostRecord, tooLong)
  }
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
    const bytesIn = (name: string) => bytesOf(fd, extentOf(members, name))
    const signed = await bytesIn(bundleFiles.manifest.name)
    const place = { check: 'manifest', member: bundleFiles.manifest.name } as const
    const statement = placed(place, () => parseStatement(parseBundle(signed.toString('utf8')).payload))
    const checkpoint = (await bytesIn(bundleFiles.checkpoint.name)).toString('utf8')
    const known = { ...statement, manifestHash: sha256(signed), checkpoint }
    return work(new OpenDay(known, (name) => contentOf(fd, extentOf(members, name))))
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
