import { csvLine } from '../../core/data/csv.ts'
import { controlNamed } from '../../core/policy/controlName.ts'
import { harmless } from '../csvText.ts'
import { listIn } from './account.ts'
import type { RequestFacts } from './facts.ts'
import type { PoliciesOfPeriod } from './policies.ts'

/** A rule that serves a control: how many requests of the period it governed. It passes no verdict on the control. */
export interface ControlRow {
  /** As `@controls` of the rule has it. */
  readonly control: string
  readonly framework: string
  readonly rule: string
  /** Requests for which the rule counted. */
  population: number
  /** Those of them of which something is out of the ordinary: a row of `exceptions.csv`. */
  exceptions: number
  /** When the first and the last of them were made; empty if there are none. */
  first: string
  last: string
}

const controlColumns = ['control', 'framework', 'rule', 'population', 'exceptions', 'first', 'last'] as const

export const controlsHeader = csvLine(controlColumns)
export const controlLine = (row: ControlRow): string =>
  csvLine(controlColumns.map((column) => (typeof row[column] === 'string' ? harmless(row[column]) : row[column])))

/** Counts the requests of a period by the controls that their rules serve. */
export class ControlTable {
  readonly #policies: PoliciesOfPeriod
  readonly #rows = new Map<string, ControlRow>()

  constructor(policies: PoliciesOfPeriod) {
    this.#policies = policies
    // A rule that governed nothing is told, too.
    for (const { controls } of policies.versions())
      for (const [rule, names] of controls) for (const control of names) this.#row(control, rule)
  }

  take({ cells, odd }: RequestFacts): void {
    const controls = this.#policies.controls(cells.policy)
    for (const rule of listIn(cells.rules))
      for (const control of controls.get(rule) ?? []) {
        const row = this.#row(control, rule)
        row.population += 1
        if (odd.length > 0) row.exceptions += 1
        if (row.first === '' || cells.requested_at < row.first) row.first = cells.requested_at
        if (cells.requested_at > row.last) row.last = cells.requested_at
      }
  }

  /** Sorted by control, then by rule. */
  rows(): readonly ControlRow[] {
    return [...this.#rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
  }

  /** The controls that rules of the period name. */
  names(): ReadonlySet<string> {
    return new Set([...this.#rows.values()].map(({ control }) => control))
  }

  #row(control: string, rule: string): ControlRow {
    const key = `${control}\0${rule}`
    const known = this.#rows.get(key)
    if (known) return known
    const { framework } = controlNamed(control)
    const row = { control, framework, rule, population: 0, exceptions: 0, first: '', last: '' }
    this.#rows.set(key, row)
    return row
  }
}

/** What is to be said of names of controls: those that no list of this program has, and those of no known form. */
export function doubtsAbout(controls: Iterable<string>): readonly string[] {
  return [...controls].sort().flatMap((name) => {
    const { framework, oscal, isListed } = controlNamed(name)
    if (oscal === undefined)
      return framework === 'not recognized' ? [`${name} has the form of no framework that this program knows`] : []
    return isListed ? [] : [`${name} has the form of NIST SP 800-53, and is not in its high baseline`]
  })
}
