import type { Answer } from './answer.ts'
import { pauseFor } from './http.ts'
import { progressOf } from './print.ts'
import type { Service } from './service.ts'

/** Seconds for which the service is asked to hold an answer back. It allows 60. */
const held = 50

export interface WaitingCall {
  /** Seconds. Without it, waits until the request is decided or its deadline passes. */
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal
  readonly say: (progress: string) => void
}

/** Waits until a request leaves `pending`, turns out to be undeliverable, or the time is up. */
export async function untilDecided(service: Service, first: Answer, waiting: WaitingCall): Promise<Answer> {
  const { timeout = Number.POSITIVE_INFINITY, signal, say } = waiting
  const end = Date.now() + timeout * 1000
  let answer = first
  while (isOpen(answer) && Date.now() < end) {
    const started = Date.now()
    const wait = Math.ceil(Math.min(held, (end - started) / 1000))
    const next = await service.read(answer.id, { wait, ...(signal && { signal }) })
    if (next.status === 'pending' && progressOf(next) !== progressOf(answer)) say(progressOf(next))
    answer = next
    // A service that does not hold answers back must not be called in a tight loop.
    const early = Math.min(1000, end - started) - (Date.now() - started)
    if (isOpen(answer) && early > 0) await pauseFor(early, signal)
  }
  return answer
}

const isOpen = ({ status, delivery }: Answer): boolean => status === 'pending' && delivery !== 'undeliverable'
