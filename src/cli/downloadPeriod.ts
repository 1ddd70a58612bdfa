import { basename, join } from 'node:path'
import { type Day, dayOf, nextDay, startOf } from '../core/data/day.ts'
import { instant, milliseconds } from '../core/data/instant.ts'
import type { JsonObject } from '../core/data/json.ts'
import { tamperingsIn } from '../core/log/manifest.ts'
import { numberOf } from '../verify/bundleFolder.ts'
import { BrokenAt } from '../verify/finding.ts'
import { type HoldingDay, type PeriodDay, PeriodWalk } from '../verify/period.ts'
import { saidName } from '../verify/saidSeries.ts'
import { readable, readKeys } from './evidence.ts'
import { Exit, type ExitCode, exits, withMore } from './exit.ts'
import { fetchBundle, fetchCosignatures, fetchSaid, type LocalFile } from './fetchedFile.ts'
import { newestDay } from './find/days.ts'
import type { Line } from './layout.ts'
import { periodIn } from './dayOptions.ts'
import type { Options } from './options.ts'
import type { Result } from './result.ts'
import type { Session } from './session.ts'
import { verifyingOn } from './verify.ts'

/** A day that was fetched, or could not be, and what became of verifying it. */
interface FetchedDay {
  readonly day: PeriodDay
  readonly bundle?: LocalFile
  readonly said?: LocalFile
  /** Absent if no witness has cosigned it. */
  readonly cosigned?: LocalFile
  /** Why a file is not the one that the service has. */
  readonly refusal?: string
}

/** Downloads all days of a period, and verifies each as it comes. */
export async function downloadPeriod(
  session: Session,
  { script, folder }: { readonly script: string; readonly folder: string },
): Promise<Result> {
  const { options } = session
  const order = orderIn(options)
  if (options.about.length > 0 || options.one('latest') !== undefined)
    throw new Exit(exits.usage, 'Give DATE, or --latest, or --last, or --from and --to. See countersign help download.')
  if (options.many('key').length === 0)
    throw new Exit(exits.usage, '--key is missing: each day of a period is verified as it comes.')
  const { from, to } = 'last' in order ? await newestDays(session, order.last) : order
  const texts = new Set<string>()
  const settings = { keys: readKeys(options), ...verifyingOn(session.screen, script) }
  const walk = new PeriodWalk(folder, settings, (date) =>
    texts.has(saidName(date)) ? join(folder, saidName(date)) : undefined,
  )
  const days: FetchedDay[] = []
  const last = daysBetween(from, to)
  for (let date = from; date <= to; date = nextDay(date)) {
    const place = `${date} (${days.length + 1} of ${last})`
    const files = await fetchDay(session, date, folder).catch((cause: unknown) => goOn(cause, days))
    if (files.said) texts.add(saidName(date))
    const day = files.bundle
      ? await taken(walk, folder, { file: basename(files.bundle.file), date })
      : walk.missing(date)
    days.push({ ...files, day })
    session.screen.say(`${place}: ${wordsOf({ ...files, day })}`)
  }
  return resultOf(days, { walk, folder })
}

/** How the days to fetch are given. @throws {Exit} 78, naming the option and the rule */
function orderIn(options: Options): { readonly from: Day; readonly to: Day } | { readonly last: number } {
  const { from, to } = periodIn(options)
  const last = options.one('last')
  if (last !== undefined && (from !== undefined || to !== undefined))
    throw new Exit(exits.usage, 'Give DATE, or --latest, or --last, or --from and --to. See countersign help download.')
  if (last !== undefined && !/^[1-9]\d{0,3}$/.test(last))
    throw new Exit(exits.usage, `--last: "${last}" is not a number from 1 to 9999.`)
  if (last !== undefined) return { last: Number(last) }
  if (from === undefined || to === undefined) throw new Exit(exits.usage, 'A period has both --from and --to.')
  return { from, to }
}

/** The days up to the newest sealed one. */
async function newestDays({ service }: Session, last: number): Promise<{ readonly from: Day; readonly to: Day }> {
  const newest = await newestDay(service, '--last')
  return { from: dayOf(instant(milliseconds(startOf(newest)) - (last - 1) * day)), to: newest }
}

const day = 86_400_000

const daysBetween = (from: Day, to: Day): number => (Date.parse(to) - Date.parse(from)) / day + 1

/** Verifies a bundle that was fetched. One whose number cannot be read says why when it is verified. */
async function taken(
  walk: PeriodWalk,
  folder: string,
  { file, date }: { file: string; date: Day },
): Promise<PeriodDay> {
  const number = await numberOf(join(folder, file)).then(
    (found) => found.number,
    (cause: unknown) => (cause instanceof BrokenAt ? null : Promise.reject(cause)),
  )
  return readable(() => walk.take({ file, date, number }))
}

