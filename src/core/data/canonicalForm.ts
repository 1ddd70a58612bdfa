/**
 * How the canonical texts (RFC 8785) of the values of a form look. A text that the pattern matches is canonical, and its
 * value fits the form if it also holds. A text that the pattern does not match may still be one of such a value.
 */
export interface CanonicalForm {
  /** The source of a regular expression without groups that capture. */
  readonly pattern: string
  /** What the pattern cannot tell. Absent if it tells all. */
  readonly holds?: (value: unknown) => boolean
}

/** A member of an object, and how its value is written. */
export interface CanonicalMember {
  readonly name: string
  readonly optional: boolean
  readonly value: CanonicalForm
}

/** One of these values. */
export const canonicalValue = (values: readonly unknown[]): CanonicalForm => ({
  pattern: `(?:${values.map((value) => escaped(JSON.stringify(value))).join('|')})`,
})

/** A string of characters that JSON writes as they are: the pattern must not match quotes, backslashes or controls. */
export const canonicalString = ({ source }: RegExp): CanonicalForm => ({
  pattern: `"(?:${source.replace(/^\^/, '').replace(/\$$/, '')})"`,
})

/** A whole number. The pattern leaves out those of sixteen digits. */
export function canonicalWhole(least: number, most: number): CanonicalForm {
  const positive = '[1-9]\\d{0,14}'
  const pattern = least > 0 ? positive : least === 0 ? `(?:0|${positive})` : `(?:0|-?${positive})`
  if ((least === 0 || least === 1) && most === Number.MAX_SAFE_INTEGER) return { pattern }
  return { pattern, holds: (value) => Number(value) >= least && Number(value) <= most }
}

export function canonicalList({ pattern, holds }: CanonicalForm, least: 0 | 1): CanonicalForm {
  const items = `${pattern}(?:,${pattern})*`
  const all = holds && ((value: unknown) => (value as readonly unknown[]).every(holds))
  return { pattern: `\\[${least === 0 ? `(?:${items})?` : items}\\]`, ...(all && { holds: all }) }
}

/** @param members in the order of RFC 8785 */
export function canonicalObject(members: readonly CanonicalMember[]): CanonicalForm {
  const last = members.findLastIndex(({ optional }) => !optional)
  const pieces = members.map(({ name, optional, value: { pattern } }, i) => {
    const member = `${escaped(JSON.stringify(name))}:${pattern}`
    // Without a member that is always there, each one itself has to tell whether another follows.
    if (last < 0) return `(?:${member}(?:,(?=")|(?=\\})))?`
    if (i > last) return `(?:,${member})?`
    const separated = i === last ? member : `${member},`
    return optional ? `(?:${separated})?` : separated
  })
  const judged = members.filter(({ value }) => value.holds)
  const holds = (value: unknown): boolean =>
    judged.every(({ name, value: { holds: fits } }) => {
      const found = (value as Readonly<Record<string, unknown>>)[name]
      return found === undefined || !fits || fits(found)
    })
  return { pattern: `\\{${pieces.join('')}\\}`, ...(judged.length > 0 && { holds }) }
}

/** A value of the form that also passes a check of the value as a whole. */
export const canonicalWhere = (
  { pattern, holds }: CanonicalForm,
  also: (value: unknown) => boolean,
): CanonicalForm => ({
  pattern,
  holds: holds ? (value) => holds(value) && also(value) : also,
})

/** A value of one of two forms of which a text never fits both. */
export const canonicalEither = (one: CanonicalForm, other: CanonicalForm): CanonicalForm | undefined =>
  one.holds || other.holds ? undefined : { pattern: `(?:${one.pattern}|${other.pattern})` }

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
