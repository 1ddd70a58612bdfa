import { isRequestId, shards } from './id.ts'
import { type Instant, instant, milliseconds } from './instant.ts'

/** Says where a value is not as it should be: a path as `.facts.asOf`, empty for the value itself; `null` if it is. */
export type Form = (value: unknown) => string | null

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * An object with these members and no others, sorted as RFC 8785 sorts them. `name?` may be absent.
 *
 * Walks members and forms side by side: one pass tells what is missing, unknown or out of order.
 */
export function object(forms: Readonly<Record<string, Form>>): Form {
  const members = Object.entries(forms)
    .map(([name, form]) => ({ name: name.replace('?', ''), optional: name.endsWith('?'), form }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  return (value) => {
    if (!isRecord(value)) return ''
    let next = 0
    for (const key of Object.keys(value)) {
      let member = members[next++]
      while (member !== undefined && member.name !== key) {
        if (!member.optional) return `.${member.name}`
        member = members[next++]
      }
      if (member === undefined) return ''
      const wrong = member.form(value[key])
      if (wrong !== null) return `.${key}${wrong}`
    }
    const missing = members.slice(next).find(({ optional }) => !optional)
    return missing === undefined ? null : `.${missing.name}`
  }
}

export function list(form: Form, least = 0): Form {
  return (value) => {
    if (!Array.isArray(value) || value.length < least) return ''
    for (let i = 0; i < value.length; i++) {
      const wrong = form(value[i])
      if (wrong !== null) return `[${i}]${wrong}`
    }
    return null
  }
}

/** A value of this form of which something more holds. */
export const where =
  <T>(form: Form, holds: (value: T) => boolean): Form =>
  (value) =>
    form(value) ?? (holds(value as T) ? null : '')

export const oneOf = (...values: readonly unknown[]): Form => {
  return (value) => (values.includes(value) ? null : '')
}

const text = (pattern: RegExp): Form => {
  return (value) => (typeof value === 'string' && pattern.test(value) ? null : '')
}

/** A whole number that loses nothing in any reader. */
export const whole = (least: number, most = Number.MAX_SAFE_INTEGER): Form => {
  return (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most ? null : ''
}

export const truth: Form = (value) => (typeof value === 'boolean' ? null : '')
export const hex = text(/^[0-9a-f]{64}$/)
export const digest = text(/^sha256:[0-9a-f]{64}$/)
export const guid = text(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
/** A rule, a group or a code: nothing that separates them in a table. */
export const name = text(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
/** RFC 4648 section 4. */
export const base64 = text(/^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/)
export const shard = oneOf(...shards)
export const requestId: Form = (value) => (typeof value === 'string' && isRequestId(value) ? null : '')

const rfc3339 = /^\d{4}-(?:0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/

/** RFC 3339, UTC, milliseconds. */
export const moment: Form = (value) => {
  if (typeof value !== 'string' || !rfc3339.test(value)) return ''
  if (value.slice(8, 10) <= '28') return null
  // Parsing back refuses 30 February, which some engines roll over.
  const ms = milliseconds(value as Instant)
  return !Number.isNaN(ms) && instant(ms) === value ? null : ''
}
