import { tamperingsIn } from '../core/log/manifest.ts'
import { type BundleVerdict, verifyBundle } from '../verify/bundle.ts'
import { findingOf } from '../verify/finding.ts'
import { checkKept } from '../verify/keptCheckpoints.ts'
import type { KnownEnds } from '../verify/seriesEnds.ts'
import type { SaidOfSeries } from '../verify/saidSeries.ts'
import { type SeriesVerdict, type VerifyingSeries, verifySeries } from '../verify/series.ts'
import {
  bundleRecord,
  describeBundle,
  describeExceptions,
  describeFinding,
  describeJudged,
  describeSaid,
  type ExceptionCounts,
  exitOfFinding,
  findingRecord,
  kindsIn,
  noExceptions,
  readable,
  readKeys,
  recordOfKinds,
  saidRecord,
  unexplainedIn,
  verdictOf,
} from './evidence.ts'
import { Exit, exits } from './exit.ts'
import { checkNoSeriesOptions, describeEnds, describeKept, endsRecord, readEnds } from './knownEnds.ts'
import { checkGrantOptions, inFolder, withGrants } from './grants.ts'
import type { Line } from './layout.ts'
import type { Options } from './options.ts'
import { judger } from './policy.ts'
import type { Result } from './result.ts'
import type { Offline } from './session.ts'

/**
 * Verifies a bundle, or all bundles in a folder.
 *
 * @param script this program's file, which can be started again as a thread
 */
export async function verify(session: Offline, script: string): Promise<Result> {
  const { options } = session
  const [file] = options.about
  const chain = options.one('chain')
  if ((file === undefined) === (chain === undefined))
    throw new Exit(exits.usage, 'Give either BUNDLE.zip or --chain FOLDER. See countersign help verify.')
  checkGrantOptions(options)
  if (chain === undefined) checkNoSeriesOptions(options)
  const ends = readEnds(options)
  if (file !== undefined) {
    const verdict = withKept(await verifyFile(session, file, script), ends)
    const kinds = verdict.problem ? noExceptions : await kindsIn([file])
    const held = resultOfVerdict(verdict, kinds, allowsUnexplained(options))
    const kept = verdict.problem ? [] : describeKept(ends.checkpoints ?? [])
    return withGrants(options, { ...held, lines: [...held.lines, ...kept] }, [file])
  }
  if (options.one('said') !== undefined)
    throw new Exit(
      exits.usage,
      '--said belongs to one bundle. With --chain each said-DATE.jsonl in the folder is read.',
    )
  return verifyFolder(session, chain ?? '', { script, ends, allowUnexplained: allowsUnexplained(options) })
}

/** Compares kept checkpoints with those of a bundle that holds. */
function withKept(verdict: BundleVerdict, { checkpoints = [] }: KnownEnds): BundleVerdict {
  const { manifest, problem } = verdict
  if (problem || !manifest) return verdict
  try {
    checkKept([manifest], checkpoints)
    return verdict
  } catch (cause) {
    return { ...verdict, problem: findingOf(cause) }
  }
}

/** Verifies one bundle, and shows its progress. */
export async function verifyFile(
  { options, screen }: Offline,
  file: string,
  script: string,
  { said }: { readonly said: string | undefined } = { said: options.one('said') },
): Promise<BundleVerdict> {
  const keys = readKeys(options)
  const progress = progressOn(screen, 'records verified')
  try {
    return await readable(() =>
      verifyBundle(file, { keys, said, thread: threadOf(script), load: judger(script), progress }),
    )
  } finally {
    screen.progress(null)
  }
}

/** @param kinds how many exceptions of each kind there are, of a bundle that holds */
export function resultOfVerdict(
  { manifest, said, judged, held, problem }: BundleVerdict,
  kinds: ExceptionCounts = noExceptions,
  allowUnexplained = false,
): Result {
  const bundle = manifest && { ...bundleRecord(manifest), ...(!problem && { exceptionKinds: recordOfKinds(kinds) }) }
  const record = {
    ...(bundle && { bundle }),
    ...(said && { said: saidRecord(said) }),
    ...(judged && { judged: { ...judged } }),
    checks: held,
  }
  if (problem) {
    const exit = exitOfFinding(problem)
    const lines = [...describeFinding(problem), ['holds', held.length > 0 ? held.join(', ') : 'nothing'] as const]
    return { exit, lines, to: 'stderr', record: { exit, ok: false, ...record, problem: findingRecord(problem) } }
  }
  if (!manifest) throw new Error('A bundle that holds has a manifest.')
  const unexplained = unexplainedIn(said)
  const about = [
    ...describeBundle(manifest, kinds),
    ...(judged ? [describeJudged([judged])] : []),
    ...(said ? describeSaid(said) : []),
  ]
  if (unexplained && !allowUnexplained) {
    const exit = exitOfFinding(unexplained)
    const rest = held.filter((check) => check !== unexplained.check)
    const lines = [...describeFinding(unexplained), ['holds', rest.join(', ')] as const, ...about]
    const problem = findingRecord(unexplained)
    return { exit, lines, to: 'stderr', record: { exit, ok: false, ...record, checks: rest, problem } }
  }
  const { exit, verdict } = verdictOf(tamperingsIn(manifest), unexplained !== null)
  const lines = [[verdict, held.join(', ')] as const, ...about]
  return { exit, lines, to: 'stdout', record: { exit, ok: true, ...record } }
}

