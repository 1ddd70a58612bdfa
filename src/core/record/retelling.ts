import { actionDigest } from '../action/action.ts'
import { Broken } from '../data/broken.ts'
import { type Hex, type ObjectId, type RequestId, sha256, shardOf } from '../data/id.ts'
import { type Salted, saidDigest } from '../request/event.ts'
import { type ApprovalRequest, isStatusMember } from '../request/request.ts'
import { isSame } from './eventDiff.ts'
import { actionAfter } from '../request/narrowing.ts'
import type { LogEvent } from './eventType.ts'
import { isTampered } from '../request/tampering.ts'
import { readRecord } from './record.ts'
import { type Awaited, follow, missing } from './replay.ts'
import { isUnapprovedUse, type Life, live } from './replayedRequest.ts'

/** An event as it is kept, known to be authentic. */
export interface ToldEvent {
  readonly seq: number
  readonly hash: Hex
  readonly text: string
  readonly said: Readonly<Record<string, Salted>>
}

/** The state of a request after replaying some or all of its events. */
export interface Retelling {
  readonly life: Life
  readonly events: ApprovalRequest['events']
  /** Hashes of the texts that people wrote, by event and name, without erased ones. */
  readonly said: ReadonlyMap<string, Hex>
}

/**
 * Replays a request's events with the rules that made them.
 *
 * @param known the retelling of its earlier events
 * @param events the others, oldest first, as `request.events` names them
 * @throws {Broken} `bad-record`, `newer-format`, `illegal-event` for what the rules do not give
 */
export function retell(
  request: Pick<ApprovalRequest, 'id' | 'events'>,
  known: Retelling | undefined,
  events: readonly ToldEvent[],
): Retelling {
  let life = known?.life
  let awaited: Awaited | null = null
  const said = new Map(known?.said)
  const named = request.events.slice(known?.events.length ?? 0)
  if (named.length !== events.length) throw wrong(request, 'some of its events are missing')
  for (const [i, { seq, hash, text, said: texts }] of events.entries()) {
    const event = readRecord(text)
    const ref = named[i]
    if (ref?.seq !== seq || ref.hash !== hash || ref.type !== event.type)
      throw wrong(request, `event ${seq} is not the one that its row names`)
    if (event.seq !== seq || event.request !== request.id || event.shard !== shardOf(request.id))
      throw wrong(request, `event ${seq} is about something else`)
    for (const [name, salted] of Object.entries(texts)) said.set(`${seq} ${name}`, hashOf(event, name, salted))
    if (awaited) awaited = follow(awaited, event)
    else {
      const lived = live(life, event, hash)
      life = lived.life
      if (lived.rest.length > 0) awaited = { after: event, drafts: lived.rest }
    }
  }
  if (awaited) throw missing(awaited)
  if (!life) throw wrong(request, 'it has no events')
  if (isUnapprovedUse(life)) throw wrong(request, 'the event that approves the use is missing')
  return { life, events: request.events, said }
}

/** Tells whether a request's events end where a commit ended: no event of the same commit has to follow. */
export function isWholeCommit(id: RequestId, events: readonly ToldEvent[]): boolean {
  const refs = events.map(({ seq, hash, text }) => ({ seq, hash, type: readRecord(text).type }))
  try {
    const bare = events.map((event) => ({ ...event, said: {} }))
    return retell({ id, events: refs }, undefined, bare).life.unvoided === null
  } catch (cause) {
    if (cause instanceof Broken && cause.code === 'illegal-event') return false
    throw cause
  }
}

/**
 * Checks a request's row against its events.
 *
 * No event has the agent's name or the presentation. Texts and action may be missing once the request is closed, because they
 * can be erased then, and after a tampering or a restore from events alone, because they may be lost.
 *
 * @throws {Broken} `illegal-event` naming the member that differs
 */
