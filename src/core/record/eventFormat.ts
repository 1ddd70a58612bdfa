import { erasable } from '../request/erasure.ts'
import type { Fact } from '../request/event.ts'
import {
  base64,
  digest,
  type Form,
  guid,
  hex,
  list,
  moment,
  name,
  object,
  oneOf,
  requestId,
  shard,
  truth,
  where,
  whole,
} from '../data/shape.ts'
import { type RequestId, type Shard, shardOf } from '../data/id.ts'

type Data<Type extends Fact['type']> = Required<Extract<Fact, { type: Type; data?: unknown }>>['data']

const account = object({ id: guid, kind: oneOf('agent', 'person') })
const nobody = object({ kind: oneOf('policy', 'system') })
const actor: Form = (value) =>
  typeof value === 'object' && value !== null && 'id' in value ? account(value) : nobody(value)

const facts = object({
  accounts: list(guid, 1),
  groups: list(name),
  member: truth,
  enabled: truth,
  asOf: moment,
})

/** 99 is more than a policy can ask for, and keeps the places of a slot few. */
const slot = object({ groups: list(name, 1), quorum: whole(1, 99) })

/** A year is more than a policy can give, and keeps what follows from it a date. */
const seconds = whole(1, 365 * 86_400)

const requested = where(
  object({
    action: name,
    digest,
    executor: guid,
    'onBehalfOf?': guid,
    policy: object({ version: digest, outcome: oneOf('approve', 'allow', 'forbid', 'no-policy'), rules: list(name) }),
    warnings: list(name),
    'tier?': oneOf('low', 'medium', 'high'),
    'requirement?': list(slot, 1),
    'excluded?': list(guid),
    'expiresAt?': moment,
    'lapse?': seconds,
    'grant?': seconds,
  }),
  ({ policy: { outcome, rules }, ...data }: Data<'requested'>) => {
    const isDecided = outcome === 'approve'
    const isGranted = isDecided || outcome === 'allow'
    const { tier, requirement, excluded, expiresAt, lapse, grant } = data
    const has = (member: unknown, belongs: boolean) => (member !== undefined) === belongs
    return (
      rules.length > 0 === (outcome !== 'no-policy') &&
      [tier, requirement, excluded, expiresAt].every((member) => has(member, isDecided)) &&
      [lapse, grant].every((member) => has(member, isGranted))
    )
  },
)

const shown = where(
  object({ view: digest, content: hex, template: hex, page: whole(1), pages: whole(1) }),
  ({ page, pages }: Data<'shown'>) => page <= pages,
)

const decided = where(
  object({ verdict: oneOf('approve', 'deny'), via: oneOf('teams', 'api'), 'view?': digest, facts }),
  ({ via, view }: Data<'decided'>) => (view !== undefined) === (via === 'teams'),
)

const approved = where(
  object({ by: oneOf('quorum', 'policy'), 'rules?': list(name), lapsesAt: moment }),
  ({ by, rules }: Data<'approved'>) => (rules !== undefined) === (by === 'policy'),
)

const denied = where(
  object({ by: oneOf('denial', 'policy'), 'rules?': list(name) }),
  ({ by, rules }: Data<'denied'>) => (rules !== undefined) === (by === 'policy'),
)

const outcome = { 'data?': object({ output: object({ sha256: hex, size: whole(0) }) }), 'said?': said('summary?') }

/** What only events of this type have; beside it all have a place in a chain, and an actor. */
const members: Readonly<Record<Fact['type'], Readonly<Record<string, Form>>>> = {
  requested: { request: requestId, data: requested, said: said('reason', 'links?') },
  shown: { request: requestId, data: shown },
  decided: { request: requestId, data: decided, said: said('name', 'reason?') },
  approved: { request: requestId, data: approved },
  denied: { request: requestId, data: denied },
  expired: { request: requestId },
  cancelled: { request: requestId, 'said?': said('reason?') },
  lapsed: { request: requestId },
  revoked: { request: requestId, data: object({ facts }), 'said?': said('name?', 'reason?') },
  redeemed: { request: requestId, data: object({ redemption: guid, digest }) },
  unreported: { request: requestId },
  undeliverable: { request: requestId },
  succeeded: { request: requestId, ...outcome },
  failed: { request: requestId, ...outcome },
  'policy-changed': { data: object({ 'from?': digest, to: digest }) },
  'key-rotated': { data: object({ key: base64, size: whole(0) }) },
  erased: {
    'request?': requestId,
    data: object({ event: hex, names: list(oneOf(...erasable), 1) }),
    'said?': said('why?'),
  },
}

/** The format of events, version 1, by type. */
export const format: ReadonlyMap<unknown, Form> = new Map(
  Object.entries(members).map(([type, more]) => {
    const chained = { v: oneOf(1), type: oneOf(type), at: moment, shard, seq: whole(1), prev: hex, actor }
    const inPlace = (event: { shard: Shard; request?: RequestId }) =>
      event.request === undefined || shardOf(event.request) === event.shard
    return [type, where(object({ ...chained, ...more }), inPlace)]
  }),
)

function said(...names: readonly string[]): Form {
  return object(Object.fromEntries(names.map((text) => [text, hex])))
}
