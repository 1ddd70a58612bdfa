import type { Draft } from '../request/event.ts'
import { type Exceptional, exceptionsIn } from './auditException.ts'
import { type Digest, type Hex, type RequestId, type Shard } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import type { HoldSubject } from '../request/hold.ts'
import { checkStands, use } from '../request/standing.ts'
import { checkGiven, illegal, legal, type Life, live } from './replayedRequest.ts'
import { typeOf } from './eventTable.ts'
import { exportKey } from './exportKey.ts'
import { type HoldsOfDay, KnownHolds } from './knownHolds.ts'
import { Lives } from './lives.ts'
import type { EventOf, KnownPolicy, LogEvent } from './eventType.ts'
import { policyIn } from './record.ts'

/** Replays the rules on the events of one shard, with the same core that made the events. */
export interface Replay {
  /**
   * Names a request that began on an earlier day, and whose carried events the rules need before this event; `null` if they
   * need none. Asked again after each, since a use that is asked for or redeemed needs its standing approval, too.
   */
  missing(event: LogEvent): RequestId | null
  /** Replays a carried event. Called oldest first, before the request's first event of the day. Returns its state. */
  carry(event: LogEvent): Life
  /**
   * Replays the shard's next event of the day. The caller has checked the chain.
   *
   * @param index the event's place in the log
   * @param hash its leaf hash, if the caller knows it
   * @throws {Broken} `illegal-event` if the rules do not give this event
   */
  take(event: LogEvent, index: number, hash?: Hex): readonly Exceptional[]
  /**
   * Returns the requests with events of this day, in the order of their first event. Called after the last event.
   *
   * @throws {Broken} `illegal-event` if the last command lacks an event
   */
  rows(): Iterable<Life>
  /** Returns the state of a request that was replayed. */
  life(request: RequestId): Life | undefined
  /** Returns the policy version that is in force in the shard; absent if no event has named one. */
  policy(): Digest | undefined
  /** Returns what the day's events have told so far that later ones must not tell again. */
  told(): ToldOfDay
  /** Whether the newest event ends a command, so that a part of the day may end with it. */
  isWhole(): boolean
  /**
   * Checks that a part of the day, in which these requests have events, may end with the newest event.
   *
   * @throws {Broken} `illegal-event` if the last command lacks an event
   */
  checkWhole(requests: Iterable<RequestId>): void
  /** Takes the state of a request as an earlier part of the day left it, or as earlier days did. */
  resume(life: Life): void
  /** Drops the state of a request, which its next event then needs again. Its memory is free. */
  forget(request: RequestId): void
}

/** What no two events of a shard's day may tell. */
export interface ToldOfDay {
  /** Downloads, each by {@link exportKey}. */
  readonly exports: readonly string[]
  /** Days and groups, as `2026-03-04 dba`. */
  readonly rosters: readonly string[]
}

/** Events that must come next: all events of one command have consecutive numbers and the same time. */
export interface Awaited {
  readonly after: LogEvent
  readonly drafts: readonly Draft[]
}

/** What a replay of one shard's day starts from. */
export interface ReplayStart {
  /** The policy version that is in force in the shard before the day, if it is known. */
  readonly policy?: Digest | undefined
  /**
   * The changes of policy that the tables of the day have a row of. The replays of all its shards share it, because
   * each shard records the same change for itself.
   */
  readonly changes?: Set<string>
  /** The holds that the day's events say are in force. The replays of all its shards share it. */
  readonly holds?: HoldsOfDay
  /** What earlier parts of the shard's day told. */
  readonly told?: ToldOfDay | undefined
  /** The time of the last event of an earlier part of the day. */
  readonly since?: Instant | undefined
}

/** Makes a replay of one shard's day. No request leaves its shard, so the replay's memory is freed with it. */
export function replay(start: ReplayStart = {}): Replay {
  const { policy, changes = new Set(), holds = new KnownHolds(), told, since } = start
  const lives = new Lives()
  const log = logRules(policy, holds, told)
  const commands = commandsOf(lives, log)
  let first: LogEvent | null = null
  let newest: LogEvent | null = null
  let shard: Shard | null = null

  function next(event: LogEvent, hash?: Hex, isCarried = false): Life | null {
    shard ??= event.shard
    if (event.shard !== shard) throw illegal(event, `it stands among the events of shard ${shard}`)
    commands.take(event, hash, isCarried)
    return event.request === undefined ? null : (lives.get(event.request) ?? null)
  }

  return {
    missing: (event) => missingOf(event, lives),

    carry(event) {
      checkCarried(event, first)
      // The two sides of a use are carried apart: what stands between the events of one is of the other.
      const life = next(event, undefined, true)
      if (!life) throw illegal(event, 'nothing says that the request was opened')
      return life
    },

    take(event, index, hash) {
      checkOrder(event, newest, since)
      // All events of a command have the same time, so a command never spans two days.
      commands.checkGoesOn(newest)
      first ??= event
      newest = event
      const life = next(event, hash)
      const judgedBy = event.request === undefined ? null : policyIn(event)
      if (judgedBy !== null) log.judged(event, judgedBy)
      if (event.request !== undefined) lives.touch(event.request)
      if (event.type === 'erased' && life) checkErasure(event, life.request, holds)
      if (event.type === 'redeemed' && life?.request.under !== undefined) checkUnder(event, life.request.under, lives)
      return exceptionsOf(event, index, life, changes)
    },

    rows() {
      commands.checkEnded(lives.touched(), newest)
      return lives.touched()
    },

    life: (request) => lives.get(request),
    policy: log.policy,
    told: log.told,
    checkWhole: (requests) => commands.checkEnded(lives.of(requests), newest),
    isWhole: () => commands.isWhole() && (newest?.request === undefined || !lives.get(newest.request)?.unvoided),
    resume: (life) => lives.set(life.request.id, life),
    forget: (request) => lives.forget(request),
  }
}

