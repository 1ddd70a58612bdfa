import { tamperingsIn } from '../core/log/manifest.ts'
import { type BundleVerdict, verifyBundle } from '../verify/bundle.ts'
import { type SeriesVerdict, verifySeries } from '../verify/series.ts'
import {
  bundleRecord,
  describeBundle,
  describeExceptions,
  describeFinding,
  describeSaid,
  type ExceptionCounts,
  exitOfFinding,
  findingRecord,
  kindsIn,
  noExceptions,
  readable,
  readKeys,
  recordOfKinds,
  verdictOf,
} from './evidence.ts'
import { Exit, exits } from './exit.ts'
import { checkGrantOptions, inFolder, withGrants } from './grants.ts'
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
  if (file !== undefined) {
    const verdict = await verifyFile(session, file, script)
    const kinds = verdict.problem ? noExceptions : await kindsIn([file])
    return withGrants(options, resultOfVerdict(verdict, kinds), [file])
  }
  if (options.one('said') !== undefined) throw new Exit(exits.usage, '--said belongs to one bundle, not to --chain.')
  return verifyFolder(session, chain ?? '', script)
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
    return await readable(() => verifyBundle(file, { keys, said, thread: threadOf(script), progress }))
  } finally {
    screen.progress(null)
  }
}

/** @param kinds how many exceptions of each kind there are, of a bundle that holds */
export function resultOfVerdict(
  { manifest, said, held, problem }: BundleVerdict,
  kinds: ExceptionCounts = noExceptions,
): Result {
  const bundle = manifest && { ...bundleRecord(manifest), ...(!problem && { exceptionKinds: recordOfKinds(kinds) }) }
  const record = { ...(bundle && { bundle }), ...(said && { said: { ...said } }), checks: held }
  if (problem) {
    const exit = exitOfFinding(problem)
    const lines = [...describeFinding(problem), ['holds', held.length > 0 ? held.join(', ') : 'nothing'] as const]
    return { exit, lines, to: 'stderr', record: { exit, ok: false, ...record, problem: findingRecord(problem) } }
  }
  if (!manifest) throw new Error('A bundle that holds has a manifest.')
  const { exit, verdict } = verdictOf(tamperingsIn(manifest))
  const lines = [
    [verdict, held.join(', ')] as const,
    ...describeBundle(manifest, kinds),
    ...(said ? [describeSaid(said)] : []),
  ]
  return { exit, lines, to: 'stdout', record: { exit, ok: true, ...record } }
}

async function verifyFolder({ options, screen }: Offline, folder: string, script: string): Promise<Result> {
  const keys = readKeys(options)
  let which = ''
  const progress = (done: number, of: number) => progressOn(screen, `records verified of ${which}`)(done, of)
  const started = (file: string, place: number, of: number) => {
    which = `${file} (${place + 1} of ${of})`
  }
  try {
    const verdict = await readable(() => verifySeries(folder, { keys, thread: threadOf(script), progress, started }))
    const files = inFolder(folder, verdict.bundles)
    const kinds = verdict.problem ? noExceptions : await kindsIn(files)
    return await withGrants(options, resultOfSeries(verdict, kinds), files)
  } finally {
    screen.progress(null)
  }
}

function resultOfSeries({ bundles, problem }: SeriesVerdict, kinds: ExceptionCounts): Result {
  const record = {
    bundles: bundles.map(({ file, manifest }) => ({ file, ...bundleRecord(manifest) })),
    ...(!problem && { exceptionKinds: recordOfKinds(kinds) }),
  }
  const [first, last] = [bundles[0]?.manifest, bundles.at(-1)?.manifest]
  const days =
    first && last
      ? `${bundles.length} ${bundles.length === 1 ? 'day' : 'days'}, ${first.date} to ${last.date}`
      : 'nothing'
  if (problem) {
    const exit = exitOfFinding(problem)
    const [what, ...where] = describeFinding(problem)
    const lines = [...(what ? [what] : []), ['in', problem.file] as const, ...where, ['holds', days] as const]
    return { exit, lines, to: 'stderr', record: { exit, ok: false, ...record, problem: findingRecord(problem) } }
  }
  const records = bundles.reduce((sum, { manifest }) => sum + manifest.counts.records, 0)
  const tampered = bundles.filter(({ manifest }) => tamperingsIn(manifest) > 0)
  const { exit, verdict } = verdictOf(tampered.length)
  const lines = [
    [verdict, `${days}, each continuing the one before`] as const,
    ...tampered.map(({ file }) => ['tampered', file] as const),
    ['log', `${last?.log.origin}`] as const,
    ['bundles', `${first?.number} to ${last?.number}`] as const,
    ['size', `${first?.log.from.size} to ${last?.log.to.size} (${records} records)`] as const,
    ['root', `${last?.log.to.root}`] as const,
    ...describeExceptions(kinds),
  ]
  return { exit, lines, to: 'stdout', record: { exit, ok: true, ...record } }
}

/** For fewer records a thread takes longer to start than it saves. */
const threadOf = (script: string) => ({ script, from: 5_000 })

const progressOn =
  (screen: Offline['screen'], what: string) =>
  (done: number, of: number): void =>
    screen.progress(`${Math.floor((100 * done) / Math.max(of, 1))} %: ${done} of ${of} ${what}`)
