import { bounds } from '../core/data/bound.ts'
import type { ObjectId } from '../core/data/id.ts'
import { type Instant, plusSeconds } from '../core/data/instant.ts'
import { answering, unanswered } from '../core/request/limit.ts'
import type { Limits } from '../ports/limits.ts'
import type { AgentRegistration } from '../ports/policy.ts'
import { limitRowsOf } from './limitRows.ts'
import type { SlotParts } from './reservation.ts'

/** Answers of policy that a process has taken for an agent, and not given yet. */
interface Stock {
  readonly left: number
  readonly until: Instant
  readonly size: number
}

/** Gives an answer back that was not needed. Best effort. */
type GiveBack = () => Promise<void>

/** Seconds within which a process gives the answers that it took at once. */
const fresh = 60

/** The share of an hour's answers that a process takes at once, at most. */
const share = 0.05

/**
 * Counts what policy answers without people, per agent and hour, over all processes. An agent that asks often takes
 * several answers at once, twice as many each time, so that a burst of asks does not write one row each.
 */
export class AnswerQuota {
  readonly #stocks = new Map<ObjectId, Stock>()
  readonly #turns = new Map<ObjectId, Promise<unknown>>()

  /** Takes one answer. @returns gives it back, uncounted @throws {Problem} `too-many`, `busy`, `unavailable` */
  take(parts: SlotParts, agent: AgentRegistration): Promise<GiveBack> {
    const turn = (this.#turns.get(agent.id) ?? Promise.resolve()).then(() => this.#take(parts, agent))
    this.#turns.set(
      agent.id,
      turn.catch(() => undefined),
    )
    return turn
  }

  async #take(parts: SlotParts, { id, limits }: AgentRegistration): Promise<GiveBack> {
    const stock = this.#stocks.get(id)
    const isFresh = stock !== undefined && parts.clock.now() < stock.until
    if (isFresh && stock.left > 0) {
      this.#add(id, stock, -1)
      return async () => this.#add(id, stock, 1)
    }
    const most = limits.answered ?? bounds.answered.otherwise
    const wanted = isFresh ? Math.max(1, Math.min(stock.size * 2, Math.floor(most * share))) : 1
    this.#stocks.delete(id)
    const { at, ...taken } = await stocked(parts, id, { most, wanted })
    this.#stocks.set(id, taken)
    return wanted === 1 ? () => uncount(parts, id, at) : async () => this.#add(id, taken, 1)
  }

  /** Changes what is left of a stock, unless another has taken its place. */
  #add(id: ObjectId, { until }: Stock, count: number): void {
    const stock = this.#stocks.get(id)
    if (stock?.until === until) this.#stocks.set(id, { ...stock, left: stock.left + count })
  }
}

/** Takes answers from the agent's row, and one of them for the ask at hand. */
async function stocked(
  parts: SlotParts,
  answered: ObjectId,
  { most, wanted }: { readonly most: number; readonly wanted: number },
): Promise<Stock & { readonly at: Instant }> {
  let taken: (Stock & { readonly at: Instant }) | undefined
  await limitRowsOf(parts.limits).change(parts, { answered }, (found, at) => {
    const until = plusSeconds(at, fresh)
    const { row, granted } = answering(found, { most, wanted, at, until: wanted === 1 ? at : until })
    taken = { at, left: granted - 1, until, size: granted }
    return row
  })
  if (taken === undefined) throw new Error('A change that was made was computed.')
  return taken
}

/** Takes one answer back out of the agent's row. Best effort: otherwise it counts for an hour. */
const uncount = (parts: SlotParts, answered: ObjectId, at: Instant): Promise<void> =>
  limitRowsOf(parts.limits)
    .change(parts, { answered }, (row) => unanswered(row, at))
    .catch(() => undefined)

const known = new WeakMap<Limits, AnswerQuota>()

/** Returns this process's count of the answers that these limits are about. */
export function answeringOf(limits: Limits): AnswerQuota {
  const found = known.get(limits) ?? new AnswerQuota()
  known.set(limits, found)
  return found
}
