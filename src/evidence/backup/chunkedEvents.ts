import { type Day, dayBefore, dayOf, nextDay } from '../../core/data/day.ts'
import type { Shard } from '../../core/data/id.ts'
import type { Instant } from '../../core/data/instant.ts'
import { leafHash } from '../../core/log/merkle.ts'
import type { ChainHead } from '../../core/request/event.ts'
import { abreast } from '../../runtime/concurrency.ts'
import { inflatedPiece } from '../chunk/chunkContent.ts'
import { type ChunkFilesParts, chunksIn, type KeptChunk, readParts } from '../chunk/chunkFiles.ts'
import { RestoreRefused } from './refusal.ts'

/** What the archive is asked for chunks with. Forged ones count for nothing. */
export type ChunkReadingParts = Pick<ChunkFilesParts, 'archive' | 'macs'>

/** An event as a chunk has it: its leaf, without the texts that people wrote. */
export interface ChunkedLeaf extends ChainHead {
  readonly text: string
}

/** Lists of chunks that are read at the same time. */
const atOnce = 8

/** The days whose chunks may have events that a snapshot of this moment lacks. */
export function daysSince(at: Instant, now: Instant): readonly Day[] {
  const days = [dayBefore(dayOf(at))]
  for (let day = dayOf(at); day <= dayOf(now); day = nextDay(day)) days.push(day)
  return days
}

/**
 * Finds the chunks that go on from an event. The first may begin before it. Chunks of every version of the program count,
 * and of several the one that goes on farthest.
 *
 * @throws {Broken} `missing-member` if one of them names a chunk before it that is not there
 */
export async function chunksAfter(
  { archive, macs }: ChunkReadingParts,
  { shard, after, days }: { readonly shard: Shard; readonly after: ChainHead; readonly days: readonly Day[] },
): Promise<readonly KeptChunk[]> {
  const parts = reading(archive, macs)
  const all = (await abreast(atOnce, days, (day) => chunksIn(parts, day, shard))).flat()
  const chain: KeptChunk[] = []
  for (let end = after.seq; ; ) {
    const next = all
      .filter(({ from, to }) => from.seq <= end && end < to.seq)
      .reduce<KeptChunk | null>((a, b) => (a === null || b.to.seq > a.to.seq ? b : a), null)
    if (next === null) return chain
    chain.push(next)
    end = next.to.seq
  }
}

/**
 * Streams the leaves of chunks that come after an event, chunk by chunk. Whether each follows the one before is left to the
 * caller.
 *
 * @throws {RestoreRefused} `altered-file` for a chunk that does not end with the event that its note names
 * @throws {Broken} `missing-member` for a chunk whose content is not what its note says
 */
export async function* leavesOf(
  { archive, macs }: ChunkReadingParts,
  chunks: readonly KeptChunk[],
  after: number,
): AsyncGenerator<readonly ChunkedLeaf[], void, undefined> {
  let end = after
  for (const chunk of chunks) {
    const { leaves } = await readParts(reading(archive, macs), chunk, ['leaves'])
    const texts = inflatedPiece(leaves, chunk.bytes).toString('utf8').split('\n').slice(0, -1)
    const all = texts.map((text, i) => ({ seq: chunk.from.seq + 1 + i, hash: leafHash(text), text }))
    const last = all.at(-1)
    if (last?.seq !== chunk.to.seq || last.hash !== chunk.to.hash) {
      const [file = ''] = chunk.names
      throw new RestoreRefused('altered-file', `The chunk ${file} does not end with the event that its note names.`, {
        ...{ file, shard: chunk.shard },
      })
    }
    const from = end
    yield all.filter(({ seq }) => seq > from)
    end = chunk.to.seq
  }
}

const reading = (archive: ChunkReadingParts['archive'], macs: ChunkReadingParts['macs']): ChunkFilesParts => ({
  ...{ archive, macs, failed: () => undefined },
  random: () => {
    throw new Error('A restore writes no chunk.')
  },
})
