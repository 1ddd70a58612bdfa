import { faultOf } from './log.ts'
import { traced, traceFrom } from './trace.ts'

/** Where log lines are written, such as the context of an Azure function. */
interface Lines {
  info(line: string): void
  error(line: string): void
}

/**
 * Wraps the work of a timer, so that every run has its own trace and exactly one line in the log.
 *
 * A failed run rejects, so that the host counts it as failed. Only the log line has the reason.
 *
 * @param run resolves to what it did
 */
export function timer(name: string, run: () => Promise<number | readonly string[]>) {
  return async (_timer: unknown, lines: Lines): Promise<void> => {
    const trace = traceFrom(null)
    const started = performance.now()
    const line = () => ({ timer: name, ms: Math.round(performance.now() - started), trace: trace.id, span: trace.span })
    try {
      const done = await traced(trace, run)
      lines.info(JSON.stringify({ ...line(), done }))
    } catch (cause) {
      lines.error(JSON.stringify({ ...line(), ...faultOf(cause) }))
      // oxlint-disable-next-line preserve-caught-error -- the host would write out the cause's words
      throw new Error(`The timer ${name} failed in trace ${trace.id}.`)
    }
  }
}
