import { sha256 } from '../core/data/id.ts'
import { milliseconds } from '../core/data/instant.ts'
import type { JsonObject } from '../core/data/json.ts'
import type { EventOf, LogEvent } from '../core/record/eventType.ts'
import type { Fact, Tier } from '../core/request/event.ts'
import { scopeText } from '../core/request/hold.ts'
import {
  type AskedFor,
  sentenceOf,
  type Severity,
  severityOf,
  stateAfter,
  type EventOrigin,
  type OutgoingEvent,
  uidOf,
} from './outgoingEvent.ts'

/** The version of the Open Cybersecurity Schema Framework that is written (schema.ocsf.io). */
export const ocsfVersion = '1.8.0'

/** The numbers of OCSF 1.8.0 that are used here, by their captions. */
const activity = { create: 1, read: 2, update: 3, delete: 4, activate: 10, deactivate: 11, other: 99 } as const
const action = { allowed: 1, denied: 2, observed: 3, modified: 4 } as const
const disposition = {
  ...{ allowed: 1, blocked: 2, approved: 8, corrected: 11, delayed: 14, logged: 17, alert: 19 },
  ...{ accessRevoked: 24, rejected: 25, unauthorized: 26, error: 27 },
} as const
const status = { success: 1, failure: 2, other: 99 } as const

/** The number of each severity. */
const severityIds: Readonly<Record<Severity, number>> = { Informational: 1, Low: 2, Medium: 3, High: 4 }

/** How an event is told, by the numbers of OCSF. */
interface Meaning {
  readonly activity: number
  /** Present exactly for an activity that has no number of its own. */
  readonly activityName?: string
  readonly action: number
  readonly disposition: number
  /** `success` if it is absent. */
  readonly status?: number
  /** Present exactly for a status that has no number of its own. */
  readonly statusName?: string
  /** Whether the receiver should raise an alert. */
  readonly isAlert?: true
}

type MeaningOf<Type extends Fact['type']> = Meaning | ((event: EventOf<Type>) => Meaning)

const logged = { action: action.observed, disposition: disposition.logged } as const
const update = { activity: activity.update, ...logged } as const
const other = (activityName: string) => ({ activity: activity.other, activityName, ...logged }) as const
const alert = { disposition: disposition.alert, isAlert: true } as const
const change = { activity: activity.update, action: action.modified, disposition: disposition.logged } as const
const bar = { activity: activity.update, action: action.denied } as const

/** Whether people have to decide. A use of a standing approval waits for nobody. */
const waits = ({ policy, under }: EventOf<'requested'>['data']): boolean =>
  policy.outcome === 'approve' && under === undefined

const meanings: { readonly [Type in Fact['type']]: MeaningOf<Type> } = {
  requested: ({ data }) => ({
    ...{ activity: activity.create, action: action.observed },
    disposition: waits(data) ? disposition.delayed : disposition.logged,
  }),
  shown: { activity: activity.read, ...logged },
  decided: update,
  // A vote leaves the count. The event after it says whether access changes.
  'vote-void': update,
  approved: { activity: activity.update, action: action.allowed, disposition: disposition.approved },
  denied: ({ data }) => ({
    ...bar,
    disposition: data.by === 'policy' ? disposition.blocked : disposition.rejected,
  }),
  expired: { ...bar, disposition: disposition.blocked },
  cancelled: update,
  lapsed: update,
  revoked: { ...bar, disposition: disposition.accessRevoked },
  redeemed: { activity: activity.update, action: action.allowed, disposition: disposition.allowed },
  succeeded: other('Outcome'),
  failed: { ...other('Outcome'), status: status.failure },
  unreported: { ...other('Unreported'), status: status.other, statusName: 'Outcome not reported' },
  undeliverable: { ...other('Undeliverable'), disposition: disposition.error, status: status.failure },
  // The attempt was denied, and not the request. Only a view is a reading; every other act would change the request.
  refused: ({ data }) => ({
    ...{ activity: data.act === 'view' ? activity.read : activity.update, action: action.denied },
    ...{ disposition: disposition.unauthorized, status: status.failure },
  }),
  // The request goes on waiting.
  asked: update,
  answered: update,
  narrowed: update,
  reminded: other('Reminded'),
  // The groups that may fill its slots changed, so the request itself was modified.
  escalated: change,
  'glass-broken': {
    ...{ activity: activity.update, action: action.allowed, disposition: disposition.allowed },
    isAlert: true,
  },
  // Of the standing approval. The use has events of its own.
  used: other('Used'),
  ended: update,
  reviewed: ({ data }) => ({ ...update, ...(data.finding === 'unjustified' && alert) }),
  unreviewed: { ...other('Review overdue'), ...alert, status: status.other, statusName: 'Not reviewed in time' },
  'policy-changed': change,
  'key-rotated': change,
  // The erasure waits for a second person.
  'erasure-asked': { ...other('Erasure asked'), disposition: disposition.delayed },
  erased: { activity: activity.delete, action: action.modified, disposition: disposition.logged },
  // A person repaired rows that had been changed from outside.
  tampered: {
    ...{ activity: activity.update, action: action.modified, disposition: disposition.corrected },
    isAlert: true,
  },
  exported: { activity: activity.read, action: action.allowed, disposition: disposition.allowed },
  // The members of a group were read, and not changed.
  roster: { activity: activity.read, ...logged },
  // A hold is in force between the two.
  held: { activity: activity.activate, action: action.modified, disposition: disposition.logged },
  released: { activity: activity.deactivate, action: action.modified, disposition: disposition.logged },
  // A deputy may act for a member between the two.
  delegated: { activity: activity.activate, action: action.modified, disposition: disposition.logged },
  recalled: { activity: activity.deactivate, action: action.modified, disposition: disposition.logged },
}

