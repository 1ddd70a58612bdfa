import { Broken } from '../data/broken.ts'
import { typeOf } from './eventTable.ts'
import {
  type EventOf,
  type Given,
  type LogEvent,
  type Replayed,
  type Talk,
  type TalkType,
  talkTypes,
} from './eventType.ts'
import { difference } from './eventDiff.ts'
import type { Draft } from '../request/event.ts'
import type { Hex } from '../data/id.ts'
import { type Instant, milliseconds } from '../data/instant.ts'
import { leafHash } from '../log/merkle.ts'
import { Problem } from '../data/problem.ts'
import { escalationCompletes } from '../request/prompt.ts'
import { type ApprovalRequest, overdue, type Step } from '../request/request.ts'
import { changed, type Writable } from '../data/changed.ts'
import { begin } from '../request/submission.ts'
import { completes } from '../request/voteVoid.ts'

/** A replayed request, with the times that a closed request no longer has. */
export interface Life extends Replayed {
  readonly seq: number
  readonly at: Instant
  readonly decidedAt?: Instant
  readonly lapsesAt?: Instant
  /** Of how many commands it has events so far. */
  readonly count: number
  /** What people said beside votes, oldest first. Absent if they said nothing. */
  readonly talk?: readonly Talk[]
  /** As it was before votes were void, if those are its newest events; else `null`. */
  readonly unvoided: ApprovalRequest | null
}

/**
 * Replays a request's next event: runs the recorded command again, and compares the events that the rules give.
 *
 * @param hash the event's leaf hash, if the caller knows it
 * @returns the request, and the other events of the same command, which must come next
 * @throws {Broken} `illegal-event`
 */
export function live(
  life: Life | undefined,
  event: LogEvent,
  hash?: Hex,
): { readonly life: Life; readonly rest: readonly Draft[] } {
  if (event.type === 'requested' && !life) {
    const { request, events } = given(event, () => opened(event, hash ?? hashOf(event)))
    return {
      life: grown({ request, seq: 0, at: event.at, count: 0, shownAt: [], looks: [], unvoided: null }, request, event),
      rest: events,
    }
  }
  if (!life) throw illegal(event, 'nothing says that the request was opened')
  if (event.seq <= life.seq || event.at < life.at)
    throw illegal(event, 'it comes before an earlier event of the request')
  if (life.request.shown.length + life.request.decisions.length >= mostLooks)
    throw illegal(event, `no request is shown or voted on ${mostLooks} times`)
  const type = typeOf(event)
  const { request, events } = given(event, () => {
    const isVoided = life.unvoided === null || isCompleting(life, life.unvoided, event)
    const misplaced = misplacedUse(life, event)
    if (misplaced !== null) return misplaced
    if (!isVoided) return 'votes are void only right before the vote or the escalation that they would complete'
    const late = type.ignoresDeadlines ? null : overdue(life.request, event.at)
    if (late) return `a deadline has passed: “${late.events[0]?.type}” must come first`
    return type.replay(life.request, event)
  })
  return { life: grown(life, request, event, hash), rest: events }
}

/** Whether a use has its ask and nothing else: no commit ends so. */
export const isUnapprovedUse = ({ request }: Life): boolean =>
  request.under !== undefined && request.status === 'pending'

/**
 * Says that a use is not approved by the commit that asked for it. What its standing approval records stands between: one
 * event, or two with the last use.
 */
function misplacedUse(life: Life, event: LogEvent): string | null {
  if (!isUnapprovedUse(life)) return null
  const { seq, at } = life
  const between = event.seq - seq - 1
  const isRight = event.type === 'approved' && event.at === at && (between === 1 || between === 2)
  return isRight ? null : 'a use is approved with the ask itself'
}

/** @throws {Broken} `illegal-event` unless the event is the one that the rules gave. */
export function checkGiven(draft: Draft, event: LogEvent): void {
  const differs = difference(draft, event)
  if (differs !== null) throw illegal(event, differs)
}

export function illegal(event: LogEvent, rule: string, options?: ErrorOptions): Broken {
  const of = event.request === undefined ? '' : ` of request ${event.request}`
  const which = `Event ${event.seq} of shard ${event.shard} (“${event.type}”${of})`
  const { shard, seq, request } = event
  const place = { shard, seq, ...(request !== undefined && { request }) }
  return new Broken('illegal-event', `${which} breaks the rules: ${rule}.`, { ...options, event: place })
}

/** More views and votes than the ledger can hold of one request. The time of a replay grows with their square. */
const mostLooks = 10_000

/**
 * Opens the request that a `requested` event records.
 *
 * @param hash the event's leaf hash, to which the views of approvers commit
 */
