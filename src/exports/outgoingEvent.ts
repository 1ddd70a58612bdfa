import type { Hex } from '../core/data/id.ts'
import type { LogEvent } from '../core/record/eventType.ts'
import type { Fact, Requested } from '../core/request/event.ts'
import type { ApprovalRequest } from '../core/request/request.ts'

/** An event as other systems are told of it. It has nothing that people wrote, because a leaf has nothing of that. */
export interface OutgoingEvent {
  readonly event: LogEvent
  /** Its text in the log. */
  readonly leaf: string
  readonly hash: Hex
  /** What its request asked for. `null` for an event that is about no request, and where the ask is not known. */
  readonly asked: AskedFor | null
}

/** What other systems are told of an ask: a part of the data of `requested`. */
export type AskedFor = Pick<Requested, 'action' | 'digest' | 'executor' | 'onBehalfOf' | 'policy' | 'tier'>

/** The deployment whose events are told. */
export interface EventOrigin {
  /** The name of the log, as `approvals.contoso.example/evidence`. */
  readonly origin: string
  /** The id of the tenant; absent where nothing tells it, as in a bundle. */
  readonly tenant?: string
  /** The version of Countersign that wrote the events or sealed them, as `0.1.0`. */
  readonly version: string
}

/** How much an event should worry those who watch. The words are those of ASIM. */
export type Severity = 'Informational' | 'Low' | 'Medium' | 'High'

/** Names an event in every format: `07-12`. The receiver drops a second one of the same name. */
export const uidOf = ({ shard, seq }: Pick<LogEvent, 'shard' | 'seq'>): string => `${shard}-${seq}`

/** Picks from an ask what other systems are told of it. */
export function askedFor(data: Requested): AskedFor {
  const { action, digest, executor, onBehalfOf, policy, tier } = data
  return {
    ...{ action, digest, executor, policy },
    ...(onBehalfOf !== undefined && { onBehalfOf }),
    ...(tier !== undefined && { tier }),
  }
}

const severities: Readonly<Record<Fact['type'], Severity>> = {
  requested: 'Informational',
  shown: 'Informational',
  decided: 'Informational',
  approved: 'Informational',
  redeemed: 'Informational',
  succeeded: 'Informational',
  cancelled: 'Informational',
  // The usual course of a request for which people take their time.
  asked: 'Informational',
  answered: 'Informational',
  reminded: 'Informational',
  // Recorded each day, of each group, whether anything changed or not.
  roster: 'Informational',
  // Rows of exceptions.csv: an auditor looks at them, and nobody has to be woken.
  denied: 'Low',
  expired: 'Low',
  lapsed: 'Low',
  failed: 'Low',
  unreported: 'Low',
  undeliverable: 'Low',
  'vote-void': 'Low',
  escalated: 'Low',
  exported: 'Low',
  held: 'Low',
  released: 'Low',
  'erasure-asked': 'Low',
  // Somebody used a power over rules, keys, texts or an approval that was given; or tried what they may not.
  revoked: 'Medium',
  'policy-changed': 'Medium',
  'key-rotated': 'Medium',
  erased: 'Medium',
  refused: 'Medium',
  // Emergencies that nobody looked at in time. One that was found justified is over.
  unreviewed: 'Medium',
  reviewed: 'Informational',
  // One person alone approved, or stored rows were changed from outside.
  'glass-broken': 'High',
  tampered: 'High',
}

/** How much an event should worry those who watch, in every format. */
export const severityOf = (event: LogEvent): Severity =>
  event.type === 'reviewed' && event.data.finding === 'unjustified' ? 'High' : severities[event.type]

/** The states in which events leave their requests. Other events leave a request in its state. */
const states: Readonly<Partial<Record<Fact['type'], ApprovalRequest['status']>>> = {
  requested: 'pending',
  approved: 'approved',
  denied: 'denied',
  expired: 'expired',
  cancelled: 'cancelled',
  lapsed: 'lapsed',
  revoked: 'revoked',
  redeemed: 'redeemed',
  succeeded: 'succeeded',
  failed: 'failed',
}

/** The state in which an event leaves its request; `undefined` if it does not change it. */
export const stateAfter = ({ type }: LogEvent): ApprovalRequest['status'] | undefined => states[type]

/** Says what happened in a few words: `approved db.export by person 1111…`. */
export function sentenceOf({ event: { type, actor }, asked }: Pick<OutgoingEvent, 'event' | 'asked'>): string {
  const what = asked ? `${type} ${asked.action}` : type
  return `${what} by ${'id' in actor ? `${actor.kind} ${actor.id}` : actor.kind}`
}
