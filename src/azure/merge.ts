import type { TableClient } from '@azure/data-tables'
import { type Shard, shards } from '../core/data/id.ts'
import type { Position } from './cursor.ts'
import { type Query, readPage } from './query.ts'
import type { Row } from './column.ts'
import type { Deadline } from './deadline.ts'

/** The query of each shard, and the order of the merged rows. */
export interface MergePlan {
  query(shard: Shard): Query
  place(row: Row, shard: Shard): MergedRow
  /** Rows up to and including this position are left out. */
  readonly after: Position | null
}

export interface MergedRow {
  readonly row: Row
  readonly position: Position
}

/** Rows of one shard that were read and not taken yet. `token` says where reading goes on; `null` at the end. */
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

/** Merges 16 ascending reads: the rows of all shards in one order, read as they are needed. */
export class MergedShards {
  readonly #plan: MergePlan
  readonly #reading: MergeReading
  readonly #streams: readonly Stream[]
  /** Rows that may still be read. */
  #left: number

  constructor(plan: MergePlan, reading: MergeReading) {
    this.#plan = plan
    this.#reading = reading
    this.#streams = shards.map((shard) => ({ shard, rows: [], token: undefined, size: bounded(reading.firstSize) }))
    this.#left = reading.mostRows
  }

  /** Returns the next rows, at most so many: none at the end, or when as many rows were read as may be. */
  async take(count: number): Promise<readonly MergedRow[]> {
    const taken: MergedRow[] = []
    while (taken.length < count) {
      while (this.#streams.some(isDry) && this.#left >= this.#streams.length) await this.#refill()
      if (this.#streams.some(isDry)) break
      const next = first(this.#streams)?.rows.shift()
      if (!next) break
      taken.push(next)
    }
    return taken
  }

  isAtEnd(): boolean {
    return this.#streams.every((stream) => stream.rows.length === 0 && stream.token === null)
  }

  /** Reads more of all shards with few rows left, at the same time, because shards run out about evenly. */
  async #refill(): Promise<void> {
    const low = this.#streams.filter((stream) => stream.token !== null && stream.rows.length <= stream.size / 4)
    const share = Math.floor(this.#left / low.length)
    await Promise.all(low.map((stream) => this.#readOn(stream, Math.min(stream.size, share))))
  }

  async #readOn(stream: Stream, size: number): Promise<void> {
    const { shard, token } = stream
    const { table, deadline } = this.#reading
    const query = this.#plan.query(shard)
    const page = await readPage(table, query, { size, ...(token && { token }) }, deadline)
    const placed = page.rows.map((row) => this.#plan.place(row, shard))
    const { after } = this.#plan
    stream.rows.push(...placed.filter(({ position }) => after === null || position > after))
    stream.token = page.token ?? null
    stream.size = bounded(stream.size * 4)
    this.#left -= page.rows.length
  }
}

/** Whether a shard's next row is not read yet. It may be the first of all, so no row can be taken before. */
const isDry = ({ rows, token }: Stream): boolean => rows.length === 0 && token !== null

/** Finds the stream whose next row comes first. */
function first(streams: readonly Stream[]): Stream | undefined {
  let least: Stream | undefined
  for (const stream of streams) {
    const position = stream.rows[0]?.position
    const known = least?.rows[0]?.position
    if (position !== undefined && (known === undefined || position < known)) least = stream
  }
  return least
}
