import type { JsonObject } from '../core/data/json.ts'
import { type Manifest, tamperingsIn } from '../core/log/manifest.ts'
import type { BundleVerdict } from '../verify/bundle.ts'
import { findingOf } from '../verify/finding.ts'
import { checkKept } from '../verify/keptCheckpoints.ts'
import type { JudgedCount } from '../verify/policyCheck.ts'
import type { KnownEnds } from '../verify/seriesEnds.ts'
import { type CosignedBundle, cosignedRecord, describeCosigned } from './cosigned.ts'
import { describeExceptions, type ExceptionCounts, noExceptions, recordOfKinds } from './exceptions.ts'
import { describeFinding, exitOfFinding, findingRecord, verdictOf } from './finding.ts'
import { describeSaid, saidRecord, unexplainedIn } from './texts.ts'
import type { EvidenceVerdict, Teller, VerdictLine } from './verdict.ts'

/** Compares kept checkpoints with those of a bundle that holds. */
export function withKept(verdict: BundleVerdict, { checkpoints = [] }: KnownEnds): BundleVerdict {
  const { manifest, problem } = verdict
  if (problem || !manifest) return verdict
  try {
    checkKept([manifest], checkpoints)
    return verdict
  } catch (cause) {
    return { ...verdict, problem: findingOf(cause) }
  }
}

/** What a verdict says beside what the verifier found. */
interface TellingBundle {
  readonly teller: Teller
  /** How many exceptions of each kind there are, of a bundle that holds. */
  readonly kinds?: ExceptionCounts
  /** Whether missing texts are only counted. */
  readonly allowUnexplained?: boolean
}

/** The verdict on one bundle. */
export function verdictOnBundle(
  { manifest, said, judged, held, problem, cosigned }: CosignedBundle,
  { teller, kinds = noExceptions, allowUnexplained = false }: TellingBundle,
): EvidenceVerdict {
  const bundle = manifest && { ...bundleRecord(manifest), ...(!problem && { exceptionKinds: recordOfKinds(kinds) }) }
  const record = {
    ...(bundle && { bundle }),
    ...(said && { said: saidRecord(said) }),
    ...(judged && { judged: { ...judged } }),
    ...(cosigned && { cosigned: cosignedRecord(cosigned) }),
    checks: held,
  }
  if (problem) {
    const exit = exitOfFinding(problem)
    const lines = [...describeFinding(problem), ['holds', held.length > 0 ? held.join(', ') : 'nothing'] as const]
    return { exit, lines, to: 'stderr', record: { exit, ok: false, ...record, problem: findingRecord(problem) } }
  }
  if (!manifest) throw new Error('A bundle that holds has a manifest.')
  const unexplained = unexplainedIn(said, teller)
  const about = [
    ...describeBundle(manifest, kinds),
    ...(judged ? [describeJudged([judged], teller)] : []),
    ...(said ? describeSaid(said) : []),
    ...describeCosigned([cosigned ?? []]),
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

/** Describes a bundle that holds. */
function describeBundle(
  { number, date, log, counts, sealedAt }: Manifest,
  kinds: ExceptionCounts,
): readonly VerdictLine[] {
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

const describeTamperings = (counts: Manifest['counts']): readonly VerdictLine[] => {
  const count = tamperingsIn({ counts })
  return count === 0 ? [] : [['tampered', `${count} events say what somebody had changed: see exceptions.csv`]]
}

export const bundleRecord = ({ number, date, sealedAt, tool, log, counts }: Manifest): JsonObject => ({
  ...{ number, date, sealedAt, tool, origin: log.origin },
  ...{ from: log.from.size, size: log.to.size, root: log.to.root },
  ...counts,
})

/** Says how the asks of some days were judged. */
export function describeJudged(all: readonly JudgedCount[], { noCedar }: Teller): VerdictLine {
  const sum = (count: (one: JudgedCount) => number): number => all.reduce((total, one) => total + count(one), 0)
  const words = `judged anew ${sum(({ anew }) => anew)} of ${sum(({ asks }) => asks)} requests, by structure the rest`
  const isCompared = all.every(({ hasCedar }) => hasCedar)
  return ['policy', isCompared ? words : `${words}; rules.json was not compared, since ${noCedar}`]
}
