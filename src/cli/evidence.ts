import { readFileSync } from 'node:fs'
import { Broken } from '../core/data/broken.ts'
import { dayOf } from '../core/data/day.ts'
import { type RequestId, timeOf } from '../core/data/id.ts'
import type { JsonObject } from '../core/data/json.ts'
import { type Manifest, tamperingsIn } from '../core/log/manifest.ts'
import { spkiFromPem } from '../core/log/signature.ts'
import { type ExceptionKind, exceptionKinds } from '../core/record/eventType.ts'
import { type DayExceptions, exceptionsIn } from '../verify/exceptionTable.ts'
import { reasonOf } from '../verify/file.ts'
import { type Finding, Unreadable } from '../verify/finding.ts'
import type { SaidCount } from '../verify/saidReader.ts'
import { spoken } from '../words/spoken.ts'
import { Exit, type ExitCode, exits } from './exit.ts'
import type { Line } from './layout.ts'
import type { Options } from './options.ts'
import type { Result } from './result.ts'

/**
 * Reads the public keys that `--key` names.
 *
 * @throws {Exit} 2, naming the file
 */
export function readKeys(options: Options): readonly Uint8Array[] {
  return options.many('key').map((file) => {
    const spki = spkiFromPem(readText(file))
    if (spki === null) throw new Exit(exits.unreadable, `--key: ${file} is not one public key of P-256 in PEM.`)
    return spki
  })
}

/** @throws {Exit} 2, naming the file */
export function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Exit(exits.unreadable, `${file} cannot be read: ${reasonOf(cause)}.`)
  }
}

/** Runs work that reads files. @throws {Exit} 2 if a file cannot be read */
export async function readable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    if (cause instanceof Unreadable) throw new Exit(exits.unreadable, cause.message)
    throw cause
  }
}

export const exitOfFinding = ({ code }: Pick<Finding, 'code'>): ExitCode =>
  code === 'newer-format' ? exits.unreadable : exits.broken

/** Describes what does not hold. */
export function describeFinding({ code, words, member, line }: Pick<Finding, 'code' | 'words' | 'member' | 'line'>) {
  const where = [member, line !== undefined && `line ${line}`].filter(Boolean).join(', ')
  const place: readonly Line[] = where === '' ? [] : [['where', where]]
  return [[code === 'newer-format' ? 'too new' : 'BROKEN', words] as const, ...place, ['code', code] as const]
}

export const findingRecord = ({ code, words, ...place }: Finding & { readonly file?: string }): JsonObject => ({
  code,
  message: words,
  ...place,
})

/** What is said of evidence that holds, by how many of its events record that somebody had changed what was stored. */
export const verdictOf = (tamperings: number): { readonly exit: ExitCode; readonly verdict: string } =>
  tamperings > 0
    ? { exit: exits.tampered, verdict: 'HOLDS, WITH A RECORDED TAMPERING' }
    : { exit: exits.ok, verdict: 'VERIFIED' }

/** How many exceptions of each kind there are. */
export type ExceptionCounts = DayExceptions['counts']

export const noExceptions: ExceptionCounts = new Map()

/** Counts the exceptions of bundles that hold. @throws {Exit} 2 if a file cannot be read */
export async function kindsIn(files: readonly string[]): Promise<ExceptionCounts> {
  const all = new Map<ExceptionKind, number>()
  for (const file of files) {
    const { counts } = await readable(() => exceptionsIn(file, 0))
    for (const [kind, count] of counts) all.set(kind, (all.get(kind) ?? 0) + count)
  }
  return all
}

/** Lists the kinds in the order of the documentation: `3 hasty: decided less than 5 s after the first look`. */
export const wordsOfKinds = (kinds: ExceptionCounts): readonly string[] =>
  exceptionKinds.flatMap((kind) => {
    const count = kinds.get(kind)
    return count === undefined ? [] : [`${count} ${kind}: ${spoken.exceptions[kind]}`]
  })

export const recordOfKinds = (kinds: ExceptionCounts): JsonObject => Object.fromEntries(kinds)

export function describeExceptions(kinds: ExceptionCounts): readonly Line[] {
  const all = [...kinds.values()].reduce((sum, count) => sum + count, 0)
  return [['exceptions', `${all}`], ...wordsOfKinds(kinds).map((words): Line => ['', words])]
}

/** Describes a bundle that holds. */
export function describeBundle(
  { number, date, log, counts, sealedAt }: Manifest,
  kinds: ExceptionCounts,
): readonly Line[] {
  const { records, requests, carried } = counts
  const earlier = carried > 0 ? `, ${carried} earlier ones carried over` : ''
  return [
    ['day', `${date}, bundle ${number}, sealed at ${sealedAt}`],
    ['log', log.origin],
    ['size', `${log.from.size} to ${log.to.size}`],
    ['root', log.to.root],
    ['records', `${records}, about ${requests} requests${earlier}`],
    ...describeExceptions(kinds),
    ...describeTamperings(counts),
  ]
}

const describeTamperings = (counts: Manifest['counts']): readonly Line[] => {
  const count = tamperingsIn({ counts })
  return count === 0 ? [] : [['tampered', `${count} events say what somebody had changed: see exceptions.csv`]]
}

export const bundleRecord = ({ number, date, sealedAt, tool, log, counts }: Manifest): JsonObject => ({
  ...{ number, date, sealedAt, tool, origin: log.origin },
  ...{ from: log.from.size, size: log.to.size, root: log.to.root },
  ...counts,
})

export const describeSaid = ({ given, erased }: SaidCount): Line => ['said', `${given} texts given, ${erased} erased`]

/** Says that a bundle has nothing of a request, and which day's bundle has: its id tells when it was made. */
export const noEvents = (file: string, id: RequestId): Exit =>
  new Exit(exits.usage, `${file} has no event of request ${id}, which was made on ${dayOf(timeOf(id))} in UTC.`)

/** Makes a result of what breaks in the work. */
export async function orBroken(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (cause) {
    if (!(cause instanceof Broken)) throw cause
    const { code, message } = cause
    const exit = exitOfFinding(cause)
    const lines = describeFinding({ code, words: message })
    return { exit, lines, to: 'stderr', record: { exit, ok: false, problem: { code, message } } }
  }
}
