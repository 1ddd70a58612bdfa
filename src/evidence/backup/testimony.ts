import { type Day, dayBefore, dayOf, endOf, nextDay } from '../../core/data/day.ts'
import { type Hex, type RequestId, type Shard, shards } from '../../core/data/id.ts'
import type { Instant } from '../../core/data/instant.ts'
import { chunksOf } from '../../core/log/chunk.ts'
import { endPath, endPrefixes, endsPrefix } from '../../core/log/end.ts'
import { headsOf } from '../../core/log/witness.ts'
import { emptyChain } from '../../core/request/event.ts'
import type { Archive, ArchivedFile } from '../../ports/archive.ts'
import type { Ledger } from '../../ports/ledger.ts'
import type { Gap } from '../../ports/ledgerMark.ts'
import { abreast } from '../../runtime/concurrency.ts'
import type { Macs } from '../../runtime/macs.ts'
import { readChunks, readEnds, readHeads } from '../witnessFiles.ts'
import type { ChainEnds } from './logProof.ts'
import { RestoreRefused } from './refusal.ts'
import type { SealedDay } from './sealedDays.ts'

export interface TestimonyParts {
  readonly archive: Pick<Archive, 'list' | 'find'>
  readonly macs: Macs
  readonly ledger: Pick<Ledger, 'stream'>
}

/** The end of a request that a file of the archive proves, and whose event is in no snapshot. */
interface LostEnd {
  readonly request: RequestId
  readonly act: string
  readonly shard: Shard
  readonly seq: number
}

export interface Lost {
  readonly gaps: readonly Gap[]
  readonly ends: readonly LostEnd[]
}

/** The number of files that are read at the same time. */
const atOnce = 8

/** How far the log was proved, and the days that were sealed after that. */
export interface ProvedDays {
  /** The newest day whose root follows from the restored events; `null` if no day's does. */
  readonly proved: SealedDay | null
  /** Days that were sealed later. */
  readonly beyond: readonly SealedDay[]
  /** Requests that were open at the end of the proved day. */
  readonly open: readonly RequestId[]
  /** The first day of the ledger. */
  readonly first: Day
  readonly now: Instant
}

/**
 * Finds events that the archive names and the restored chains lack: those of sealed days, of witnessed heads, and of
 * ends of requests. Within the chains the archive's files must agree with them.
 *
 * @throws {RestoreRefused} `broken-log` for a chain that differs from what the archive names
 */
export async function findLost(parts: TestimonyParts, ends: ChainEnds, sealed: ProvedDays): Promise<Lost> {
  const { proved, beyond, open, first, now } = sealed
  const found = new Testimonies(proved?.manifest ?? null, ends)
  for (const { manifest } of beyond)
    for (const shard of shards) {
      const { to = 0, head = emptyChain.hash } = manifest.shards[shard] ?? {}
      if (to > 0) found.take({ shard, seq: to, hash: head })
    }
  const since = proved?.manifest.date ?? null
  await abreast(atOnce, daysBetween(since ?? first, dayOf(now)), async (day) => {
    for (const { heads } of (await readHeads(parts.macs, await parts.archive.list(headsOf(day)))).found)
      for (const shard of shards) if (heads[shard]) found.take({ shard, ...heads[shard] })
    for (const { shard, to } of (await readChunks(parts.macs, await parts.archive.list(chunksOf(day)))).found)
      found.take({ shard, ...to })
  })
  const takeEnds = async (files: readonly ArchivedFile[]) => {
    for (const end of (await readEnds(parts.macs, files)).found) found.takeEnd(end)
  }
  const prefixes = since === null ? [endsPrefix] : endPrefixes(endOf(since), now)
  await abreast(atOnce, prefixes, async (prefix) => takeEnds(await parts.archive.list(prefix)))
  await abreast(atOnce, open, async (id) => {
    const file = await parts.archive.find(endPath(id))
    if (file) await takeEnds([file])
  })
  await found.check(parts.ledger)
  return found.lost()
}

interface Testified {
  readonly shard: Shard
  readonly seq: number
  readonly hash: Hex
}

class Testimonies {
  readonly #sealed: SealedDay['manifest'] | null
  readonly #ends: ChainEnds
  /** Named events in the restored chains that are not sealed. Sealed ones are covered by the proved root. */
  readonly #named = new Map<Shard, Map<number, Hex>>()
  readonly #beyond = new Map<Shard, number>()
  readonly #lostEnds = new Map<RequestId, LostEnd>()

  constructor(sealed: SealedDay['manifest'] | null, ends: ChainEnds) {
    this.#sealed = sealed
    this.#ends = ends
  }

  take({ shard, seq, hash }: Testified): void {
    if (seq > this.#end(shard)) {
      this.#beyond.set(shard, Math.max(seq, this.#beyond.get(shard) ?? 0))
      return
    }
    if (seq <= this.#cut(shard)) return
    const named = this.#named.get(shard) ?? new Map<number, Hex>()
    this.#named.set(shard, named)
    if ((named.get(seq) ?? hash) !== hash) throw another(shard, seq)
    named.set(seq, hash)
  }

  takeEnd(end: LostEnd & { readonly leaf: Hex }): void {
    const { request, act, shard, seq, leaf } = end
    this.take({ shard, seq, hash: leaf })
    if (seq > this.#end(shard)) this.#lostEnds.set(request, { request, act, shard, seq })
  }

  async check(ledger: Pick<Ledger, 'stream'>): Promise<void> {
    for (const [shard, named] of this.#named)
      for await (const page of ledger.stream(shard, this.#cut(shard), this.#end(shard)))
        for (const { seq, hash } of page) if ((named.get(seq) ?? hash) !== hash) throw another(shard, seq)
  }

  lost(): Lost {
    const gaps = [...this.#beyond]
      .map(([shard, to]) => ({ shard, from: this.#end(shard) + 1, to }))
      .sort((a, b) => (a.shard < b.shard ? -1 : 1))
    const ends = [...this.#lostEnds.values()].sort((a, b) =>
      a.shard === b.shard ? a.seq - b.seq : a.shard < b.shard ? -1 : 1,
    )
    return { gaps, ends }
  }

  #end(shard: Shard): number {
    return (this.#ends.get(shard) ?? emptyChain).seq
  }

  #cut(shard: Shard): number {
    return this.#sealed?.shards[shard]?.to ?? 0
  }
}

function daysBetween(from: Day, to: Day): readonly Day[] {
  const days: Day[] = [dayBefore(from)]
  for (let day = from; day <= to; day = nextDay(day)) days.push(day)
  return days
}

const another = (shard: Shard, seq: number) =>
  new RestoreRefused('broken-log', `Event ${seq} of shard ${shard} is not the one that the archive names.`, {
    shard,
    seq,
  })
