import { askedDigestOf } from '../client/asked.ts'
import {
  type Action,
  actionDigest,
  type PlainAction,
  scopeIn,
  type StandingScope,
} from '../core/action/canonicalAction.ts'
import { beyond } from '../core/action/scope.ts'
import { bounds } from '../core/data/bound.ts'
import type { Json, JsonObject } from '../core/data/json.ts'
import { type Countersign, type Request, Stopped } from '../client/countersign.ts'
import type { StandingRule } from '../toolCall/toolRule.ts'

/** A call of a tool that may be one of several like it. */
export interface LikeCall {
  readonly action: Action
  readonly caller: string
  readonly onBehalfOf?: string | undefined
  readonly rule: StandingRule
}

/** What is known of the calls of one caller that have one verb. */
interface Group {
  /** The actions that people were asked for, the newest last. */
  asked: readonly { readonly id: string; readonly action: PlainAction }[]
  /** The standing approval that waits for people, or can be used. */
  standing: Request | null
  /** Whether none is asked for any more: people or policy did not want it. */
  isRefused: boolean
}

/** Groups that are remembered: so many callers and tools no gateway has at a time. */
const mostGroups = 1_000

/** Actions of a group that are remembered. */
const mostAsked = 50

/** Makes of an action the sample of a standing approval. */
const sampleOf = (action: Action, { for: seconds, uses, vary }: StandingScope): Action => ({
  ...action,
  standing: { for: seconds, uses, vary },
})

/** Whether a request asks for this action, or for a standing approval whose sample it is. */
export function isAbout(request: Request, action: Action): boolean {
  const scope = scopeIn(request.standing as Json | undefined)
  if (scope) return actionDigest(sampleOf(action, scope)) === request.digest
  // What approvers left of the action by now is for the redemption to compare.
  return actionDigest(action) === askedDigestOf(request)
}

/**
 * The standing approvals of a gateway's callers: which one covers a call, and when it is time to ask for one. What is
 * forgotten, as by another process, costs people one approval more, and never makes a call run twice: a call has one
 * idempotency key, which makes one request.
 */
export class OwnStandings {
  readonly #client: Pick<Countersign, 'mine' | 'untilApproved'>
  readonly #groups = new Map<string, Group>()
  /** What an earlier process left, once it is listed. */
  #earlier: Promise<readonly Request[]> | null = null
  /** Of these, and of those that this process asked for, the ones that are over. */
  readonly #over = new Set<string>()

  constructor(client: Pick<Countersign, 'mine' | 'untilApproved'>) {
    this.#client = client
  }

  /** Finds the standing approval that covers a call, and waits for people or can be used. @throws what the client throws */
  async covering(call: LikeCall): Promise<Request | null> {
    const group = this.#groupOf(call)
    group.standing ??= (await this.#left()).find((one) => !this.#over.has(one.id) && covers(one, call)) ?? null
    return group.standing && covers(group.standing, call) ? group.standing : null
  }

  /**
   * Waits while people decide on a standing approval, so that they are not asked for a call that it would cover.
   *
   * @returns whether it can be used
   * @throws the signal's reason, and what the client throws
   */
  async isGiven(call: LikeCall, standing: Request, signal: AbortSignal): Promise<boolean> {
    try {
      const options = { signal, onAbort: 'leave', onQuestion: () => undefined } as const
      const decided = await this.#client.untilApproved(standing, options)
      const group = this.#groupOf(call)
      if (group.standing?.id === decided.id) group.standing = decided
      return true
    } catch (cause) {
      if (!(cause instanceof Stopped)) throw cause
      this.ended(call, cause.request)
      return false
    }
  }

  /** The standing approval that people decide on, and that would cover this call. */
  waiting(call: LikeCall): Request | null {
    const { standing } = this.#groupOf(call)
    return standing && standing.next !== 'use' && covers(standing, call) ? standing : null
  }

  /** Whether this is the call from which on a standing approval is asked for, in place of one more approval. */
  isDue(call: LikeCall): boolean {
    const { asked, standing, isRefused } = this.#groupOf(call)
    if (isRefused || standing !== null) return false
    const like = asked.filter(({ action }) => beyond(call.action, call.rule.vary, action) === null)
    return like.length + 1 >= call.rule.from
  }

  /** Notes that people were asked for a call by itself. */
  asked(call: LikeCall, { id }: Request): void {
    const group = this.#groupOf(call)
    group.asked = [...group.asked.filter((one) => one.id !== id), { id, action: call.action }].slice(-mostAsked)
  }

  /** Notes a standing approval that was asked for. */
  opened(call: LikeCall, standing: Request): void {
    this.#groupOf(call).standing = standing
  }

  /** Notes how a standing approval ended. After a person's no, none is asked for any more. */
  ended(call: LikeCall, { id, status }: Pick<Request, 'id' | 'status'>): void {
    const group = this.#groupOf(call)
    this.#over.add(id)
    if (group.standing !== null && group.standing.id !== id) return
    if (status === 'denied' || status === 'revoked') return this.refused(call)
    group.standing = null
    group.asked = []
  }

  /** Notes that no standing approval is to be had for such calls. */
  refused(call: LikeCall): void {
    const group = this.#groupOf(call)
    group.standing = null
    group.isRefused = true
  }

  #groupOf({ caller, action: { action: verb, environment } }: LikeCall): Group {
    const name = JSON.stringify([caller, verb, environment])
    const group = this.#groups.get(name) ?? { asked: [], standing: null, isRefused: false }
    if (this.#groups.size >= mostGroups) this.#groups.clear()
    this.#groups.set(name, group)
    return group
  }

  /** Lists once what an earlier process left: what waits for people, and what can be used. */
  #left(): Promise<readonly Request[]> {
    const limit = bounds.list.most
    this.#earlier ??= Promise.all([
      this.#client.mine({ standing: 'open', limit }),
      this.#client.mine({ status: 'pending', limit }),
    ]).then(
      (lists) => lists.flatMap(({ requests }) => requests.filter(({ standing }) => standing !== undefined)),
      (cause: unknown) => {
        this.#earlier = null
        throw cause
      },
    )
    return this.#earlier
  }
}

/** Whether a call lies in the scope of a standing approval, and is for whom that was given. */
function covers({ standing, onBehalfOf, ...sample }: Request, call: LikeCall): boolean {
  const scope = scopeIn(standing as Json | undefined)
  const { action, target, environment, params } = sample
  if (!scope || target === undefined || environment === undefined || params === undefined) return false
  if (onBehalfOf !== call.onBehalfOf) return false
  return beyond({ action, target, environment, params: params as JsonObject }, scope.vary, call.action) === null
}
