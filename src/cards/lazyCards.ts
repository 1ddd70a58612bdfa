import type { Cards } from './cards.ts'

/** The templates that there must be. */
const names = ['channel.json', 'review.json', 'refused.json', 'list.json']

/**
 * Checks the card templates at the start, and makes them ready to draw with at the first card: the template engine
 * costs as much to load as the rest of the API together.
 *
 * @throws {Error} with the name of a file that is missing or no JSON
 */
export function drawing(files: ReadonlyMap<string, Uint8Array>): () => Promise<Cards> {
  for (const name of names) check(files.get(name), name)
  let loading: Promise<Cards> | undefined
  const load = async () => (await import('./cards.ts')).loadCards(files)
  return () => (loading ??= load())
}

function check(bytes: Uint8Array | undefined, name: string): void {
  if (!bytes) throw new Error(`cards/${name} is missing.`)
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new Error(`cards/${name} is not JSON.`, { cause })
  }
}
