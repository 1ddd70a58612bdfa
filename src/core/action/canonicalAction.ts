import { type Digest, digestOf } from '../data/id.ts'
import { canonical, isObject, type Json, type JsonObject } from '../data/json.ts'

/** What an agent wants to do. */
export interface PlainAction {
  /** The verb, as `db.export`. */
  readonly action: string
  readonly target: string
  readonly environment: string
  readonly params: JsonObject
}

/** What an agent asks for: an action, or with a scope a standing approval of actions that are like this sample. */
export interface Action extends PlainAction {
  readonly standing?: StandingScope
}

/** What a standing approval is asked for: so many actions like its sample, for so long. */
export interface StandingScope {
  /** Seconds from the approval on. */
  readonly for: number
  readonly uses: number
  readonly vary: ScopeVary
}

/** In what an action may differ from the sample. In everything else it is equal. */
export interface ScopeVary {
  /** By name: a number up to which it may go, from 0; or the texts and numbers of which it may be one, or a list of some. */
  readonly params?: Readonly<Record<string, number | readonly ScopeItem[]>>
  /** With what another target begins; it ends in `/`. */
  readonly target?: string
}

export type ScopeItem = string | number

/**
 * Writes the canonical form of an action, whose hash is the action digest (RFC 8785, with a member for its type).
 *
 * Executors in any language can write the same text for what they are about to execute, and should compare digests. The
 * form of a standing approval has another type, so that its digest is that of no action.
 */
export const canonicalAction = ({ action, environment, params, target, standing }: Action): string =>
  standing === undefined
    ? canonical({ action, environment, params, target, type: 'countersign/action/v1' })
    : canonical({ action, environment, params, standing: scopeJson(standing), target, type: 'countersign/standing/v1' })

/** Reads the scope that an answer of the service says; `undefined` for anything else. */
export function scopeIn(standing: Json | undefined): StandingScope | undefined {
  if (!isObject(standing)) return undefined
  const { uses, for: seconds, vary } = standing
  if (typeof uses !== 'number' || typeof seconds !== 'number' || !isObject(vary)) return undefined
  return { for: seconds, uses, vary }
}

const scopeJson = ({ for: seconds, uses, vary: { params, target } }: StandingScope): JsonObject => ({
  for: seconds,
  uses,
  vary: { ...(params && { params }), ...(target !== undefined && { target }) },
})

export const actionDigest = (action: Action): Digest => digestOf(canonicalAction(action))
