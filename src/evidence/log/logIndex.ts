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

/** Lists the day's places in the log, shard by shard and in log order, including shards without events. */
export function placesOf({ size, from, to }: Pick<Plan, 'size' | 'from' | 'to'>): readonly Placed[] {
  let index = size
  return shards.map((shard) => {
    const placed = { shard, after: from[shard]?.seq ?? 0, upTo: to[shard]?.seq ?? 0, index }
    index += placed.upTo - placed.after
    return placed
  })
}

/** Counts the leaves that the day adds. */
export const recordsOf = (plan: Pick<Plan, 'from' | 'to'>): number =>
  placesOf({ ...plan, size: 0 }).reduce((sum, { after, upTo }) => sum + upTo - after, 0)

/** Where an event is: its index in the log, and the bundle that it is sealed in. */
export interface SealedPlace extends Pick<Plan, 'date' | 'number'> {
  readonly index: number
}

/** Looks up log indices by the plans of the events' days, and reads each plan once. */
export class LogIndex {
  readonly #seals: Pick<Seals, 'first' | 'plan'>
  readonly #plans = new Map<Day, Promise<Plan | null>>()
  #first: Promise<Day> | undefined

  constructor(seals: Pick<Seals, 'first' | 'plan'>) {
    this.#seals = seals
  }

  /** Finds the log index of an event; `null` if no plan has it. */
  async of(shard: Shard, event: { readonly at: Instant; readonly seq: number }): Promise<number | null> {
    return (await this.place(shard, event))?.index ?? null
  }

  /** Finds the place of an event; `null` if no plan has it. */
  async place(shard: Shard, { at, seq }: { readonly at: Instant; readonly seq: number }): Promise<SealedPlace | null> {
    this.#first ??= this.#seals.first()
    const day = dayIn(at, await this.#first)
    const known = this.#plans.get(day) ?? this.#seals.plan(day)
    this.#plans.set(day, known)
    const plan = await known
    const index = plan && placeOf([plan], shard, seq)
    return plan && index !== null ? { index, date: plan.date, number: plan.number } : null
  }
}

/**
 * Finds the day with which an event is sealed. Events that a slow clock dated before the first day belong to that day.
 */
const dayIn = (at: Instant, first: Day): Day => (dayOf(at) < first ? first : dayOf(at))

/** Finds the log index of an event; `null` if none of these plans has it. */
export function placeOf(
  plans: readonly Pick<Plan, 'size' | 'from' | 'to'>[],
  shard: Shard,
  seq: number,
): number | null {
  const places = plans.flatMap(placesOf).filter((placed) => placed.shard === shard)
  const place = places.find(({ after, upTo }) => seq > after && seq <= upTo)
  return place ? place.index + seq - place.after - 1 : null
}
