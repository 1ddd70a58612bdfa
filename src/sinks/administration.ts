import { type Shard, shards } from '../core/data/id.ts'
import { emptyChain } from '../core/request/event.ts'
import { readRecord } from '../core/record/record.ts'
import type { Clock } from '../ports/clock.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { SinkCursor, SinkCursors } from '../ports/sinks.ts'
import { placesOf, progressOf, type SinkProgress } from './progress.ts'

export interface AdministrationParts {
  readonly cursors: SinkCursors
  readonly ledger: Pick<Ledger, 'load' | 'stream'>
  readonly clock: Clock
}

/** Where a sink is to go on: with the first event, with those that come, or after one event of a shard. */
export type SinkStart = 'first' | 'now' | { readonly shard: Shard; readonly seq: number }

/** An event that there is not. */
export class NoSuchEvent extends Error {}

/** How far each sink is that was ever sent anything, by name. */
export async function listSinks(parts: AdministrationParts): Promise<ReadonlyMap<string, SinkProgress>> {
  const places = await placesOf(parts)
  const names = [...new Set(places.flatMap(({ cursors }) => [...cursors.keys()]))].sort()
  return new Map(names.map((name) => [name, progressOf(places, name)]))
}

/** Switches a sink on again in every shard: what it was not sent is tried at once. */
export const switchOn = (parts: AdministrationParts, sink: string): Promise<void> =>
  changeAll(parts, sink, ({ off: _off, failing: _failing, ...cursor }) => cursor)

/** Switches a sink off in every shard. Its cursors stay where they are. */
export const switchOff = (parts: AdministrationParts, sink: string): Promise<void> =>
  changeAll(parts, sink, (cursor) => ({ ...cursor, off: { at: parts.clock.now(), why: 'by-order' } }))

/**
 * Sets where a sink goes on, whatever its cursor said. A sink that is switched off stays so.
 *
 * @throws {NoSuchEvent}
 */
export async function moveTo(parts: AdministrationParts, sink: string, start: SinkStart): Promise<void> {
  const { cursors, ledger } = parts
  const wanted = typeof start === 'string' ? shards : [start.shard]
  for (const shard of wanted) {
    const seq = start === 'first' ? 0 : start === 'now' ? (await ledger.load(shard, {})).head.seq : start.seq
    const place = await placeAt(ledger, shard, seq)
    const before = (await cursors.all(shard)).get(sink)
    const kept = { ...(before?.off && { off: before.off }), ...(before?.consent && { consent: before.consent }) }
    await cursors.put({ sink, shard }, { ...place, ...kept })
  }
}

async function placeAt(
  ledger: AdministrationParts['ledger'],
  shard: Shard,
  seq: number,
): Promise<Pick<SinkCursor, 'seq' | 'hash' | 'at'>> {
  if (seq === 0) return { seq: emptyChain.seq, hash: emptyChain.hash }
  for await (const [event] of ledger.stream(shard, seq - 1, seq))
    if (event) return { seq, hash: event.hash, at: readRecord(event.text).at }
  throw new NoSuchEvent(`There is no event ${shard}-${seq}.`)
}

/** Changes a sink's cursor in every shard. A process that sends meanwhile loses its claim, and reads the cursor again. */
async function changeAll(
  { cursors }: AdministrationParts,
  sink: string,
  change: (cursor: SinkCursor) => SinkCursor,
): Promise<void> {
  for (const shard of shards) {
    const place = { sink, shard }
    for (let isDone = false; !isDone; ) {
      const { cursor, version } = await cursors.read(place)
      const { claim: _claim, ...free } = cursor
      isDone = (await cursors.write(place, version, change(free))) !== null
    }
  }
}