/** The request without which an event cannot be replayed, if it is not known yet. */
function missingOf(event: LogEvent, lives: Lives): RequestId | null {
  const unknownOf = (id: RequestId | undefined): RequestId | null => (id === undefined || lives.get(id) ? null : id)
  const { type, request } = event
  if (request === undefined) return null
  if (type === 'requested') return unknownOf(event.data.under)
  const life = lives.get(request)
  if (life === undefined) return request
  return type === 'redeemed' ? unknownOf(life.request.under) : null
}

/** Follows the commands of a log: the events of one come together, those of a use about both of its requests. */
function commandsOf(lives: Lives, log: { readonly check: (event: LogEvent) => void }) {
  let awaited: Awaited | null = null
  let using: EventOf<'requested'> | null = null
  return {
    take(event: LogEvent, hash: Hex | undefined, isCarried: boolean): void {
      if (using) {
        awaited = useAfter(using, event, lives, hash)
        using = null
      } else if (awaited) {
        awaited = follow(awaited, event)
        if (event.type === 'approved' && event.data.by === 'standing') grow(lives, event, hash)
      } else if (event.request === undefined) {
        log.check(event)
      } else {
        if (event.type === 'used' && !isCarried) throw illegal(event, 'the ask that it counts must come before it')
        const rest = grow(lives, event, hash)
        if (rest.length > 0) awaited = { after: event, drafts: rest }
        if (event.type === 'requested' && event.data.under !== undefined && !isCarried) using = event
      }
    },
    checkGoesOn(newest: LogEvent | null): void {
      if (awaited && awaited.after !== newest) throw missing(awaited)
      if (using && using !== newest) throw useMissing(using)
    },
    checkEnded(requests: Iterable<Life>, newest: LogEvent | null): void {
      if (using) throw useMissing(using)
      checkEnded(requests, awaited, newest)
    },
    isWhole: (): boolean => awaited === null && using === null,
  }
}

/** Replays an event of a request. Returns the other events of its command. */
function grow(lives: Lives, event: LogEvent, hash?: Hex): readonly Draft[] {
  const id = event.request as RequestId
  const { life, rest } = live(lives.get(id), event, hash)
  lives.set(id, life)
  return rest
}

const useMissing = (asked: EventOf<'requested'>) =>
  illegal(asked, `“used” of the standing approval ${asked.data.under} must follow it at once`)

/**
 * Replays the `used` that must follow the ask of a use, with both requests at hand.
 *
 * @returns what must follow: `ended` if it was the last use, and `approved` of the ask
 */
function useAfter(asked: EventOf<'requested'>, event: LogEvent, lives: Lives, hash?: Hex): Awaited {
  const { request: id, actor, data, at, seq } = asked
  const isNext = event.type === 'used' && event.request === data.under && event.seq === seq + 1 && event.at === at
  if (!isNext || id === undefined || !('id' in actor)) throw useMissing(asked)
  const standing = data.under === undefined ? undefined : lives.get(data.under)
  if (!standing) throw illegal(asked, 'nothing says that its standing approval was asked for')
  const { events } = legal(event, () => use(standing.request, { id, agent: actor.id, data, at }))
  const [used, ...drafts] = events
  if (used) checkGiven(used, event)
  grow(lives, event, hash)
  return { after: event, drafts }
}

/** @throws {Broken} `illegal-event` if the standing approval of a use was taken back before the use was redeemed */
function checkUnder(event: LogEvent, under: RequestId, lives: Lives): void {
  const standing = lives.get(under)
  if (!standing) throw illegal(event, 'nothing says that its standing approval was asked for')
  legal(event, () => checkStands(standing.request))
}

/** @param since the time of the last event of an earlier part of the day */
function checkOrder(event: LogEvent, newest: LogEvent | null, since: Instant | undefined): void {
  if (newest && event.seq <= newest.seq) throw illegal(event, 'its number does not follow')
  const before = newest?.at ?? since
  if (before !== undefined && event.at < before) throw illegal(event, 'its time is before that of the event before it')
}