function opened(event: EventOf<'requested'>, hash: Hex): Given {
  const { at, actor, request: id, data, seq, type } = event
  if (id === undefined || actor.kind !== 'agent') return 'only an agent asks'
  if (data.expiresAt !== undefined && data.expiresAt <= at) return 'its deadline is not after its beginning'
  const { excluded, excludedByAgent, executor, onBehalfOf } = data
  if (excluded && onBehalfOf !== undefined && !excluded.includes(onBehalfOf)) return 'whom it is for could approve'
  if (excludedByAgent && onBehalfOf === undefined && executor === actor.id) return 'the agent named no other account'
  const { request, events } = begin({ id, at, agent: actor.id, data })
  const requested: Draft = { type, actor, request: id, data, said: event.said ?? {} }
  return { request: changed(request, { events: [{ seq, type, hash }] }), events: [requested, ...events] }
}

/** Runs a command, and checks that it gives this event. Returns the request and the command's other events. */
function given(event: LogEvent, command: () => Given): Step {
  const step = legal(event, command)
  if (typeof step === 'string') throw illegal(event, step)
  const [first, ...rest] = step.events
  if (!first) throw illegal(event, 'the rules record nothing here: it has no effect, or was recorded before')
  checkGiven(first, event)
  return { request: step.request, events: rest }
}

/** Runs a rule for an event. @throws {Broken} `illegal-event` if the rule refuses it */
export function legal<T>(event: LogEvent, rule: () => T): T {
  try {
    return rule()
  } catch (cause) {
    if (!(cause instanceof Problem)) throw cause
    throw illegal(event, `they refuse it with “${cause.message}”`, { cause })
  }
}

function grown(life: Life, after: ApprovalRequest, event: LogEvent, hash?: Hex): Life {
  const { type, seq, at } = event
  const request = isNamed(event) ? withRef(after, event, hash ?? hashOf(event)) : after
  const isDecided = request.status === 'approved' || request.status === 'denied'
  const decidedAt = life.decidedAt ?? (isDecided ? at : undefined)
  const lapsesAt = request.status === 'approved' ? request.lapsesAt : life.lapsesAt
  const next: Writable<Life> = {
    request,
    seq,
    at,
    count: life.count + 1,
    shownAt: type === 'shown' ? life.shownAt.concat(at) : life.shownAt,
    looks: event.type === 'decided' ? life.looks.concat(lookOf(life, event)) : life.looks,
    unvoided: type === 'vote-void' ? (life.unvoided ?? life.request) : null,
  }
  if (decidedAt !== undefined) next.decidedAt = decidedAt
  if (lapsesAt !== undefined) next.lapsesAt = lapsesAt
  if (isTalk(type)) next.talk = (life.talk ?? []).concat({ type, at, ...tookOf(request, type) })
  else if (life.talk) next.talk = life.talk
  return next
}

const talking: ReadonlySet<string> = new Set(talkTypes)

const isTalk = (type: LogEvent['type']): type is TalkType => talking.has(type)

/** How long the newest answer took, if the event is one. */
function tookOf({ questions = [] }: ApprovalRequest, type: TalkType): Pick<Talk, 'took'> {
  if (type !== 'answered') return {}
  const newest = Math.max(...questions.map(({ answer }) => answer?.place ?? -1))
  const question = questions.find(({ answer }) => answer?.place === newest)
  return question?.answer ? { took: milliseconds(question.answer.at) - milliseconds(question.at) } : {}
}

/** How long an approver had seen a view before voting on it: see {@link Replayed}. */
function lookOf({ request, shownAt }: Life, { actor, at, data: { view } }: EventOf<'decided'>): number | null {
  if (view === undefined) return null
  const approver = 'id' in actor ? actor.id : null
  // The rules refuse a vote on a view that was not shown to its approver before.
  const first = shownAt[request.shown.findIndex((one) => one.approver === approver && one.view === view)]
  return first === undefined ? null : milliseconds(at) - milliseconds(first)
}

/**
 * Tells whether an event may follow votes that were void: another one, or the vote or the escalation that would have
 * completed with all of them, in the same commit.
 *
 * @param unvoided the request before them
 */
function isCompleting({ seq, at }: Life, unvoided: ApprovalRequest, event: LogEvent): boolean {
  if (event.seq !== seq + 1 || event.at !== at) return false
  if (event.type === 'vote-void') return true
  if (event.type === 'escalated') return escalationCompletes(unvoided, at)
  return event.type === 'decided' && event.data.verdict === 'approve' && completes(unvoided, event.data.facts)
}

/** Whether a later event may name this one by its hash: a void vote, or an erasure of what it says. */
const isNamed = ({ type, said }: LogEvent): boolean =>
  type !== 'requested' && (type === 'decided' || said !== undefined)

/** Keeps the hash of an event that a later one may name. */
const withRef = (request: ApprovalRequest, { seq, type }: LogEvent, hash: Hex): ApprovalRequest =>
  changed(request, { events: request.events.concat({ seq, type, hash }) })

/** Hashes an event's leaf. Parsing keeps the order of members, so writing them again gives the same text. */
const hashOf = (event: LogEvent): Hex => leafHash(JSON.stringify(event))
