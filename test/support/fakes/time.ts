import { type Instant, instant, milliseconds } from '../../../src/core/data/instant.ts'
import type { Clock } from '../../../src/ports/clock.ts'

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

/** A clock that only moves when it is told to, and wakes those who pause in order. */
export class FakeTime implements Clock {
  private ms: number
  private sleepers: readonly Sleeper[] = []

  private readonly rest: () => Promise<void>

  /** @param rest resolves when nothing happens any more but what waits for time to pass */
  constructor(at: Instant, rest: () => Promise<void> = settled) {
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

  /** Lets so many seconds pass, and everything happen that was to happen in them. */
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

  /** Moves at once, forwards or back, and wakes nobody. */
  jump(seconds: number): void {
    this.ms += seconds * 1000
  }
}

/** Lets everything run that waits for nothing but its turn. */
export const settled = (): Promise<void> => new Promise((done) => setImmediate(() => setImmediate(done)))
