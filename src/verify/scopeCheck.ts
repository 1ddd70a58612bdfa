import type { Action } from '../core/action/action.ts'
import { beyond, variedBy } from '../core/action/scope.ts'
import type { RequestId } from '../core/data/id.ts'
import type { EventOf } from '../core/record/eventType.ts'
import type { SessionTerms } from '../core/request/requirement.ts'
import { against, type RecordPlace } from './policyCheck.ts'

/** Standing approvals, each with its action in canonical form. It is plain data, because it may be sent to a thread. */
export type KnownScopes = readonly (readonly [RequestId, string])[]

/**
 * Finds that each use lies in the scope that the approvers of its standing approval saw, as far as the texts of both are
 * given. The standing approval may be of an earlier day.
 */
export class ScopeCheck {
  readonly #known: Map<RequestId, string>

  constructor(known: KnownScopes = []) {
    this.#known = new Map(known)
  }

  /**
   * @param text the action in canonical form, of which the event has the digest
   * @param session what the rules of a standing approval let vary; `null` if they cannot be read
   * @throws {BrokenAt} `against-policy`
   */
  take(event: EventOf<'requested'>, text: string, session: () => SessionTerms | null, place: RecordPlace): void {
    const { request, data } = event
    const { standing, under } = data
    if (request === undefined || (standing === undefined && under === undefined)) return
    const action = actionOf(text)
    if (standing !== undefined) {
      const flaw = flawOf(action, data, session())
      if (flaw !== null) throw against(event, place, flaw)
      this.#known.set(request, text)
    }
    const sample = under === undefined ? undefined : this.#known.get(under)
    const outside = sample === undefined ? null : outsideOf(actionOf(sample), action)
    if (outside !== null) throw against(event, place, `it lies outside standing approval ${under}: ${outside}`)
  }

  known(): KnownScopes {
    return [...this.#known]
  }
}

/** The text's digest was compared with the event's, so that it is an action, or one with a scope. */
const actionOf = (text: string): Action => JSON.parse(text) as Action

function outsideOf(sample: Action, action: Action): string | null {
  return sample.standing ? beyond(sample, sample.standing.vary, action) : '/action'
}

function flawOf(
  { action: verb, standing }: Action,
  data: EventOf<'requested'>['data'],
  session: SessionTerms | null,
): string | null {
  if (!standing) return 'it is a standing approval, and its action has no scope'
  if (verb !== data.action) return `its verb is “${data.action}”, and the action’s “${verb}”`
  if (standing.uses !== data.standing?.uses || standing.for !== data.lapse)
    return `its action is for ${standing.uses} uses in ${standing.for} seconds, and the event says otherwise`
  const other = session && variedBy(standing.vary).find((name) => !session.vary.includes(name))
  return other ? `it lets “${other}” vary, and its rules do not` : null
}
