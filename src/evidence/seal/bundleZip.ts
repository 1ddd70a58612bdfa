import { createReadStream } from 'node:fs'
import { PassThrough, type Readable } from 'node:stream'
import { ZipFile } from 'yazl'
import { Broken } from '../../core/data/broken.ts'
import { editionFile, editionOf, versionOf } from '../../core/record/policyVersion.ts'
import { type Digest, type Hex, sha256 } from '../../core/data/id.ts'
import type { Archive } from '../../ports/archive.ts'
import type { Spooled } from './spool.ts'

/** A file of a bundle. */
export type Member = { readonly name: string; readonly sha256: Hex } & (
  | { readonly bytes: Buffer }
  | { readonly path: string; readonly size: number }
)

export function member(name: string, content: string | Uint8Array): Member {
  const bytes = Buffer.from(content)
  return { name, bytes, sha256: sha256(bytes) }
}

export const spooledMember = (name: string, file: Spooled): Member => ({ name, ...file })

/**
 * Reads the rules and card templates of policy versions from the archive, each sorted by name.
 *
 * @throws {Broken} `missing-member` if the archive lacks a version, `wrong-digest` if its files have changed
 */
export async function policyMembers(
  archive: Pick<Archive, 'list' | 'read'>,
  versions: ReadonlySet<Digest>,
): Promise<{ readonly policies: readonly Member[]; readonly cards: readonly Member[] }> {
  const policies = new Map<string, Member>()
  const cards = new Map<string, Member>()
  for (const version of versions) {
    const folder = `policy/${version.slice('sha256:'.length)}/`
    const files = await archive.list(folder)
    if (files.length === 0) throw new Broken('missing-member', `The archive has no files of policy ${version}.`)
    const hashes = new Map<string, Hex>()
    for (const { name } of files) {
      const bytes = await archive.read(name)
      if (bytes === null) throw new Broken('missing-member', `The archive has no ${name}.`)
      const isCard = name.startsWith(`${folder}cards/`)
      const made = member(isCard ? `cards/${sha256(bytes)}.json` : name, bytes)
      const members = isCard ? cards : policies
      members.set(made.name, made)
      hashes.set(name.slice(folder.length), made.sha256)
    }
    if (versionOf(hashes) !== version)
      throw new Broken('wrong-digest', `The archive does not have the files of policy ${version} as they were.`)
    const edition = member(`${folder}${editionFile}`, editionOf(hashes))
    policies.set(edition.name, edition)
  }
  return { policies: byName(policies), cards: byName(cards) }
}

const byName = (members: ReadonlyMap<string, Member>): readonly Member[] =>
  [...members.values()].sort((a, b) => (a.name < b.name ? -1 : 1))

/** Bytes that are read at once, enough for reading and deflating to overlap. */
const chunk = 1 << 18

const options = {
  // Local time, which is what a zip has, so that the bytes are the same everywhere.
  mtime: new Date(1980, 0, 1),
  mode: 0o100644,
  compressionLevel: 1,
  forceDosTimestamp: true,
}

/** Zips members in this order. Reads nothing before the caller takes the first bytes. */
export async function* zipped(members: readonly Member[]): AsyncGenerator<Uint8Array, void, undefined> {
  const zip = new ZipFile()
  const bytes = zip.outputStream.pipe(new PassThrough())
  const streams: Readable[] = []
  const read = (path: string): Readable => {
    const stream = createReadStream(path, { highWaterMark: chunk }).on('error', (cause) => bytes.destroy(cause))
    streams.push(stream)
    return stream
  }
  zip.on('error', (cause: Error) => bytes.destroy(cause))
  for (const one of members) {
    if ('bytes' in one) zip.addBuffer(one.bytes, one.name, options)
    else zip.addReadStreamLazy(one.name, { ...options, size: one.size }, (give) => give(null, read(one.path)))
  }
  zip.end()
  try {
    for await (const some of bytes) yield some as Buffer
  } finally {
    for (const stream of streams) stream.destroy()
  }
}
