import type { Hex, RequestId, Shard } from '../core/data/id.ts'
import type { Manifest } from '../core/log/manifest.ts'
import type { EventOf, LogEvent } from '../core/record/eventType.ts'
import { DayChains } from './dayChains.ts'
import { type PopulationCount, type DayTest, type DayTestId, testDescriptions, testIds } from './dayTest.ts'
import { RequestTests } from './requestTests.ts'

/** How many requests of the day each rule governed, by policy version and then by rule. */
export type AskCounts = ReadonlyMap<string, ReadonlyMap<string, number>>

/**
 * Runs the tests of a day on its events, in one pass. Keeps the requests of one shard in memory.
 *
 * The bundle was verified before. The tests count from the events, and call none of the rules that made them.
 */
export class DayTests {
  readonly #chains: DayChains
  readonly #requests = new Map<RequestId, RequestTests>()
  readonly #counts = new Map<DayTestId, { population: number; exceptions: number }>()
  readonly #asks = new Map<string, Map<string, number>>()
  #shard: Shard | null = null

  constructor(manifest: Manifest) {
    this.#chains = new DayChains(manifest)
  }

  /** Takes an event of an earlier day, before the first one of its request on this day. */
  carry(event: LogEvent, hash: Hex): void {
    this.#requestOf(event)?.take(event, hash)
  }

  /** Takes the next event of the day. */
  take(event: LogEvent, hash: Hex): void {
    this.#chains.take(event, hash)
    if (event.type === 'requested') this.#countAsk(event)
    // A `tampered` event records that stored rows had been changed.
    if (event.type === 'tampered') this.#add('log-complete', { population: 0, exceptions: 1 })
    for (const [id, isException] of this.#requestOf(event)?.take(event, hash) ?? [])
      this.#add(id, { population: 1, exceptions: isException ? 1 : 0 })
  }

  /** What the tests found, once all events of the day were taken. */
  found(): readonly DayTest[] {
    const chains = this.#chains.found()
    return testIds.map((id) => {
      const { population, exceptions } = this.#counts.get(id) ?? none
      const more = id === 'log-complete' ? chains : none
      const counted = { population: population + more.population, exceptions: exceptions + more.exceptions }
      return { id, ...testDescriptions[id], ...counted }
    })
  }

  /** How many requests of the day each rule governed. */
  asks(): AskCounts {
    return this.#asks
  }

  #requestOf({ request, shard }: LogEvent): RequestTests | null {
    // No request leaves its shard.
    if (shard !== this.#shard) this.#requests.clear()
    this.#shard = shard
    if (request === undefined) return null
    const known = this.#requests.get(request)
    if (known) return known
    const begun = new RequestTests()
    this.#requests.set(request, begun)
    return begun
  }

  #countAsk({ data: { policy } }: EventOf<'requested'>): void {
    const rules = this.#asks.get(policy.version) ?? new Map<string, number>()
    this.#asks.set(policy.version, rules)
    for (const rule of policy.rules) rules.set(rule, (rules.get(rule) ?? 0) + 1)
  }

  #add(id: DayTestId, { population, exceptions }: PopulationCount): void {
    const counted = this.#counts.get(id) ?? { population: 0, exceptions: 0 }
    this.#counts.set(id, counted)
    counted.population += population
    counted.exceptions += exceptions
  }
}

const none: PopulationCount = { population: 0, exceptions: 0 }
