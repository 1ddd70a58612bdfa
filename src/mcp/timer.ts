/** Resolves after so many milliseconds; never after an abort. The timer keeps no process alive. */
export const after = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((done) => {
    if (signal.aborted) return
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      done()
    }, ms)
    timer.unref()
    const stop = () => clearTimeout(timer)
    signal.addEventListener('abort', stop, { once: true })
  })
