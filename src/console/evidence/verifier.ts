import { runTask, workersAt } from '../verify/run.ts'
import type { Progress, Task, TaskAnswers, TaskFailure } from '../verify/work.ts'

/** The address of the worker's file, which the build names. */
declare const COUNTERSIGN_VERIFIER: string

const worker = workersAt(COUNTERSIGN_VERIFIER)

interface Doing {
  readonly signal: AbortSignal
  readonly progress?: (progress: Progress) => void
}

/**
 * Lets a worker do a task. The worker has no network: it gets all that it reads with the task.
 *
 * @throws the signal's reason, once the signal ends the worker
 */
export function inWorker<K extends Task['kind']>(
  task: Extract<Task, { readonly kind: K }>,
  { signal, progress }: Doing,
): Promise<TaskAnswers[K] | TaskFailure> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const stop = runTask<K>(worker(), task, { ...(progress && { progress }), end: resolve })
    signal.addEventListener('abort', () => {
      stop()
      reject(signal.reason as Error)
    })
  })
}
