import { type Action, actionDigest, type Link } from '../action/action.ts'
import type { Draft, Requested, Tier } from './event.ts'
import type { Digest, ObjectId, RequestId } from '../data/id.ts'
import { earlier, type Instant, plusSeconds } from '../data/instant.ts'
import { bounds } from '../data/bound.ts'
import { canonical, type JsonObject } from '../data/json.ts'
import { changed, type Writable } from '../data/changed.ts'
import type { Presentation } from '../action/presentation.ts'
import type { Common, Requirement, Step } from './request.ts'
import { redeem } from './redemption.ts'
import { remindersWithin } from './prompt.ts'
import type { Provisions, Slot } from './requirement.ts'

/** The answer of policy for an action. Times are in seconds. */
export type Judgement =
  | (Provisions & {
      readonly outcome: 'approve'
      readonly rules: readonly string[]
      readonly slots: readonly Slot[]
      readonly expires: number
      readonly lapse: number
      readonly grant: number
      readonly tier: Tier
      /** The doors through which people may approve, sorted; all if absent, and none if the rules name different ones. */
      readonly via?: readonly string[]
      /** Present if channels are shown no more of the action than verb and target. */
      readonly private?: true
      readonly summary?: string
      /** The slots from which the agent's own word must not take a person whom no other could replace. */
      readonly independent?: readonly Slot[]
    })
  | {
      readonly outcome: 'allow'
      readonly rules: readonly string[]
      readonly lapse: number
      readonly grant: number
      readonly summary?: string
    }
  | { readonly outcome: 'forbid' | 'no-policy'; readonly rules: readonly string[] }

/** All input of a new request. */
export interface Submission {
  readonly id: RequestId
  readonly at: Instant
  readonly agent: { readonly id: ObjectId; readonly name: string }
  readonly executor: ObjectId
  readonly onBehalfOf?: ObjectId
  readonly action: Action
  readonly reason: string
  readonly links: readonly Link[]
  /** The display name of a person who answers for the agent. Absent if it is not known. */
  readonly owner?: string
  /** Seconds. The policy's limit counts if it is smaller. */
  readonly expiresIn: number
  readonly policy: Digest
  readonly judgement: Judgement
  /** How policy wants the action to be shown. Copied into the request. */
  readonly presentation?: Presentation
  /** Accounts of the people who may not approve. */
  readonly excluded: readonly ObjectId[]
  /** Those of them that only the agent's own word excludes. */
  readonly excludedByAgent?: readonly ObjectId[]
  readonly warnings: readonly string[]
  /** The standing approval that this is a use of. */
  readonly under?: RequestId
  /** Present if approvers may make smaller what this agent asks for: it executes what is left. */
  readonly narrowing?: true
  /** A uuid that the agent chose: what policy alone allows, and the agent executes itself, is redeemed with it at once. */
  readonly redemption?: string
}

/** Opens a request: pending if people decide, otherwise approved or denied by policy in the same step. */
export function open(submission: Submission): Step {
  const { id, at, agent, action, judgement, presentation, redemption } = submission
  const requested = requestedBy(submission)
  const { request, events } = begin({ id, at, agent: agent.id, data: requested.data })
  const summary = 'summary' in judgement ? judgement.summary : undefined
  const policy = { ...request.policy, ...(summary !== undefined && { summary }), ...(presentation && { presentation }) }
  const opened: Step = { request: changed(request, { agent, action, policy }), events: [requested, ...events] }
  return redemption === undefined ? opened : redeemedAtOnce(opened, redemption, at)
}

/** Redeems in the step that opened a request, so that an allowed action costs one commit. */
function redeemedAtOnce(opened: Step, redemption: string, at: Instant): Step {
  const { request } = opened
  if (request.status !== 'approved' || request.executor !== request.agent.id) return opened
  const { digest, lapsesAt: grantExpiresAt } = request
  const used = redeem(request, { redemption, digest, grantExpiresAt, at })
  return { request: used.request, events: [...opened.events, ...used.events] }
}

/** The content of a `requested` event. */
export interface Beginning {
  readonly id: RequestId
  readonly at: Instant
  readonly agent: ObjectId
  readonly data: Requested
}

/**
 * Derives a request from its `requested` event alone. The event has no texts, so the agent's name is empty and the
 * action is `null`.
 *
 * @returns the request, and the events that policy adds in the same step
 * @throws {TypeError} if the event lacks members that its outcome needs
 */
export function begin({ id, at, agent, data }: Beginning): Step {
  const request = born({ id, at, agent, data })
  const { outcome, rules } = data.policy
  const actor = { kind: 'policy' } as const
  switch (outcome) {
    case 'approve':
      return { request: changed(request, { requirement: requirementOf(data), status: 'pending' as const }), events: [] }
    case 'allow': {
      if (data.lapse === undefined) throw new TypeError('What a rule allows lapses.')
      const lapsesAt = plusSeconds(at, data.lapse)
      return {
        request: changed(request, { status: 'approved' as const, approvedAt: at, lapsesAt }),
        events: [{ type: 'approved', actor, request: id, data: { by: 'policy', rules, lapsesAt } }],
      }
    }
    case 'forbid':
    case 'no-policy':
      return {
        request: changed(request, { status: 'denied' as const, closedBy: actor, closedAt: at }),
        events: [{ type: 'denied', actor, request: id, data: { by: 'policy', rules } }],
      }
  }
}

