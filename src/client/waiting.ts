import { pauseFor } from './http.ts'

/** Seconds for which the service is asked to hold an answer back. It allows 60. */
const held = 50

/**
 * Milliseconds between two calls, at least. While a question waits for the agent the service holds nothing back: then each
 * pause is twice as long as the one before.
 */
const [soonest, longest] = [1_000, 10_000]

/** What a wait needs to know of a request. */
interface AwaitedRequest {
  readonly id: string
  readonly status: string
  readonly delivery?: string
  readonly next?: string
  readonly questions?: readonly unknown[] | undefined
}

export interface WaitingCall<T> {
  /** Reads the request, which the service holds back while nothing changes, for at most so many seconds. */
  readonly read: (id: string, until: { readonly wait: number; readonly signal?: AbortSignal }) => Promise<T>
  /** Seconds. Without it, waits until the request is decided or its deadline passes. */
  readonly timeout?: number | undefined
  readonly signal?: AbortSignal | undefined
  /**
   * Takes a request whose agent has to answer a question, and gives it back as it is afterwards: the wait goes on from
   * there. Without it, the wait ends.
   */
  readonly asked?: ((request: T) => Promise<T>) | undefined
  /** Lets so many milliseconds pass. */
  readonly rest?: ((ms: number, signal?: AbortSignal) => Promise<void>) | undefined
  /** Is told of every answer. */
  readonly answered?: (next: T, before: T) => void | Promise<void>
}

/**
 * Waits until a request leaves `pending`, turns out to be undeliverable, has a question that ends the wait, or the time is
 * up. One call is open at a time, and the service answers it when something happens.
 */
export async function untilDecided<T extends AwaitedRequest>(first: T, waiting: WaitingCall<T>): Promise<T> {
  const { read, timeout = Number.POSITIVE_INFINITY, signal, answered, asked, rest = pauseFor } = waiting
  const end = Date.now() + timeout * 1000
  let request = first
  let pause = soonest
  while (isOpen(request) && Date.now() < end) {
    if (isQuestioned(request)) {
      if (!asked) return request
      request = await asked(request)
      signal?.throwIfAborted()
    }
    pause = isQuestioned(request) ? Math.min(2 * pause, longest) : soonest
    const started = Date.now()
    const wait = Math.ceil(Math.min(held, (end - started) / 1000))
    const next = await read(request.id, { wait, ...(signal && { signal }) })
    await answered?.(next, request)
    request = next
    // A service that does not hold answers back must not be called in a tight loop.
    const early = Math.min(pause, end - started) - (Date.now() - started)
    if (isOpen(request) && early > 0) await rest(early, signal)
  }
  return request
}

const isQuestioned = ({ next }: AwaitedRequest): boolean => next === 'answer'

/** Who asks a question was reached, whatever became of the cards. */
const isOpen = ({ status, delivery, questions = [] }: AwaitedRequest): boolean =>
  status === 'pending' && (delivery !== 'undeliverable' || questions.length > 0)
