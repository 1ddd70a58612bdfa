import { verdictOnBundle, withKept } from '../verdict/bundle.ts'
import { withAllCosigned, withCosigned } from '../verdict/cosigned.ts'
import { describeKept } from '../verdict/ends.ts'
import { kindsIn, noExceptions } from '../verdict/exceptions.ts'
import { verdictOnSeries } from '../verdict/series.ts'
import type { EvidenceVerdict } from '../verdict/verdict.ts'
import { type BundleVerdict, verifyBundle } from '../verify/bundle.ts'
import type { WitnessDemand } from '../verify/cosigned.ts'
import type { KnownEnds } from '../verify/seriesEnds.ts'
import { type SeriesVerdict, type VerifyingSeries, verifySeries } from '../verify/series.ts'
import { readable, readKeys, readWitnesses, teller } from './evidence.ts'
import { Exit, exits } from './exit.ts'
import { checkNoSeriesOptions, readEnds } from './knownEnds.ts'
import { checkGrantOptions, inFolder, withGrants } from './grants.ts'
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
  const witnesses = readWitnesses(options)
  if (file !== undefined) {
    const kept = withKept(await verifyFile(session, file, script), ends)
    const verdict = await readable(() => withCosigned(kept, file, witnesses))
    const kinds = verdict.problem ? noExceptions : await readable(() => kindsIn([file]))
    const held = verdictOnBundle(verdict, { teller, kinds, allowUnexplained: allowsUnexplained(options) })
    const known = verdict.problem ? [] : describeKept(ends.checkpoints ?? [])
    return withGrants(options, { ...held, lines: [...held.lines, ...known] }, [file])
  }
  return verifyFolder(session, chain ?? '', { script, ends, witnesses, allowUnexplained: allowsUnexplained(options) })
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

export const allowsUnexplained = (options: Options): boolean => options.one('allow-unexplained') !== undefined

interface Series extends Pick<VerifyingSeries, 'counted' | 'allowUnexplained'> {
  readonly script: string
  readonly ends: KnownEnds
}

async function verifyFolder(
  session: Offline,
  folder: string,
  { witnesses, ...series }: Series & { readonly witnesses: WitnessDemand | null },
): Promise<Result> {
  const verified = await verifiedSeries(session, folder, series)
  const verdict = await readable(() => withAllCosigned(verified, folder, witnesses))
  const files = inFolder(folder, verdict.bundles)
  const kinds = verdict.problem ? noExceptions : await readable(() => kindsIn(files))
  return withGrants(
    session.options,
    withUnused(verdictOnSeries(verdict, { teller, ends: series.ends, kinds }), verdict),
    files,
  )
}

/** Names said files of days that have no bundle here, so that nobody takes them for verified. */
function withUnused(held: EvidenceVerdict, { unused }: SeriesVerdict): EvidenceVerdict {
  if (unused.length === 0) return held
  const line = ['not used', `${unused.join(', ')}: no bundle of that day is here`] as const
  return { ...held, lines: [...held.lines, line], record: { ...held.record, unusedSaid: [...unused] } }
}

/** Verifies all bundles in a folder, and shows the progress. */
export async function verifiedSeries(
  { options, screen }: Offline,
  folder: string,
  { script, ...more }: Series,
): Promise<SeriesVerdict> {
  const keys = readKeys(options)
  const settings = { keys, said: options.one('said'), ...verifyingOn(screen, script), ...more }
  try {
    return await readable(() => verifySeries(folder, settings))
  } finally {
    screen.progress(null)
  }
}

/** What verifies the bundles of several days on this machine, and shows its progress in each. */
export function verifyingOn(screen: Offline['screen'], script: string) {
  let which = ''
  return {
    ...{ thread: threadOfDays(script), load: judger(script) },
    started: (file: string, place: number, of: number) => {
      which = ` of ${file} (${place + 1} of ${of})`
    },
    progress: (done: number, of: number) => progressOn(screen, `records verified${which}`)(done, of),
  }
}

/** For fewer records a thread takes longer to start than it saves. */
const threadOf = (script: string) => ({ script, from: 5_000 })

/**
 * Between the days of a period this thread stays warm, and each new one begins cold: with 90 days of 5,500 records threads took
 * 35 s of processors, and 9 s without them.
 */
const threadOfDays = (script: string) => ({ script, from: 50_000 })

const progressOn =
  (screen: Offline['screen'], what: string) =>
  (done: number, of: number): void =>
    screen.progress(`${Math.floor((100 * done) / Math.max(of, 1))} %: ${done} of ${of} ${what}`)