/** The entities of events that are about the log itself: Entity Management (3004). Other events are API Activity (6003). */
const entities: { readonly [Type in Fact['type']]?: (event: EventOf<Type>) => JsonObject } = {
  'policy-changed': ({ data: { from, to } }) => ({
    type_id: 5,
    policy: { name: 'Approval policy', uid: to, ...(from !== undefined && { data: { from } }) },
    version: to,
  }),
  'key-rotated': ({ data: { key, size } }) => ({
    ...{ type_id: 99, type: 'Signing key', uid: sha256(Buffer.from(key, 'base64')), name: 'Evidence signing key' },
    data: { size },
  }),
  'erasure-asked': ({ request = '', data: { names } }) => ({
    ...{ type_id: 99, type: 'Text', uid: request, name: names.join('; ') },
  }),
  erased: ({ data: { event, names, askedBy } }) => ({
    ...{ type_id: 99, type: 'Text', uid: event, name: names.join('; ') },
    data: { asked_by: askedBy },
  }),
  tampered: ({ shard, data: { check, from, to } }) => ({
    ...{ type_id: 99, type: 'Log rows', uid: `${shard}-${from}`, name: `Events ${from} to ${to} of shard ${shard}` },
    data: { check, from, to },
  }),
  exported: ({ data: { file, date } }) => ({
    ...{ type_id: 99, type: 'Evidence file', uid: `${file} ${date}`, name: `${file} ${date}` },
  }),
  roster: ({ data: { group, entraGroup, date, digest, count } }) => ({
    ...{ type_id: 3, group: { name: group, ...(entraGroup !== undefined && { uid: entraGroup }) } },
    data: { date, digest, count },
  }),
  held: ({ data: { hold, scope } }) => ({ type_id: 99, type: 'Hold', uid: hold, name: scopeText(scope) }),
  released: ({ data: { hold } }) => ({ type_id: 99, type: 'Hold', uid: hold }),
  delegated: ({ shard, seq, data: { to, groups, until } }) => ({
    ...{ type_id: 99, type: 'Delegation', uid: uidOf({ shard, seq }), name: `Until ${until}` },
    data: { to, groups: [...groups], until },
  }),
  recalled: ({ data }) => ({ type_id: 99, type: 'Delegation', uid: data.event }),
}

/** What an event says that no attribute of OCSF has. */
const details: { readonly [Type in Fact['type']]?: (event: EventOf<Type>) => JsonObject } = {
  'vote-void': ({ data: { vote, why } }) => ({ vote, why }),
  approved: ({ data }) => ({
    lapses_at: data.lapsesAt,
    ...(data.standing !== undefined && { standing: data.standing, use: data.use }),
  }),
  redeemed: ({ data }) => ({ redemption: data.redemption }),
  succeeded: outputOf,
  failed: outputOf,
  refused: ({ data: { act, code } }) => ({ act, code }),
  answered: ({ data }) => ({ question: data.question }),
  narrowed: ({ data: { digest, params = [] } }) => ({ digest, params: [...params] }),
  reminded: ({ data }) => ({ round: data.round }),
  escalated: ({ data }) => ({ groups: [...data.groups] }),
  'glass-broken': ({ data }) => ({ review_by: data.reviewBy }),
  reviewed: ({ data }) => ({ finding: data.finding }),
  used: ({ data }) => ({ use: data.use, request: data.request, digest: data.digest }),
  ended: ({ data }) => ({ by: data.by }),
}

/**
 * Tells an event in OCSF 1.8.0, with the profile `security_control`: API Activity for what happens to a request, Entity
 * Management for what is about policy, keys, evidence, texts, groups, holds and deputies.
 *
 * @param rawData whether the leaf's own text goes along, by which receivers can compute `metadata.uid` again. It has object
 *   ids that the other members do not have: all accounts of a voter, and who may not approve
 */
