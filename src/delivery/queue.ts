import type { RequestId } from '../core/data/id.ts'
import { inThisTrace } from '../runtime/trace.ts'

/** What waits for its turn: told when its run has ended. */
interface Waiting {
  readonly run: Promise<void>
  readonly start: () => Promise<void>
  readonly end: () => void
}

/**
 * Runs work on requests in the background: at most so many at once, in the order in which they came, and each request
 * once at a time.
 *
 * @param work never rejects
 */
export function queue(
  { atOnce, longest }: { readonly atOnce: number; readonly longest: number },
  work: (id: RequestId) => Promise<void>,
) {
  const waiting = new Map<RequestId, Waiting>()
  const running = new Map<RequestId, Promise<void>>()

  function begin(): void {
    for (const [id, { run, start, end }] of waiting) {
      if (running.size >= atOnce) return
      if (running.has(id)) continue
      waiting.delete(id)
      running.set(id, run)
      void start().finally(() => {
        running.delete(id)
        end()
        begin()
      })
    }
  }

  return {
    /** Resolves after a run that began no earlier than now; at once if too many wait already. */
    async add(id: RequestId): Promise<void> {
      const known = waiting.get(id)
      if (known) return known.run
      if (waiting.size >= longest) return
      let end = () => {}
      const run = new Promise<void>((done) => {
        end = done
      })
      // Else it would be part of what happened to end when its turn came.
      const start = inThisTrace(async () => work(id))
      waiting.set(id, { run, start, end })
      begin()
      return run
    },

    /** Resolves when nothing runs and nothing waits. */
    async idle(): Promise<void> {
      while (running.size > 0 || waiting.size > 0) await Promise.race([...running.values()])
    },
  }
}
