import { Broken } from '../data/broken.ts'
import { commanded, type Given, opened } from './recommand.ts'
import { difference } from './eventDiff.ts'
import type { Draft } from '../request/event.ts'
import type { Hex } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import { leafHash } from '../log/merkle.ts'
import { Problem } from '../data/problem.ts'
import type { LogEvent } from './record.ts'
import { type ApprovalRequest, overdue, type Step } from '../request/request.ts'

/** A request as far as its events were replayed, and what it forgets when it closes. */
export interface Life {
  readonly request: ApprovalRequest
  readonly seq: number
  readonly at: Instant
  readonly decidedAt?: Instant
  readonly lapsesAt?: Instant
  /** When each of `request.shown` was shown. */
  readonly shownAt: readonly Instant[]
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
  if (event.type === 'erased') return { life: erased(life, event), rest: [] }
  const { request, events } = given(event, () => {
    const late = deadlines.has(event.type) ? null : overdue(life.request, event.at)
    return late ? `a deadline has passed: “${late.events[0]?.type}” must come first` : commanded(life.request, event)
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

/** What takes effect by itself, because a deadline has passed. */
const deadlines: ReadonlySet<LogEvent['type']> = new Set(['expired', 'lapsed', 'unreported'])

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

function erased(life: Life, event: LogEvent): Life {
  if (event.actor.kind !== 'person') throw illegal(event, 'only a person erases')
  if (!('closedAt' in life.request)) throw illegal(event, `the request is still ${life.request.status}`)
  return { ...life, seq: event.seq, at: event.at }
}

/** A leaf that was read keeps the order of its members: written again it is the same text. */
const hashOf = (event: LogEvent): Hex => leafHash(JSON.stringify(event))
