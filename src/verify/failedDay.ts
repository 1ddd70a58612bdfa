import type { Day } from '../core/data/day.ts'
import { type Finding, findingOf, Unreadable } from './finding.ts'

/** A day whose bundle does not hold, or cannot be read or judged by this program: nothing of it may be shown as verified. */
export interface FailedDay {
  readonly state: 'broken' | 'unreadable'
  readonly date: Day
  readonly file: string
  readonly words: string
  /** Absent if the file cannot be read. */
  readonly problem?: Finding
}

/** Says why a day failed. @throws what is no fault of the file */
export function failedDay({ file, date }: Pick<FailedDay, 'file' | 'date'>, cause: unknown): FailedDay {
  if (cause instanceof Unreadable) return { state: 'unreadable', date, file, words: cause.message }
  const problem = findingOf(cause)
  const state = isNoFault(problem) ? 'unreadable' : 'broken'
  return { state, date, file, words: problem.words, problem }
}

/** Whether a finding says nothing against the evidence: another program could judge it. */
const isNoFault = ({ code }: Finding): boolean => code === 'cannot-judge' || code === 'newer-format'
