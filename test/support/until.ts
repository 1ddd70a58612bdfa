const patience = 60_000
const pause = 40

/**
 * Looks again and again until what it sees is as it should be. It waits for an effect in the background; how long that
 * takes is nobody's assertion.
 *
 * @throws {Error} with what it saw last, after a patience that only a fault uses up
 */
export async function until<T>(look: () => T | Promise<T>, holds: (seen: T) => boolean): Promise<T> {
  const end = performance.now() + patience
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    if (performance.now() > end)
      throw new Error(`It did not come about. Last seen: ${JSON.stringify(seen)?.slice(0, 1_000)}`)
    await new Promise((done) => setTimeout(done, pause))
  }
}