/** @param first the first event of the day */
function checkCarried(event: LogEvent, first: LogEvent | null): void {
  if (event.request === undefined) throw illegal(event, 'it is about no request, and so belongs to its day alone')
  if (first && event.seq >= first.seq) throw illegal(event, 'it is not from an earlier day')
}

/** Finds that no event is awaited any more. Votes are void only where a vote follows. */
function checkEnded(lives: Iterable<Life>, awaited: Awaited | null, newest: LogEvent | null): void {
  if (awaited) throw missing(awaited)
  for (const { unvoided, request } of lives)
    if (unvoided && newest) throw illegal(newest, `no vote follows those that were void of request ${request.id}`)
}

const none: readonly Exceptional[] = []

function exceptionsOf(event: LogEvent, index: number, life: Life | null, changes: Set<string>): readonly Exceptional[] {
  const exceptions = exceptionsIn(event, index, life)
  return exceptions.length > 0 && isFirstChange(event, changes) ? exceptions : none
}

/** @throws {Broken} `illegal-event` if a hold covered the request whose texts were erased */
function checkErasure(event: LogEvent, request: HoldSubject, holds: HoldsOfDay): void {
  const hold = holds.covering(request, event.at)
  if (hold !== null) throw illegal(event, `hold ${hold} covered the request`)
}

/** An event of a hold, or an erasure and what holds can cover of its request. */
export type HoldFact =
  | { readonly event: EventOf<'held' | 'released'> }
  | { readonly event: EventOf<'erased'>; readonly subject: HoldSubject }

/**
 * Judges what a replay with {@link laterHolds} did not judge, once the day is over. Called in the order of the log.
 *
 * @throws {Broken} `illegal-event`
 */
export function judgeHolds(fact: HoldFact, holds: HoldsOfDay): void {
  if ('subject' in fact) {
    checkErasure(fact.event, fact.subject, holds)
    return
  }
  const wrong = holds.refusal(fact.event)
  if (wrong !== null) throw illegal(fact.event, wrong)
  holds.take(fact.event)
}

/** Picks what {@link judgeHolds} judges; `null` for an event that holds do not concern. */
export function holdFactOf(event: LogEvent, request: HoldSubject | undefined): HoldFact | null {
  if (event.type === 'held' || event.type === 'released') return { event }
  if (event.type !== 'erased' || request === undefined) return null
  const { id, createdAt, agent } = request
  return { event, subject: { id, createdAt, agent: { id: agent.id } } }
}

/** Names a change of policy, of which the tables of a day have one row; `null` for other events. */
export const policyChange = (event: LogEvent): string | null =>
  event.type === 'policy-changed' ? `${event.data.from ?? ''} ${event.data.to}` : null

/** Whether no event of the day before this one records the same change of policy. True of all other events. */
function isFirstChange(event: LogEvent, changes: Set<string>): boolean {
  const change = policyChange(event)
  if (change === null) return true
  if (changes.has(change)) return false
  changes.add(change)
  return true
}

/** Takes the next event that is awaited. @throws {Broken} `illegal-event` for another */
export function follow({ after, drafts }: Awaited, event: LogEvent): Awaited | null {
  const [draft, ...rest] = drafts
  const isNext = event.seq === after.seq + 1 && event.at === after.at && event.request === draft?.request
  if (!draft || !isNext) throw missing({ after, drafts })
  checkGiven(draft, event)
  return rest.length > 0 ? { after: event, drafts: rest } : null
}

export const missing = ({ after, drafts }: Awaited) => illegal(after, `“${drafts[0]?.type}” must follow it at once`)

/** Checks the events that are about no request, and the policy versions that all events name. */
function logRules(before: Digest | undefined, holds: HoldsOfDay, told?: ToldOfDay) {
  let policy: KnownPolicy = before === undefined ? { isKnown: false } : { isKnown: true, version: before }
  const exports = new Set(told?.exports)
  const rosters = new Set(told?.rosters)

  return {
    told: (): ToldOfDay => ({ exports: [...exports], rosters: [...rosters] }),
    policy: (): Digest | undefined => (policy.isKnown ? policy.version : undefined),

    /** Checks a request's policy version: a `policy-changed` event must come before the first request of a new one. */
    judged(event: LogEvent, version: Digest): void {
      if (policy.isKnown && version !== policy.version)
        throw illegal(event, 'the policy had not changed to the one it names')
      policy = policy.isKnown ? policy : { isKnown: true, version }
    },

    check(event: LogEvent): void {
      const wrong = typeOf(event).judge?.(event, { policy, exports, rosters, holds }) ?? null
      if (wrong !== null) throw illegal(event, wrong)
      if (event.type === 'exported') exports.add(exportKey(event))
      if (event.type === 'roster') rosters.add(`${event.data.date} ${event.data.group}`)
      if (event.type === 'held' || event.type === 'released') holds.take(event)
      const version = policyIn(event)
      if (version !== null) policy = { isKnown: true, version }
    },
  }
}
