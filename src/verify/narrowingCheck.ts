import { type Action, actionDigest, canonicalAction } from '../core/action/action.ts'
import { edited, editedNames, flawInEdits } from '../core/action/edits.ts'
import type { RequestId } from '../core/data/id.ts'
import type { EventOf } from '../core/record/eventType.ts'
import { readEdits } from '../core/request/narrowing.ts'
import { against, type RecordPlace } from './policyCheck.ts'

/**
 * Requests that approvers may make smaller, each with its action in canonical form as it stands, and with the params that may
 * get smaller. It is plain data, because it may be sent to a thread.
 */
export type KnownNarrowable = readonly (readonly [RequestId, string, readonly string[]])[]

/**
 * Finds that each narrowing left less than there was, as far as the texts are given. The request may be of an earlier day.
 */
export class NarrowingCheck {
  readonly #known: Map<RequestId, { readonly text: string; readonly narrowable: readonly string[] }>

  constructor(known: KnownNarrowable = []) {
    this.#known = new Map(known.map(([id, text, narrowable]) => [id, { text, narrowable }]))
  }

  /** @param text the action in canonical form, of which the event has the digest */
  ask({ request, data }: EventOf<'requested'>, text: string): void {
    const { narrowable = [], standing } = data
    if (request !== undefined && (narrowable.length > 0 || standing)) this.#known.set(request, { text, narrowable })
  }

  /**
   * @param text the text of the edits, to which the event commits; `undefined` if it is not given
   * @returns the action that is left, in canonical form; `null` if that cannot be known
   * @throws {BrokenAt} `against-policy`
   */
  take(event: EventOf<'narrowed'>, text: string | undefined, place: RecordPlace): string | null {
    const { request, data } = event
    const known = request === undefined ? undefined : this.#known.get(request)
    if (request === undefined || !known) return null
    this.#known.delete(request)
    if (text === undefined) return null
    const { narrowable } = known
    const left = leftOf(known.text, narrowable, text, data)
    if (typeof left === 'string') throw against(event, place, left)
    const canonical = canonicalAction(left)
    this.#known.set(request, { text: canonical, narrowable })
    return canonical
  }

  known(): KnownNarrowable {
    return [...this.#known].map(([id, { text, narrowable }]) => [id, text, narrowable])
  }
}

/** The action that is left, compared with its event; or, in words, what is wrong with it. */
function leftOf(
  before: string,
  narrowable: readonly string[],
  text: string,
  { digest, params, standing }: EventOf<'narrowed'>['data'],
): Action | string {
  const { type: _type, ...action } = JSON.parse(before) as Action & { readonly type: string }
  const edits = readEdits(text)
  if (!edits) return 'its “edits” are none'
  const flaw = flawInEdits(action, narrowable, edits)
  if (flaw) return `it does not make the action smaller: ${flaw.pointer}: ${flaw.rule}`
  const left = edited(action, edits)
  if (actionDigest(left) !== digest) return 'what it leaves has another digest'
  if (params && params.join() !== editedNames(edits).join())
    return `its “edits” change ${editedNames(edits).join(', ')}`
  if (standing && (standing.uses !== left.standing?.uses || standing.seconds !== left.standing.for))
    return 'its “edits” leave another number of uses, or another time'
  return left
}
