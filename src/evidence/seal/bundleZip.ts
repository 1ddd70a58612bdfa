import { createReadStream } from 'node:fs'
import { PassThrough, type Readable } from 'node:stream'
import { ZipFile } from 'yazl'
import { type Hex, sha256 } from '../../core/data/id.ts'
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
