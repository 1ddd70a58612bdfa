import type { RequestId } from '../../core/data/id.ts'

/**
 * The table rows of one shard, each as it was put in last, in the order in which their requests came first. They lie in one
 * buffer, which serves shard after shard: as texts of their own, those of several shards were in memory at a time.
 */
export class NewestRows {
  #bytes = Buffer.allocUnsafe(1 << 20)
  #end = 0
  readonly #places = new Map<RequestId, { readonly from: number; readonly to: number }>()

  put(id: RequestId, row: Uint8Array): void {
    const to = this.#end + row.length
    if (to > this.#bytes.length) this.#enlarge(to)
    this.#bytes.set(row, this.#end)
    this.#places.set(id, { from: this.#end, to })
    this.#end = to
  }

  /** Lists the rows. Each is valid until the next call of another method. */
  *all(): Generator<readonly [RequestId, Buffer], void, undefined> {
    for (const [id, { from, to }] of this.#places) yield [id, this.#bytes.subarray(from, to)]
  }

  clear(): void {
    this.#places.clear()
    this.#end = 0
  }

  #enlarge(least: number): void {
    const larger = Buffer.allocUnsafe(Math.max(least, Math.ceil(this.#bytes.length * 1.25)))
    larger.set(this.#bytes.subarray(0, this.#end))
    this.#bytes = larger
  }
}
