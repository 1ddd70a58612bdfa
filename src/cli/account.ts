import { type Day, dayOf } from '../core/data/day.ts'
import type { Requested } from '../core/request/event.ts'
import { isObject, type Json, type JsonObject } from '../core/data/json.ts'
import type { Manifest } from '../core/log/manifest.ts'
import type { Story, Told } from '../verify/requestStory.ts'

/** What was verified, and on what a report rests. */
export interface Reported {
  readonly manifest: Manifest
  /** Whether what people wrote was given. */
  readonly hasSaid: boolean
}

/** A request in words: who asked, why, for what, who decided, what they saw, whether it ran, what was odd. */
export interface Account {
  readonly id: string
  readonly state: string
  readonly at: string
  readonly agent: string
  /** The earlier day on which it was asked for, and whose texts say why and for what. */
  readonly earlier?: Day
  readonly verb: string
  /** What exactly, in its canonical form taken apart; absent where it was not given. */
  readonly action?: JsonObject
  readonly digest: string
  readonly reason?: string
  readonly links: readonly { readonly title: string; readonly url: string }[]
  readonly policy: string
  readonly steps: readonly Step[]
  readonly exceptions: readonly string[]
}

/** One thing that happened. */
export interface Step {
  readonly at: string
  readonly kind: 'decision' | 'view' | 'run' | 'other'
  readonly what: string
  readonly who: string
  /** What somebody wrote. */
  readonly words?: string
}

/** Puts a request's story into words. */
export function accountOf({ life, events, exceptions }: Story): Account {
  const { request } = life
  const [first] = events
  const action = textIn(first, 'action')
  const reason = textIn(first, 'reason')
  const { policy } = request
  return {
    id: request.id,
    state: request.status,
    at: request.createdAt,
    agent: request.agent.id,
    ...(first && !first.texts && { earlier: dayOf(request.createdAt) }),
    verb: request.verb,
    ...(action !== undefined && { action: objectIn(action) }),
    digest: request.digest,
    ...(reason !== undefined && { reason }),
    links: linksIn(textIn(first, 'links')),
    policy: [policy.outcome, request.requirement && `tier ${request.requirement.tier}`, policy.rules.join(', ')]
      .filter(Boolean)
      .join('; '),
    steps: events.map(stepOf),
    exceptions: exceptions.map(({ kind, detail }) => [kind, detail].filter(Boolean).join(' ')),
  }
}

function stepOf(told: Told): Step {
  const { event } = told
  const name = textIn(told, 'name')
  const words = textIn(told, 'reason') ?? textIn(told, 'summary')
  const id = 'id' in event.actor ? event.actor.id : event.actor.kind
  return {
    at: event.at,
    who: name === undefined ? id : `${name} (${id})`,
    ...whatOf(told),
    ...(words !== undefined && event.type !== 'requested' && { words }),
  }
}

function whatOf({ event }: Told): Pick<Step, 'kind' | 'what'> {
  switch (event.type) {
    case 'requested':
      return { kind: 'other', what: `asked; ${needsOf(event.data)}` }
    case 'shown':
      return {
        kind: 'view',
        what: `was shown page ${event.data.page} of ${event.data.pages} of view ${event.data.view}`,
      }
    case 'decided': {
      const { verdict, via, view, facts } = event.data
      const on = view === undefined ? '' : `, on view ${view}`
      return {
        kind: 'decision',
        what: `${verdict === 'approve' ? 'approved' : 'denied'} via ${via}${on}; in ${facts.groups.join(', ')}`,
      }
    }
    case 'approved':
      return { kind: 'decision', what: `approved by ${event.data.by}, to be used before ${event.data.lapsesAt}` }
    case 'denied':
      return { kind: 'decision', what: `denied by ${event.data.by}` }
    case 'redeemed':
      return { kind: 'run', what: `started to execute it (${event.data.redemption})` }
    case 'succeeded':
    case 'failed': {
      const output = event.data?.output
      const made = output ? `, output of ${output.size} bytes, SHA-256 ${output.sha256}` : ''
      return { kind: 'run', what: `reported that it ${event.type}${made}` }
    }
    case 'unreported':
      return { kind: 'run', what: 'no outcome was reported within a day' }
    case 'expired':
      return { kind: 'other', what: 'expired before it was decided' }
    case 'lapsed':
      return { kind: 'run', what: 'lapsed: it was approved and never used' }
    case 'cancelled':
      return { kind: 'other', what: 'withdrew it' }
    case 'revoked':
      return { kind: 'decision', what: 'revoked the approval' }
    case 'undeliverable':
      return { kind: 'other', what: 'no approver could be told of it' }
    case 'policy-changed':
      return { kind: 'other', what: `the policy changed to ${event.data.to}` }
    case 'key-rotated':
      return { kind: 'other', what: "the log's key was changed" }
    case 'erased':
      return { kind: 'other', what: `erased ${event.data.names.join(', ')} of event ${event.data.event}` }
  }
}

/** Puts an event that is about no request into words. */
export const noteOf = (told: Told): Step => {
  const words = textIn(told, 'why')
  return { ...stepOf(told), ...(words !== undefined && { words }) }
}

function needsOf({ requirement, expiresAt, onBehalfOf, executor }: Requested): string {
  const slots = requirement?.map(({ groups, quorum }) => `${quorum} of ${groups.join(' or ')}`).join(' and ')
  const needs = slots === undefined ? 'decided by policy' : `needs ${slots} before ${expiresAt}`
  return [needs, `to be executed by ${executor}`, onBehalfOf && `for ${onBehalfOf} (not verified)`]
    .filter(Boolean)
    .join('; ')
}

const textIn = (told: Told | undefined, name: string): string | undefined =>
  told?.texts?.find((text) => text.name === name)?.text

/** Its digest was verified: it is what the service wrote. */
function objectIn(text: string): JsonObject {
  const { type: _type, ...action } = JSON.parse(text) as JsonObject
  return action
}

function linksIn(text = '[]'): Account['links'] {
  const links = JSON.parse(text) as Json
  if (!Array.isArray(links)) return []
  return links.filter(isObject).map(({ title, url }) => ({ title: textOf(title), url: textOf(url) }))
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')
