import { dayOf } from '../data/day.ts'
import { type ObjectId, sha256, shardOfDeputy, shards } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import { base64, digest, type Form, guid, hex, object, oneOf, requestId, whole } from '../data/shape.ts'
import { answer, askBack } from '../request/conversation.ts'
import { changed, type Writable } from '../data/changed.ts'
import { decide, type DecisionInput, type Seen, show } from '../request/decision.ts'
import { undeliverable } from '../request/delivery.ts'
import { awayFlaw } from '../request/deputy.ts'
import { askErasure, type Erasable, isAskedFor } from '../request/erasure.ts'
import { type Fact, type Sight, voidReasons } from '../request/event.ts'
import { breakGlass, review } from '../request/glass.ts'
import { scopeText } from '../request/hold.ts'
import { mostListed } from '../request/memberList.ts'
import { narrow, type NarrowingInput } from '../request/narrowing.ts'
import { prompted } from '../request/prompt.ts'
import type { Facts } from '../request/requirement.ts'
import { refuse } from '../request/refusal.ts'
import { redeem, type Report, report } from '../request/redemption.ts'
import { type ApprovalRequest, overdue } from '../request/request.ts'
import { approvedByStanding, takeUse } from '../request/standing.ts'
import { endTampered } from '../request/tampering.ts'
import { voidVote } from '../request/voteVoid.ts'
import { cancel, forbid, revoke } from '../request/withdrawal.ts'
import {
  answered,
  approved,
  asked,
  decided,
  delegated,
  denied,
  ended,
  erased,
  erasureAsked,
  escalated,
  exported,
  facts,
  formOf,
  glassBroken,
  held,
  narrowed,
  outcome,
  recalled,
  refused,
  released,
  requested,
  reviewed,
  revoked,
  roster,
  said,
  shown,
  tampered,
  used,
} from './eventFormat.ts'
import { exportKey } from './exportKey.ts'
import { type EventOf, type EventType, type Given, isHasty, type LogEvent, type Replayed } from './eventType.ts'

/** Replaces each text that a leaf commits to. The rules need to know only that there was one. */
const written = 'written'

/** Replaces the expiry of the grant, which is not in the log. That the approval had not lapsed is still checked. */
const always = '9999-12-31T23:59:59.999Z' as Instant

/**
 * All types of events: the form of their leaves, how to replay them, and whether an auditor should look at them.
 *
 * A replayed request has no action text, so the confirmation that the rules expect is the empty string.
 */