export function ocsfEvent(
  told: OutgoingEvent,
  by: EventOrigin,
  { rawData }: { readonly rawData: boolean },
): JsonObject {
  const { event, asked } = told
  const meaning = meaningOf(event)
  const entity = rowOf(entities, event)?.(event)
  const classUid = entity ? 3004 : 6003
  const { activityName, statusName } = meaning
  const state = stateAfter(event)
  return {
    activity_id: meaning.activity,
    ...(activityName !== undefined && { activity_name: activityName }),
    category_uid: entity ? 3 : 6,
    class_uid: classUid,
    type_uid: classUid * 100 + meaning.activity,
    time: milliseconds(event.at),
    severity_id: severityIds[severityOf(event)],
    action_id: meaning.action,
    disposition_id: meaning.disposition,
    ...(meaning.isAlert && { is_alert: true }),
    status_id: meaning.status ?? status.success,
    ...(statusName !== undefined && { status: statusName }),
    ...(state !== undefined && { status_code: state }),
    metadata: metadataOf(told, by),
    actor: actorOf(event),
    message: sentenceOf(told),
    ...(rawData && rawOf(told.leaf)),
    ...(entity ? { entity } : callOf(event, asked)),
  }
}

/** What of the deployment every event says. */
export const productOf = ({ version }: EventOrigin): JsonObject => ({
  ...{ name: 'Countersign', vendor_name: 'Countersign', version },
})

function metadataOf({ event, hash }: OutgoingEvent, by: EventOrigin): JsonObject {
  const { type, seq, request } = event
  return {
    version: ocsfVersion,
    profiles: ['security_control'],
    uid: hash,
    original_event_uid: uidOf(event),
    ...(request !== undefined && { correlation_uid: request }),
    event_code: type,
    sequence: seq,
    log_name: by.origin,
    ...(by.tenant !== undefined && { tenant_uid: by.tenant }),
    product: productOf(by),
  }
}

/** Of the kinds of users, 1 is a person and 4 a service. */
function actorOf({ actor }: LogEvent): JsonObject {
  if ('id' in actor) return { user: { uid: actor.id, type_id: actor.kind === 'agent' ? 4 : 1 } }
  return { app_name: 'Countersign', ...(actor.kind === 'policy' && { invoked_by: 'policy' }) }
}

/** Of the algorithms of fingerprints, 3 is SHA-256. */
const rawOf = (leaf: string): JsonObject => ({
  raw_data: leaf,
  raw_data_hash: { algorithm_id: 3, value: sha256(leaf) },
  raw_data_size: Buffer.byteLength(leaf),
})

const risks: Readonly<Record<Tier, number>> = { low: 1, medium: 2, high: 3 }

/** What an event about a request says beside what all events say. */
function callOf(event: LogEvent, asked: AskedFor | null): JsonObject {
  const { actor, request } = event
  const decision = decisionIn(event)
  const version = asked?.policy.version
  return {
    api: {
      // The schema demands an operation, also where the event of the ask cannot be read.
      operation: asked?.action ?? 'Unknown',
      service: { name: 'countersign' },
      ...(request !== undefined && { request: { uid: request } }),
    },
    src_endpoint: { svc_name: doorOf(event) ?? (actor.kind === 'agent' ? 'agent' : 'countersign') },
    ...(asked && { resources: [{ uid: asked.digest, type: 'Action digest' }], policy: policyOf(event, asked) }),
    ...(decision !== null && {
      authorizations: [{ decision, ...(version !== undefined && { policy: { uid: version } }) }],
    }),
    ...(asked?.tier && { risk_level_id: risks[asked.tier] }),
    unmapped: { ...askIn(asked), ...rowOf(details, event)?.(event) },
  }
}

function policyOf(event: LogEvent, { policy: { version, rules, outcome } }: AskedFor): JsonObject {
  const slots = event.type === 'requested' ? event.data.requirement : undefined
  const required = slots?.map(({ groups, later, quorum }) => ({
    ...{ groups: [...groups], quorum },
    ...(later && { later: { after: later.after, groups: [...later.groups] } }),
  }))
  return { uid: version, name: rules.join('; ') || outcome, version, ...(required && { data: { required } }) }
}

const askIn = (asked: AskedFor | null): JsonObject =>
  asked
    ? {
        executor: asked.executor,
        ...(asked.onBehalfOf !== undefined && { on_behalf_of: asked.onBehalfOf }),
        outcome: asked.policy.outcome,
      }
    : {}

/** The decision that an event records: a vote, or what ended the vote. `null` for other events. */
function decisionIn(event: LogEvent): string | null {
  if (event.type === 'decided') return event.data.verdict
  return event.type === 'approved' || event.type === 'denied' ? `${event.type} by ${event.data.by}` : null
}

/** The door that a person came through, of events that record it. */
const doorOf = (event: LogEvent): string | undefined =>
  'data' in event && event.data && 'via' in event.data && typeof event.data.via === 'string'
    ? event.data.via
    : undefined

function outputOf({ data }: EventOf<'succeeded' | 'failed'>): JsonObject {
  return data ? { output: { sha256: data.output.sha256, size: data.output.size } } : {}
}

/** The row of an event's type, which takes events of that type. */
const rowOf = <Row>(table: { readonly [Type in Fact['type']]?: (event: never) => Row }, { type }: LogEvent) =>
  table[type] as ((event: LogEvent) => Row) | undefined

function meaningOf(event: LogEvent): Meaning {
  const row = meanings[event.type]
  return typeof row === 'function' ? (row as (event: LogEvent) => Meaning)(event) : row
}
