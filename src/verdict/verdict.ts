import type { JsonObject } from '../core/data/json.ts'

/** The exit codes of a verdict on evidence. They are a part of the interface. */
export const verdictExits = {
  ok: 0,
  /** Evidence that does not hold. */
  broken: 1,
  /** A file that cannot be read, or is too new for this program. */
  unreadable: 2,
  /** Evidence that holds, and records that somebody had changed what was stored. */
  tampered: 3,
} as const

export type VerdictExit = (typeof verdictExits)[keyof typeof verdictExits]

/** A label with its text. An empty label continues the line above. */
export type VerdictLine = readonly [label: string, text: string]

/** The verdict on evidence: for the shell, for people and for programs. The first line has the verdict itself. */
export interface EvidenceVerdict {
  readonly exit: VerdictExit
  readonly lines: readonly VerdictLine[]
  readonly to: 'stdout' | 'stderr'
  readonly record: JsonObject
}

/** What the sentences of a verdict say about the program that gives it. */
export interface Teller {
  /** Why there is no Cedar to compare `rules.json` with. */
  readonly noCedar: string
  /** How to verify several days together, or else only count the texts that are missing: a clause. */
  readonly laterRecord: string
  /** What tells whether later days are missing. */
  readonly laterDays: string
  /** That no said file was given with a series. */
  readonly noSaid: string
}
