/** A value that rules read, as `context.params.rows`. */
export type ReadPath = string

export const isRecord = (part: unknown): part is Record<string, unknown> =>
  typeof part === 'object' && part !== null && !Array.isArray(part)

/**
 * Writes the path of an expression of Cedar's JSON policy format: `{ ".": { left: { Var: "context" }, attr } }`.
 *
 * @returns `null` for an expression that is no path
 */
export function pathOf(expression: unknown): ReadPath | null {
  if (!isRecord(expression)) return null
  if (typeof expression['Var'] === 'string') return expression['Var']
  const access = expression['.']
  if (!isRecord(access)) return null
  const parent = pathOf(access['left'])
  return parent === null ? null : `${parent}.${String(access['attr'])}`
}

/** The literals of an expression: a value, or the members of a set that are values. */
export function values(expression: unknown): readonly unknown[] {
  if (!isRecord(expression)) return []
  if ('Value' in expression) return [expression['Value']]
  return Array.isArray(expression['Set']) ? expression['Set'].flatMap(values) : []
}

/** Reads the pattern of `like`: texts, and `null` for each wildcard. Cedar lists each character on its own. */
export function literal(pattern: unknown): readonly (string | null)[] {
  const parts: (string | null)[] = []
  for (const part of Array.isArray(pattern) ? pattern : []) {
    const text = isRecord(part) ? String(part['Literal']) : null
    const last = parts.at(-1)
    if (text !== null && typeof last === 'string') parts[parts.length - 1] = last + text
    else parts.push(text)
  }
  return parts
}

/** Writes a pattern as in a rule. */
export const textOf = (parts: readonly (string | null)[]): string =>
  parts.map((part) => part?.replaceAll('*', String.raw`\*`) ?? '*').join('')
