import type { Hex } from '../../src/core/data/id.ts'
import { type Instant, plusSeconds } from '../../src/core/data/instant.ts'
import type { Manifest } from '../../src/core/log/manifest.ts'
import { leafHash } from '../../src/core/log/merkle.ts'
import type { Telling, Told, ToldDay, Unsigned } from './retelling.ts'

/** An event of the days as they happened: its shard, its number there, and its type, as `0a/3 decided`. */
export type Ref = `${string}/${number} ${string}`

type Edit = NonNullable<ToldDay['edit']>

/** The days as they happened, to be told otherwise. Each change fails if the event that it is about is not there. */
export class Story {
  readonly #days: { readonly date: Telling['days'][number]['date']; events: Told[]; edit?: Edit }[]

  readonly #hashes: ReadonlyMap<Ref, Hex>

  constructor({ days }: Telling) {
    const all = days.flatMap(({ events }) => events)
    this.#hashes = new Map(all.map((event) => [refOf(event), leafHash(JSON.stringify(event))]))
    this.#days = days.map(({ date, events }) => ({ date, events: events.map((event) => structuredClone(event)) }))
  }

  telling(): Telling {
    return { days: this.#days }
  }

  /** The hash of an event as it happened. Where events name it, they will name the hash of the event as it is told. */
  hash(ref: Ref): Hex {
    const hash = this.#hashes.get(ref)
    if (hash === undefined) throw new Error(`There was no event ${ref}.`)
    return hash
  }

  /** A copy of an event as it is told now, to be told again. */
  copy(ref: Ref): Told {
    return { ...structuredClone(this.#find(ref).event), seq: 0 }
  }

  without(...refs: readonly Ref[]): this {
    for (const ref of refs) {
      const { day, event } = this.#find(ref)
      day.events = day.events.filter((one) => one !== event)
    }
    return this
  }

  /** Leaves out all events for which this is true, of which there is one at least. */
  withoutAll(isGone: (event: Told) => boolean): this {
    if (!this.#days.some(({ events }) => events.some(isGone))) throw new Error('Nothing is left out.')
    for (const day of this.#days) day.events = day.events.filter((event) => !isGone(event))
    return this
  }

  /** @param more replaces members of the event; `data` is added to its own */
  change(ref: Ref, more: Partial<Told>): this {
    const { day, event } = this.#find(ref)
    day.events = day.events.map((one) => (one === event ? changed(one, more) : one))
    return this
  }

  changeAll(change: (event: Told) => Told): this {
    for (const day of this.#days) day.events = day.events.map(change)
    return this
  }

  /** Adds events right behind one. */
  behind(ref: Ref, ...events: readonly Told[]): this {
    const { day, event } = this.#find(ref)
    day.events = day.events.toSpliced(day.events.indexOf(event) + 1, 0, ...events)
    return this
  }

  /** Adds events at the end of a day. */
  onDay(number: number, ...events: readonly Told[]): this {
    this.#day(number).events.push(...events)
    return this
  }

  /** Leaves out a day as if it had never been. */
  withoutDay(number: number): this {
    this.#days.splice(this.#days.indexOf(this.#day(number)), 1)
    return this
  }

  /** Exchanges the places of two events of a day. Both keep their times. */
  swap(one: Ref, other: Ref): this {
    const [{ day, event: first }, { event: second }] = [this.#find(one), this.#find(other)]
    const [i, k] = [day.events.indexOf(first), day.events.indexOf(second)]
    day.events = day.events.with(i, second).with(k, first)
    return this
  }

  /** Changes the files and the manifest of a day before they are signed. */
  edit(number: number, edit: (manifest: Manifest, files: Unsigned) => Manifest): this {
    this.#day(number).edit = edit
    return this
  }

  #day(number: number) {
    const day = this.#days.find(({ date }) => date.endsWith(`-${String(number).padStart(2, '0')}`))
    if (!day) throw new Error(`There is no ${number} March.`)
    return day
  }

  #find(ref: Ref) {
    for (const day of this.#days) {
      const event = day.events.find((one) => refOf(one) === ref)
      if (event) return { day, event }
    }
    throw new Error(`There is no event ${ref}.`)
  }
}

const refOf = ({ shard, seq, type }: Told): Ref => `${shard}/${seq} ${type}`

const changed = (event: Told, { data, ...more }: Partial<Told>): Told => ({
  ...event,
  ...more,
  ...((event.data || data) && { data: { ...event.data, ...data } }),
})

/** An event with all its times so many seconds later. */
export const shifted = (event: Told, seconds: number): Told =>
  JSON.parse(
    JSON.stringify(event).replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, (at) => plusSeconds(at as Instant, seconds)),
  ) as Told

/** An event with one text in place of another wherever it occurs. */
export const reworded = (event: Told, before: string, after: string): Told =>
  JSON.parse(JSON.stringify(event).replaceAll(before, after)) as Told
