import { createHash } from 'node:crypto'
import type { Hex } from '../../core/data/id.ts'
import type { BackupFile, FileContent } from '../../core/log/snapshot.ts'
import type { Archive } from '../../ports/archive.ts'
import type { StoredRow } from '../../ports/ledgerRows.ts'
import { RestoreRefused } from './refusal.ts'

const contentType = 'application/x-ndjson'

/**
 * Writes rows to a new file, one a line.
 *
 * @param note makes the note beside the file from its content
 */
export async function keepRows(
  archive: Pick<Archive, 'write'>,
  name: string,
  rows: AsyncIterable<readonly StoredRow[]>,
  note?: (content: FileContent) => string,
): Promise<BackupFile> {
  let lines = 0
  async function* bytes() {
    for await (const page of rows) {
      lines += page.length
      yield Buffer.from(page.map((row) => `${JSON.stringify(row)}\n`).join(''))
    }
  }
  const noteOf = note && (({ sha256 }: { readonly sha256: Hex }) => note({ sha256, lines }))
  const { sha256 } = await archive.write(name, bytes(), contentType, noteOf)
  if (sha256 === undefined) throw new Error(`${name} was in the archive before it was written.`)
  return { name, sha256, lines }
}

/** The number of rows that are passed on together. */
const pageSize = 1_000

/**
 * Reads a file of {@link keepRows}. Its digest is only known at the end, so no row may be trusted before.
 *
 * @throws {RestoreRefused} `missing-file`, `altered-file`
 */
export async function* rowsOf(
  archive: Pick<Archive, 'open'>,
  { name, sha256, lines }: BackupFile,
): AsyncGenerator<readonly StoredRow[], void, undefined> {
  const bytes = await archive.open(name)
  if (bytes === null) throw missing(name)
  const hash = createHash('sha256')
  let count = 0
  let page: StoredRow[] = []
  for await (const line of linesOf(bytes, (chunk) => hash.update(chunk))) {
    count += 1
    page.push(rowIn(line, name, count))
    if (page.length < pageSize) continue
    yield page
    page = []
  }
  if (page.length > 0) yield page
  if (count !== lines || hash.digest('hex') !== sha256) throw altered(name)
}

/** Checks a file's digest without reading its rows. @throws {RestoreRefused} `missing-file`, `altered-file` */
export async function checkFile(
  archive: Pick<Archive, 'open'>,
  { name, sha256 }: Omit<BackupFile, 'lines'>,
): Promise<void> {
  const bytes = await archive.open(name)
  if (bytes === null) throw missing(name)
  const hash = createHash('sha256')
  for await (const chunk of bytes) hash.update(chunk)
  if (hash.digest('hex') !== sha256) throw altered(name)
}

function rowIn(line: string, name: string, number: number): StoredRow {
  try {
    return JSON.parse(line) as StoredRow
  } catch {
    throw altered(name, `: line ${number} holds no row`)
  }
}

async function* linesOf(bytes: AsyncIterable<Uint8Array>, seen: (chunk: Uint8Array) => void): AsyncGenerator<string> {
  let rest: Uint8Array[] = []
  for await (const chunk of bytes) {
    seen(chunk)
    let from = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
      yield Buffer.concat([...rest, chunk.subarray(from, end)]).toString('utf8')
      rest = []
      from = end + 1
    }
    if (from < chunk.length) rest.push(chunk.slice(from))
  }
  if (rest.length > 0) yield Buffer.concat(rest).toString('utf8')
}

const newline = 10

const missing = (file: string) =>
  new RestoreRefused('missing-file', `The file ${file} of the snapshot is missing.`, { file })

const altered = (file: string, more = '') =>
  new RestoreRefused('altered-file', `The file ${file} is not what the snapshot kept${more}.`, { file })
