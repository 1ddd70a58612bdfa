import { createHash, randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { access, mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { ServiceDownload } from '../client/http.ts'
import { parseDay } from '../core/data/day.ts'
import type { JsonObject } from '../core/data/json.ts'
import { checked, Exit, exitFor, exits, withMore } from './exit.ts'
import { sealedDays, wordsOfSealed } from './find/days.ts'
import type { Result } from './result.ts'
import { receiveSaid } from './saidDownload.ts'
import type { Session } from './session.ts'

/** A file on this machine, after the download. */
interface LocalFile {
  readonly file: string
  readonly sha256: string
  readonly size: number
  /** Whether it existed before, with the same content. */
  readonly same: boolean
}

/** Downloads the bundle of a day, and its said file. */
export async function download(session: Session): Promise<Result> {
  const { options } = session
  const date = await dayOf(session)
  const folder = options.one('out') ?? '.'
  try {
    await mkdir(folder, { recursive: true })
  } catch {
    throw new Exit(exits.usage, `--out: ${folder} is not a folder and cannot be created.`)
  }
  const name = `countersign-evidence-${date}.zip`
  const { service } = session
  const openBundle: Open = (etag) => service.download(`evidence/bundles/${date}`, etag)
  const bundle = await fetched(session, openBundle, join(folder, name)).catch((cause: unknown) =>
    namingOthers(session, cause),
  )
  const openSaid: Open = (etag) => openWhole(service, `evidence/said/${date}`, etag)
  const said = await fetched(session, openSaid, join(folder, `said-${date}.jsonl`))
  const lines = [bundle, said].flatMap(({ file, sha256, size, same }) => [
    [same ? 'is there already' : 'downloaded', `${file} (${size} bytes)`] as const,
    ['sha256', sha256] as const,
  ])
  const next = `countersign verify ${bundle.file} --key LOG.pem --said ${said.file}`
  const record = { exit: exits.ok, bundle: recordOf(bundle), said: recordOf(said) }
  return { exit: exits.ok, lines: [...lines, ['next', next]], to: 'stdout', record }
}

/** The day of the operand, or the newest one. @throws {Exit} 78, naming the rule, and 77 without the right to list */
async function dayOf({ options, service }: Session): Promise<string> {
  const [given] = options.about
  if ((given === undefined) === (options.one('latest') === undefined))
    throw new Exit(exits.usage, 'Give either DATE or --latest. See countersign help download.')
  if (given !== undefined) return checked(() => parseDay(given))
  const newest = (await sealedDays(service)).at(-1)
  if (newest === undefined) throw new Exit(exits.usage, '--latest: no day is sealed yet.')
  return newest.date
}

/** Adds to a refusal which days there are. A person who may not list them gets the refusal alone. */
async function namingOthers({ service }: Session, cause: unknown): Promise<never> {
  if (!(cause instanceof Exit) || cause.problem?.['code'] !== 'not-found') throw cause
  const sealed = await wordsOfSealed(service).catch(() => null)
  throw sealed === null ? cause : withMore(cause, `Sealed: ${sealed}.`)
}

const recordOf = (file: LocalFile): JsonObject => ({ ...file })

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

async function fetched({ screen }: Session, open: Open, file: string): Promise<LocalFile> {
  const before = await digestOf(file)
  const found = await open(before && `"${before.sha256}"`)
  if (!found) return before ? { file, ...before, same: true } : notModified()
  const draft = `${file}.${randomUUID().slice(0, 8)}.part`
  try {
    const { sha256, size } = await written(found, draft, (text) => screen.progress(`${file}: ${text}`))
    if (before?.sha256 === sha256) return { file, sha256, size, same: true }
    if (await exists(file))
      throw new Exit(
        exits.usage,
        `${file} exists with other content: move it away first. (Texts may have been erased since.)`,
      )
    await rename(draft, file)
    return { file, sha256, size, same: false }
  } finally {
    screen.progress(null)
    await rm(draft, { force: true })
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
