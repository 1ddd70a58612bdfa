import { isObject, type Json } from '../core/data/json.ts'

/**
 * A part of the answer before it is checked: a member may be missing or have any value. The names are the contract's,
 * so that a renamed member does not compile. The contract's schemas would check more, but are larger than all the rest
 * of this program.
 */
export type Received<T> = { readonly [K in keyof T]?: Json }

/** Reads a person or agent: `{ id, name }`, or an id alone. Shows both, since names are for display and ids decide. */
export function nameWithId(who: Json | undefined): string {
  if (typeof who === 'string') return who
  if (!isObject(who)) return ''
  const [name, id] = [text(who['name']), text(who['id'])]
  return name && id ? `${name} (${id})` : (name ?? id ?? '')
}

export const partOf = <T>(value: Json | undefined): Received<T> => (isObject(value) ? value : {}) as Received<T>

export const partsOf = <T>(value: Json | undefined) =>
  list(value)
    .filter(isObject)
    .map((one) => partOf<T>(one))

export const text = (value: Json | undefined): string | undefined => (typeof value === 'string' ? value : undefined)

export const texts = (value: Json | undefined): readonly string[] =>
  list(value).filter((item) => typeof item === 'string')

const list = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? (value as readonly Json[]) : [])

export function optional<K extends string>(key: K, value: string | undefined): { readonly [P in K]?: string } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [P in K]?: string })
}
