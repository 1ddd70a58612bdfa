import { type Draft, chain, type Leaf } from '../core/request/event.ts'
import { type RequestId, shardOf } from '../core/data/id.ts'
import { type Instant, later } from '../core/data/instant.ts'
import { evidenceBroken, noSuchRequest, Problem } from '../core/data/problem.ts'
import { type ApprovalRequest, overdue, recorded, type Step } from '../core/request/request.ts'
import { areOutdated, type Facts } from '../core/request/requirement.ts'
import type { Clock } from '../ports/clock.ts'
import { type Change, Conflict, type Ledger, type Loaded } from '../ports/ledger.ts'
import type { Policy } from '../ports/policy.ts'
import { currentTrace } from '../runtime/trace.ts'
import { recollectionOf } from './recollection.ts'

export interface ChangeParts {
  readonly ledger: Ledger
  readonly clock: Clock
  readonly policy: Pick<Policy, 'version' | 'ref'>
  /** Gives so many random bytes. */
  readonly random: (bytes: number) => Uint8Array
  /** Is called with every request that a commit changed. Must not throw. */
  readonly committed: (request: ApprovalRequest) => void
  /** Waits so many milliseconds before the next attempt; by a timer, unless given. */
  readonly backOff?: (ms: number) => Promise<unknown>
}

/**
 * A rule of the core, bound to everything but the request and the time. With an approved use it gets its standing approval,
 * read after the head of their shard, so that no later commit of the standing approval is missed.
 */
export type CommitRule = (request: ApprovalRequest, at: Instant, standing?: ApprovalRequest) => Step

/** The number of lost races after which the caller gets `busy`, with nothing written. */
const mostAttempts = 12

/**
 * Loads a request, checks it against its events, lets passed deadlines take effect, applies the rule, and commits the
 * rule's events once. Without events nothing is committed.
 *
 * @param found the request, if the caller has just read it: the first attempt need not read it again
 * @throws {Problem} `not-found`, `evidence-broken`, `busy`, `unavailable`, and whatever the rule throws.
 */
export async function change(
  parts: ChangeParts,
  id: RequestId,
  rule: CommitRule,
  found?: ApprovalRequest,
): Promise<ApprovalRequest> {
  const shard = shardOf(id)
  const recollection = recollectionOf(parts.ledger)
  let known = found
  return retrying(parts, () =>
    parts.ledger.inTurn(shard, async () => {
      for (;;) {
        const given = known
        // Only for the first attempt: an outdated request would lose every race.
        known = undefined
        const [loaded] = await Promise.all([
          parts.ledger.load(shard, { request: id, ...(given && { found: given }) }),
          // The caller's copy is checked while the head is read.
          given && recollection.check(given),
        ])
        const { request } = loaded
        if (!request) throw noSuchRequest()
        if (request !== given) await recollection.check(request)
        const standing = await standingOfUse(parts, request)
        const at = timeOf(parts.clock, loaded)
        const late = overdue(request, at)
        const step = late ?? rule(request, at, standing)
        const after = step.events.length === 0 ? request : await record(parts, loaded, step, at)
        if (!late) return after
      }
    }),
  )
}

/**
 * Checks a request against its events, before it is shown to a caller. Reads it again if it has changed.
 *
 * @throws {Problem} `evidence-broken`, `busy`, `unavailable`
 */
export async function believed(
  parts: Pick<ChangeParts, 'ledger' | 'backOff'>,
  request: ApprovalRequest,
): Promise<ApprovalRequest> {
  const { ledger } = parts
  return retrying(parts, async (number) => {
    const found = number === 0 ? request : await ledger.find(request.id)
    if (!found) throw noSuchRequest()
    await recollectionOf(ledger).check(found)
    return found
  })
}

/**
 * Reads the standing approval of a use that can still be redeemed, checked against its events.
 *
 * @returns `undefined` for any other request
 * @throws {Problem} `evidence-broken`, `busy`, `unavailable`
 */
export const believedStanding = (
  parts: Pick<ChangeParts, 'ledger' | 'backOff'>,
  request: ApprovalRequest,
): Promise<ApprovalRequest | undefined> => retrying(parts, () => standingOfUse(parts, request))

/** Does what {@link believedStanding} does, once. @throws {Conflict} if it changed since it was read */
async function standingOfUse(
  { ledger }: Pick<ChangeParts, 'ledger'>,
  { id, under, status }: ApprovalRequest,
): Promise<ApprovalRequest | undefined> {
  if (under === undefined || status !== 'approved') return undefined
  const standing = await ledger.find(under)
  if (!standing) throw evidenceBroken({ shard: shardOf(under), row: 'request', request: id, check: 'missing' })
  await recollectionOf(ledger).check(standing)
  return standing
}

