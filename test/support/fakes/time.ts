import { type Instant, instant, milliseconds } from '../../../src/core/data/instant.ts'
import type { Clock } from '../../../src/ports/clock.ts'

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

/** A clock that only tests move. It ends pauses in order. */
export class FakeTime implements Clock {
  private ms: number
  private sleepers: readonly Sleeper[] = []

  private readonly rest: () => Promise<void>

  /** @param rest resolves when all remaining work waits for time to pass */
  constructor(at: Instant, rest: () => Promise<void> = flushed) {
    this.rest = rest
    this.ms = milliseconds(at)
  }

  now(): Instant {
    return instant(this.ms)
  }

  readonly pause = (ms: number): Promise<void> =>
    new Promise((wake) => {
      this.sleepers = [...this.sleepers, { at: this.ms + ms, wake }].toSorted((a, b) => a.at - b.at)
    })

  /** Lets time pass, and runs everything that is due in it. */
  async pass(seconds: number): Promise<void> {
    const end = this.ms + seconds * 1000
    await this.rest()
    for (let [next] = this.sleepers; next && next.at <= end; [next] = this.sleepers) {
      this.sleepers = this.sleepers.slice(1)
      this.ms = Math.max(this.ms, next.at)
      next.wake()
      await this.rest()
    }
    this.ms = end
    await this.rest()
  }

  /** Moves the clock at once, forwards or back, without ending pauses. */
  jump(seconds: number): void {
    this.ms += seconds * 1000
  }
}

/** Resolves when all callbacks that are ready have run. */
export const flushed = (): Promise<void> => new Promise((done) => setImmediate(() => setImmediate(done)))
