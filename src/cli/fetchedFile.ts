import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { access, readFile, rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { join } from 'node:path'
import type { ServiceDownload } from '../client/http.ts'
import type { Day } from '../core/data/day.ts'
import { cosignaturesName } from '../core/log/cosignature.ts'
import { beginDraft, endDraft } from './draft.ts'
import { Exit, exitFor, exits } from './exit.ts'
import { receiveSaid } from './saidDownload.ts'
import type { Session } from './session.ts'

/** A file on this machine, after the download. */
export interface LocalFile {
  readonly file: string
  readonly sha256: string
  readonly size: number
  /** Whether it existed before, with the same content. */
  readonly same: boolean
}

/** Fetches the bundle of a sealed day into a folder. @throws {Exit} as {@link fetched}, and what the service refuses */
export function fetchBundle(session: Session, date: Day, folder: string): Promise<LocalFile> {
  const open: Open = (etag) => session.service.download(`evidence/bundles/${date}`, etag)
  return fetched(session, open, join(folder, `countersign-evidence-${date}.zip`))
}

/** Fetches the said file of a sealed day into a folder. @throws {Exit} as {@link fetched}, and what the service refuses */
export function fetchSaid(session: Session, date: Day, folder: string): Promise<LocalFile> {
  const open: Open = (etag) => openWhole(session.service, `evidence/said/${date}`, etag)
  return fetched(session, open, join(folder, `said-${date}.jsonl`))
}

/**
 * Fetches the cosigned checkpoint of a sealed day into a folder; `null` if no witness has cosigned it. A file that lacks
 * cosignatures which the service has by now is replaced.
 *
 * @throws {Exit} as {@link fetched}, and what the service refuses
 */
export async function fetchCosignatures(session: Session, date: Day, folder: string): Promise<LocalFile | null> {
  const open: Open = (etag) => session.service.download(`evidence/cosignatures/${date}`, etag)
  try {
    return await fetched(session, open, join(folder, cosignaturesName(date)), hasAllLines)
  } catch (cause) {
    if (cause instanceof Exit && cause.problem?.['code'] === 'not-found') return null
    throw cause
  }
}

/** Whether a file has every line of another one. */
async function hasAllLines(file: string, other: string): Promise<boolean> {
  const [lines, wanted] = await Promise.all([file, other].map(async (one) => (await readFile(one, 'utf8')).split('\n')))
  return (wanted ?? []).every((line) => lines?.includes(line))
}

/** Opens a file of the service; `null` if it still has this ETag. */
type Open = (etag: string | undefined) => Promise<ServiceDownload | null>

/** Opens a said file whose transfer goes on where it breaks off. */
async function openWhole(service: Session['service'], path: string, etag?: string): Promise<ServiceDownload | null> {
  const found = await service.download(path, etag)
  const again = async (from: number) => (await service.download(`${path}?from=${from}`)) ?? notModified()
  return found && { ...found, bytes: receiveSaid(found.bytes, again) }
}

const notModified = (): never => {
  throw new Exit(exits.unreachable, 'The service answered “not modified” to a call without an ETag.')
}

/**
 * Fetches a file that is not there yet. It appears only when it is complete.
 *
 * @param mayReplace whether the one that was fetched may replace the one that is there
 * @throws {Exit} 78 if a file of that name has other content
 */
async function fetched(
  { screen }: Session,
  open: Open,
  file: string,
  mayReplace: (draft: string, file: string) => Promise<boolean> = async () => false,
): Promise<LocalFile> {
  const before = await digestOf(file)
  const found = await open(before && `"${before.sha256}"`)
  if (!found) return before ? { file, ...before, same: true } : notModified()
  const draft = `${file}.${randomUUID().slice(0, 8)}.part`
  beginDraft(draft)
  try {
    const { sha256, size } = await written(found, draft, (text) => screen.progress(`${file}: ${text}`))
    if (before?.sha256 === sha256) return { file, sha256, size, same: true }
    if ((await exists(file)) && !(await mayReplace(draft, file)))
      throw new Exit(
        exits.usage,
        `${file} exists with other content: move it away first. (Texts may have been erased since.)`,
      )
    await rename(draft, file)
    return { file, sha256, size, same: false }
  } finally {
    screen.progress(null)
    await rm(draft, { force: true })
    endDraft(draft)
  }
}

/** @throws {Exit} 69 if the content does not have the digest that the service names */
async function written({ headers, bytes }: ServiceDownload, draft: string, report: (text: string) => void) {
  const hash = createHash('sha256')
  const [, expected] = /^"([0-9a-f]{64})"$/.exec(headers.get('etag') ?? '') ?? []
  const whole = Number(headers.get('content-length') ?? Number.NaN)
  const of = Number.isNaN(whole) ? '' : ` of ${whole}`
  let size = 0
  const counted = async function* () {
    for await (const piece of bytes) {
      hash.update(piece)
      size += piece.length
      report(`${size}${of} bytes`)
      yield piece
    }
  }
  try {
    await pipeline(counted(), createWriteStream(draft, { flags: 'wx' }))
  } catch (cause) {
    const exit = exitFor(cause)
    if (exit instanceof Exit) throw exit
    throw new Exit(exits.usage, `${draft} cannot be written.`)
  }
  const sha256 = hash.digest('hex')
  if (expected !== undefined && expected !== sha256)
    throw new Exit(exits.unreachable, `The download has the SHA-256 ${sha256}; the service says ${expected}.`)
  return { sha256, size }
}

async function digestOf(file: string): Promise<{ readonly sha256: string; readonly size: number } | undefined> {
  if (!(await exists(file))) return undefined
  const hash = createHash('sha256')
  let size = 0
  try {
    for await (const piece of createReadStream(file) as AsyncIterable<Buffer>) {
      hash.update(piece)
      size += piece.length
    }
  } catch {
    throw new Exit(exits.usage, `${file} exists and cannot be read.`)
  }
  return { sha256: hash.digest('hex'), size }
}

async function exists(file: string): Promise<boolean> {
  try {
    await access(file)
    return true
  } catch {
    return false
  }
}
