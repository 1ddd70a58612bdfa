import { encode64 } from '../../core/data/base64.ts'
import { Broken } from '../../core/data/broken.ts'
import { type Day, endOf, nextDay } from '../../core/data/day.ts'
import { type ChainHead, emptyChain } from '../../core/request/event.ts'
import { type Shard, shards } from '../../core/data/id.ts'
import { type Instant, later } from '../../core/data/instant.ts'
import { emptyFrontier, rootOf } from '../../core/log/merkle.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Ledger } from '../../ports/ledger.ts'
import type { Signer } from '../../ports/signer.ts'
import type { Cuts, Plan, SealHead, Seals } from '../../ports/seals.ts'
import { brokenEvent, eventAt } from './eventCheck.ts'

export interface PlanningParts {
  readonly ledger: Pick<Ledger, 'fence' | 'cut' | 'stream'>
  readonly seals: Pick<Seals, 'plan' | 'propose'>
  readonly signer: Pick<Signer, 'keys'>
  readonly clock: Clock
  /** Name and version of the program. */
  readonly tool: string
}

/** Which events a day has, whether it is planned or not over yet. */
export type DayCuts = Pick<Plan, 'date' | 'number' | 'size' | 'from' | 'to'>

/** The state of the log before a day. */
export type Standing = Pick<SealHead, 'number' | 'size' | 'root' | 'frontier' | 'cuts'>

/** The state of the log after the newest seal. The head is `null` before the first seal. */
export const standing = (head: SealHead | null): Standing => head ?? nothing

const nothing: Standing = {
  number: 0,
  size: 0,
  frontier: [],
  root: encode64(rootOf(emptyFrontier)),
  cuts: cutsOf(() => emptyChain),
}

function cutsOf(cut: (shard: Shard) => ChainHead): Cuts {
  return Object.fromEntries(shards.map((shard) => [shard, cut(shard)])) as Cuts
}

export const cutOf = (cuts: Cuts, shard: Shard): ChainHead => cuts[shard] ?? emptyChain

/**
 * Fixes the content of a day. An existing plan is resumed and never replaced.
 *
 * @throws {Broken} `broken-series` if the plan does not continue what is sealed
 */
export async function planned(parts: PlanningParts, date: Day, head: SealHead | null): Promise<Plan> {
  const plan = (await parts.seals.plan(date)) ?? (await parts.seals.propose(await drawn(parts, date, head)))
  if (!continues(plan, head)) throw new Broken('broken-series', `The plan of ${date} does not continue what is sealed.`)
  return plan
}

/** Gives the day that is not over yet, as far as its events are recorded. */
export async function dayUntilNow(
  ledger: Pick<Ledger, 'cut' | 'stream'>,
  date: Day,
  head: SealHead | null,
): Promise<DayCuts> {
  const { number, size, cuts: from } = standing(head)
  return { date, number: number + 1, size, from, to: Object.fromEntries(await cutsAt(ledger, endOf(date))) as Cuts }
}

/** Finds the newest event of each shard from before a moment. */
const cutsAt = (ledger: Pick<Ledger, 'cut' | 'stream'>, end: Instant) =>
  Promise.all(
    shards.map(async (shard) => [shard, await confirmed(ledger, shard, await ledger.cut(shard, end))] as const),
  )

/** Draws a plan. Fences each shard first: no further event of the day can appear, so the events found are complete. */
async function drawn(parts: PlanningParts, date: Day, head: SealHead | null): Promise<Plan> {
  const { ledger, signer, clock, tool } = parts
  const end = endOf(date)
  await Promise.all(shards.map((shard) => ledger.fence(shard, end)))
  const cuts = await cutsAt(ledger, end)
  const { number, size, cuts: from } = standing(head)
  const to = Object.fromEntries(cuts)
  const key = head?.key ?? (await signer.keys())[0]?.kid
  if (key === undefined) throw new Error('A signer has a key.')
  // The clock may have been set back while the shards were fenced; no verifier takes a day that was sealed before its end.
  const sealedAt = later(clock.now(), end)
  return { date, number: number + 1, sealedAt, tool, key, size, from, to }
}

/**
 * Compares the cut's hash with the one that the next event names, if there is a next event. A plan is never replaced,
 * so it must not contain the hash of a changed event, which may be restored later.
 */
async function confirmed(ledger: Pick<Ledger, 'stream'>, shard: Shard, cut: ChainHead): Promise<ChainHead> {
  const next = await eventAt(ledger, shard, cut.seq + 1)
  if (next && !next.text.includes(`"prev":"${cut.hash}"`))
    throw brokenEvent(next.seq, shard, 'broken-chain', 'does not follow the one before it')
  return cut
}

function continues(plan: Plan, head: SealHead | null): boolean {
  const { number, size, cuts } = standing(head)
  if (plan.number !== number + 1 || plan.size !== size) return false
  if (head !== null && (plan.key !== head.key || plan.date !== nextDay(head.date))) return false
  return shards.every((shard) => {
    const from = cutOf(plan.from, shard)
    const sealed = cutOf(cuts, shard)
    return from.seq === sealed.seq && from.hash === sealed.hash && cutOf(plan.to, shard).seq >= from.seq
  })
}
