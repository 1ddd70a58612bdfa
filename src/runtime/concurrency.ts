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
