import { AsyncLocalStorage } from 'node:async_hooks'
import { randomBytes } from 'node:crypto'

/** What one call or one run of a timer belongs to (W3C Trace Context). */
export interface Trace {
  /** The correlation id: 32 hex digits. Callers may choose it, so it finds things and proves nothing. */
  readonly id: string
  /** Our own part of the trace: 16 hex digits. */
  readonly span: string
  /** Whether the caller records the trace. */
  readonly sampled: boolean
}

/** Continues the trace that a `traceparent` header names, with a span of our own; without a valid one begins another. */
export function traceFrom(traceparent: string | null): Trace {
  const caller = parseTraceparent(traceparent ?? '')
  return { id: caller?.id ?? hex(16), span: hex(8), sampled: caller?.sampled ?? false }
}

/**
 * Reads a `traceparent` strictly (Trace Context section 3.2). Of a version after 00 it believes what 00 has; several
 * headers, which arrive joined by commas, are none.
 *
 * @returns `null` for what is not valid
 */
export function parseTraceparent(text: string): { id: string; parent: string; sampled: boolean } | null {
  const [, version = 'ff', id = '', parent = '', flags = '', more] = form.exec(text) ?? []
  if (version === 'ff' || (version === '00' && more !== undefined)) return null
  if (/^0+$/.test(id) || /^0+$/.test(parent)) return null
  return { id, parent, sampled: (Number.parseInt(flags, 16) & sampledFlag) !== 0 }
}

/** Writes the header in version 00: the trace, and this program's span as the parent of the next one. */
export const formatTraceparent = ({ id, span, sampled }: Trace): string => `00-${id}-${span}-${sampled ? '01' : '00'}`

/** Runs work as part of a trace, with whatever it starts and does not wait for. */
export const traced = <T>(trace: Trace, work: () => T): T => current.run(trace, work)

/** The trace this is part of; `null` outside of any. */
export const currentTrace = (): Trace | null => current.getStore() ?? null

/** Makes work that others will start part of the trace that is current now. */
export function inThisTrace<T>(work: () => T): () => T {
  const trace = current.getStore() ?? null
  return () => current.run(trace, work)
}

const current = new AsyncLocalStorage<Trace | null>()

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Trace Context section 3.2.2.5.1; the other flags have no meaning in version 00 and are not passed on. */
const sampledFlag = 1

const hex = (bytes: number): string => randomBytes(bytes).toString('hex')