export function checkRow(row: ApprovalRequest, { life: { request: told }, said }: Retelling): void {
  for (const [name, value, expected] of factsOf(row, told))
    if (!isSame(value, expected)) throw wrong(row, `its events say another “${name}”`)
  checkActions(row, told)
  for (const { seq, name, text } of row.said)
    if (said.get(`${seq} ${name}`) !== sha256(text)) throw wrong(row, `event ${seq} says another “${name}”`)
  if (
    !('closedAt' in told || isTampered(row) || row.fromEvents) &&
    (row.action === null || row.askedAction === null || new Set(row.said.map(keyOf)).size !== said.size)
  )
    throw wrong(row, 'texts are missing although it is open')
}

/** The action as it was asked for lies beside the one that stands, where an approver made that smaller. */
function checkActions(row: ApprovalRequest, told: ApprovalRequest): void {
  const { action, askedAction = null } = row
  if (action !== null && actionDigest(action) !== told.digest) throw wrong(row, 'its action has another digest')
  if ((row.askedAction === undefined) !== (told.askedDigest === undefined))
    throw wrong(row, 'it does not say what was asked for')
  if (askedAction !== null && actionDigest(askedAction) !== told.askedDigest)
    throw wrong(row, 'the action that was asked for has another digest')
}

/**
 * Restores a request's state after some of its events from a later row.
 *
 * @param row provides the members that no event has: the action, texts and presentation
 * @param told the retelling of these events, which are the first that the row names
 */
export function rewound(row: ApprovalRequest, { life, events }: Retelling): ApprovalRequest {
  const isKept = new Set(events.map(({ seq }) => seq))
  const kept = Object.fromEntries(Object.entries(row).filter(([name]) => !isFact(name) && name !== 'askedAction'))
  const { narrowed = [] } = life.request
  return {
    ...kept,
    ...life.request,
    agent: row.agent,
    policy: row.policy,
    action: actionAfter(row, narrowed.length),
    ...(narrowed.length > 0 && { askedAction: row.askedAction ?? null }),
    said: row.said.filter(({ seq }) => isKept.has(seq)),
    events,
  }
}

const keyOf = ({ seq, name }: { readonly seq: number; readonly name: string }): string => `${seq} ${name}`

/** Members of a request that no event has. */
const ofRow: ReadonlySet<string> = new Set(['action', 'askedAction', 'said', 'events', 'agent', 'policy'])

/** Each fact in the row and in the events. Unknown members are left out. */
function factsOf(row: ApprovalRequest, told: ApprovalRequest): readonly (readonly [string, unknown, unknown])[] {
  const [given, expected] = [row, told] as unknown as readonly [Members, Members]
  const names = new Set([...Object.keys(told), ...Object.keys(row).filter(isFact)].filter((name) => !ofRow.has(name)))
  const policyOf = ({ policy: { version, outcome, rules } }: ApprovalRequest) => ({ version, outcome, rules })
  return [
    ...[...names].map((name) => [name, given[name], expected[name]] as const),
    ['agent', row.agent.id satisfies ObjectId, told.agent.id],
    ['policy', policyOf(row), policyOf(told)],
  ]
}

type Members = Readonly<Record<string, unknown>>

const laterFacts: ReadonlySet<string> = new Set([
  ...['requirement', 'onBehalfOf', 'lapse', 'grant', 'erasureAsks', 'refusals'],
  ...['questions', 'reminded', 'escalated', 'glass', 'standing', 'under', 'use', 'narrowed', 'askedDigest'],
])

/** Facts that not every request has: the row must not have them where the events do not. */
const isFact = (name: string): boolean => isStatusMember(name) || laterFacts.has(name)

function hashOf(event: LogEvent, name: string, salted: Salted): Hex {
  if (event.said?.[name] !== saidDigest(salted))
    throw new Broken('bad-said', `Event ${event.seq} of shard ${event.shard} commits to another “${name}”.`)
  return sha256(salted.text)
}

const wrong = ({ id }: Pick<ApprovalRequest, 'id'>, what: string): Broken =>
  new Broken('illegal-event', `The row of request ${id} is not what its events say: ${what}.`)
