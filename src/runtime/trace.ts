import { AsyncLocalStorage } from 'node:async_hooks'
import { random } from './random.ts'

/** The trace of one call, or of one run of a timer (W3C Trace Context). */
export interface Trace {
  /** The correlation id: 32 hex digits. Callers may choose it, so it helps to find log lines but proves nothing. */
  readonly id: string
  /** This program's part of the trace: 16 hex digits. */
  readonly span: string
  /** Whether the caller records the trace. */
  readonly sampled: boolean
}

/** Continues the trace of a `traceparent` header with a new span. Without a valid header it begins a new trace. */
export function traceFrom(traceparent: string | null): Trace {
  const caller = parseTraceparent(traceparent ?? '')
  return { id: caller?.id ?? hex(16), span: hex(8), sampled: caller?.sampled ?? false }
}

/**
 * Continues the trace of a call that a host handed on.
 *
 * The host continues the caller's trace itself, and makes a span in it. Where it has a trace of its own, for a timer or for
 * a caller without one, that is continued: the host's telemetry and these log lines then have one correlation id. A host that
 * has another trace than its caller asked for is passed over.
 *
 * @param traceparent the header of the call
 * @param host what the host says of itself in the same form, if it does
 */
export function traceOf(traceparent: string | null, host: string | undefined): Trace {
  const caller = parseTraceparent(traceparent ?? '')
  return traceFrom(caller === null && host !== undefined ? host : traceparent)
}

/**
 * Reads a `traceparent` strictly (Trace Context section 3.2). Of a version after 00 it reads the fields of 00. Several
 * headers, which arrive joined by commas, are invalid.
 *
 * @returns `null` if the header is not valid
 */
export function parseTraceparent(text: string): { id: string; parent: string; sampled: boolean } | null {
  const [, version = 'ff', id = '', parent = '', flags = '', more] = form.exec(text) ?? []
  if (version === 'ff' || (version === '00' && more !== undefined)) return null
  if (/^0+$/.test(id) || /^0+$/.test(parent)) return null
  return { id, parent, sampled: (Number.parseInt(flags, 16) & sampledFlag) !== 0 }
}

/** Writes the header in version 00: the trace, and this program's span as the parent of the next one. */
export const formatTraceparent = ({ id, span, sampled }: Trace): string => `00-${id}-${span}-${sampled ? '01' : '00'}`

/** Runs work as part of a trace, including all that the work starts without waiting for it. */
export const traced = <T>(trace: Trace, work: () => T): T => current.run(trace, work)

/** The trace of the running code; `null` outside of any trace. */
export const currentTrace = (): Trace | null => current.getStore() ?? null

/** Ties work that other code starts later to the current trace. */
export function inThisTrace<T>(work: () => T): () => T {
  const trace = current.getStore() ?? null
  return () => current.run(trace, work)
}

const current = new AsyncLocalStorage<Trace | null>()

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Trace Context section 3.2.2.5.1; the other flags have no meaning in version 00 and are not passed on. */
const sampledFlag = 1

const hex = (bytes: number): string => random(bytes).toString('hex')
