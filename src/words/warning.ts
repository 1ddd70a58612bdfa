import type { Words } from './words.ts'

/**
 * Says what a warning means. A code that is unknown here was recorded by another version of the service.
 *
 * @param written writes an unknown code as the place of the words needs it
 */
export const warningOf = (code: string, words: Words, written = (code: string): string => code): string =>
  (Object.hasOwn(words.warnings, code) ? words.warnings[code] : undefined) ?? words.unknownWarning(written(code))