const table: { readonly [Type in Fact['type']]: EventType<Type> } = {
  requested: {
    forms: { 1: { request: requestId, data: requested, said: said('reason', 'links?', 'owner?') } },
    replay: () => 'the request was opened before',
    policy: ({ data }) => data.policy.version,
    exception: { kind: 'approver-excluded', detail: takenOutBy },
  },
  shown: {
    forms: { 1: { request: requestId, data: shown } },
    replay(request, event) {
      const { template, page, pages } = event.data
      return show(request, { approver: personIn(event), template, page, pages })
    },
    exception: null,
  },
  decided: {
    forms: { 1: { request: requestId, data: decided, said: said('for?', 'name', 'reason?') } },
    replay: decideAgain,
    exception: [
      { kind: 'hasty', detail: hasteOf },
      { kind: 'unseen', detail: ({ data: { view, verdict } }) => (view === undefined ? verdict : null) },
    ],
  },
  'vote-void': {
    forms: { 1: { request: requestId, data: object({ vote: hex, why: oneOf(...voidReasons), facts }) } },
    replay: (request, { at, data }) => voidVote(request, { ...data, at }),
    exception: { kind: 'vote-void', detail: ({ data }) => data.why },
  },
  approved: {
    forms: { 1: { request: requestId, data: approved } },
    replay: approveUseAgain,
    exception: { kind: 'standing', detail: standingOf },
  },
  denied: {
    forms: { 1: { request: requestId, data: denied } },
    replay: () => 'no vote or rule leads to it',
    exception: null,
  },
  expired: {
    forms: { 1: { request: requestId } },
    replay: letPass,
    ignoresDeadlines: true,
    exception: { kind: 'expired' },
  },
  cancelled: {
    forms: { 1: { request: requestId, 'said?': said('reason?') } },
    replay: (request, event) => cancel(request, { at: event.at, ...textIn(event, 'reason') }),
    exception: null,
  },
  lapsed: {
    forms: { 1: { request: requestId } },
    replay: letPass,
    ignoresDeadlines: true,
    exception: { kind: 'never-used' },
  },
  revoked: {
    forms: { 1: { request: requestId, data: revoked, 'said?': said('name?', 'reason?') } },
    replay: revokeAgain,
    exception: { kind: 'revoked' },
  },
  redeemed: {
    forms: { 1: { request: requestId, data: object({ redemption: guid, digest }) } },
    replay: (request, { at, data: { redemption, digest } }) =>
      redeem(request, { redemption, digest, grantExpiresAt: always, at }),
    exception: null,
  },
  unreported: {
    forms: { 1: { request: requestId } },
    replay: letPass,
    ignoresDeadlines: true,
    exception: { kind: 'unreported' },
  },
  undeliverable: {
    forms: { 1: { request: requestId } },
    replay: (request) => undeliverable(request),
    exception: { kind: 'undeliverable' },
  },
  succeeded: { forms: { 1: outcome }, replay: reportAgain, exception: null },
  failed: { forms: { 1: outcome }, replay: reportAgain, exception: { kind: 'failed' } },
  'policy-changed': {
    forms: { 1: { data: object({ 'from?': digest, to: digest }), 'said?': said('ref?') } },
    replay: () => 'it does not change a request',
    judge({ actor, seq, data: { from, to } }, { policy }) {
      if (actor.kind !== 'system') return bySystem
      if (from === to) return 'it names the same policy twice'
      return (policy.isKnown || seq === 1) && from !== policy.version ? 'the policy before was another' : null
    },
    policy: ({ data }) => data.to,
    exception: {
      kind: 'policy-changed',
      detail: ({ data: { from, to } }) => (from === undefined ? to : `${from} to ${to}`),
    },
  },
  'key-rotated': {
    forms: { 1: { data: object({ key: base64, size: whole(0) }) } },
    replay: () => 'it does not change a request',
    judge({ actor, shard }) {
      if (actor.kind !== 'system') return bySystem
      return shard === shards[0] ? null : 'keys are rotated in shard 00'
    },
    exception: { kind: 'key-rotated', detail: ({ data }) => sha256(Buffer.from(data.key, 'base64')) },
  },
  'erasure-asked': {
    forms: { 1: { request: requestId, data: erasureAsked, said: said('why') } },
    replay: askErasureAgain,
    exception: { kind: 'erasure-asked', detail: ({ data }) => data.names.join('; ') },
  },
  erased: {
    forms: { 1: { request: requestId, data: erased, said: said('why') } },
    replay(request, event) {
      const { actor, at, data } = event
      if (actor.kind !== 'person' || !data.accounts.includes(actor.id)) return byPerson
      // The log does not have the erased texts, so no rule can be replayed to compare its event with this one.
      return isAskedFor(request, { ...data, at }) ? { request, events: [event] } : unasked
    },
    exception: { kind: 'erased', detail: ({ data: { names, askedBy } }) => `${names.join('; ')} asked by ${askedBy}` },
  },
  tampered: {
    forms: { 1: { 'request?': requestId, data: tampered, said: said('why') } },
    replay: (request, { actor, data, at }) =>
      actor.kind === 'person' ? endTampered(request, { by: actor.id, data, why: written, at }) : byRepairer,
    // The person who repairs may come after a deadline that nobody could record meanwhile.
    ignoresDeadlines: true,
    judge: ({ actor }) => (actor.kind === 'person' ? null : byRepairer),
    exception: { kind: 'tampered', detail: ({ data: { check, from, to } }) => `${check} ${from}-${to}` },
  },
  exported: {
    forms: { 1: { data: exported } },
    replay: () => 'it does not change a request',
    judge(event, { exports }) {
      const { actor, shard, at, data } = event
      if (actor.kind !== 'person') return 'only a person downloads evidence'
      if (shard !== shards[0]) return 'downloads are recorded in shard 00'
      if (data.date >= dayOf(at)) return 'the day of the file was not over'
      return exports.has(exportKey(event)) ? 'it was recorded before in the same hour' : null
    },
    exception: { kind: 'exported', detail: ({ data: { file, date } }) => `${file} ${date}` },
  },
  refused: {
    forms: { 1: { request: requestId, data: refused } },
    replay: refuseAgain,
    exception: { kind: 'refused', detail: ({ data: { act, code } }) => `${act}: ${code}` },
  },
  roster: {
    forms: { 1: { data: roster, 'said?': said('members?') } },
    replay: () => 'it does not change a request',
    judge({ actor, shard, at, data: { group, date, count }, said }, { rosters }) {
      if (actor.kind !== 'system') return bySystem
      if (shard !== shards[0]) return 'groups are recorded in shard 00'
      if (date !== dayOf(at)) return 'it is of another day'
      if (rosters.has(`${date} ${group}`)) return `the group “${group}” was recorded before on this day`
      if ((said?.['members'] === undefined) === count > mostListed) return null
      return count > mostListed ? `it lists more than ${mostListed} members` : 'it lists no members'
    },
    exception: null,
  },
  held: {
    forms: { 1: { data: held, 'said?': said('why') } },
    replay: () => 'it does not change a request',
    judge: (event, { holds }) => holdMisplaced(event) ?? holds.refusal(event),
    exception: { kind: 'held', detail: ({ data: { hold, scope } }) => `${hold}: ${scopeText(scope)}` },
  },
  released: {
    forms: { 1: { data: released, 'said?': said('why') } },
    replay: () => 'it does not change a request',
    judge: (event, { holds }) => holdMisplaced(event) ?? holds.refusal(event),
    exception: { kind: 'released', detail: ({ data }) => data.hold },
  },
  asked: {
    forms: { 1: { request: requestId, data: asked, said: said('name', 'question') } },
    replay: (request, event) => ownFacts(event) ?? askBack(request, { ...actAgain(request, event), question: written }),
    exception: null,
  },
  answered: {
    forms: { 1: { request: requestId, data: answered, said: said('answer', 'name?') } },
    replay: answerAgain,
    exception: null,
  },
  narrowed: {
    forms: { 1: { request: requestId, data: narrowed, said: said('edits', 'name', 'reason?') } },
    replay: narrowAgain,
    policy: ({ data }) => data.policy,
    exception: null,
  },
  reminded: {
    forms: { 1: { request: requestId, data: object({ round: whole(1) }) } },
    replay: promptAgain,
    exception: null,
  },
  escalated: {
    forms: { 1: { request: requestId, data: escalated } },
    replay: promptAgain,
    exception: { kind: 'escalated', detail: ({ data }) => data.groups.join('; ') },
  },
  'glass-broken': {
    forms: { 1: { request: requestId, data: glassBroken, said: said('name', 'reason') } },
    replay: (request, event) =>
      ownFacts(event) ?? breakGlass(request, { ...actAgain(request, event), reason: written, confirm: '' }),
    exception: { kind: 'glass-broken', detail: ({ data }) => `to be reviewed by ${data.reviewBy}` },
  },
  reviewed: {
    forms: { 1: { request: requestId, data: reviewed, said: said('name', 'reason') } },
    replay: (request, event) =>
      ownFacts(event) ??
      review(request, { ...event.data, reviewer: personIn(event), name: written, reason: written, at: event.at }),
    exception: { kind: 'unjustified', detail: ({ data: { finding } }) => (finding === 'unjustified' ? '' : null) },
  },
  unreviewed: {
    forms: { 1: { request: requestId } },
    replay: letPass,
    ignoresDeadlines: true,
    exception: { kind: 'unreviewed' },
  },
  used: {
    forms: { 1: { request: requestId, data: used } },
    replay: (request, { at, data }) => takeUse(request, { ...data, at }),
    exception: null,
  },
  ended: {
    forms: { 1: { request: requestId, data: ended } },
    replay: letPass,
    ignoresDeadlines: true,
    exception: { kind: 'never-used', detail: (_event, life) => (life?.request.standing?.used === 0 ? '' : null) },
  },
  delegated: {
    forms: { 1: { data: delegated, 'said?': said('reason') } },
    replay: () => 'it does not change a request',
    judge: ({ actor, shard, at, data }) => {
      if (actor.kind !== 'person') return byMember
      if (shard !== shardOfDeputy(data.to)) return `deputies are recorded in their own shard, ${shardOfDeputy(data.to)}`
      return awayFlaw(data, [actor.id], at)
    },
    exception: null,
  },
  recalled: {
    forms: { 1: { data: recalled } },
    replay: () => 'it does not change a request',
    judge: ({ actor }) => (actor.kind === 'person' ? null : byMember),
    exception: null,
  },
}

