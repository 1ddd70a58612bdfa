/** A part of a file; `null` is all of it. */
export type Part = { readonly from: number; readonly size: number } | null

/**
 * Reads a single byte range (RFC 9110 section 14.1.2). Several, other units and what is no range are ignored, as the
 * RFC lets us.
 *
 * @returns `unsatisfiable` if none of it lies inside the file
 */
export function rangeOf(header: string | null, size: number): Part | 'unsatisfiable' {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(header?.trim() ?? '') ?? []
  if (first === '' && last === '') return null
  if (first === '') return suffix(Number(last), size)
  if (last !== '' && Number(last) < Number(first)) return null
  const from = Number(first)
  if (from >= size) return 'unsatisfiable'
  return { from, size: Math.min(last === '' ? size : Number(last) + 1, size) - from }
}

function suffix(length: number, size: number): Part | 'unsatisfiable' {
  if (length === 0 || size === 0) return 'unsatisfiable'
  return { from: Math.max(0, size - length), size: Math.min(length, size) }
}

/** Whether `If-None-Match` names this entity tag (RFC 9110 section 13.1.2: weak comparison). */
export const isNamed = (header: string | null, tag: string): boolean =>
  header !== null && (header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === tag))
