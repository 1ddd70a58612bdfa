import type { TableClient } from '@azure/data-tables'
import { type Shard, shards } from '../core/data/id.ts'
import type { Position } from './cursor.ts'
import { type Query, readPage } from './query.ts'
import type { Row } from './column.ts'
import type { Deadline } from './tables.ts'

/** What is read from each shard, and in which order it is merged. */
export interface MergePlan {
  query(shard: Shard): Query
  place(row: Row, shard: Shard): MergedRow
  /** Rows up to this position, itself too, are passed over. */
  readonly after: Position | null
}

export interface MergedRow {
  readonly row: Row
  readonly position: Position
}

/** The rows of all shards in one order, read as they are needed. */
export interface Merged {
  /** The next rows, at most so many. None: at the end, or as many rows were read as may be. */
  take(count: number): Promise<readonly MergedRow[]>
  isAtEnd(): boolean
}

/** One shard's rows that are read and not taken. `token` says where reading goes on; `null` at the end. */
interface Stream {
  readonly shard: Shard
  rows: MergedRow[]
  token: string | null | undefined
  size: number
}

export interface MergeReading {
  readonly table: TableClient
  readonly mostRows: number
  /** Rows of the next read. Small at first, since a page needs few rows of each shard; each further read is larger. */
  readonly firstSize: number
  readonly deadline: Deadline
}

const smallest = 8
const largest = 128
const bounded = (size: number): number => Math.min(largest, Math.max(smallest, size))

/** Merges 16 ascending reads. */
export function mergeShards(plan: MergePlan, { table, mostRows, firstSize, deadline }: MergeReading): Merged {
  const streams = shards.map((shard): Stream => ({ shard, rows: [], token: undefined, size: bounded(firstSize) }))
  let left = mostRows

  /** Reads more of all shards with few rows left, at the same time, because shards run out about evenly. */
  async function refill(): Promise<void> {
    const low = streams.filter((stream) => stream.token !== null && stream.rows.length <= stream.size / 4)
    const share = Math.floor(left / low.length)
    await Promise.all(low.map((stream) => readOn(stream, Math.min(stream.size, share))))
  }

  async function readOn(stream: Stream, size: number): Promise<void> {
    const { shard, token } = stream
    const page = await readPage(table, plan.query(shard), { size, ...(token && { token }) }, deadline)
    const placed = page.rows.map((row) => plan.place(row, shard))
    stream.rows.push(...placed.filter(({ position }) => plan.after === null || position > plan.after))
    stream.token = page.token ?? null
    stream.size = bounded(stream.size * 4)
    left -= page.rows.length
  }

  return {
    async take(count) {
      const taken: MergedRow[] = []
      while (taken.length < count) {
        while (streams.some(isDry) && left >= streams.length) await refill()
        if (streams.some(isDry)) break
        const next = first(streams)?.rows.shift()
        if (!next) break
        taken.push(next)
      }
      return taken
    },
    isAtEnd: () => streams.every((stream) => stream.rows.length === 0 && stream.token === null),
  }
}

/** Whether a shard's next row is not read yet. It may be the first of all, so no row can be taken before. */
const isDry = ({ rows, token }: Stream): boolean => rows.length === 0 && token !== null

/** The stream whose next row comes first. */
function first(streams: readonly Stream[]): Stream | undefined {
  let least: Stream | undefined
  for (const stream of streams) {
    const position = stream.rows[0]?.position
    const known = least?.rows[0]?.position
    if (position !== undefined && (known === undefined || position < known)) least = stream
  }
  return least
}