/** The row of an event's type. */
export const typeOf = (event: LogEvent): EventType<Fact['type']> => table[event.type]

/** The forms of events that this program knows, by type and then by version. */
export const formats: ReadonlyMap<unknown, ReadonlyMap<unknown, Form>> = new Map(
  Object.entries(table).map(([type, { forms }]) => [
    type,
    new Map(Object.entries(forms).map(([v, members]) => [Number(v), formOf(type, Number(v), members)])),
  ]),
)

/** Says what is wrong with the actor or the shard of a hold; `null` if nothing is. */
function holdMisplaced({ actor, shard }: EventOf<'held' | 'released'>): string | null {
  if (actor.kind !== 'person') return 'only a person holds and releases'
  return shard === shards[0] ? null : 'holds are recorded in shard 00'
}

const byMember = 'only a member says who acts for them, and for how long'
const bySystem = 'only the system itself records it'
const byPerson = 'only a person erases, with an account of theirs'
const unasked = 'no other person had asked within seven days to erase these texts of an event of this request'
const byRepairer = 'only a person repairs'
const aboutAnother = 'the facts it rests on are about another person'

function decideAgain(request: ApprovalRequest, event: EventOf<'decided'>): Given {
  const { verdict } = event.data
  const flaw = ownFacts(event)
  if (flaw !== null) return flaw
  const input: Writable<DecisionInput> = changed(actAgain(request, event), { verdict, confirm: '' })
  if (event.said?.['reason'] !== undefined) input.reason = written
  if (event.said?.['for'] !== undefined) input.member = written
  return decide(request, input)
}

