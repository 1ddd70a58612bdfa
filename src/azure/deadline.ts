import type { TableClient } from '@azure/data-tables'

/** What the SDK takes to learn that a call should end. */
type Signal = NonNullable<NonNullable<Parameters<TableClient['createTable']>[0]>['abortSignal']>
type Listener = Parameters<Signal['addEventListener']>[1]

/** Options that the SDK takes with each request. */
export interface Deadline {
  readonly abortSignal: CallDeadline
}

/** Limits a call with its retries. With what is read back after it, the caller has an answer within about 8 s. */
export const within = (ms = 6_000): Deadline => ({ abortSignal: new CallDeadline(ms) })

/**
 * Tells the SDK when the time for a call is up. It has a timer only while something listens, since nearly every call
 * ends in time: the timer of an `AbortSignal.timeout` fires all the same, seconds later.
 */
export class CallDeadline implements Signal {
  /** Milliseconds of `performance.now()`. */
  readonly #end: number
  readonly #listeners = new Set<Listener>()
  #timer: NodeJS.Timeout | undefined

  constructor(ms: number) {
    this.#end = performance.now() + ms
  }

  get aborted(): boolean {
    return this.#left() <= 0
  }

  /** This deadline, or one after so many milliseconds if that is sooner. For one try of a call. */
  orSooner(ms: number): CallDeadline {
    return new CallDeadline(Math.min(ms, this.#left()))
  }

  addEventListener(_type: 'abort', listener: Listener): void {
    this.#listeners.add(listener)
    this.#timer ??= setTimeout(() => this.#fire(), Math.max(0, Math.ceil(this.#left())))
  }

  removeEventListener(_type: 'abort', listener: Listener): void {
    this.#listeners.delete(listener)
    if (this.#listeners.size > 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #fire(): void {
    for (const listener of [...this.#listeners]) listener.call(this, { type: 'abort' })
    this.#listeners.clear()
  }

  #left(): number {
    return this.#end - performance.now()
  }
}
