import type { Words } from '../words/words.ts'
import type { Cards } from './cards.ts'
import { slackTemplates } from './slackTemplates.ts'

/** The templates that the folder must hold. */
export const templateNames = [
  ...slackTemplates,
  'channel.json',
  'review.json',
  'refused.json',
  'list.json',
  'batchPage.json',
  'batch.json',
  'notice.json',
]

/**
 * Checks the card templates at the start and loads the template engine at the first card: the engine takes as long to
 * load as the rest of the API.
 *
 * @returns a function that gives the cards; with an earlier template of the approver's view, in Teams or in Slack, if it
 *   gets one
 * @throws {Error} with the name of a file that is missing or is not JSON
 */
export function drawing(files: ReadonlyMap<string, Uint8Array>, words: Words): (review?: Uint8Array) => Promise<Cards> {
  for (const name of templateNames) check(files.get(name), name)
  let loading: Promise<Cards> | undefined
  const load = async () => (await import('./cards.ts')).loadCards(files, words)
  return async (review) => {
    if (review === undefined) return (loading ??= load())
    return (await import('./cards.ts')).loadCards(new Map([...files, [viewName(review), review]]), words)
  }
}

/** Templates of views tell themselves apart: only Slack has modals. */
function viewName(template: Uint8Array): string {
  const { type } = JSON.parse(new TextDecoder().decode(template)) as { readonly type?: unknown }
  return type === 'modal' ? 'slack-review.json' : 'review.json'
}

function check(bytes: Uint8Array | undefined, name: string): void {
  if (!bytes) throw new Error(`cards/${name} is missing.`)
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new Error(`cards/${name} is not JSON.`, { cause })
  }
}
