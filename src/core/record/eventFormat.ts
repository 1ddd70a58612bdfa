import { bounds } from '../data/bound.ts'
import { canonicalEither } from '../data/canonicalForm.ts'
import type { EventOf } from './eventType.ts'
import { exportedFiles, findings, tamperChecks } from '../request/event.ts'
import {
  atLeast,
  day,
  digest,
  door,
  type Form,
  guid,
  hex,
  holdId,
  list,
  type Members,
  moment,
  name,
  object,
  oneOf,
  requestId,
  shard,
  textName,
  truth,
  typeName,
  verb,
  where,
  whole,
} from '../data/shape.ts'
import { refusalCodes, refusedActs } from '../request/refusalCode.ts'
import { type RequestId, type Shard, shardOf } from '../data/id.ts'

type DataType =
  | 'requested'
  | 'shown'
  | 'approved'
  | 'denied'
  | 'revoked'
  | 'tampered'
  | 'refused'
  | 'answered'
  | 'narrowed'
type Data<Type extends DataType> = EventOf<Type>['data']

const account = object({ id: guid, kind: oneOf('agent', 'person') })
const program = object({ kind: oneOf('policy', 'system') })
const written = account.canonical && program.canonical && canonicalEither(account.canonical, program.canonical)
const actor: Form = Object.assign(
  (value: unknown) => (typeof value === 'object' && value !== null && 'id' in value ? account(value) : program(value)),
  {
    members: { 'id?': guid, kind: oneOf('agent', 'person', 'policy', 'system') },
    ...(written && { canonical: written }),
  },
)

export const facts = object({
  accounts: list(guid, 1),
  groups: list(name),
  member: truth,
  enabled: truth,
  asOf: moment,
  'for?': object({ accounts: list(guid, 1), groups: list(name, 1), event: hex, until: moment }),
})

export const delegated = object({ to: guid, groups: list(name, 1), until: moment, 'client?': guid })

export const recalled = object({ event: hex, 'client?': guid })

/** No policy can give a year. The limit keeps times that are computed from it valid dates. */
const year = 365 * 86_400
const seconds = whole(1, year)

/** No policy can ask for a quorum of 99. The limit keeps a matching of people to places cheap. */
const slot = object({
  groups: list(name, 1),
  'later?': object({ after: seconds, groups: list(name, 1) }),
  quorum: whole(1, 99),
})

/** No policy can give more uses. */
const uses = whole(1, bounds.standing.uses)

const areAbsent = (members: readonly unknown[]): boolean => members.every((member) => member === undefined)

export const requested = where(
  object({
    action: verb,
    digest,
    executor: guid,
    'onBehalfOf?': guid,
    policy: object({ version: digest, outcome: oneOf('approve', 'allow', 'forbid', 'no-policy'), rules: list(name) }),
    warnings: list(name),
    'tier?': oneOf('low', 'medium', 'high'),
    'requirement?': list(slot, 1),
    'excluded?': list(guid),
    'excludedByAgent?': list(guid, 1),
    'expiresAt?': moment,
    'lapse?': seconds,
    'grant?': seconds,
    'via?': list(door, 1),
    'private?': oneOf(true),
    'answer?': object({ latest: moment, within: seconds }),
    'remind?': list(whole(-year, year), 1),
    'glass?': object({ groups: list(name, 1), review: seconds }),
    'narrowable?': list(name, 1),
    'standing?': object({ uses }),
    'under?': requestId,
  }),
  ({ policy: { outcome, rules }, ...data }: Data<'requested'>) => {
    const isDecided = outcome === 'approve'
    const isGranted = isDecided || outcome === 'allow'
    const { tier, requirement, excluded, excludedByAgent = [], expiresAt, lapse, grant } = data
    const { via, private: isPrivate, answer, remind, glass, narrowable, standing, under } = data
    const has = (member: unknown, belongs: boolean) => (member !== undefined) === belongs
    return (
      rules.length > 0 === (outcome !== 'no-policy') &&
      [tier, requirement, excluded, expiresAt].every((member) => has(member, isDecided)) &&
      (isDecided || areAbsent([via, isPrivate, answer, remind, glass, narrowable, standing, under])) &&
      (standing === undefined || (areAbsent([under, glass, narrowable]) && tier !== 'high')) &&
      (under === undefined || areAbsent([answer, remind, glass, narrowable])) &&
      [lapse, grant].every((member) => has(member, isGranted)) &&
      excludedByAgent.every((one) => excluded?.includes(one))
    )
  },
)

export const shown = where(
  object({ view: digest, content: hex, template: hex, page: whole(1), pages: whole(1) }),
  ({ page, pages }: Data<'shown'>) => page <= pages,
)

/** What a person saw before an act. */
const sight = { via: door, content: hex, 'view?': digest, 'client?': guid, 'proved?': name } as const satisfies Members

