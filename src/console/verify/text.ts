import type { Json } from '../../core/data/json.ts'

/** Writes a member of a verdict's record for people: a text as it is, and anything else as JSON. Empty if it is absent. */
export const textOf = (value: Json | undefined): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
