import type { EvidenceVerdict } from '../../verdict/verdict.ts'

/** What the page asks its worker to verify. */
export interface Work {
  /** The keys to trust, each in PEM. */
  readonly keys: readonly string[]
  readonly bundles: readonly File[]
  readonly said: readonly File[]
  readonly checkpoints: readonly NamedText[]
  /** Days as `2026-01-31`; the first bundle by its number or a SHA-256. As they were typed; empty if nothing was. */
  readonly from: string
  readonly through: string
  readonly first: string
  /** Whether missing texts are only counted. */
  readonly allowUnexplained: boolean
}

export interface NamedText {
  readonly name: string
  readonly text: string
}

/** What the worker says while it works, and at the end. */
export type News =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'outcome'; readonly outcome: WorkOutcome }

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
export type WorkOutcome =
  | {
      readonly kind: 'verdict'
      readonly verdict: EvidenceVerdict
      /** The name under which each bundle was verified, in the order in which they were given. */
      readonly names: readonly string[]
      /** Said files of days of which no bundle was given. */
      readonly unused: readonly string[]
    }
  /** A file or a text that cannot be read, which says nothing about evidence. */
  | { readonly kind: 'unreadable'; readonly words: string }
  /** An error of this program. */
  | { readonly kind: 'fault'; readonly words: string }