/** Fetches the files of a day. A day that is not sealed has none. */
async function fetchDay(session: Session, date: Day, folder: string): Promise<Omit<FetchedDay, 'day'>> {
  try {
    const bundle = await fetchBundle(session, date, folder)
    const said = await fetchSaid(session, date, folder)
    const cosigned = await fetchCosignatures(session, date, folder)
    return { bundle, said, ...(cosigned && { cosigned }) }
  } catch (cause) {
    if (!(cause instanceof Exit)) throw cause
    if (cause.problem?.['code'] === 'not-found') return {}
    // A file of that name with other content is left alone, and nothing of the day is taken for verified.
    if (cause.status === exits.usage && !cause.problem) return { refusal: cause.message }
    throw cause
  }
}

/** Ends with what is there, so that the same command goes on. */
function goOn(cause: unknown, days: readonly FetchedDay[]): never {
  if (!(cause instanceof Exit)) throw cause
  const there = days.filter(({ bundle }) => bundle).length
  throw withMore(
    cause,
    `${there} ${there === 1 ? 'day is' : 'days are'} there; the same command goes on with the next.`,
  )
}

function wordsOf({ day, refusal }: FetchedDay): string {
  if (refusal !== undefined) return `NOT VERIFIED: ${refusal}`
  switch (day.state) {
    case 'missing':
      return 'MISSING: the service has no sealed bundle of this day'
    case 'broken':
      return `DOES NOT HOLD: ${day.words}`
    case 'unreadable':
      return `CANNOT BE READ: ${day.words}`
    case 'holds':
      return wordsOfHolding(day)
  }
}

function wordsOfHolding({ manifest, saidProblem }: HoldingDay): string {
  const tampered = tamperingsIn(manifest) > 0 ? ', with a recorded tampering' : ''
  const holds = `holds${tampered}: ${manifest.counts.records} records about ${manifest.counts.requests} requests`
  return saidProblem ? `${holds}; WITHOUT TEXTS: ${saidProblem.words}` : holds
}

function resultOf(
  days: readonly FetchedDay[],
  { walk, folder }: { readonly walk: PeriodWalk; readonly folder: string },
): Result {
  const { textProblem } = walk.verdict([])
  const holding = days.filter(({ day }) => day.state === 'holds')
  const exit = exitOfDays(days, textProblem !== undefined)
  const lines: readonly Line[] = [
    ...days.map((one): Line => [one.day.date, wordsOf(one)]),
    ['verified', `${holding.length} of ${days.length} days`],
    ...(textProblem ? [['texts', textProblem.words] as const] : []),
    ['next', `countersign report --chain ${folder} --key LOG.pem --out report.xlsx`],
  ]
  return { exit, lines, to: 'stdout', record: { exit, days: days.map(recordOf) } }
}

/** The exit code of the worst that became of a day. */
function exitOfDays(days: readonly FetchedDay[], isUnexplained: boolean): ExitCode {
  const states = days.flatMap(({ day, refusal }) => (refusal === undefined ? [day.state] : []))
  const holding = days.flatMap(({ day }) => (day.state === 'holds' ? [day] : []))
  if (states.includes('broken') || holding.some(({ saidProblem }) => saidProblem?.problem)) return exits.broken
  if (states.includes('missing') || states.length < days.length) return exits.usage
  if (states.includes('unreadable') || holding.some(({ saidProblem }) => saidProblem)) return exits.unreadable
  if (isUnexplained) return exits.unreadable
  return holding.some(({ manifest }) => tamperingsIn(manifest) > 0) ? exits.tampered : exits.ok
}

/** A day for programs. `kept` says that a file of its name has other content, and was left alone. */
function recordOf({ day, bundle, said, cosigned, refusal }: FetchedDay): JsonObject {
  const texts = day.state === 'holds' ? day.saidProblem : undefined
  const words = refusal ?? (day.state === 'broken' || day.state === 'unreadable' ? day.words : texts?.words)
  const code = day.state === 'broken' ? day.problem?.code : texts?.problem?.code
  return {
    ...{ date: day.date, state: refusal === undefined ? day.state : 'kept' },
    ...(bundle && { bundle: { ...bundle } }),
    ...(said && { said: { ...said } }),
    ...(cosigned && { cosigned: { ...cosigned } }),
    ...(words !== undefined && { problem: { ...(code !== undefined && { code }), message: words } }),
  }
}