/** Lets a passed deadline take effect, and nothing else. */
export const applyDeadline = (parts: ChangeParts, id: RequestId): Promise<ApprovalRequest> =>
  change(parts, id, unchanged)

export const unchanged: CommitRule = (request) => ({ request, events: [] })

/** The time of an attempt, for rules, deadlines and events alike. Never before the shard's newest event. */
export const timeOf = (clock: Clock, { head }: Loaded): Instant => {
  const now = clock.now()
  return head.recordedAt === null ? now : later(now, head.recordedAt)
}

/** Chains a step's events to the loaded head, and commits them with the request. */
export async function record(
  parts: ChangeParts,
  loaded: Loaded,
  step: Step,
  at: Instant,
  { beside, ...more }: Pick<Change, 'key' | 'cleared' | 'beside'> = {},
): Promise<ApprovalRequest> {
  const chained = chainedTo(parts, loaded, step.events, at)
  const withOwn = (one: ApprovalRequest) => {
    const leaves = chained.leaves.filter((leaf) => leaf.request === one.id)
    return { request: recorded(one, leaves), leaves }
  }
  const own = withOwn(step.request)
  const other = beside && withOwn(beside)
  const change = { ...chained, request: own.request, ...(other && { beside: other.request }), ...more }
  await parts.ledger.commit(loaded, change)
  for (const { request, leaves } of other ? [own, other] : [own]) {
    recollectionOf(parts.ledger).keep(request, leaves)
    parts.committed(request)
  }
  return own.request
}

/** Chains events that belong to no request, such as a key rotation, to the loaded head, and commits them. */
export async function recordAlone(
  parts: Chaining & { readonly ledger: Pick<Ledger, 'commit'> },
  loaded: Loaded,
  events: readonly Draft[],
  at: Instant,
  more: Pick<Change, 'logKey' | 'deputy'> = {},
): Promise<readonly Leaf[]> {
  const chained = chainedTo(parts, loaded, events, at)
  await parts.ledger.commit(loaded, { ...chained, ...more })
  return chained.leaves
}

type Chaining = Pick<ChangeParts, 'policy' | 'random'>

/**
 * Makes leaves of events. A shard's first commit under another policy version also records the change, with what the
 * deployer said of it.
 */
function chainedTo({ policy, random }: Chaining, { shard, head }: Loaded, events: readonly Draft[], at: Instant) {
  const from = head.policy
  const to = policy.version
  const said = policy.ref === undefined ? {} : { said: { ref: policy.ref } }
  const change: Draft = {
    type: 'policy-changed',
    actor: { kind: 'system' },
    data: { ...(from && { from }), to },
    ...said,
  }
  const changed = from === to ? [] : [change]
  for (const event of events) if ('data' in event && 'facts' in event.data) checkAge(event.data.facts, at)
  const hex = (bytes: number): string => Buffer.from(random(bytes)).toString('hex')
  const leaves = chain([...changed, ...events], head, { shard, at }, () => hex(16))
  const trace = currentTrace()?.id
  return { op: hex(16), ...(trace !== undefined && { trace }), at, leaves, ...(from !== to && { policy: to }) }
}

/**
 * Refuses facts that are too far from the event's time, since every verifier refuses such an event. A commit that took long
 * leads to that, and so does another clock than the one that wrote the shard's newest event.
 *
 * @throws {Problem} `unavailable`
 */
function checkAge(facts: Facts, at: Instant): void {
  if (areOutdated(facts, at))
    throw new Problem(
      'unavailable',
      `What the directory said of this person is of ${facts.asOf}, and the event would be of ${at}. Try again. If this stays, compare the clocks of the machines.`,
    )
}

/**
 * Runs an attempt again while it loses races: at once the first time, then after a growing, jittered pause.
 *
 * @throws {Problem} `busy` when it keeps losing; nothing was written.
 */
export async function retrying<T>(
  { backOff = pause }: Pick<ChangeParts, 'backOff'>,
  attempt: (number: number) => Promise<T>,
): Promise<T> {
  for (let number = 0; ; number++) {
    try {
      return await attempt(number)
    } catch (cause) {
      if (!(cause instanceof Conflict)) throw cause
      if (number + 1 === mostAttempts)
        throw new Problem('busy', 'Too many changes at once: try again.', { retryAfter: 1, cause })
      if (number > 0) await backOff(Math.random() * Math.min(20 * 2 ** number, 500))
    }
  }
}

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms))
