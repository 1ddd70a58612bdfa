import { type Draft, chain } from '../core/request/event.ts'
import { type RequestId, shardOf } from '../core/data/id.ts'
import { type Instant, later } from '../core/data/instant.ts'
import { Problem } from '../core/data/problem.ts'
import { type ApprovalRequest, overdue, recorded, type Step } from '../core/request/request.ts'
import type { Clock } from '../ports/clock.ts'
import { type Change, Conflict, type Ledger, type Loaded } from '../ports/ledger.ts'
import type { Policy } from '../ports/policy.ts'
import { currentTrace } from '../runtime/trace.ts'
import { recollectionOf } from './recollection.ts'

export interface ChangeParts {
  readonly ledger: Ledger
  readonly clock: Clock
  readonly policy: Pick<Policy, 'version'>
  /** Gives so many random bytes. */
  readonly random: (bytes: number) => Uint8Array
  /** Is called with every change that was committed. Must not throw. */
  readonly tell: (request: ApprovalRequest) => void
  /** Waits so many milliseconds before the next attempt; by a timer, unless given. */
  readonly backOff?: (ms: number) => Promise<unknown>
}

/** A rule of the core that lacks only the request and the time. */
export type CommitRule = (request: ApprovalRequest, at: Instant) => Step

/** Lost races after which the caller gets `busy`, with nothing written. */
const mostAttempts = 12

/**
 * Loads a request, finds that it is what its events say, lets passed deadlines take effect, asks the rule, and commits
 * its events once.
 * No events: no commit.
 *
 * @param found the request as its caller has read it for this very call: the first attempt need not read it again
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
        // Only the first attempt may use it: one that is out of date would lose every race.
        known = undefined
        const [loaded] = await Promise.all([
          parts.ledger.load(shard, { request: id, ...(given && { found: given }) }),
          // What the caller has found is checked in the round that reads the head.
          given && recollection.check(given),
        ])
        const { request } = loaded
        if (!request) throw new Problem('not-found', 'There is no such request.')
        if (request !== given) await recollection.check(request)
        const at = timeOf(parts.clock, loaded)
        const late = overdue(request, at)
        const step = late ?? rule(request, at)
        const after = step.events.length === 0 ? request : await record(parts, loaded, step, at)
        if (!late) return after
      }
    }),
  )
}

/**
 * Finds that a request is what its events say, before anything is told of it. Reads it again where it has changed.
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
    if (!found) throw new Problem('not-found', 'There is no such request.')
    await recollectionOf(ledger).check(found)
    return found
  })
}

/** Lets a passed deadline take effect, and nothing else. */
export const settle = (parts: ChangeParts, id: RequestId): Promise<ApprovalRequest> => change(parts, id, unchanged)

export const unchanged: CommitRule = (request) => ({ request, events: [] })

/** One time per attempt, never before the shard's newest event: rules, deadlines and events all use it. */
export const timeOf = (clock: Clock, { head }: Loaded): Instant => {
  const now = clock.now()
  return head.recordedAt === null ? now : later(now, head.recordedAt)
}

/** Chains a step's events to the loaded head, commits them with the request, and tells. */
export async function record(
  parts: ChangeParts,
  loaded: Loaded,
  step: Step,
  at: Instant,
  more: Pick<Change, 'key' | 'cleared'> = {},
): Promise<ApprovalRequest> {
  const chained = chainedTo(parts, loaded, step.events, at)
  const leaves = chained.leaves.filter((leaf) => leaf.request === step.request.id)
  const request = recorded(step.request, leaves)
  await parts.ledger.commit(loaded, { ...chained, request, ...more })
  recollectionOf(parts.ledger).keep(request, leaves)
  parts.tell(request)
  return request
}

/** Chains events of the log itself, which are about no request, to the loaded head, and commits them. */
export async function recordAlone(
  parts: Chaining & { readonly ledger: Pick<Ledger, 'commit'> },
  loaded: Loaded,
  events: readonly Draft[],
  at: Instant,
  more: Pick<Change, 'logKey'> = {},
): Promise<void> {
  await parts.ledger.commit(loaded, { ...chainedTo(parts, loaded, events, at), ...more })
}

type Chaining = Pick<ChangeParts, 'policy' | 'random'>

/** Events as leaves. The first commit of a shard under another policy version records that too. */
function chainedTo({ policy, random }: Chaining, { shard, head }: Loaded, events: readonly Draft[], at: Instant) {
  const from = head.policy
  const to = policy.version
  const changed: Draft[] =
    from === to ? [] : [{ type: 'policy-changed', actor: { kind: 'system' }, data: { ...(from && { from }), to } }]
  const hex = (bytes: number): string => Buffer.from(random(bytes)).toString('hex')
  const leaves = chain([...changed, ...events], head, { shard, at }, () => hex(16))
  const trace = currentTrace()?.id
  return { op: hex(16), ...(trace !== undefined && { trace }), at, leaves, ...(from !== to && { policy: to }) }
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
