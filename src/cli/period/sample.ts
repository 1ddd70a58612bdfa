import { type Hex, type RequestId, sha256 } from '../../core/data/id.ts'

/** A sample that an auditor asks for: how many requests, and the seed by which they are picked. */
export interface SampleOrder {
  readonly size: number
  readonly seed: string
}

/** A request of the sample, and the number that put it there. */
export interface SampledRequest {
  readonly id: RequestId
  readonly rank: Hex
}

/**
 * The number of a request in a sample: SHA-256 of the seed, a newline and the id. Those with the smallest numbers are the
 * sample, so that anybody can pick it again: `printf '%s\n%s' SEED ID | sha256sum`.
 */
const rankOf = (seed: string, id: RequestId): Hex => sha256(`${seed}\n${id}`)

/** Picks a sample while the population passes by. Keeps no more than it picks. */
export class Sample {
  readonly #order: SampleOrder
  /** The smallest so far, sorted. */
  #picked: SampledRequest[] = []
  #waiting: SampledRequest[] = []

  constructor(order: SampleOrder) {
    this.#order = order
  }

  take(id: RequestId): void {
    const rank = rankOf(this.#order.seed, id)
    const last = this.#picked.length === this.#order.size ? this.#picked.at(-1) : undefined
    if (last && last.rank < rank) return
    this.#waiting.push({ id, rank })
    if (this.#waiting.length > this.#order.size) this.#sort()
  }

  /** The sample, by rising rank. All requests, if there are no more. */
  picked(): readonly SampledRequest[] {
    this.#sort()
    return this.#picked
  }

  #sort(): void {
    const all = [...this.#picked, ...this.#waiting]
    this.#picked = all.sort((a, b) => (a.rank < b.rank ? -1 : 1)).slice(0, this.#order.size)
    this.#waiting = []
  }
}
