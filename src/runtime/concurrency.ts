/** Works on all items, at most `atOnce` at a time. Returns the results in the order of the items. */
export async function abreast<T, R>(
  atOnce: number,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = []
  const left = items.entries()
  const worker = async () => {
    for (const [place, item] of left) results[place] = await work(item)
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
  return results
}

/** Works on items in advance, at most `atOnce` at a time, and yields the results in the order of the items. */
export async function* ahead<T, R>(
  atOnce: number,
  items: readonly T[],
  work: (item: T) => Promise<R>,
): AsyncGenerator<R, void, undefined> {
  const begun: Promise<R>[] = []
  for (const item of items) {
    const next = work(item)
    // Avoids an unhandled rejection: the error surfaces when this result is awaited.
    next.catch(() => undefined)
    begun.push(next)
    if (begun.length < atOnce) continue
    const first = begun.shift()
    if (first) yield await first
  }
  for (const left of begun) yield await left
}

/**
 * Runs one piece of work while the caller prepares the next. Each starts when the one before has ended. If one fails,
 * the next `start` or `end` throws its error.
 */
export class Overlap {
  #last: Promise<unknown> = Promise.resolve()

  async start(work: () => Promise<unknown>): Promise<void> {
    await this.#last
    this.#last = work()
    // Reported by the next `start` or `end`; without either, another error already aborted the run.
    this.#last.catch(() => undefined)
  }

  async end(): Promise<void> {
    await this.#last
  }
}
