import { inThisTrace } from '../runtime/trace.ts'

/** A run that waits for its turn. */
interface Pending {
  /** Resolves when the run has ended. */
  readonly run: Promise<void>
  readonly start: () => Promise<void>
  readonly end: () => void
}

/** How many runs a queue takes. */
export interface QueueSize {
  readonly atOnce: number
  /** Runs that may wait. */
  readonly longest: number
}

/**
 * Runs work in the background, such as that on requests: at most so many at once, in the order in which they came, and each
 * of them once at a time.
 */
export class Queue<Id extends string> {
  readonly #size: QueueSize
  readonly #work: (id: Id) => Promise<void>
  readonly #waiting = new Map<Id, Pending>()
  readonly #running = new Map<Id, Promise<void>>()

  /** @param work never rejects */
  constructor(size: QueueSize, work: (id: Id) => Promise<void>) {
    this.#size = size
    this.#work = work
  }

  /** Resolves after a run that began no earlier than now; at once if too many wait already. */
  async add(id: Id): Promise<void> {
    const known = this.#waiting.get(id)
    if (known) return known.run
    if (this.#waiting.size >= this.#size.longest) return
    let end = () => {}
    const run = new Promise<void>((done) => {
      end = done
    })
    // Without this, the run would belong to the trace of the run whose end made room for it.
    const start = inThisTrace(async () => this.#work(id))
    this.#waiting.set(id, { run, start, end })
    this.#begin()
    return run
  }

  /** Says whether work on it runs or waits. */
  has(id: Id): boolean {
    return this.#waiting.has(id) || this.#running.has(id)
  }

  /** Resolves when nothing runs and nothing waits. */
  async idle(): Promise<void> {
    while (this.#running.size > 0 || this.#waiting.size > 0) await Promise.race([...this.#running.values()])
  }

  #begin(): void {
    for (const [id, { run, start, end }] of this.#waiting) {
      if (this.#running.size >= this.#size.atOnce) return
      if (this.#running.has(id)) continue
      this.#waiting.delete(id)
      this.#running.set(id, run)
      void start().finally(() => {
        this.#running.delete(id)
        end()
        this.#begin()
      })
    }
  }
}
