import { words } from './words.ts'
import type { News, Progress, Task, TaskAnswers, TaskFailure } from './work.ts'

/** W3C Trusted Types, section 3.3, as far as it is used here. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { readonly createScriptURL: (url: string) => string },
  ): { createScriptURL(url: string): string }
}

/**
 * Makes workers of the script at an address. Call it once in a page: Trusted Types allow one policy of this name, and it
 * makes this address alone into one that a worker may start from.
 */
export function workersAt(address: string): () => Worker {
  const { trustedTypes } = globalThis as { readonly trustedTypes?: TrustedTypes }
  const policy = trustedTypes?.createPolicy('verifier', { createScriptURL: () => address })
  return () => new Worker(policy ? policy.createScriptURL('') : address)
}

interface Telling<K extends Task['kind']> {
  readonly progress?: (progress: Progress) => void
  readonly end: (answer: TaskAnswers[K] | TaskFailure) => void
}

/** Lets a worker do a task, and ends the worker then. Returns what ends it before, without an answer. */
export function runTask<K extends Task['kind']>(
  worker: Worker,
  task: Extract<Task, { readonly kind: K }>,
  { progress, end }: Telling<K>,
): () => void {
  const stop = () => worker.terminate()
  const ended = (answer: TaskAnswers[K] | TaskFailure): void => {
    stop()
    end(answer)
  }
  worker.addEventListener('message', ({ data }: MessageEvent<News>) => {
    if (data.kind === 'progress') progress?.(data.progress)
    else ended(data.answer as TaskAnswers[K] | TaskFailure)
  })
  worker.addEventListener('error', (event) =>
    ended(
      event instanceof ErrorEvent
        ? { kind: 'fault', words: event.message }
        : { kind: 'unreadable', words: words.notStarted },
    ),
  )
  worker.postMessage(task, [])
  return stop
}
