import { CallFailure } from '../api.ts'
import type { Json, JsonObject } from '../../core/data/json.ts'
import { isArray, isObject } from '../../core/data/json.ts'
import type { GivenPiece, PieceOf } from '../verify/given.ts'
import { textOf } from '../verify/text.ts'
import type { Progress, Work, WorkOutcome } from '../verify/work.ts'
import { bundleOf, type Fetcher, newestCheckpoint, saidOf } from './fetching.ts'
import type { CalendarDay, ListedBundle } from './period.ts'
import { inWorker } from './verifier.ts'
import { words } from './words.ts'

/** What the reader brings, and what they want. */
export interface Trusting {
  readonly keys: readonly PieceOf<'key'>[]
  readonly checkpoints: readonly PieceOf<'checkpoint'>[]
  /** Whether missing texts are only counted. */
  readonly allowUnexplained: boolean
}

/** The days to verify. */
export interface DaysToVerify {
  /** In order. Of a series, days without a bundle are among them. */
  readonly days: readonly CalendarDay[]
  /** Whether the days are verified as a series, in which none may be missing. */
  readonly isSeries: boolean
  /** The newest bundle of the service. */
  readonly newest: ListedBundle
}

/** What came of it, with all that its picture says. */
export interface Verified {
  readonly outcome: WorkOutcome
  readonly work: Work
  readonly given: readonly GivenPiece[]
  readonly seconds: number
  readonly notes: readonly string[]
  /** Where the service's list says something else than evidence that holds. */
  readonly differences: readonly string[]
  readonly verdicts: ReadonlyMap<string, DayVerdict>
}

export type DayVerdict = 'held' | 'failed'

interface Doing {
  readonly signal: AbortSignal
  readonly fetching: (name: string, place: number, of: number) => void
  readonly verifying: (progress: Progress | null) => void
}

/**
 * Fetches the files of days, and lets a worker verify them: one day as `countersign verify`, a series as `--chain`.
 *
 * @throws {CallFailure} naming the file that could not be fetched
 */
export async function verifyDays(
  fetcher: Fetcher,
  { days, isSeries, newest }: DaysToVerify,
  trusting: Trusting,
  { signal, fetching, verifying }: Doing,
): Promise<Verified> {
  const bundles = days.flatMap(({ bundle }) => bundle ?? [])
  const [first, last] = [bundles[0], bundles.at(-1)]
  if (!first || !last) throw new Error(words.job.nothing)
  const isNewest = last.date === newest.date
  const wanted = [
    ...bundles.map(bundleOf),
    ...bundles.filter(({ records }) => records > 0).map(saidOf),
    ...(isNewest ? [newestCheckpoint] : []),
  ]
  const files = await fetcher.all(wanted, { signal, tell: fetching })
  const note = isNewest ? ((await files.at(-1)?.text()) ?? '') : null
  // A longer log than the one of the list: a further day was sealed since.
  const isLater = note !== null && sizeIn(note) > last.to
  const work: Work = {
    keys: trusting.keys.map(({ pem }) => pem),
    bundles: files.slice(0, bundles.length),
    said: files.slice(bundles.length, isNewest ? -1 : undefined),
    checkpoints: [
      // Those of other days say nothing about these.
      ...trusting.checkpoints.map(({ name, text }) => ({ name, text, sizes: [first.from, last.to] as const })),
      ...(note === null || isLater ? [] : [{ name: newestCheckpoint.name, text: note }]),
    ],
    ...{ witnesses: [], cosigned: [] },
    ...{ from: '', through: '', first: '', ...(isSeries && endsOf(days)) },
    allowUnexplained: trusting.allowUnexplained,
  }
  verifying(null)
  const since = performance.now()
  const outcome = await inWorker<'verify'>({ kind: 'verify', work }, { signal, progress: verifying })
  return {
    ...{ outcome, work, given: trusting.keys, seconds: (performance.now() - since) / 1000 },
    notes: [isLater ? words.job.newestLater : isNewest ? words.job.newest : words.job.notNewest],
    differences: differencesIn(bundles, outcome),
    verdicts: verdictsIn(outcome, isSeries ? null : first.date),
  }
}

/** The size in a checkpoint: its second line. @throws {CallFailure} for what is no checkpoint, and would compare nothing */
function sizeIn(note: string): number {
  const size = /^[^\n]+\n(\d+)\n[A-Za-z0-9+/]{43}=\n/.exec(note)?.[1]
  if (size === undefined) throw new CallFailure('internal', words.job.noCheckpoint)
  return Number(size)
}

const endsOf = (days: readonly CalendarDay[]): Pick<Work, 'from' | 'through'> => ({
  from: days[0]?.date ?? '',
  through: days.at(-1)?.date ?? '',
})

/** What the record of a verdict says of each day that it could read. */
function daysIn(outcome: WorkOutcome): readonly JsonObject[] {
  if (outcome.kind !== 'verdict') return []
  const { bundle, bundles } = outcome.verdict.record
  if (isArray(bundles)) return bundles.filter(isObject)
  return isObject(bundle) ? [bundle] : []
}

/** What came of each day: of a series also of the one that breaks it, and of none behind that. */
function verdictsIn(outcome: WorkOutcome, alone: string | null): ReadonlyMap<string, DayVerdict> {
  if (outcome.kind !== 'verdict') return new Map()
  const { exit, record } = outcome.verdict
  if (alone !== null) return new Map(exit === 2 ? [] : [[alone, exit === 1 ? 'failed' : 'held']])
  const { problem } = record
  const file = isObject(problem) && exit === 1 ? textOf(problem['file']) : ''
  const broken = /\d{4}-\d\d-\d\d/.exec(file)?.[0]
  const held = daysIn(outcome).map(({ date }) => [textOf(date), 'held'] as const)
  return new Map<string, DayVerdict>([...held, ...(broken === undefined ? [] : [[broken, 'failed'] as const])])
}

/** What the list says of a day, and the manifest. */
const listed = ['number', 'from', 'records'] as const

/** Compares the list with evidence that holds: whoever shows another calendar hides something. */
function differencesIn(bundles: readonly ListedBundle[], outcome: WorkOutcome): readonly string[] {
  if (outcome.kind !== 'verdict' || outcome.verdict.exit === 1 || outcome.verdict.exit === 2) return []
  const { compared, difference } = words.job
  return daysIn(outcome).flatMap((found) => {
    const bundle = bundles.find(({ date }) => date === found['date'])
    if (bundle === undefined) return []
    const pairs: readonly (readonly [keyof typeof compared, Json | undefined, Json | undefined])[] = [
      ...listed.map((name) => [name, bundle[name], found[name]] as const),
      ['size', bundle.to, found['size']],
      ['root', bundle.root === '' ? found['root'] : bundle.root, found['root']],
      ['requests', bundle.requests ?? found['requests'], found['requests']],
      ['exceptions', bundle.exceptions ?? found['exceptions'], found['exceptions']],
    ]
    return pairs
      .filter(([, inList, inEvidence]) => inList !== inEvidence)
      .map(([name, inList, inEvidence]) => difference(bundle.date, compared[name], textOf(inList), textOf(inEvidence)))
  })
}
