import type { Draft } from '../request/event.ts'
import type { LogEvent } from './eventType.ts'

/** Says in words how an event of a request differs from the one that the rules give; `null` if they are the same. */
export function difference(given: Draft, event: LogEvent): string | null {
  if (given.type !== event.type) return `the rules give “${given.type}” here`
  if (!isSame(given.actor, event.actor)) return 'the rules give another actor'
  const data = 'data' in given ? given.data : undefined
  const found = 'data' in event ? event.data : undefined
  if (!isSame(data, found)) return `the rules give another “${firstOf(data, found)}”`
  return isSame(namesOf(given), namesOf(event)) ? null : 'the rules give other texts with it'
}

const namesOf = ({ said = {} }: Pick<LogEvent | Draft, 'said'>): readonly string[] => Object.keys(said).sort()

/** Compares JSON values. A value that is `undefined` counts as absent. */
export function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (!isComposed(a) || !isComposed(b) || Array.isArray(a) !== Array.isArray(b)) return false
  const keys = Object.keys(a)
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isSame(a[key], b[key]))
}

const isComposed = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

/** The first member in which two values differ. */
function firstOf(a: unknown, b: unknown): string {
  if (!isComposed(a) || !isComposed(b)) return 'data'
  return Object.keys({ ...a, ...b }).find((key) => !isSame(a[key], b[key])) ?? 'data'
}
