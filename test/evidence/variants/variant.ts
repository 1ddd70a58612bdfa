import type { Members } from '../forgery.ts'

/** The checks of each script, in their order. How many lines `ok` a run prints tells which one refused. */
export const pyChecks = ['manifest', 'members', 'checkpoints', 'consistency', 'records', 'carried'] as const
export const shChecks = ['manifest', 'members', 'checkpoints', 'consistency', 'counts'] as const

/**
 * What a verifier says of a bundle: the check that refuses it; `holds`; `tampered`, which holds with a recorded tampering;
 * `newer`; `unreadable` if nothing was tried; `-` if it does not look at what was changed, and says that the bundle holds.
 */
type Verdict = 'holds' | 'tampered' | 'newer' | 'unreadable' | '-'
type CliCheck = 'zip' | (typeof pyChecks)[number] | 'root' | 'tables' | 'rules'

/** What `countersign verify`, `verify.py` and `verify.sh` say. The first is `null` for what no zip can hold. */
export type Answers = readonly [
  cli: Verdict | CliCheck | null,
  py: Verdict | (typeof pyChecks)[number],
  sh: Verdict | (typeof shChecks)[number],
]

/** The bundles of `make_bundle.py` that variants start from: their records, `r` for a key rotation, `o` for an older form. */
export const days = ['8', 'o5', '30', 'r10', '0', '12'] as const
export const [first, many, rotation, empty, after] = [1, 3, 4, 5, 6] as const

/** Secret keys in PEM: of the log, of the log after its rotation, and of a stranger. */
export interface Secrets {
  readonly log: string
  readonly next: string
}

export type Change = (members: Members, secrets: Secrets) => Members | void

export interface Variant {
  readonly what: string
  readonly answers: Answers
  /** The number of the bundle. */
  readonly day: number
  /** Changes the members in place, or gives others. */
  readonly change: Change
  /** Changes the unpacked folder. */
  readonly unpacked?: (folder: string) => void
  /** What is in the file that the verifiers take for `LOG.pem`; absent for the key that the log had at first. */
  readonly key?: (secrets: Secrets) => string | Uint8Array
}

export type Row = readonly [what: string, answers: Answers, change: Change]

export const on = (day: number, rows: readonly Row[]): readonly Variant[] =>
  rows.map(([what, answers, change]) => ({ what, answers, day, change }))

export const all = <V extends 'manifest' | 'members' | 'checkpoints' | 'consistency' | 'newer' | 'holds'>(
  verdict: V,
): readonly [V, V, V] => [verdict, verdict, verdict]
