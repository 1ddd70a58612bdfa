import type { EvidenceVerdict } from '../../verdict/verdict.ts'
import type { GivenPiece, NamedText } from './given.ts'

/** What a page asks a worker for. A worker does one task, and is then ended. */
export type Task =
  | { readonly kind: 'verify'; readonly work: Work }
  /** To say what each file is. */
  | { readonly kind: 'sort'; readonly files: readonly File[] }
  /** To check a proof of one event (C2SP tlog-proof) with the keys to trust, each in PEM. */
  | { readonly kind: 'prove'; readonly proof: string; readonly keys: readonly string[] }

/** What each task ends with, beside {@link TaskFailure}. */
export interface TaskAnswers {
  readonly verify: WorkVerdict
  readonly sort: readonly GivenPiece[]
  readonly prove: EvidenceVerdict & {
    /** The event that is proved, as it is hashed; absent if the proof does not hold. */
    readonly leaf?: string
  }
}

/** What is verified. */
export interface Work {
  /** The keys to trust, each in PEM. */
  readonly keys: readonly string[]
  readonly bundles: readonly File[]
  readonly said: readonly File[]
  readonly checkpoints: readonly KeptText[]
  /** The keys of witnesses that must have cosigned each day, each as `name+hash+base64`. */
  readonly witnesses: readonly string[]
  /** The cosigned checkpoints of the days. */
  readonly cosigned: readonly File[]
  /** Days as `2026-01-31`; the first bundle by its number or a SHA-256. As they were typed; empty if nothing was. */
  readonly from: string
  readonly through: string
  readonly first: string
  /** Whether missing texts are only counted. */
  readonly allowUnexplained: boolean
}

/** A text with kept checkpoints. */
interface KeptText extends NamedText {
  /** Only those of these sizes of the log are compared: the least, and the greatest. Absent: all. */
  readonly sizes?: readonly [least: number, greatest: number]
}

/** What the worker says while it works, and at the end. */
export type News =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'answer'; readonly answer: TaskAnswers[keyof TaskAnswers] | TaskFailure }

export interface Progress {
  readonly file: string
  /** The place of the file among the bundles, from 0. */
  readonly place: number
  readonly files: number
  /** Records of the file that were read, of all that it has. */
  readonly done: number
  readonly of: number
}

/** How the work ended. */
export type WorkOutcome = WorkVerdict | TaskFailure

export interface WorkVerdict {
  readonly kind: 'verdict'
  readonly verdict: EvidenceVerdict
  /** The name under which each bundle was verified, in the order in which they were given. */
  readonly names: readonly string[]
  /** Said files of days of which no bundle was given. */
  readonly unused: readonly string[]
}

/** Why a task has no answer. */
export type TaskFailure =
  /** A file or a text that cannot be read, which says nothing about evidence. */
  | { readonly kind: 'unreadable'; readonly words: string }
  /** An error of this program. */
  | { readonly kind: 'fault'; readonly words: string }
