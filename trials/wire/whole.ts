import { type RequestId, shards } from '../../src/core/data/id.ts'
import type { KeptEvent, Ledger } from '../../src/ports/ledger.ts'

/**
 * Reads the whole ledger. Checks that the events of every shard follow each other up to the head, and that each request
 * names exactly its own events. Returns the number of events.
 *
 * @throws {Error} for the first event that is missing or surplus
 */
export async function checkWhole(ledger: Ledger): Promise<number> {
  const counts = await Promise.all(shards.map((shard) => checkShard(ledger, shard)))
  return counts.reduce((sum, count) => sum + count, 0)
}

async function checkShard(ledger: Ledger, shard: (typeof shards)[number]): Promise<number> {
  const { head } = await ledger.load(shard, {})
  const events: KeptEvent[] = []
  for await (const page of ledger.stream(shard, 0, head.seq)) events.push(...page)
  if (events.length !== head.seq) throw new Error(`Shard ${shard} counts ${head.seq} events and has ${events.length}.`)
  const byRequest = new Map<RequestId, number[]>()
  let before: string | null = null
  for (const [i, { text, hash }] of events.entries()) {
    const leaf = JSON.parse(text) as { readonly seq: number; readonly prev?: string; readonly request?: RequestId }
    if (leaf.seq !== i + 1) throw new Error(`Shard ${shard} has event ${leaf.seq} in place of ${i + 1}.`)
    if (before !== null && leaf.prev !== before) throw new Error(`Shard ${shard} breaks at event ${leaf.seq}.`)
    before = hash
    if (leaf.request) byRequest.set(leaf.request, [...(byRequest.get(leaf.request) ?? []), leaf.seq])
  }
  if (before !== null && before !== head.hash) throw new Error(`Shard ${shard} ends in another event than its head.`)
  for (const [id, numbers] of byRequest) {
    const found = (await ledger.find(id))?.events.map(({ seq }) => seq)
    if (found?.join() !== numbers.join()) throw new Error(`${id} has ${found?.join()}, and events ${numbers.join()}.`)
  }
  return events.length
}
