import type { RequestId, Shard } from '../../core/data/id.ts'
import { leafHash } from '../../core/log/merkle.ts'
import type { LogEvent } from '../../core/record/eventType.ts'
import { type DayEvidence, ruleCounts } from '../../exports/dayEvidence.ts'
import { DayTests } from '../../exports/dayTests.ts'
import { type AskedFor, askedFor, type OutgoingEvent } from '../../exports/outgoingEvent.ts'
import type { OpenDay } from '../../verify/day.ts'
import { exceptionsIn } from '../../verify/exceptionTable.ts'
import { NamesOfPeriod } from '../period/names.ts'
import { PoliciesOfPeriod } from '../period/policies.ts'

/** A bundle that was verified and is open. */
export interface VerifiedDay {
  readonly path: string
  readonly opened: OpenDay
}

/**
 * Reads a day that was verified, and runs its tests on the way. Keeps one shard in memory. Used once: first {@link events} to
 * their end, then {@link evidence}.
 */
export class ExaminedDay {
  readonly #day: VerifiedDay
  readonly #tests: DayTests

  constructor(day: VerifiedDay) {
    this.#day = day
    this.#tests = new DayTests(day.opened.manifest)
  }

  /** The events of the day in the order of the log, each with what its request asked for. */
  async *events(): AsyncGenerator<OutgoingEvent> {
    const { opened } = this.#day
    const carried = opened.carried()
    let earlier = await carried.next()
    let shard: Shard | null = null
    let asks = new Map<RequestId, AskedFor>()
    for await (const { text } of opened.records()) {
      const event = JSON.parse(text) as LogEvent
      // No request leaves its shard.
      if (event.shard !== shard) asks = new Map()
      shard = event.shard
      const { request } = event
      if (request !== undefined && !asks.has(request))
        for (; earlier.done !== true && earlier.value.event.request === request; earlier = await carried.next()) {
          learn(asks, earlier.value.event)
          this.#tests.carry(earlier.value.event, leafHash(earlier.value.text))
        }
      learn(asks, event)
      const hash = leafHash(text)
      this.#tests.take(event, hash)
      yield { event, leaf: text, hash, asked: (request !== undefined && asks.get(request)) || null }
    }
  }

  /** What the day's documents say, once all of its events were read. */
  async evidence(): Promise<DayEvidence> {
    const { path, opened } = this.#day
    const { manifest, manifestHash, subjects } = opened
    const asks = this.#tests.asks()
    const policies = new PoliciesOfPeriod(new NamesOfPeriod())
    await policies.learn({ path, date: manifest.date, manifest }, asks.keys())
    const { counts: kinds } = await exceptionsIn(path, 0)
    return {
      ...{ manifest, manifestHash, subjects, kinds },
      tests: this.#tests.found(),
      rules: ruleCounts(asks, policies.versions()),
    }
  }
}

/** Reads all that documents say of a day. */
export async function evidenceOf(day: VerifiedDay): Promise<DayEvidence> {
  const examined = new ExaminedDay(day)
  const events = examined.events()
  while ((await events.next()).done !== true);
  return examined.evidence()
}

function learn(asks: Map<RequestId, AskedFor>, event: LogEvent): void {
  if (event.type === 'requested' && event.request !== undefined) asks.set(event.request, askedFor(event.data))
}
