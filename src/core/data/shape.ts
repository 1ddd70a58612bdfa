import {
  type CanonicalForm,
  canonicalList,
  canonicalObject,
  canonicalString,
  canonicalValue,
  canonicalWhere,
  canonicalWhole,
} from './canonicalForm.ts'
import { holdIdPattern, requestIdPattern, shards } from './id.ts'
import { type Instant, instant, milliseconds } from './instant.ts'

/** Where and how a value differs from its form. The path is as `.facts.asOf`, or empty for the value itself. */
export interface Misfit {
  readonly path: string
  /** `disagrees`: each member fits its own form, but together they make no sense. */
  readonly how: 'missing' | 'unknown' | 'unsorted' | 'wrong' | 'disagrees'
}

/** Says how a value differs from a form; `null` if it does not. */
export interface Form {
  (value: unknown): Misfit | null
  /** The forms of the members of the object, or of the objects in the list. */
  readonly members?: Members
  /** How its values are written. Absent if that cannot be told. */
  readonly canonical?: CanonicalForm
}

/** Forms by member name. A member written as `name?` may be absent. */
export type Members = Readonly<Record<string, Form>>

const wrong: Misfit = { path: '', how: 'wrong' }

const below = (step: string, { path, how }: Misfit): Misfit => ({ path: `${step}${path}`, how })

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * An object with these members and no others, sorted as RFC 8785 sorts them.
 *
 * Walks members and forms side by side: one pass finds what is missing, unknown or out of order.
 */
export function object(forms: Members): Form {
  const members = membersOf(forms).toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const names = new Set(members.map(({ name }) => name))
  const check = (value: unknown): Misfit | null => {
    if (!isRecord(value)) return wrong
    let next = 0
    for (const key of Object.keys(value)) {
      let member = members[next++]
      while (member !== undefined && member.name !== key && member.optional) member = members[next++]
      if (member?.name !== key) return misplaced(value, key, member?.name)
      const misfit = member.form(value[key])
      if (misfit !== null) return below(`.${key}`, misfit)
    }
    const missing = members.slice(next).find(({ optional }) => !optional)
    return missing === undefined ? null : { path: `.${missing.name}`, how: 'missing' }
  }
  const written = members.flatMap(({ form: { canonical: value }, ...member }) => (value ? [{ ...member, value }] : []))
  const isTold = written.length === members.length
  return Object.assign(check, { members: forms, ...(isTold && { canonical: canonicalObject(written) }) })

  /** Says why a member stands where another was expected. */
  function misplaced(value: object, found: string, expected: string | undefined): Misfit {
    if (!names.has(found)) return { path: `.${found}`, how: 'unknown' }
    if (expected === undefined || Object.hasOwn(value, expected)) return { path: `.${found}`, how: 'unsorted' }
    return { path: `.${expected}`, how: 'missing' }
  }
}

/** An object that has these members, and may have others. */
export function atLeast(forms: Members): Form {
  const members = membersOf(forms)
  const check = (value: unknown): Misfit | null => {
    if (!isRecord(value)) return wrong
    for (const { name, optional, form } of members) {
      if (!Object.hasOwn(value, name)) {
        if (optional) continue
        return { path: `.${name}`, how: 'missing' }
      }
      const misfit = form(value[name])
      if (misfit !== null) return below(`.${name}`, misfit)
    }
    return null
  }
  return Object.assign(check, { members: forms })
}

const membersOf = (forms: Members) =>
  Object.entries(forms).map(([name, form]) => ({ name: name.replace('?', ''), optional: name.endsWith('?'), form }))

export function list(form: Form, least: 0 | 1 = 0): Form {
  const check = (value: unknown): Misfit | null => {
    if (!Array.isArray(value) || value.length < least) return wrong
    for (let i = 0; i < value.length; i++) {
      const misfit = form(value[i])
      if (misfit !== null) return below(`[${i}]`, misfit)
    }
    return null
  }
  const { members, canonical } = form
  return Object.assign(check, members && { members }, canonical && { canonical: canonicalList(canonical, least) })
}

/** A value of this form that also passes a check of the value as a whole. */
export function where<T>(form: Form, holds: (value: T) => boolean): Form {
  const check = (value: unknown): Misfit | null =>
    form(value) ?? (holds(value as T) ? null : { path: '', how: 'disagrees' })
  const { members, canonical } = form
  const also = (value: unknown): boolean => holds(value as T)
  return Object.assign(check, members && { members }, canonical && { canonical: canonicalWhere(canonical, also) })
}

export const oneOf = (...values: readonly unknown[]): Form =>
  Object.assign((value: unknown) => (values.includes(value) ? null : wrong), { canonical: canonicalValue(values) })

/** @param pattern matches no text in which JSON escapes a character */
export const text = (pattern: RegExp): Form =>
  Object.assign((value: unknown) => (typeof value === 'string' && pattern.test(value) ? null : wrong), {
    canonical: canonicalString(pattern),
  })

/** A whole number that every JSON reader can hold exactly. */
export const whole = (least: number, most = Number.MAX_SAFE_INTEGER): Form =>
  Object.assign(
    (value: unknown) =>
      typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most ? null : wrong,
    { canonical: canonicalWhole(least, most) },
  )

export const truth = oneOf(true, false)
export const hex = text(/^[0-9a-f]{64}$/)
export const digest = text(/^sha256:[0-9a-f]{64}$/)
export const guid = text(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
/** The name of a rule, a group or a code, without the characters that separate names in a table. */
export const name = text(/^[A-Za-z0-9][A-Za-z0-9._-]*$/)
/** The verb of an action: a name as tools have them. */
export const verb = text(/^[A-Za-z0-9_.:/-]{1,128}$/)
/** The door that a person came through. Any name fits, so that a new door needs no new form. */
export const door = text(/^[a-z]{2,12}$/)
/** The type of an event, of any version of this program. */
export const typeName = text(/^[a-z][a-z0-9-]{0,63}$/)
/** The name of a text in `said`. Any name fits, so that an erasure can name the texts of future event types. */
export const textName = text(/^[a-z][A-Za-z]{0,31}$/)
/** RFC 4648 section 4. */
export const base64 = text(/^(?:[A-Za-z0-9+/]{4})+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/)
export const shard = oneOf(...shards)
export const requestId = text(requestIdPattern)
export const holdId = text(holdIdPattern)

/** Days that every year has: 29 February is left out. */
const everyYear = String.raw`\d{4}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)`

/** A UTC day: `2026-01-31`. */
export const day: Form = Object.assign(
  (value: unknown) => (typeof value === 'string' ? moment(`${value}T00:00:00.000Z`) : wrong),
  { canonical: canonicalString(new RegExp(everyYear)) },
)

const timeOfDay = String.raw`(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z`

const rfc3339 = new RegExp(String.raw`^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T${timeOfDay}$`)

/** RFC 3339, UTC, milliseconds. */
export const moment: Form = Object.assign(
  (value: unknown) => {
    if (typeof value !== 'string' || !rfc3339.test(value)) return wrong
    if (value.slice(8, 10) <= '28') return null
    // Some engines read 30 February as a day in March: writing the parsed value again reveals it.
    const ms = milliseconds(value as Instant)
    return !Number.isNaN(ms) && instant(ms) === value ? null : wrong
  },
  { canonical: canonicalString(new RegExp(`${everyYear}T${timeOfDay}`)) },
)
