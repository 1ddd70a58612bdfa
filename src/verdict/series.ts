import { tamperingsIn } from '../core/log/manifest.ts'
import type { SaidOfSeries } from '../verify/saidSeries.ts'
import type { SeriesVerdict } from '../verify/series.ts'
import type { KnownEnds } from '../verify/seriesEnds.ts'
import { bundleRecord, describeJudged } from './bundle.ts'
import { type CosignedSeries, cosignedRecord, describeCosigned } from './cosigned.ts'
import { describeEnds, endsRecord } from './ends.ts'
import { describeExceptions, type ExceptionCounts, recordOfKinds } from './exceptions.ts'
import { describeFinding, exitOfFinding, findingRecord, verdictOf } from './finding.ts'
import { describeSaid, saidRecord } from './texts.ts'
import type { EvidenceVerdict, Teller, VerdictLine } from './verdict.ts'

/** What a verdict on a series says beside what the verifier found. */
interface TellingSeries {
  readonly teller: Teller
  readonly ends: KnownEnds
  /** How many exceptions of each kind there are, of a series that holds. */
  readonly kinds: ExceptionCounts
}

/** The verdict on the bundles of several days. */
export function verdictOnSeries(
  { bundles, said, problem, cosigned = [] }: CosignedSeries,
  { teller, ends, kinds }: TellingSeries,
): EvidenceVerdict {
  const record = {
    bundles: bundles.map(({ file, manifest, manifestHash, judged }, place) => ({
      ...{ file, ...bundleRecord(manifest), manifest: manifestHash, judged: { ...judged } },
      ...(cosigned[place] && { cosigned: cosignedRecord(cosigned[place]) }),
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
    ...describeEnds(bundles, ends, teller),
    ...describeCosigned(cosigned),
    describeJudged(
      bundles.map(({ judged }) => judged),
      teller,
    ),
    ...describeExceptions(kinds),
    ...(said ? describeFiles(said) : [['said', teller.noSaid] as const]),
  ]
  return { exit, lines, to: 'stdout', record: { exit, ok: true, ...record } }
}

/** Says which days hold. */
export function daysOf(bundles: SeriesVerdict['bundles']): string {
  const [first, last] = [bundles[0]?.manifest, bundles.at(-1)?.manifest]
  if (!first || !last) return 'nothing'
  return `${bundles.length} ${bundles.length === 1 ? 'day' : 'days'}, ${first.date} to ${last.date}`
}

function describeFiles(said: SaidOfSeries): readonly VerdictLine[] {
  const { files, without } = said
  const missing: readonly VerdictLine[] = without.length === 0 ? [] : [['no said file', without.join(', ')]]
  return [['said files', `${files}`], ...describeSaid(said), ...missing]
}
