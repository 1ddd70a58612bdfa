import type { Problem } from '../../core/data/problem.ts'
import { spoken } from '../../words/spoken.ts'

/**
 * Writes a problem for a person. A problem about a field of the API, or about an id, has a sentence of its own that
 * says what the person can do.
 */
export function wordsOf({ code, message, details: { pointer } }: Problem): string {
  if (code === 'not-found') return spoken.bot.notFound
  if (pointer === '/confirm') return spoken.bot.notConfirmed
  return pointer === '/reason' ? spoken.card.reasonMissing : message
}
