import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { CallFailure, type Tagged } from './api.ts'

/** What a page waits for. A failure keeps what was read before. */
export interface Loading<T> {
  readonly value: T | null
  readonly failure: CallFailure | null
  readonly isLoading: boolean
  /** Reads again. */
  readonly again: () => void
}

/**
 * Reads something when the page is drawn, and again whenever `key` changes. An answer that comes late, for an earlier key,
 * is dropped.
 */
export function useAnswer<T>(key: string, read: (signal: AbortSignal) => Promise<T>): Loading<T> {
  const [state, setState] = useState({ ...nothing, of: key } as Read<T>)
  const [round, setRound] = useState(0)
  const reading = useRef(read)
  reading.current = read
  useEffect(() => {
    const { signal, abort } = abortable()
    setState(({ value, of }) => ({ of: key, value: of === key ? value : null, failure: null, isLoading: true }))
    const readNow = async () => {
      try {
        const value = await reading.current(signal)
        if (!signal.aborted) setState({ of: key, value, failure: null, isLoading: false })
      } catch (cause) {
        if (!signal.aborted) setState(({ value }) => ({ of: key, value, failure: failureIn(cause), isLoading: false }))
      }
    }
    void readNow()
    return abort
  }, [key, round])
  const again = useCallback(() => setRound((count) => count + 1), [])
  // Between a new key and its first effect the state is still that of the key before.
  const { value, failure, isLoading } = state.of === key ? state : nothing
  return { value, failure, isLoading, again }
}

const nothing = { value: null, failure: null, isLoading: true } as const

/** What was read, and for which key. */
interface Read<T> extends Omit<Loading<T>, 'again'> {
  readonly of: string
}

/** Milliseconds between two calls for news. A service that does not let calls wait is asked as seldom as the second says. */
const [soonest, seldom] = [1_000, 20_000]

/** Milliseconds before a call that failed is repeated, at most. Each failure doubles the time. */
const longestPause = 60_000

/**
 * Reads something that changes, and again as soon as it has. Nothing is asked while the page is hidden, and what was asked
 * is given up then. When the page is looked at again it is asked at once.
 *
 * @param look reads it, unless it is still what the tag is of: then it resolves to `null` after a while
 */
export function useNews<T>(look: (known: string | null, signal: AbortSignal) => Promise<Tagged<T> | null>): Loading<T> {
  const [state, setState] = useState<Omit<Loading<T>, 'again'>>({ value: null, failure: null, isLoading: true })
  const [round, setRound] = useState(0)
  const known = useRef<string | null>(null)
  const looking = useRef(look)
  looking.current = look
  useEffect(() => {
    let current = abortable()
    const follow = async ({ signal }: AbortablePart) => {
      for (let failures = 0; !signal.aborted; ) {
        const began = Date.now()
        try {
          const found = await looking.current(known.current, signal)
          if (signal.aborted) return
          known.current = found === null ? known.current : found.etag
          setState(({ value }) => ({ value: found === null ? value : found.value, failure: null, isLoading: false }))
          failures = 0
          const took = Date.now() - began
          if (took < soonest) await pause(found === null || known.current === null ? seldom : soonest - took, signal)
        } catch (cause) {
          if (signal.aborted) return
          setState(({ value }) => ({ value, failure: failureIn(cause), isLoading: false }))
          // The next answer comes at once, and takes the failure away.
          known.current = null
          await pause(Math.min(soonest * 2 ** failures++, longestPause), signal)
        }
      }
    }
    const begin = () => {
      current.abort()
      if (document.visibilityState !== 'visible') return
      current = abortable()
      void follow(current)
    }
    begin()
    addEventListener('focus', begin)
    document.addEventListener('visibilitychange', begin)
    return () => {
      current.abort()
      removeEventListener('focus', begin)
      document.removeEventListener('visibilitychange', begin)
    }
  }, [round])
  return { ...state, again: useCallback(() => setRound((count) => count + 1), []) }
}

const pause = (milliseconds: number, signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      done()
    }
    const timer = setTimeout(end, milliseconds)
    signal.addEventListener('abort', end, { once: true })
  })

/** Makes a failure of what was thrown: a page never ends in a blank one. */
export const failureIn = (cause: unknown): CallFailure =>
  cause instanceof CallFailure
    ? cause
    : new CallFailure('internal', cause instanceof Error ? cause.message : String(cause))

/**
 * What a notice of a failure needs so that it offers to repeat the call: `again`, where the same call may succeed now.
 *
 * @param isHarmless whether repeating a call that was carried out changes nothing. If not, it is only offered where the
 *   service goes on with what it began
 */
export function repeating(
  { code }: CallFailure,
  again: () => void,
  isHarmless = true,
): { readonly again?: () => void } {
  const isPassing =
    code === 'busy' || code === 'unavailable' || (isHarmless && (code === 'unreachable' || code === 'internal'))
  return isPassing ? { again } : {}
}

type AbortablePart = ReturnType<typeof abortable>

function abortable() {
  const controller = new AbortController()
  return { signal: controller.signal, abort: () => controller.abort() }
}

/** Calls back each so many milliseconds while the page is seen, and when it is looked at again. */
export function useEvery(milliseconds: number, call: () => void): void {
  const current = useRef(call)
  current.current = call
  useEffect(() => {
    const tick = () => {
      if (document.visibilityState === 'visible') current.current()
    }
    const timer = setInterval(tick, milliseconds)
    addEventListener('focus', tick)
    document.addEventListener('visibilitychange', tick)
    return () => {
      clearInterval(timer)
      removeEventListener('focus', tick)
      document.removeEventListener('visibilitychange', tick)
    }
  }, [milliseconds])
}