export const allowsUnexplained = (options: Options): boolean => options.one('allow-unexplained') !== undefined

interface Series extends Pick<VerifyingSeries, 'counted' | 'allowUnexplained'> {
  readonly script: string
  readonly ends: KnownEnds
}

async function verifyFolder(session: Offline, folder: string, series: Series): Promise<Result> {
  const verdict = await verifiedSeries(session, folder, series)
  const files = inFolder(folder, verdict.bundles)
  const kinds = verdict.problem ? noExceptions : await kindsIn(files)
  return withGrants(session.options, resultOfSeries(verdict, kinds, series.ends), files)
}

/** Verifies all bundles in a folder, and shows the progress. */
export async function verifiedSeries(
  { options, screen }: Offline,
  folder: string,
  { script, ...more }: Series,
): Promise<SeriesVerdict> {
  const keys = readKeys(options)
  let which = ''
  const progress = (done: number, of: number) => progressOn(screen, `records verified of ${which}`)(done, of)
  const started = (file: string, place: number, of: number) => {
    which = `${file} (${place + 1} of ${of})`
  }
  const settings = { keys, thread: threadOf(script), load: judger(script), progress, started, ...more }
  try {
    return await readable(() => verifySeries(folder, settings))
  } finally {
    screen.progress(null)
  }
}

export function resultOfSeries(
  { bundles, said, problem }: SeriesVerdict,
  kinds: ExceptionCounts,
  ends: KnownEnds,
): Result {
  const record = {
    bundles: bundles.map(({ file, manifest, manifestHash, judged }) => ({
      ...{ file, ...bundleRecord(manifest), manifest: manifestHash, judged: { ...judged } },
    })),
    ...endsRecord(bundles),
    ...(said && { said: { ...saidRecord(said), files: said.files, without: [...said.without] } }),
    ...(!problem && { exceptionKinds: recordOfKinds(kinds) }),
  }
  const [first, last] = [bundles[0]?.manifest, bundles.at(-1)?.manifest]
  const days = daysOf(bundles)
  if (problem) {
    const exit = exitOfFinding(problem)
    const [what, ...where] = describeFinding(problem)
    const lines = [...(what ? [what] : []), ['in', problem.file] as const, ...where, ['holds', days] as const]
    return { exit, lines, to: 'stderr', record: { exit, ok: false, ...record, problem: findingRecord(problem) } }
  }
  const records = bundles.reduce((sum, { manifest }) => sum + manifest.counts.records, 0)
  const tampered = bundles.filter(({ manifest }) => tamperingsIn(manifest) > 0)
  const isExplained = !said || (said.missing.length === 0 && said.without.length === 0)
  const { exit, verdict } = verdictOf(tampered.length, !isExplained)
  const lines = [
    [verdict, `${days}, each continuing the one before`] as const,
    ...tampered.map(({ file }) => ['tampered', file] as const),
    ['log', `${last?.log.origin}`] as const,
    ['bundles', `${first?.number} to ${last?.number}`] as const,
    ['size', `${first?.log.from.size} to ${last?.log.to.size} (${records} records)`] as const,
    ['root', `${last?.log.to.root}`] as const,
    ...describeEnds(bundles, ends),
    describeJudged(bundles.map(({ judged }) => judged)),
    ...describeExceptions(kinds),
    ...(said ? describeFiles(said) : [['said', 'no file said-DATE.jsonl is in the folder'] as const]),
  ]
  return { exit, lines, to: 'stdout', record: { exit, ok: true, ...record } }
}

/** Says which days hold. */
export function daysOf(bundles: SeriesVerdict['bundles']): string {
  const [first, last] = [bundles[0]?.manifest, bundles.at(-1)?.manifest]
  if (!first || !last) return 'nothing'
  return `${bundles.length} ${bundles.length === 1 ? 'day' : 'days'}, ${first.date} to ${last.date}`
}

function describeFiles(said: SaidOfSeries): readonly Line[] {
  const { files, without } = said
  const missing: readonly Line[] = without.length === 0 ? [] : [['no said file', without.join(', ')]]
  return [['said files', `${files}`], ...describeSaid(said), ...missing]
}

/** For fewer records a thread takes longer to start than it saves. */
const threadOf = (script: string) => ({ script, from: 5_000 })

const progressOn =
  (screen: Offline['screen'], what: string) =>
  (done: number, of: number): void =>
    screen.progress(`${Math.floor((100 * done) / Math.max(of, 1))} %: ${done} of ${of} ${what}`)
