import { type Day, dayOf } from '../../core/data/day.ts'
import { type Shard, shards } from '../../core/data/id.ts'
import type { Instant } from '../../core/data/instant.ts'
import type { Plan, Seals } from '../../ports/seals.ts'

/** A shard's events of one day, by sequence number (after, up to), and the log index of the first of them. */
export interface Placed {
  readonly shard: Shard
  readonly after: number
  readonly upTo: number
  readonly index: number
}

/** Where the day's events stand in the log: shard by shard, in log order, those without events too. */
export function placesOf({ size, from, to }: Pick<Plan, 'size' | 'from' | 'to'>): readonly Placed[] {
  let index = size
  return shards.map((shard) => {
    const placed = { shard, after: from[shard]?.seq ?? 0, upTo: to[shard]?.seq ?? 0, index }
    index += placed.upTo - placed.after
    return placed
  })
}

/** How many leaves the day adds. */
export const recordsOf = (plan: Pick<Plan, 'from' | 'to'>): number =>
  placesOf({ ...plan, size: 0 }).reduce((sum, { after, upTo }) => sum + upTo - after, 0)

/** Looks up log indices by the plans of the events' days, each read once; `null` for an event that no plan has. */
export function placing(seals: Pick<Seals, 'first' | 'plan'>) {
  const plans = new Map<Day, Promise<Plan | null>>()
  let first: Promise<Day> | undefined

  return async (shard: Shard, { at, seq }: { readonly at: Instant; readonly seq: number }): Promise<number | null> => {
    const day = dayIn(at, await (first ??= seals.first()))
    const known = plans.get(day) ?? seals.plan(day)
    plans.set(day, known)
    const plan = await known
    return plan && placeOf([plan], shard, seq)
  }
}

/** The day that an event is sealed with: what a clock that was behind wrote before the first day belongs to that. */
const dayIn = (at: Instant, first: Day): Day => (dayOf(at) < first ? first : dayOf(at))

/** The log index of an event; `null` if none of these plans has it. */
export function placeOf(
  plans: readonly Pick<Plan, 'size' | 'from' | 'to'>[],
  shard: Shard,
  seq: number,
): number | null {
  const places = plans.flatMap(placesOf).filter((placed) => placed.shard === shard)
  const place = places.find(({ after, upTo }) => seq > after && seq <= upTo)
  return place ? place.index + seq - place.after - 1 : null
}
