import { type Shard, shards } from '../../../src/core/data/id.ts'
import { emptyChain } from '../../../src/core/request/event.ts'
import type { SinkCursor, SinkCursors, SinkPlace, StoredCursor } from '../../../src/ports/sinks.ts'

interface Kept {
  readonly text: string
  readonly version: number
}

/** Cursors in memory. Rows are kept as JSON text, so that callers share no state with them. */
export class MemorySinkCursors implements SinkCursors {
  /** By shard, then by sink. */
  readonly #rows = new Map<Shard, Map<string, Kept>>(shards.map((shard) => [shard, new Map()]))

  async read({ sink, shard }: SinkPlace): Promise<StoredCursor> {
    const kept = this.#rows.get(shard)?.get(sink)
    return kept ? storedOf(kept) : { cursor: { seq: emptyChain.seq, hash: emptyChain.hash }, version: null }
  }

  async write({ sink, shard }: SinkPlace, version: unknown, cursor: SinkCursor): Promise<StoredCursor | null> {
    const rows = this.#rows.get(shard)
    const standing = rows?.get(sink)?.version ?? null
    if (standing !== version) return null
    const kept = { text: JSON.stringify(cursor), version: (standing ?? 0) + 1 }
    rows?.set(sink, kept)
    return storedOf(kept)
  }

  async put({ sink, shard }: SinkPlace, cursor: SinkCursor): Promise<void> {
    const rows = this.#rows.get(shard)
    rows?.set(sink, { text: JSON.stringify(cursor), version: (rows.get(sink)?.version ?? 0) + 1 })
  }

  async all(shard: Shard): Promise<ReadonlyMap<string, SinkCursor>> {
    return new Map([...(this.#rows.get(shard) ?? [])].map(([sink, kept]) => [sink, storedOf(kept).cursor]))
  }
}

const storedOf = ({ text, version }: Kept): StoredCursor => ({ cursor: JSON.parse(text) as SinkCursor, version })
