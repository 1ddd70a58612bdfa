import { faultOf } from './log.ts'
import { logLine } from './logLine.ts'
import { traced, traceOf } from './trace.ts'

/** The context of an Azure function: where log lines are written, and the trace that the host began. */
interface Lines {
  info(line: string): void
  error(line: string): void
  readonly traceContext?: { readonly traceParent?: string | undefined } | undefined
}

/**
 * Wraps the work of a timer, so that every run has its own trace and exactly one line in the log.
 *
 * A failed run rejects, so that the host counts it as failed. Only the log line has the reason.
 *
 * @param run resolves to what it did
 */
export function timer(name: string, run: () => Promise<readonly string[] | Readonly<Record<string, number>>>) {
  return async (_timer: unknown, lines: Lines): Promise<void> => {
    const trace = traceOf(null, lines.traceContext?.traceParent)
    const started = performance.now()
    const line = () => ({ timer: name, ms: Math.round(performance.now() - started), trace: trace.id, span: trace.span })
    try {
      const done = await traced(trace, run)
      lines.info(logLine('timer', { ...line(), done }))
    } catch (cause) {
      lines.error(logLine('timer', { ...line(), ...faultOf(cause) }))
      // oxlint-disable-next-line preserve-caught-error -- the host would write out the cause's words
      throw new Error(`The timer ${name} failed in trace ${trace.id}.`)
    }
  }
}

/**
 * Wraps work of a timer that runs more often, so that this process does it once in each hour (UTC). After a failure the
 * next call tries again.
 *
 * @param now milliseconds since 1970
 */
export function hourly<T>(
  work: () => Promise<readonly T[]>,
  now: () => number = Date.now,
): () => Promise<readonly T[]> {
  let done = Number.NaN
  return async () => {
    const hour = Math.floor(now() / 3_600_000)
    if (hour === done) return []
    const result = await work()
    done = hour
    return result
  }
}
