/** Works on all items, so many at a time; answers in their order. */
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
 * Lets one piece of work go on while the next is prepared: each starts when the one before has ended, and whoever
 * comes next hears if that failed.
 */
export function behind() {
  let last: Promise<unknown> = Promise.resolve()
  return {
    async start(work: () => Promise<unknown>): Promise<void> {
      await last
      last = work()
      // It is thrown to whoever comes next; if nobody comes, somebody else has failed already.
      last.catch(() => undefined)
    },
    async end(): Promise<void> {
      await last
    },
  }
}
