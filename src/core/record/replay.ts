import type { Draft } from '../request/event.ts'
import { type Exceptional, exceptionOf } from './auditException.ts'
import { type Digest, type Hex, type RequestId, type Shard } from '../data/id.ts'
import { checkGiven, illegal, type Life, live } from './replayedRequest.ts'
import { typeOf } from './eventTable.ts'
import { exportKey } from './exportKey.ts'
import { KnownHolds } from './knownHolds.ts'
import type { KnownPolicy, LogEvent } from './eventType.ts'
import { policyIn } from './record.ts'

/** Replays the rules on the events of one shard, with the same core that made the events. */
export interface Replay {
  /** Whether an event is of a request that began on an earlier day, and whose carried events were not replayed yet. */
  needsCarried(event: LogEvent): boolean
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
  readonly holds?: KnownHolds
}

/** Makes a replay of one shard's day. No request leaves its shard, so the replay's memory is freed with it. */
export function replay({ policy, changes = new Set(), holds = new KnownHolds() }: ReplayStart = {}): Replay {
  const lives = new Map<RequestId, Life>()
  const today = new Set<RequestId>()
  const log = logRules(policy, holds)
  let awaited: Awaited | null = null
  let first: LogEvent | null = null
  let newest: LogEvent | null = null
  let shard: Shard | null = null

  function next(event: LogEvent, hash?: Hex): Life | null {
    shard ??= event.shard
    if (event.shard !== shard) throw illegal(event, `it stands among the events of shard ${shard}`)
    if (awaited) {
      awaited = follow(awaited, event)
    } else if (event.request === undefined) {
      log.check(event)
      return null
    } else {
      const { life, rest } = live(lives.get(event.request), event, hash)
      lives.set(event.request, life)
      if (rest.length > 0) awaited = { after: event, drafts: rest }
    }
    return event.request === undefined ? null : (lives.get(event.request) ?? null)
  }

  return {
    needsCarried: ({ type, request }) => request !== undefined && type !== 'requested' && !lives.has(request),

    carry(event) {
      if (event.request === undefined) throw illegal(event, 'it is about no request, and so belongs to its day alone')
      if (first && event.seq >= first.seq) throw illegal(event, 'it is not from an earlier day')
      const life = next(event)
      if (!life) throw illegal(event, 'nothing says that the request was opened')
      return life
    },

    take(event, index, hash) {
      if (newest && event.seq <= newest.seq) throw illegal(event, 'its number does not follow')
      if (newest && event.at < newest.at) throw illegal(event, 'its time is before that of the event before it')
      // All events of a command have the same time, so a command never spans two days.
      if (awaited && awaited.after !== newest) throw missing(awaited)
      first ??= event
      newest = event
      const life = next(event, hash)
      if (event.type === 'requested') log.judged(event, event.data.policy.version)
      if (event.request !== undefined) today.add(event.request)
      const hold = event.type === 'erased' && life ? holds.covering(life.request, event.at) : null
      if (hold !== null) throw illegal(event, `hold ${hold} covered the request`)
      const exception = exceptionOf(event, index, life)
      return exception && isFirstChange(event, changes) ? [exception] : none
    },

    rows() {
      if (awaited) throw missing(awaited)
      for (const id of today) checkVoided(lives.get(id), newest)
      return [...today].flatMap((id) => lives.get(id) ?? [])
    },

    life: (request) => lives.get(request),
    policy: () => log.policy(),
  }
}

/** Votes are void only where a vote follows. */
function checkVoided(life: Life | undefined, newest: LogEvent | null): void {
  if (life?.unvoided && newest)
    throw illegal(newest, `no vote follows those that were void of request ${life.request.id}`)
}

const none: readonly Exceptional[] = []

/** Whether no event of the day before this one records the same change of policy. True of all other events. */
function isFirstChange(event: LogEvent, changes: Set<string>): boolean {
  if (event.type !== 'policy-changed') return true
  const { from = '', to } = event.data
  const change = `${from} ${to}`
  if (changes.has(change)) return false
  changes.add(change)
  return true
}

/** Takes the next event that is awaited. @throws {Broken} `illegal-event` for another */
export function follow({ after, drafts }: Awaited, event: LogEvent): Awaited | null {
  const [draft, ...rest] = drafts
  const isNext = event.seq === after.seq + 1 && event.at === after.at && event.request === after.request
  if (!draft || !isNext) throw missing({ after, drafts })
  checkGiven(draft, event)
  return rest.length > 0 ? { after: event, drafts: rest } : null
}

export const missing = ({ after, drafts }: Awaited) => illegal(after, `“${drafts[0]?.type}” must follow it at once`)

/** Checks the events that are about no request, and the policy versions that all events name. */
function logRules(before: Digest | undefined, holds: KnownHolds) {
  let policy: KnownPolicy = before === undefined ? { isKnown: false } : { isKnown: true, version: before }
  const exports = new Set<string>()
  const rosters = new Set<string>()

  return {
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
