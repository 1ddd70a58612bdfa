import { sha256 } from '../core/data/id.ts'
import type { JsonObject } from '../core/data/json.ts'
import type { EventOf, LogEvent } from '../core/record/eventType.ts'
import type { Fact } from '../core/request/event.ts'
import { scopeText } from '../core/request/hold.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import {
  type AskedFor,
  sentenceOf,
  severityOf,
  stateAfter,
  type EventOrigin,
  type OutgoingEvent,
  uidOf,
} from './outgoingEvent.ts'

/** The version of the schema AuditEvent in Microsoft's Advanced Security Information Model. */
const asimVersion = '0.1'

/** The deployment whose events are told to Microsoft Sentinel. */
export interface AsimBy extends EventOrigin {
  /** Its host name, as `countersign.contoso.example`. */
  readonly host: string
  /** The address of a request, without the request's id. */
  readonly requests: string
}

/** A row of the table `ASimAuditEventLogs`, by the names of its columns. */
export type AsimRow = JsonObject

type Result = 'Success' | 'Failure' | 'NA'

type Kind =
  | readonly ['Set' | 'Read' | 'Create' | 'Delete' | 'Execute' | 'Other', Result]
  | readonly ['Enable' | 'Disable', 'Success']

type KindOf<Type extends Fact['type']> = Kind | ((event: EventOf<Type>) => Kind)

/** `EventType` and `EventResult` of each type. The result is that of the agent's action, as far as the event decides it. */
const kinds: { readonly [Type in Fact['type']]: KindOf<Type> } = {
  requested: ['Create', 'Success'],
  shown: ['Read', 'Success'],
  decided: ['Set', 'Success'],
  'vote-void': ['Set', 'Success'],
  approved: ['Set', 'Success'],
  denied: ['Set', 'Failure'],
  expired: ['Set', 'Failure'],
  // Nobody refused the action, and it was not carried out.
  cancelled: ['Set', 'NA'],
  lapsed: ['Set', 'NA'],
  revoked: ['Set', 'Success'],
  redeemed: ['Execute', 'Success'],
  succeeded: ['Execute', 'Success'],
  failed: ['Execute', 'Failure'],
  unreported: ['Execute', 'NA'],
  undeliverable: ['Other', 'Failure'],
  // The attempt that was refused: to redeem a grant, to see the request, or to change it.
  refused: ({ data: { act } }) => [act === 'redeem' ? 'Execute' : act === 'view' ? 'Read' : 'Set', 'Failure'],
  asked: ['Set', 'Success'],
  answered: ['Set', 'Success'],
  narrowed: ['Set', 'Success'],
  reminded: ['Other', 'Success'],
  escalated: ['Set', 'Success'],
  'glass-broken': ['Set', 'Success'],
  reviewed: ['Set', 'Success'],
  unreviewed: ['Other', 'NA'],
  // Of the standing approval. The use has events of its own.
  used: ['Other', 'Success'],
  ended: ['Set', 'NA'],
  'policy-changed': ['Set', 'Success'],
  'key-rotated': ['Set', 'Success'],
  // Nothing is erased before another person asks for the same.
  'erasure-asked': ['Other', 'Success'],
  erased: ['Delete', 'Success'],
  tampered: ['Set', 'Success'],
  exported: ['Read', 'Success'],
  roster: ['Read', 'Success'],
  // A hold is in force from the one to the other.
  held: ['Enable', 'Success'],
  released: ['Disable', 'Success'],
  // A deputy may act for a member between the two.
  delegated: ['Enable', 'Success'],
  recalled: ['Disable', 'Success'],
}

/** What an event is about that is about no request. */
const objects: { readonly [Type in Fact['type']]?: (event: EventOf<Type>) => JsonObject } = {
  'policy-changed': ({ data: { from, to } }) => ({
    ...{ Object: 'Approval policy', ObjectType: 'Policy Rule' },
    ...(from !== undefined && { OldValue: from }),
    NewValue: to,
  }),
  'key-rotated': ({ data }) => ({
    ...{ Object: 'Evidence signing key', ObjectType: 'Configuration Atom' },
    NewValue: sha256(Buffer.from(data.key, 'base64')),
  }),
  tampered: ({ shard, data: { from, to } }) => ({
    ...{ Object: `Events ${from} to ${to} of shard ${shard}`, ObjectId: `${shard}-${from}`, ObjectType: 'Event Log' },
  }),
  exported: ({ data: { file, date } }) => ({
    ...{ Object: `Evidence of ${date}`, ObjectId: `${file} ${date}`, ObjectType: 'Event Log' },
  }),
  roster: ({ data: { group, entraGroup } }) => ({
    ...{ Object: group, ObjectType: 'Directory Service Object' },
    ...(entraGroup !== undefined && { ObjectId: entraGroup }),
  }),
  held: ({ data: { hold, scope } }) => ({
    ...{ Object: 'Hold', ObjectId: hold, ObjectType: 'Other', NewValue: scopeText(scope) },
  }),
  released: ({ data: { hold } }) => ({ Object: 'Hold', ObjectId: hold, ObjectType: 'Other' }),
  delegated: ({ shard, seq, data: { until } }) => ({
    ...{ Object: 'Delegation', ObjectId: uidOf({ shard, seq }), ObjectType: 'Other', NewValue: until },
  }),
  recalled: ({ data: { event } }) => ({ Object: 'Delegation', ObjectId: event, ObjectType: 'Other' }),
}

