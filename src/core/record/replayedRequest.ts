import { Broken } from '../data/broken.ts'
import { typeOf } from './eventTable.ts'
import type { EventOf, Given, LogEvent, Replayed } from './eventType.ts'
import { difference } from './eventDiff.ts'
import type { Draft } from '../request/event.ts'
import type { Hex } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import { leafHash } from '../log/merkle.ts'
import { Problem } from '../data/problem.ts'
import { type ApprovalRequest, overdue, type Step } from '../request/request.ts'
import { begin } from '../request/submission.ts'

/** A request as far as its events were replayed, and what it forgets when it closes. */
export interface Life extends Replayed {
  readonly seq: number
  readonly at: Instant
  readonly decidedAt?: Instant
  readonly lapsesAt?: Instant
}

/**
 * Replays a request's next event: commands anew what it records, and compares what the rules give.
 *
 * @param hash the event's, where it is known already
 * @returns also the events that the same command gives, and which must come next
 * @throws {Broken} `illegal-event`
 */
export function live(
  life: Life | undefined,
  event: LogEvent,
  hash?: Hex,
): { readonly life: Life; readonly rest: readonly Draft[] } {
  if (event.type === 'requested' && !life) {
    const { request, events } = given(event, () => opened(event, hash ?? hashOf(event)))
    return { life: grown({ request, seq: 0, at: event.at, shownAt: [] }, request, event), rest: events }
  }
  if (!life) throw illegal(event, 'nothing says that the request was opened')
  if (event.seq <= life.seq || event.at < life.at)
    throw illegal(event, 'it comes before an earlier event of the request')
  if (life.request.shown.length + life.request.decisions.length >= mostLooks)
    throw illegal(event, `nobody shows or votes ${mostLooks} times`)
  const type = typeOf(event)
  const { request, events } = given(event, () => {
    const late = type.ignoresDeadlines ? null : overdue(life.request, event.at)
    if (late) return `a deadline has passed: “${late.events[0]?.type}” must come first`
    return type.replay(life.request, event)
  })
  return { life: grown(life, request, event), rest: events }
}

/** @throws {Broken} `illegal-event` unless the event is the one that the rules gave. */
export function checkGiven(draft: Draft, event: LogEvent): void {
  const differs = difference(draft, event)
  if (differs !== null) throw illegal(event, differs)
}

export function illegal(event: LogEvent, rule: string, options?: ErrorOptions): Broken {
  const of = event.request === undefined ? '' : ` of request ${event.request}`
  const which = `Event ${event.seq} of shard ${event.shard} (“${event.type}”${of})`
  return new Broken('illegal-event', `${which} breaks the rules: ${rule}.`, options)
}

/** More than the ledger can hold of one request: what is replayed takes time that grows with their square. */
const mostLooks = 10_000

/**
 * Opens the request that a `requested` event records.
 *
 * @param hash the event's: what approvers are shown commits to it
 */
function opened(event: EventOf<'requested'>, hash: Hex): Given {
  const { at, actor, request: id, data, seq, type } = event
  if (id === undefined || actor.kind !== 'agent') return 'only an agent asks'
  if (data.expiresAt !== undefined && data.expiresAt <= at) return 'its deadline is not after its beginning'
  const { excluded, onBehalfOf } = data
  if (excluded && onBehalfOf !== undefined && !excluded.includes(onBehalfOf)) return 'whom it is for could decide'
  const { request, events } = begin({ id, at, agent: actor.id, data })
  const requested: Draft = { type, actor, request: id, data, said: event.said ?? {} }
  return { request: { ...request, events: [{ seq, type, hash }] }, events: [requested, ...events] }
}

/** What the rules give: the request after it, and the events after this one. */
function given(event: LogEvent, command: () => Given): Step {
  const step = attempt(event, command)
  if (typeof step === 'string') throw illegal(event, step)
  const [first, ...rest] = step.events
  if (!first) throw illegal(event, 'the rules record nothing here: it has no effect, or was recorded before')
  checkGiven(first, event)
  return { request: step.request, events: rest }
}

function attempt(event: LogEvent, command: () => Given): Given {
  try {
    return command()
  } catch (cause) {
    if (!(cause instanceof Problem)) throw cause
    throw illegal(event, `they refuse it with “${cause.message}”`, { cause })
  }
}

function grown(life: Life, request: ApprovalRequest, { type, seq, at }: LogEvent): Life {
  const isDecided = life.decidedAt === undefined && (request.status === 'approved' || request.status === 'denied')
  return {
    ...life,
    request,
    seq,
    at,
    ...(isDecided && { decidedAt: at }),
    ...(request.status === 'approved' && { lapsesAt: request.lapsesAt }),
    ...(type === 'shown' && { shownAt: [...life.shownAt, at] }),
  }
}

/** A leaf that was read keeps the order of its members: written again it is the same text. */
const hashOf = (event: LogEvent): Hex => leafHash(JSON.stringify(event))
