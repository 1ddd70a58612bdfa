/** Minutes whose answers are counted. */
const minutes = 5

/**
 * Counts how often tables asked to be called later. Such calls are made again, so that nobody else notices. Tables that answer
 * other calls meanwhile are at their limit, and not away.
 */
export class Throttling {
  readonly #now: () => number
  readonly #counts = new Map<number, number>()
  /** When a call was answered with anything else. */
  #answeredAt = Number.NEGATIVE_INFINITY

  /** @param now milliseconds; `performance.now()` by default */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** Takes the status of an answer. */
  take(status: number): void {
    if (status < 500 && status !== 429) this.#answeredAt = this.#now()
    if (!isLater(status)) return
    const minute = this.#minute()
    this.#counts.set(minute, (this.#counts.get(minute) ?? 0) + 1)
    this.#forget(minute)
  }

  /** Whether an answer asks for a later call, and another call was answered since a moment. */
  isPartial(status: number, since: number): boolean {
    return isLater(status) && this.#answeredAt >= since
  }

  /** The number of answers in the last five minutes that asked for a later call. */
  recent(): number {
    this.#forget(this.#minute())
    return [...this.#counts.values()].reduce((a, b) => a + b, 0)
  }

  #minute(): number {
    return Math.floor(this.#now() / 60_000)
  }

  #forget(minute: number): void {
    for (const known of this.#counts.keys()) if (known <= minute - minutes) this.#counts.delete(known)
  }
}

const isLater = (status: number): boolean => status === 429 || status === 503