/** Makes the members that every status has. Leaves out the requirement, which only people's decisions need. */
function born({ id, at, agent, data }: Beginning): Common {
  const { action: verb, digest, executor, onBehalfOf, policy, warnings, lapse, grant } = data
  const request: Writable<Common> = {
    digest,
    executor,
    policy,
    warnings,
    id,
    agent: { id: agent, name: '' },
    action: null,
    verb,
    createdAt: at,
    decisions: [],
    shown: [],
    undeliverable: false,
    events: [],
    said: [],
  }
  if (onBehalfOf !== undefined) request.onBehalfOf = onBehalfOf
  if (lapse !== undefined) request.lapse = lapse
  if (grant !== undefined) request.grant = grant
  if (data.standing) request.standing = { uses: data.standing.uses, used: 0 }
  if (data.under !== undefined) request.under = data.under
  if (Object.keys(data).every((name) => Object.hasOwn(known, name))) return request
  const later = Object.entries(data).filter(([name]) => !Object.hasOwn(known, name))
  return { ...request, ...Object.fromEntries(later) }
}

/** The members that this program knows. A request keeps those that a later one adds. */
const known: Readonly<Record<keyof Requested, true>> = {
  action: true,
  digest: true,
  executor: true,
  onBehalfOf: true,
  policy: true,
  warnings: true,
  tier: true,
  requirement: true,
  excluded: true,
  excludedByAgent: true,
  expiresAt: true,
  lapse: true,
  grant: true,
  via: true,
  private: true,
  answer: true,
  remind: true,
  glass: true,
  narrowable: true,
  standing: true,
  under: true,
}

function requirementOf(data: Requested): Requirement {
  const { requirement: slots, excluded, excludedByAgent, tier, expiresAt, via, private: isPrivate } = data
  const { answer, remind, glass, narrowable } = data
  if (!slots || !excluded || !tier || !expiresAt) throw new TypeError('What people decide has a requirement.')
  const wanted: Writable<Requirement> = { slots, excluded, tier, expiresAt }
  if (excludedByAgent) wanted.excludedByAgent = excludedByAgent
  if (via) wanted.via = via
  if (isPrivate) wanted.private = isPrivate
  if (answer) wanted.answer = answer
  if (remind) wanted.remind = remind
  if (glass) wanted.glass = glass
  if (narrowable) wanted.narrowable = narrowable
  return wanted
}

function requestedBy(submission: Submission): Extract<Draft, { type: 'requested' }> {
  const { id, agent, executor, onBehalfOf, action, judgement, warnings, reason, links, owner, under } = submission
  const { excluded, excludedByAgent = [] } = submission
  const data: Requested = {
    action: action.action,
    digest: actionDigest(action),
    executor,
    ...(onBehalfOf !== undefined && { onBehalfOf }),
    policy: { version: submission.policy, outcome: judgement.outcome, rules: judgement.rules },
    warnings,
    ...(judgement.outcome === 'approve' && {
      tier: judgement.tier,
      requirement: judgement.slots,
      excluded,
      ...(excludedByAgent.length > 0 && { excludedByAgent }),
      expiresAt: expiry(submission, judgement.expires),
      ...(judgement.via && { via: judgement.via }),
      ...(judgement.private && { private: judgement.private }),
      ...provided(submission, judgement),
      ...(action.standing && { standing: { uses: action.standing.uses } }),
      ...(under !== undefined && { under }),
    }),
    ...('lapse' in judgement && { lapse: lapseIn(submission, judgement.lapse), grant: judgement.grant }),
  }
  const said = {
    reason,
    ...(links.length > 0 && { links: canonical(links.map((link): JsonObject => ({ ...link }))) }),
    ...(owner !== undefined && { owner }),
  }
  return { type: 'requested', actor: { kind: 'agent', id: agent.id }, request: id, data, said }
}

/** A standing approval stands as long as it was asked for, and a use waits for minutes. */
function lapseIn({ action, under }: Submission, byPolicy: number): number {
  if (action.standing) return action.standing.for
  return under === undefined ? byPolicy : Math.min(byPolicy, bounds.useLapse)
}

/** What the rules provide beside a decision, with the moments that follow from the ask. */
function provided(
  submission: Submission,
  judgement: Extract<Judgement, { outcome: 'approve' }>,
): Pick<Requested, 'answer' | 'remind' | 'glass' | 'narrowable'> {
  const { answer, remind = [], expires, glass, narrow } = judgement
  const { at, under, action, narrowing } = submission
  if (under !== undefined) return {}
  const reminders = remindersWithin(remind, at, expiry(submission, expires))
  return {
    ...(answer !== undefined && { answer: { latest: plusSeconds(at, expires), within: answer } }),
    ...(reminders.length > 0 && { remind: reminders }),
    ...(glass && !action.standing && { glass }),
    ...(narrow && narrowing && !action.standing && { narrowable: narrow }),
  }
}

const expiry = ({ at, expiresIn }: Submission, byPolicy: number): Instant =>
  earlier(plusSeconds(at, expiresIn), plusSeconds(at, byPolicy))
