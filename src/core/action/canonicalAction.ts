import { type Digest, digestOf } from '../data/id.ts'
import { canonical, type JsonObject } from '../data/json.ts'

/** What an agent wants to do. */
export interface Action {
  /** The verb, as `db.export`. */
  readonly action: string
  readonly target: string
  readonly environment: string
  readonly params: JsonObject
}

/**
 * Writes the canonical form of an action, whose hash is the action digest (RFC 8785, with a member for its type).
 *
 * Executors in any language can write the same text for what they are about to execute, and should compare digests.
 */
export const canonicalAction = ({ action, environment, params, target }: Action): string =>
  canonical({ action, environment, params, target, type: 'countersign/action/v1' })

export const actionDigest = (action: Action): Digest => digestOf(canonicalAction(action))
