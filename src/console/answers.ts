import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { CallFailure } from './api.ts'

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
  const [state, setState] = useState<Omit<Loading<T>, 'again'>>({ value: null, failure: null, isLoading: true })
  const [round, setRound] = useState(0)
  const reading = useRef(read)
  reading.current = read
  useEffect(() => {
    const { signal, abort } = abortable()
    setState(({ value }) => ({ value: round === 0 ? null : value, failure: null, isLoading: true }))
    const readNow = async () => {
      try {
        const value = await reading.current(signal)
        if (!signal.aborted) setState({ value, failure: null, isLoading: false })
      } catch (cause) {
        if (!signal.aborted) setState(({ value }) => ({ value, failure: failureIn(cause), isLoading: false }))
      }
    }
    void readNow()
    return abort
  }, [key, round])
  return { ...state, again: useCallback(() => setRound((count) => count + 1), []) }
}

/** Makes a failure of what was thrown: a page never ends in a blank one. */
export const failureIn = (cause: unknown): CallFailure =>
  cause instanceof CallFailure
    ? cause
    : new CallFailure('internal', cause instanceof Error ? cause.message : String(cause))

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
