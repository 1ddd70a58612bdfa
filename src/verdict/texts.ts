import type { JsonObject } from '../core/data/json.ts'
import type { SaidOfDay } from '../verify/examination.ts'
import type { Finding } from '../verify/finding.ts'
import { countOf, firstOf } from '../verify/missingTexts.ts'
import type { Teller, VerdictLine } from './verdict.ts'

/** Describes what a said file has, or what all of a series have. */
export function describeSaid({ given, erased, missing }: SaidOfDay): readonly VerdictLine[] {
  const unexplained = countOf(missing)
  return [
    ['said', `${given} texts given, ${erased} erased`],
    ...(unexplained === 0 ? [] : [['unexplained', `${unexplained} texts are missing: ${firstOf(missing)}`] as const]),
  ]
}

export const saidRecord = ({ given, erased, missing }: SaidOfDay): JsonObject => ({
  ...{ given, erased, unexplained: countOf(missing) },
})

/** Says of which texts no record of their day says that they were erased. */
export const wordsOfMissing = ({ missing }: SaidOfDay): readonly string[] =>
  missing.length === 0
    ? []
    : [
        `${countOf(missing)} texts are missing, the first ${firstOf(missing)}, and no record of this day says that they were erased.`,
      ]

/** What one day alone cannot tell of the texts that are missing; `null` if each was given or erased. */
export function unexplainedIn(said: SaidOfDay | undefined, { laterRecord }: Teller): Finding | null {
  const [missing] = said ? wordsOfMissing(said) : []
  if (missing === undefined) return null
  const later = `A record of a later day may: ${laterRecord}.`
  return { check: 'said', member: 'said', code: 'unexplained', words: `${missing} ${later}` }
}
