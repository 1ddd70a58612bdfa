import type { Hex } from '../core/data/id.ts'
import { visible } from '../core/data/text.ts'
import type { Manifest } from '../core/log/manifest.ts'
import type { Subject } from '../core/log/statement.ts'
import { controlNamed } from '../core/policy/controlName.ts'
import type { ControlsByRule } from '../core/policy/controls.ts'
import type { ExceptionKind } from '../core/record/eventType.ts'
import type { DayTest } from './dayTest.ts'
import type { AskCounts } from './dayTests.ts'

/** What documents for other systems say of a day: all of it is in its bundle, so the same bundle gives the same bytes. */
export interface DayEvidence {
  readonly manifest: Manifest
  /** SHA-256 of the manifest's file. */
  readonly manifestHash: Hex
  /** The other files of the bundle, as the manifest lists them. */
  readonly subjects: readonly Subject[]
  readonly tests: readonly DayTest[]
  /** The rules that name controls, sorted. */
  readonly rules: readonly RuleCount[]
  /** How many rows `exceptions.csv` has of each kind. */
  readonly kinds: ReadonlyMap<ExceptionKind, number>
}

/** How many requests of a day a rule governed. It passes no verdict. */
export interface RuleCount {
  readonly rule: string
  /** Requests that were made on the day. */
  readonly population: number
  /** What `@controls` of the rule names, sorted. */
  readonly controls: readonly string[]
}

/**
 * Finds for each rule that names controls how many requests it governed: also none.
 *
 * @param versions what the rules of each policy version name
 */
export function ruleCounts(
  asks: AskCounts,
  versions: Iterable<{ readonly version: string; readonly controls: ControlsByRule }>,
): readonly RuleCount[] {
  const found = new Map<string, { population: number; readonly controls: Set<string> }>()
  for (const { version, controls } of versions)
    for (const [rule, names] of controls) {
      if (names.length === 0) continue
      const known = found.get(rule) ?? { population: 0, controls: new Set<string>() }
      found.set(rule, known)
      known.population += asks.get(version)?.get(rule) ?? 0
      // Names of controls are free text of the policy.
      for (const name of names) known.controls.add(visible(name))
    }
  return [...found]
    .map(([rule, { population, controls }]) => ({ rule, population, controls: [...controls].sort() }))
    .sort((a, b) => (a.rule < b.rule ? -1 : 1))
}

/** The result of a test, as all formats write it. A population of none passes: the population says so. */
export const resultOf = ({ exceptions }: Pick<DayTest, 'exceptions'>): 'pass' | 'fail' =>
  exceptions > 0 ? 'fail' : 'pass'

/** The id of a control in the catalog of NIST SP 800-53; `null` of a control that is not in it. */
export function catalogId(name: string): string | null {
  const { oscal, isListed } = controlNamed(name)
  return oscal !== undefined && isListed === true ? oscal : null
}

/** The version of Countersign that sealed the bundle, as far as its manifest tells. */
export const sealedBy = ({ tool }: Manifest): string => visible(tool.replace(/^countersign /, '').trim()) || 'unknown'

/** Where the deployment answers the bundle of the day, if the log is named by its address. */
export const bundleAddress = ({ log: { origin }, date }: Manifest): string =>
  encodeURI(`https://${origin.split('/', 1)[0]}/api/evidence/${date}`)

/** The name under which the bundle is downloaded. */
export const bundleName = ({ date }: Manifest): string => `countersign-evidence-${date}.zip`