/** What an event records of a person who acted after they saw a request. */
type Sighted = EventOf<'decided' | 'asked' | 'narrowed' | 'glass-broken'>

/** Says that the facts of an event are about another person than who acted; `null` if they are not. */
function ownFacts(event: Sighted | EventOf<'reviewed'>): string | null {
  return isAbout(event.data.facts, personIn(event)) ? null : aboutAnother
}

/** Whether facts are about this account itself, and not about a member whose deputy acts. */
const isAbout = ({ accounts, for: standIn }: Facts, account: ObjectId): boolean =>
  accounts.includes(account) && standIn?.accounts.includes(account) !== true

function actAgain(request: ApprovalRequest, event: Sighted) {
  const { facts } = event.data
  return { approver: personIn(event), name: written, seen: seenIn(request, event.data), facts, at: event.at }
}

function seenIn(request: ApprovalRequest, { via, view, content, client, proved }: Sight): Seen {
  // The content beside a view is not passed on: the rules compute it, and the comparison refuses an event with another.
  const seen: Writable<Seen> = view === undefined ? { via, digest: request.digest, content } : { via, view }
  if (client !== undefined) seen.client = client
  if (proved !== undefined) seen.proved = proved
  return seen
}

function narrowAgain(request: ApprovalRequest, event: EventOf<'narrowed'>): Given {
  const { digest, params, standing, policy } = event.data
  const flaw = ownFacts(event)
  if (flaw !== null) return flaw
  const left = { digest, ...(params && { params }), ...(standing && { standing }), action: null }
  const input: Writable<NarrowingInput> = changed(actAgain(request, event), {
    ...{ policy, edits: written, left: () => left },
  })
  if (event.said?.['reason'] !== undefined) input.reason = written
  return narrow(request, input)
}

