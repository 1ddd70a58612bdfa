import { Broken } from '../core/data/broken.ts'
import { type ChainHead, emptyChain } from '../core/request/event.ts'
import type { Shard } from '../core/data/id.ts'
import { type Instant, parseInstant } from '../core/data/instant.ts'
import type { KeptEvent, Loaded } from '../ports/ledger.ts'

export interface ShardEvents {
  readonly shard: Shard
  readonly head: Loaded['head']
  /** `null` if there is no such event. */
  readonly read: (seq: number) => Promise<KeptEvent | null>
}

/**
 * Finds a shard's newest event before a moment. Times never run backwards in a shard, but the head may have a later
 * time than its event.
 *
 * @throws {Broken} if an event is missing, or has no time.
 */
export async function cutBefore({ shard, head, read }: ShardEvents, before: Instant): Promise<ChainHead> {
  const newest: ChainHead = { seq: head.seq, hash: head.hash }
  const isEarly = async (seq: number): Promise<ChainHead | null> => {
    const event = seq === 0 ? null : await read(seq)
    if (seq > 0 && event === null)
      throw new Broken('broken-chain', `Event ${seq} of shard ${shard} is missing.`, { event: { shard, seq } })
    if (event === null) return emptyChain
    return timeIn(event, shard) < before ? { seq, hash: event.hash } : null
  }

  if (head.recordedAt === null || head.recordedAt < before || (await isEarly(head.seq))) return newest
  // Steps back in growing steps first, because the wanted event is nearly always close to the head.
  let late = head.seq
  let early: ChainHead | null = null
  for (let step = 1; early === null; step *= 2) {
    const seq = Math.max(0, late - step)
    early = await isEarly(seq)
    if (early === null) late = seq
  }
  while (late - early.seq > 1) {
    const middle = Math.floor((early.seq + late) / 2)
    const found = await isEarly(middle)
    if (found === null) late = middle
    else early = found
  }
  return early
}

function timeIn({ seq, text }: KeptEvent, shard: Shard): Instant {
  try {
    return parseInstant((JSON.parse(text) as { readonly at: string }).at)
  } catch (cause) {
    throw new Broken('bad-record', `Event ${seq} of shard ${shard} has no time.`, { cause, event: { shard, seq } })
  }
}
