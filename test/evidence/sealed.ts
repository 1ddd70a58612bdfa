import { generateKeyPairSync, sign } from 'node:crypto'
import { encode64 } from '../../src/core/data/base64.ts'
import { formatCheckpoint } from '../../src/core/log/checkpoint.ts'
import { type Day, endOf } from '../../src/core/data/day.ts'
import { emptyChain } from '../../src/core/request/event.ts'
import { type Hex, shards } from '../../src/core/data/id.ts'
import { append, emptyFrontier, hashLeaf, rootOf } from '../../src/core/log/merkle.ts'
import { formatNote } from '../../src/core/log/note.ts'
import { keyIdOf } from '../../src/core/log/signature.ts'
import { rightEdge, tilePath } from '../../src/core/log/tile.ts'
import type { KeptEvent, Ledger } from '../../src/ports/ledger.ts'
import type { Cuts, Plan } from '../../src/ports/seals.ts'
import type { MemoryArchive } from '../support/fakes/archive.ts'
import type { MemorySeals } from '../support/fakes/seals.ts'

export const origin = 'countersign.example/evidence'

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** The log's key (SPKI). */
export const logKey: Uint8Array = publicKey.export({ type: 'spki', format: 'der' })

interface Parts {
  readonly ledger: Ledger
  readonly seals: MemorySeals
  readonly archive: MemoryArchive
}

/**
 * Leaves what a seal of the day leaves for readers, for a log of fewer than 256 leaves: plan, tile, checkpoint, head,
 * and some bytes that stand for the bundle. Answers the log's leaves, in order.
 */
export async function sealDay({ ledger, seals, archive }: Parts, date: Day): Promise<readonly KeptEvent[]> {
  const { head, version } = await seals.head()
  const to: Record<string, Cuts[keyof Cuts]> = {}
  for (const shard of shards) {
    await ledger.fence(shard, endOf(date))
    to[shard] = await ledger.cut(shard, endOf(date))
  }
  const from = head?.cuts ?? (Object.fromEntries(shards.map((shard) => [shard, emptyChain])) as Cuts)
  const number = (head?.number ?? 0) + 1
  const plan = { date, number, sealedAt: endOf(date), tool: 'test', key: 'key', size: head?.size ?? 0, from } as const
  await seals.propose({ ...plan, to })

  const leaves: KeptEvent[] = []
  for (const { from, to } of await seals.plans())
    for (const shard of shards)
      for await (const page of ledger.stream(shard, from[shard]?.seq ?? 0, to[shard]?.seq ?? 0)) leaves.push(...page)
  const hashes = leaves.map(({ text }) => hashLeaf(text))
  const frontier = hashes.reduce(append, emptyFrontier)
  for (const tile of rightEdge(leaves.length)) await archive.create(tilePath(tile), Buffer.concat(hashes))
  const note = signed(formatCheckpoint({ origin, size: leaves.length, root: rootOf(frontier) }))
  await archive.createOrRead(`checkpoints/${date}`, Buffer.from(note))
  await archive.write(`bundles/${date}.zip`, bundle(date), 'application/zip')
  await seals.advance(version, {
    ...{ number, date, size: leaves.length, root: encode64(rootOf(frontier)), frontier: frontier.roots.map(encode64) },
    ...{ cuts: to, key: 'key', manifest: '0'.repeat(64) as Hex },
  })
  return leaves
}

const signed = (text: string): string => {
  const signature = sign('sha256', Buffer.from(text), privateKey)
  return formatNote(text, [{ name: origin, keyId: keyIdOf(logKey), signature }])
}

export const bundleText = (date: Day): string => `PK ${date}`.repeat(20_000)

async function* bundle(date: Day): AsyncGenerator<Uint8Array> {
  yield Buffer.from(bundleText(date))
}

/** A plan with these sequence numbers before and after, by shard; the others have no events. */
export function planOf(size: number, numbers: Readonly<Record<string, readonly [from: number, to: number]>>): Plan {
  const cuts = (end: 0 | 1) =>
    Object.fromEntries(shards.map((shard) => [shard, { ...emptyChain, seq: numbers[shard]?.[end] ?? 0 }])) as Cuts
  const date = '2026-03-04' as Day
  return { date, number: 1, sealedAt: endOf(date), tool: 'test', key: 'key', size, from: cuts(0), to: cuts(1) }
}
