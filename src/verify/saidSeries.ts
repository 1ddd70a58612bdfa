import type { Day } from '../core/data/day.ts'
import type { Manifest } from '../core/log/manifest.ts'
import type { SaidOfDay } from './examination.ts'
import { BrokenAt } from './finding.ts'
import { countOf, Explanations, firstOf, type MissingTexts, type TextErasure, withheld } from './missingTexts.ts'

/** What the said files of a series have. */
export interface SaidOfSeries {
  readonly files: number
  readonly given: number
  /** Missing texts of which an event of the series says that they were erased. */
  readonly erased: number
  /** Missing texts of which no event says it. */
  readonly missing: readonly MissingTexts[]
  /** Days with events whose said file is not there. */
  readonly without: readonly Day[]
}

/** The name under which the said file of a day is downloaded. */
export const saidName = (date: Day): string => `said-${date}.jsonl`

/** Follows the texts of a series: what is missing on one day may be erased on a later one. */
export class SaidSeries {
  readonly #days: Pick<Manifest, 'date' | 'log'>[] = []
  readonly #texts = new Explanations()
  readonly #without: Day[] = []
  #files = 0
  #given = 0
  #erased = 0

  /** @param said absent if the day has no said file */
  take({ date, log, counts }: Manifest, said: SaidOfDay | undefined, erasures: readonly TextErasure[]): void {
    for (const one of erasures) this.#texts.explain(one)
    this.#days.push({ date, log })
    if (said) {
      this.#files += 1
      this.#given += said.given
      this.#erased += said.erased
      for (const missing of said.missing) this.#texts.add(missing)
    } else if (counts.records > 0) this.#without.push(date)
  }

  /** Takes what an event of a day says, whose own texts are not looked at. */
  explain(erasure: TextErasure): void {
    this.#texts.explain(erasure)
  }

  /** Returns what there is; `null` if no day has a said file. */
  result(): SaidOfSeries | null {
    if (this.#files === 0) return null
    return {
      ...{ files: this.#files, given: this.#given, erased: this.#erased + this.#texts.erased() },
      ...{ missing: this.#texts.left(), without: this.#without },
    }
  }

  /**
   * Checks that nothing is missing of what was said.
   *
   * @throws {BrokenAt} `withheld` for a text of which no event says that it was erased; `unexplained` for a day that has
   *   no said file while others have theirs
   */
  check(): void {
    const said = this.result()
    if (!said) return
    const last = this.#days.at(-1)?.date
    const [first] = said.missing
    if (first)
      throw withheld(
        `${countOf(said.missing)} texts are missing, the first ${firstOf(said.missing)}, and no record up to ${last} says ` +
          'that they were erased. If that happened later, add the bundles of the later days.',
      )
    const [date] = said.without
    if (date !== undefined)
      throw new BrokenAt(
        { check: 'said', member: saidName(date) },
        'unexplained',
        `${saidName(date)} is not there, though other days have their said file: what was said on ${date} cannot be told.`,
      )
  }

  /** The said file that would have the first missing text, or that is not there. */
  first(): string | undefined {
    const said = this.result()
    const index = said?.missing[0]?.index
    const day = this.#days.find(({ log }) => index !== undefined && index >= log.from.size && index < log.to.size)
    const date = day?.date ?? said?.without[0]
    return date === undefined ? undefined : saidName(date)
  }
}
