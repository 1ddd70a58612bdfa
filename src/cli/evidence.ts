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
import type { SaidOfDay } from '../verify/examination.ts'
import { countOf, firstOf } from '../verify/missingTexts.ts'
import type { JudgedCount } from '../verify/policyCheck.ts'
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
  notBroken(code) === null ? exits.broken : exits.unreadable

/** What is said in the place of BROKEN of evidence that is not known to be broken. */
const notBroken = (code: Finding['code']): string | null => {
  if (code === 'newer-format') return 'too new'
  if (code === 'cannot-judge') return 'CANNOT JUDGE'
  return code === 'unexplained' ? 'CANNOT TELL' : null
}

/** Describes what does not hold. */
export function describeFinding({ code, words, member, line }: Pick<Finding, 'code' | 'words' | 'member' | 'line'>) {
  const where = [member, line !== undefined && `line ${line}`].filter(Boolean).join(', ')
  const place: readonly Line[] = where === '' ? [] : [['where', where]]
  return [[notBroken(code) ?? 'BROKEN', words] as const, ...place, ['code', code] as const]
}

export const findingRecord = ({ code, words, ...place }: Finding & { readonly file?: string }): JsonObject => ({
  code,
  message: words,
  ...place,
})

/**
 * What is said of evidence that holds.
 *
 * @param tamperings how many of its events record that somebody had changed what was stored
 * @param isUnexplained whether texts are missing, and nothing says why
 */
export function verdictOf(
  tamperings: number,
  isUnexplained = false,
): { readonly exit: ExitCode; readonly verdict: string } {
  const but = [
    ...(tamperings > 0 ? ['WITH A RECORDED TAMPERING'] : []),
    ...(isUnexplained ? ['WITH TEXTS MISSING THAT NOTHING EXPLAINS'] : []),
  ]
  const exit = tamperings > 0 ? exits.tampered : exits.ok
  return { exit, verdict: but.length === 0 ? 'VERIFIED' : ['HOLDS', but.join(' AND ')].join(', ') }
}

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

/** Describes what a said file has, or what all of a series have. */
export function describeSaid({ given, erased, missing }: SaidOfDay): readonly Line[] {
  const unexplained = countOf(missing)
  return [
    ['said', `${given} texts given, ${erased} erased`],
    ...(unexplained === 0 ? [] : [['unexplained', `${unexplained} texts are missing: ${firstOf(missing)}`] as const]),
  ]
}

export const saidRecord = ({ given, erased, missing }: SaidOfDay): JsonObject => ({
  ...{ given, erased, unexplained: countOf(missing) },
})

/** Says of which texts no record of their day says that they were erased. */
export const wordsOfMissing = ({ missing }: SaidOfDay): readonly string[] =>
  missing.length === 0
    ? []
    : [
        `${countOf(missing)} texts are missing, the first ${firstOf(missing)}, and no record of this day says that they were erased.`,
      ]

/** What one day alone cannot tell of the texts that are missing; `null` if each was given or erased. */
export function unexplainedIn(said: SaidOfDay | undefined): Finding | null {
  const [missing] = said ? wordsOfMissing(said) : []
  if (missing === undefined) return null
  const later =
    'A record of a later day may: verify the days together with --chain, or only count them with --allow-unexplained.'
  return { check: 'said', member: 'said', code: 'unexplained', words: `${missing} ${later}` }
}

/** Says that a bundle has nothing of a request, and which day's bundle has: its id tells when it was made. */
export const noEvents = (file: string, id: RequestId): Exit =>
  new Exit(exits.usage, `${file} has no event of request ${id}, which was made on ${dayOf(timeOf(id))} in UTC.`)

/** Says how the asks of some days were judged. */
export function describeJudged(all: readonly JudgedCount[]): Line {
  const sum = (count: (one: JudgedCount) => number): number => all.reduce((total, one) => total + count(one), 0)
  const words = `judged anew ${sum(({ anew }) => anew)} of ${sum(({ asks }) => asks)} requests, by structure the rest`
  const isCompared = all.every(({ hasCedar }) => hasCedar)
  return ['policy', isCompared ? words : `${words}; rules.json was not compared, since policy.cjs is not installed`]
}

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
