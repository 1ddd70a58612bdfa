import type { Hex } from '../core/data/id.ts'
import type { LogEvent } from '../core/record/eventType.ts'
import type { Fact, Requested } from '../core/request/event.ts'
import type { ApprovalRequest } from '../core/request/request.ts'

/** An event as other systems are told of it. It has no text of people, because leaves have none. */
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

/** The urgency of an event, in the words of ASIM. */
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
  // The usual course of a request that people talk about.
  asked: 'Informational',
  answered: 'Informational',
  narrowed: 'Informational',
  reminded: 'Informational',
  // A standing approval is there to be used, and ends.
  used: 'Informational',
  ended: 'Informational',
  // Every group has one each day, whether its members changed or not.
  roster: 'Informational',
  // Rows of exceptions.csv, which an auditor reads later.
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
  // Somebody else may approve for a while, or no longer.
  delegated: 'Low',
  recalled: 'Low',
  released: 'Low',
  'erasure-asked': 'Low',
  // A power over rules, keys, texts or a given approval was used, or an attempt was refused.
  revoked: 'Medium',
  'policy-changed': 'Medium',
  'key-rotated': 'Medium',
  erased: 'Medium',
  refused: 'Medium',
  // An emergency that lacks its review stays open; a justified one is closed.
  unreviewed: 'Medium',
  reviewed: 'Informational',
  // One person approved alone, or stored rows were changed from outside.
  'glass-broken': 'High',
  tampered: 'High',
}

/** The urgency of an event, in every format. */
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
  ended: 'ended',
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
