import type { Action } from '../core/action/action.ts'
import type { ObjectId } from '../core/data/id.ts'
import type { Instant } from '../core/data/instant.ts'
import type { Outcome } from '../core/request/event.ts'

/** Who asked to do what, for whom, and when it was judged. */
interface JudgedQuestion {
  readonly agent: ObjectId
  readonly action: Action
  readonly onBehalfOf?: ObjectId
  readonly at: Instant
}

/** A policy version that Cedar has loaded. */
export interface LoadedVersion {
  /** `rules.json`, made anew. */
  readonly rules: Uint8Array
  /** Whether the rules for a verb read the time, so that an answer holds at one moment alone. */
  readsTime(verb: string): boolean
  /** The outcome and the rules that lead to it; or, in words, why the policy answers nothing. */
  judge(question: JudgedQuestion): { readonly outcome: Outcome; readonly rules: readonly string[] } | string
}

/**
 * Loads a policy version with Cedar from its files by name.
 *
 * @returns in words, why this program cannot load it, if it cannot
 */
export type LoadVersion = (files: ReadonlyMap<string, Uint8Array>) => LoadedVersion | string
