import { pauseFor } from './http.ts'

/** Seconds for which the service is asked to hold an answer back. It allows 60. */
const held = 50

/** What a wait needs to know of a request. */
interface AwaitedRequest {
  readonly id: string
  readonly status: string
  readonly delivery?: string
}

export interface WaitingCall<T> {
  /** Reads the request, which the service holds back while nothing changes, for at most so many seconds. */
  readonly read: (id: string, until: { readonly wait: number; readonly signal?: AbortSignal }) => Promise<T>
  /** Seconds. Without it, waits until the request is decided or its deadline passes. */
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
  /** Is told of every answer. */
  readonly answered?: (next: T, before: T) => void | Promise<void>
}

/**
 * Waits until a request leaves `pending`, turns out to be undeliverable, or the time is up. One call is open at a time,
 * and the service answers it when something happens.
 */
export async function untilDecided<T extends AwaitedRequest>(first: T, waiting: WaitingCall<T>): Promise<T> {
  const { read, timeout = Number.POSITIVE_INFINITY, signal, answered } = waiting
  const end = Date.now() + timeout * 1000
  let request = first
  while (isOpen(request) && Date.now() < end) {
    const started = Date.now()
    const wait = Math.ceil(Math.min(held, (end - started) / 1000))
    const next = await read(request.id, { wait, ...(signal && { signal }) })
    await answered?.(next, request)
    request = next
    // A service that does not hold answers back must not be called in a tight loop.
    const early = Math.min(1000, end - started) - (Date.now() - started)
    if (isOpen(request) && early > 0) await pauseFor(early, signal)
  }
  return request
}

const isOpen = ({ status, delivery }: AwaitedRequest): boolean => status === 'pending' && delivery !== 'undeliverable'
