import type { Fact } from '../core/request/event.ts'
import type { Words } from './words.ts'

/** Says what an event was, for an auditor. The sentence continues the name of the person or program that caused it. */
export function reportStep(fact: Fact, { report }: Words): string {
  // The row of a type takes facts of that type, which is what it is found by.
  const say = report[fact.type] as (fact: Fact) => string
  return say(fact)
}
