import { untilDecided as wait } from '../client/waiting.ts'
import type { Answer } from './answer.ts'
import { inExits } from './exit.ts'
import { progressOf } from './print.ts'
import { newsOf } from './talkLines.ts'
import type { Service } from './service.ts'

export interface CommandWaiting {
  /** Seconds. Without it, waits until the request is decided or its deadline passes. */
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal
  readonly say: (progress: string) => void
}

/**
 * Waits until a request is decided, turns out to be undeliverable, has a question for the agent that waits, or the time is
 * up. Says each progress.
 */
export const untilDecided = (service: Service, first: Answer, { say, ...waiting }: CommandWaiting): Promise<Answer> =>
  inExits(() =>
    wait(first, {
      ...waiting,
      read: (id, until) => service.read(id, until),
      answered: (next, before) => {
        for (const one of newsOf(next, before)) say(one)
        if (next.status === 'pending' && progressOf(next) !== progressOf(before)) say(progressOf(next))
      },
    }),
  )
