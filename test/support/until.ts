const patience = 60_000
const pause = 40

/**
 * Reads a value again and again until it is as expected, to wait for an effect in the background. How long that takes
 * is not asserted.
 *
 * @throws {Error} with the last value, after a time that only a bug uses up
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