function answerAgain(request: ApprovalRequest, event: EventOf<'answered'>): Given {
  const { actor, at, data } = event
  if (actor.kind !== 'agent' && actor.kind !== 'person') return 'only an agent or a person answers'
  if ((actor.kind === 'person') !== (data.facts !== undefined))
    return 'facts are known of people, and of each who answers'
  if (data.facts && !isAbout(data.facts, actor.id)) return aboutAnother
  if (data.facts?.for !== undefined) return 'nobody answers as a deputy'
  const by = { kind: actor.kind, id: actor.id }
  return answer(request, { ...data, by, answer: written, at, ...textIn(event, 'name') })
}

/** People and rules approve with an event before this one; a standing approval does by it. */
function approveUseAgain(request: ApprovalRequest, { at, data }: EventOf<'approved'>): Given {
  const { standing, use, lapsesAt } = data
  if (standing === undefined || use === undefined) return 'no vote or rule leads to it'
  return approvedByStanding(request, { standing, use, lapsesAt, at })
}

/** How often an approval may be used, and until when; `null` for that of one action. */
function standingOf({ data }: EventOf<'approved'>, life: Replayed | null): string | null {
  const { standing } = life?.request ?? {}
  return standing ? `${standing.uses} until ${data.lapsesAt}` : null
}

function promptAgain(request: ApprovalRequest, { at }: LogEvent): Given {
  return prompted(request, at) ?? 'it was not time to tell people again'
}

function askErasureAgain(request: ApprovalRequest, { actor, at, data }: EventOf<'erasure-asked'>): Given {
  if (actor.kind !== 'person' || !data.accounts.includes(actor.id)) return byPerson
  // Names of texts are open to later versions, and the rule only compares them.
  const names = data.names as readonly Erasable[]
  return askErasure(request, { ...data, names, by: actor.id, why: written, at })
}

function refuseAgain(request: ApprovalRequest, { actor, data }: EventOf<'refused'>): Given {
  if (!('id' in actor)) return 'only people and agents are refused'
  const isParty = actor.id === request.agent.id || actor.id === request.executor
  if (actor.kind === 'agent' && !isParty) return 'another agent than its own may not know of the request'
  if (actor.kind === 'agent' && data.code === 'borrowed-token') return 'a borrowed token is a person’s'
  return refuse(request, { ...data, by: { kind: actor.kind, id: actor.id } })
}

function revokeAgain(request: ApprovalRequest, event: EventOf<'revoked'>): Given {
  const { data, at } = event
  if ('rules' in data) return forbid(request, { rules: data.rules, at })
  const { client, facts } = data
  const approver = personIn(event)
  if (!isAbout(facts, approver)) return aboutAnother
  const used = { ...(client !== undefined && { client }), ...textIn(event, 'name'), ...textIn(event, 'reason') }
  return revoke(request, { approver, facts, at, ...used })
}

function reportAgain(request: ApprovalRequest, event: EventOf<'succeeded' | 'failed'>): Given {
  const { type: result, at, data, said } = event
  const told: Writable<Report> = { executor: request.executor, result, at }
  if (data !== undefined) told.output = data.output
  if (said?.['summary'] !== undefined) told.summary = written
  return report(request, told)
}

function letPass(request: ApprovalRequest, { at }: LogEvent): Given {
  return overdue(request, at) ?? 'no deadline of the request had passed'
}

const personIn = ({ actor }: LogEvent): ObjectId => ('id' in actor ? actor.id : '') as ObjectId

/** Stands in for the text of this name, if the leaf commits to one. */
const textIn = <Name extends string>({ said }: LogEvent, name: Name): { readonly [N in Name]?: string } =>
  (said?.[name] === undefined ? {} : { [name]: written }) as { readonly [N in Name]?: string }

/** Whom the agent's own word keeps from approving; `null` if none of them could otherwise have approved. */
function takenOutBy({ data: { warnings, excludedByAgent = [] } }: EventOf<'requested'>): string | null {
  return warnings.includes('approver-excluded') ? excludedByAgent.join('; ') : null
}

/** How long after the approver's first sight of the view the vote came; `null` if that is time enough to read. */
function hasteOf(_event: LogEvent, life: Replayed | null): string | null {
  const look = life?.looks.at(-1) ?? null
  return isHasty(look) ? `decided in ${look / 1000} s` : null
}