export const decided = object({ verdict: oneOf('approve', 'deny'), ...sight, facts })

export const asked = object({ ...sight, facts, 'expiresAt?': moment })

/** Of a person, whom facts are known of, and who may have used an application. */
export const answered = where(
  object({ question: hex, warnings: list(name), 'client?': guid, 'facts?': facts }),
  ({ client, facts }: Data<'answered'>) => client === undefined || facts !== undefined,
)

/** Of an action, what got smaller; of a standing approval, what is left of its uses and its time. */
export const narrowed = where(
  object({
    digest,
    'params?': list(name, 1),
    policy: digest,
    ...sight,
    facts,
    'standing?': object({ uses, seconds }),
  }),
  ({ params, standing }: Data<'narrowed'>) => (params === undefined) !== (standing === undefined),
)

export const escalated = object({ groups: list(name, 1) })

export const glassBroken = object({ ...sight, facts, reviewBy: moment })

export const reviewed = object({ finding: oneOf(...findings), 'client?': guid, facts })

export const revoked = where(
  object({ 'client?': guid, 'facts?': facts, 'rules?': list(name, 1) }),
  (data: Data<'revoked'>) => 'facts' in data !== 'rules' in data && !('client' in data && 'rules' in data),
)

export const approved = where(
  object({
    by: oneOf('quorum', 'policy', 'glass', 'standing'),
    'rules?': list(name),
    lapsesAt: moment,
    'standing?': requestId,
    'use?': uses,
  }),
  ({ by, rules, standing, use }: Data<'approved'>) =>
    (rules !== undefined) === (by === 'policy') &&
    [standing, use].every((member) => (member !== undefined) === (by === 'standing')),
)

export const used = object({ digest, request: requestId, use: uses })

export const ended = object({ by: oneOf('uses', 'time') })

export const denied = where(
  object({ by: oneOf('denial', 'policy'), 'rules?': list(name) }),
  ({ by, rules }: Data<'denied'>) => (rules !== undefined) === (by === 'policy'),
)

export const erasureAsked = object({ names: list(textName, 1), accounts: list(guid, 1), 'client?': guid })

export const erased = object({
  event: hex,
  names: list(textName, 1),
  askedBy: guid,
  accounts: list(guid, 1),
  'client?': guid,
})

export const tampered = where(
  object({ from: whole(1), to: whole(1), check: oneOf(...tamperChecks), 'client?': guid }),
  ({ from, to }: Data<'tampered'>) => from <= to,
)

export const exported = object({ file: oneOf(...exportedFiles), date: day, 'client?': guid })

export const roster = object({ group: name, 'entraGroup?': guid, date: day, digest, count: whole(0) })
/** Exactly one of a request, an agent, and a period of days. */
export const holdScope = where(
  object({ 'agent?': guid, 'from?': day, 'request?': requestId, 'to?': day }),
  ({ agent, from, request, to }: Readonly<Record<string, string | undefined>>) =>
    [agent, from, request].filter((one) => one !== undefined).length === 1 &&
    (from === undefined) === (to === undefined) &&
    (from === undefined || to === undefined || from <= to),
)

export const held = object({ 'client?': guid, hold: holdId, scope: holdScope })

export const released = object({ 'client?': guid, hold: holdId })

const isOneOf = <T>(value: T, values: readonly T[]): boolean => values.includes(value)

export const refused = where(
  object({ act: oneOf(...refusedActs), code: oneOf(...refusalCodes), 'via?': door, 'client?': guid }),
  ({ act, code }: Data<'refused'>) =>
    (code !== 'grant-invalid' || act === 'redeem') &&
    (code !== 'blind-view' || isOneOf(act, ['decide', 'ask', 'narrow', 'break-glass'])) &&
    (code !== 'self-approval' || isOneOf(act, ['decide', 'revoke', 'ask', 'narrow', 'break-glass', 'review'])),
)

/** The members of both outcomes. */
export const outcome = {
  request: requestId,
  'data?': object({ output: object({ sha256: hex, size: whole(0) }) }),
  'said?': said('summary?'),
}

/** The place of an event in its chain. Every type and version has it, so that a verifier can skip unknown events. */
const place = {
  v: whole(1),
  type: typeName,
  at: moment,
  shard,
  seq: whole(1),
  prev: hex,
} as const satisfies Members

/** The form that events of every type and version fit, even future ones. */
export const placed: Form = atLeast(place)

/** Makes the form of leaves of one type and version: their place, and their own members. */
export function formOf(type: string, v: number, more: Members): Form {
  const isInPlace = (event: { shard: Shard; request?: RequestId }) =>
    event.request === undefined || shardOf(event.request) === event.shard
  return where(object({ ...place, v: oneOf(v), type: oneOf(type), actor, ...more }), isInPlace)
}

export function said(...names: readonly string[]): Form {
  return object(Object.fromEntries(names.map((text) => [text, hex])))
}