/** What an event says that no column has, for `AdditionalFields`. */
const details: { readonly [Type in Fact['type']]?: (event: EventOf<Type>) => JsonObject } = {
  decided: ({ data: { verdict, via } }) => ({ verdict, via }),
  'vote-void': ({ data: { why } }) => ({ why }),
  approved: ({ data: { standing, use } }) => ({
    ...(standing !== undefined && { standing }),
    ...(use !== undefined && { use }),
  }),
  refused: ({ data: { act, code } }) => ({ act, code }),
  asked: ({ data: { via } }) => ({ via }),
  narrowed: ({ data: { via, digest, params, standing } }) => ({
    ...{ via, after: digest },
    ...(params && { params: [...params] }),
    ...(standing && { uses: standing.uses, seconds: standing.seconds }),
  }),
  reminded: ({ data: { round } }) => ({ round }),
  escalated: ({ data: { groups } }) => ({ groups: [...groups] }),
  'glass-broken': ({ data: { via, reviewBy } }) => ({ via, reviewBy }),
  reviewed: ({ data: { finding } }) => ({ finding }),
  used: ({ data: { use, request } }) => ({ use, request }),
  'erasure-asked': ({ data: { names } }) => ({ names: [...names] }),
  erased: ({ data: { names, askedBy } }) => ({ names: [...names], askedBy }),
  tampered: ({ data: { check, from, to } }) => ({ check, from, to }),
  exported: ({ data: { file } }) => ({ file }),
  roster: ({ data: { count, date } }) => ({ count, date }),
  delegated: ({ data: { groups } }) => ({ groups: [...groups] }),
}

/** The state before another, for `OldValue`. A request is cancelled while it is pending or approved: its event does not tell. */
const statesBefore: Readonly<Partial<Record<ApprovalRequest['status'], ApprovalRequest['status']>>> = {
  approved: 'pending',
  denied: 'pending',
  expired: 'pending',
  lapsed: 'approved',
  ended: 'approved',
  revoked: 'approved',
  redeemed: 'approved',
  succeeded: 'redeemed',
  failed: 'redeemed',
}

/**
 * Tells an event as a row of `ASimAuditEventLogs`, in the schema AuditEvent:
 * https://learn.microsoft.com/azure/sentinel/normalization-schema-audit.
 */
export function asimRow(told: OutgoingEvent, by: AsimBy): AsimRow {
  const { event } = told
  const [kind, result] = kindOf(event)
  const why = whyOf(event)
  return {
    ...{ TimeGenerated: event.at, EventStartTime: event.at, EventEndTime: event.at, EventCount: 1 },
    ...{ EventType: kind, EventSubType: event.type, EventResult: result },
    ...(why !== undefined && { EventResultDetails: why }),
    ...{ EventOriginalType: event.type, EventOriginalUid: uidOf(event), EventSeverity: severityOf(event) },
    ...{ EventVendor: 'Countersign', EventProduct: 'Countersign', EventProductVersion: by.version },
    ...{ EventSchemaVersion: asimVersion, EventMessage: sentenceOf(told) },
    ...(event.request !== undefined && { EventReportUrl: `${by.requests}${event.request}` }),
    ...{ DvcHostname: by.host.replace(/\..*/, ''), DvcFQDN: by.host, Operation: event.type },
    ...actorOf(event, by),
    ...{ ActingAppName: 'Countersign', ActingAppType: 'Service' },
    ...subjectOf(told),
    AdditionalFields: { leaf: told.hash, log: by.origin, ...askOf(told.asked), ...rowOf(details, event)?.(event) },
  }
}

function actorOf({ actor }: LogEvent, { tenant }: EventOrigin): JsonObject {
  if (!('id' in actor)) return { ActorUsername: 'countersign', ActorUsernameType: 'Simple', ActorUserType: 'System' }
  return {
    ...{ ActorUserId: actor.id, ActorUserIdType: 'AADID', ActorUserAadId: actor.id },
    ...(tenant !== undefined && { ActorScopeId: tenant }),
    ActorUserType: actor.kind === 'agent' ? 'Application' : 'Regular',
  }
}

/** A request by its verb, with the state in which the event leaves it; or what else the event is about. */
function subjectOf({ event, asked }: OutgoingEvent): JsonObject {
  const { request } = event
  if (request === undefined) return rowOf(objects, event)?.(event) ?? { Object: 'Log', ObjectType: 'Event Log' }
  const state = stateAfter(event)
  const before = state && statesBefore[state]
  return {
    // The column is mandatory; the ask is unknown only where its own row cannot be believed.
    ...{ Object: asked?.action ?? 'Unknown action', ObjectId: request, ObjectType: 'Other' },
    ...(asked && { TargetAppId: asked.executor, TargetAppType: 'Service' }),
    ...(asked && asked.policy.rules.length > 0 && { RuleName: asked.policy.rules.join('; ') }),
    ...(before !== undefined && { OldValue: before }),
    ...(state !== undefined && { NewValue: state }),
  }
}

const askOf = (asked: AskedFor | null): JsonObject =>
  asked
    ? {
        ...{ digest: asked.digest, outcome: asked.policy.outcome, policy: asked.policy.version },
        ...(asked.tier !== undefined && { tier: asked.tier }),
      }
    : {}

/** Why an event came out as it did, in the few words that the leaf has. */
function whyOf(event: LogEvent): string | undefined {
  switch (event.type) {
    case 'approved':
    case 'denied':
    case 'ended':
      return `by ${event.data.by}`
    case 'refused':
      return event.data.code
    default:
      return undefined
  }
}

/** The row of an event's type, which takes events of that type. */
const rowOf = <Row>(table: { readonly [Type in Fact['type']]?: (event: never) => Row }, { type }: LogEvent) =>
  table[type] as ((event: LogEvent) => Row) | undefined

function kindOf(event: LogEvent): Kind {
  const row = kinds[event.type]
  return typeof row === 'function' ? (row as (event: LogEvent) => Kind)(event) : row
}
