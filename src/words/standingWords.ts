import type { Instant } from '../core/data/instant.ts'
import type { Sentence } from './run.ts'

/** What a standing approval lets an agent do, and how far it is used up. */
export interface StandingWords {
  /** Follows the title of the sample. @param length how long it would stand */
  readonly title: (uses: number, length: string) => string
  /** That nobody is asked again, and for how much. @param length how long it would stand */
  readonly runs: (uses: number, length: string) => string
  /** Stands above what may vary. */
  readonly varies: string
  readonly nothingVaries: string
  readonly upTo: (param: string, most: number) => Sentence
  /** One of these values, or a list of some. */
  readonly among: (param: string, items: readonly string[], isList: boolean) => Sentence
  readonly below: (prefix: string) => Sentence
  /** The status of one that was approved. */
  readonly used: (used: number, uses: number) => string
  readonly usedAt: (at: Instant) => Sentence
  readonly until: (at: Instant) => Sentence
  /** What comes next. */
  readonly next: (left: number) => string
  /** Of a use: which one it is. */
  readonly use: (use: number, standing: string) => Sentence
}
