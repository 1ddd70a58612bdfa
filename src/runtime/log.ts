import { Broken } from '../core/data/broken.ts'
import { type BrokenRow, type NewerRow, Problem } from '../core/data/problem.ts'
import { logLine } from './logLine.ts'
import { currentTrace } from './trace.ts'

/** What the log says about an error. It leaves out the error's message, which can hold the caller's input. */
export interface Fault {
  /** The error's class and code: `RestError EntityTooLarge`. */
  readonly error: string
  /** Class and code of the error's cause, then of the cause's cause, and so on. */
  readonly causes?: readonly string[]
  /** The row that this program is too old to read. */
  readonly newer?: NewerRow
  /** The row that is not as the service wrote it. */
  readonly broken?: BrokenRow
  /** The claim of an access token that was refused. */
  readonly claim?: string
  /** The innermost calls of the error's stack. */
  readonly stack?: readonly string[]
}

const mostCauses = 4
const mostCalls = 8

export function faultOf(cause: unknown): Fault {
  const stack = callsOf(cause)
  return { error: errorName(cause), ...noted(cause), ...causesOf(cause), ...(stack.length > 0 && { stack }) }
}

/** What a problem notes for the log alone: rows, and the claim of a token. */
export function noted(cause: unknown): Pick<Fault, 'newer' | 'broken' | 'claim'> {
  if (!(cause instanceof Problem)) return {}
  const { newer, broken, claim } = cause.details
  return { ...(newer && { newer }), ...(broken && { broken }), ...(claim !== undefined && { claim }) }
}

/** Lists the causes of an error. Callers never see them: their errors are translated. */
export function causesOf(error: unknown): Pick<Fault, 'causes'> {
  const causes: string[] = []
  for (let at = causeIn(error); at !== undefined && causes.length < mostCauses; at = causeIn(at))
    causes.push(errorName(at))
  return causes.length > 0 ? { causes } : {}
}

/** Writes the log line of an error in background work, which no caller waits for. */
export function backgroundLine(cause: unknown): string {
  const trace = currentTrace()
  const ids = trace && { trace: trace.id, span: trace.span }
  return logLine('background', { background: true, ...ids, ...faultOf(cause) })
}

/** Writes the log line of a sink that takes no events, and may have been switched off for that. */
export function sinkLine({
  sink,
  why,
  isOff,
}: {
  readonly sink: string
  readonly why: string
  readonly isOff: boolean
}) {
  const trace = currentTrace()
  const ids = trace && { trace: trace.id, span: trace.span }
  return logLine('background', { background: true, ...ids, sink, why, ...(isOff && { off: true }) })
}

/** Writes the log line of a request that no channel could be told of. */
export function undeliveredLine(request: string): string {
  const trace = currentTrace()
  const ids = trace && { trace: trace.id, span: trace.span }
  return logLine('background', { background: true, ...ids, undelivered: request })
}

const causeIn = (error: unknown): unknown => (error instanceof Error ? error.cause : undefined)

function errorName(cause: unknown): string {
  if (cause instanceof Problem) return cause.code
  if (cause instanceof Broken) return `evidence-broken: ${cause.code}`
  if (!(cause instanceof Error)) return typeof cause
  const code = 'code' in cause ? word(cause.code) : null
  return [word(cause.name) ?? 'Error', ...(code === null ? [] : [code])].join(' ')
}

/** Names and codes come from the code that throws: only a text that looks like one is used. */
const word = (value: unknown): string | null =>
  typeof value === 'string' && /^[A-Za-z][A-Za-z0-9_-]{0,63}$/.test(value) ? value : null

/** Lists the calls of a stack after its message, which could look like calls. Without the message it lists none. */
function callsOf(cause: unknown): readonly string[] {
  if (!(cause instanceof Error) || cause instanceof Problem || cause instanceof Broken) return []
  const { stack = '', message } = cause
  const start = stack.indexOf(message)
  if (start < 0) return []
  const lines = stack.slice(start + message.length).split('\n')
  return lines
    .filter((line) => /^ {4}at /.test(line))
    .slice(0, mostCalls)
    .map((line) => line.trim())
}
