import type { Hex } from '../core/data/id.ts'
import type { JsonObject } from '../core/data/json.ts'
import type { KeptCheckpoint } from '../verify/keptCheckpoints.ts'
import type { SeriesBundle } from '../verify/series.ts'
import type { KnownEnds } from '../verify/seriesEnds.ts'
import type { Teller, VerdictLine } from './verdict.ts'

/** Reads what is known of the first bundle: its number, or a SHA-256. `null` for anything else. */
export function readFirst(given: string): NonNullable<KnownEnds['first']> | null {
  if (/^[1-9]\d{0,8}$/.test(given)) return Number(given)
  const [, digest] = /^(?:sha256:)?([0-9a-f]{64})$/i.exec(given) ?? []
  return digest === undefined ? null : (digest.toLowerCase() as Hex)
}

/** Says where a series that holds begins and ends, and what was known of that. */
export function describeEnds(
  bundles: readonly SeriesBundle[],
  { from, through, first, checkpoints = [] }: KnownEnds,
  { laterDays }: Teller,
): readonly VerdictLine[] {
  const [begin, end] = [bundles[0], bundles.at(-1)]
  if (!begin || !end) return []
  const { number } = begin.manifest
  const before = number === 1 ? 'the first of the log' : `bundles before it are not here: 1 to ${number - 1}`
  const known = [...(from === undefined ? [] : [`from ${from}`]), ...(first === undefined ? [] : [`first ${first}`])]
  const isKnown = through !== undefined || checkpoints.length > 0
  return [
    ['begins', `${wordsOf(begin)}; ${before}${known.length === 0 ? '' : `; as known: ${known.join(', ')}`}`],
    ['', `SHA-256 of its manifest: ${begin.manifestHash}`],
    ['ends', `${wordsOf(end)}${isKnown ? '' : `; whether later days are missing, ${laterDays}`}`],
    ['', `SHA-256 of its manifest: ${end.manifestHash}`],
    ...(through === undefined ? [] : [['', `as known: through ${through}`] as const]),
    ...describeKept(checkpoints),
  ]
}

export const describeKept = (checkpoints: readonly KeptCheckpoint[]): readonly VerdictLine[] =>
  checkpoints.length === 0
    ? []
    : [
        [
          'kept',
          `${checkpoints.length === 1 ? '1 checkpoint' : `${checkpoints.length} checkpoints`}, as the log has it here`,
        ],
      ]

const wordsOf = ({ manifest: { number, date } }: SeriesBundle): string => `with bundle ${number} of ${date}`

/** The same for programs. */
export function endsRecord(bundles: readonly SeriesBundle[]): JsonObject {
  const [begin, end] = [bundles[0], bundles.at(-1)]
  if (!begin || !end) return {}
  const { number, date, log } = begin.manifest
  return {
    begins: { number, date, size: log.from.size, manifest: begin.manifestHash, isFirst: number === 1 },
    ends: {
      ...{ number: end.manifest.number, date: end.manifest.date, size: end.manifest.log.to.size },
      manifest: end.manifestHash,
    },
  }
}
