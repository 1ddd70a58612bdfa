import { randomBytes } from 'node:crypto'
import { type Shard, shards } from '../../src/core/data/id.ts'
import type { OutgoingEvent } from '../../src/exports/outgoingEvent.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import type { Sink, SinkAnswer, SinkCursors } from '../../src/ports/sinks.ts'
import { type SinkNotice, Sinks, type SinksParts } from '../../src/sinks/sinks.ts'
import { type Asking, ask, noon, oid } from '../ports/story.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import { MemorySinkCursors } from '../support/fakes/sinkCursors.ts'
import { FakeTime } from '../support/fakes/time.ts'

/** A sink in memory, which takes events as its plan says. */
export interface TestSink extends Sink {
  /** All events that were taken, in order; some may have come twice. */
  readonly taken: OutgoingEvent[]
  /** How often it was called. */
  calls: number
  /** What becomes of a call; `null` takes all. */
  plan: (events: readonly OutgoingEvent[]) => SinkAnswer | null | Promise<SinkAnswer | null>
}

export function testSink(name: string, more: Partial<Sink> = {}): TestSink {
  const sink: TestSink = {
    ...{ name, kind: 'webhook', atOnce: 4, taken: [], calls: 0, plan: () => null },
    async send(events) {
      sink.calls += 1
      const answer = (await sink.plan(events)) ?? { taken: events.length }
      sink.taken.push(...events.slice(0, answer.taken))
      return answer
    },
    ...more,
  }
  return sink
}

export interface SinkWorldOptions {
  readonly ledger?: Ledger
  readonly cursors?: SinkCursors
  readonly clock?: FakeTime
}

export type SinkWorld = ReturnType<typeof sinkWorld>

/** Sinks over fakes, or real adapters: one process, and others on the same rows. */
export function sinkWorld(
  sinks: readonly Sink[],
  { ledger = new MemoryLedger(), cursors = new MemorySinkCursors(), clock = new FakeTime(noon) }: SinkWorldOptions = {},
) {
  const failures: unknown[] = []
  const notices: SinkNotice[] = []
  const process = (more: Partial<SinksParts> = {}): Sinks =>
    new Sinks({
      ...{ sinks, cursors, ledger, clock, random: randomBytes, pause: clock.pause },
      failed: (cause) => void failures.push(cause),
      noticed: (notice) => void notices.push(notice),
      ...more,
    })
  let agents = 100
  /** Commits requests of one event each. */
  const commit = async (count: number, shard: Shard = shards[3] as Shard, asking: Asking = {}): Promise<void> => {
    for (let i = 0; i < count; i++) await ask(ledger, { agent: oid(agents++), at: clock.now(), shard, ...asking })
  }
  return { ledger, cursors, clock, failures, notices, process, main: process(), commit }
}

/** The numbers of a shard's events that a sink took, in order. */
export const numbersOf = ({ taken }: Pick<TestSink, 'taken'>, shard: Shard): readonly number[] =>
  taken.filter(({ event }) => event.shard === shard).map(({ event }) => event.seq)

/**
 * What is wrong with what a sink took, where each event has to come at least once: an event is missing, or comes before one
 * that it follows.
 */
export async function faultsOf(sink: Pick<TestSink, 'taken'>, ledger: Ledger): Promise<readonly string[]> {
  const faults: string[] = []
  for (const shard of shards) {
    const { head } = await ledger.load(shard, {})
    let next = 1
    for (const seq of numbersOf(sink, shard)) {
      if (seq > next) faults.push(`${shard}-${seq} came before ${shard}-${next}`)
      next = Math.max(next, seq + 1)
    }
    if (next !== head.seq + 1) faults.push(`${shard} ends with ${next - 1} and not with ${head.seq}`)
  }
  return faults
}
