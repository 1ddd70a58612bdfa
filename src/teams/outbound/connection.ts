import type { Messenger } from '../../ports/messenger.ts'
import { teamsRules } from './rules.ts'
import { checkSettings, type ConnectionOptions, type Render, type TeamsSettings } from '../settings.ts'

/**
 * Connects to Teams at the first call. The client is a bundle of its own: it takes longer to load than all the rest, and
 * the agents' API does not need it.
 *
 * @throws {Error} at once, with the name of a setting that is malformed
 */
export function connect(settings: TeamsSettings, render: Render, options: ConnectionOptions = {}): Messenger {
  checkSettings(settings, options)
  let loading: Promise<Omit<Messenger, 'rules'>> | undefined
  const load = async () => (await import('./messenger.ts')).messenger(settings, render, options)
  const connected = () => (loading ??= load())
  return {
    rules: teamsRules,
    post: async (...all) => (await connected()).post(...all),
    update: async (...all) => (await connected()).update(...all),
    say: async (...all) => (await connected()).say(...all),
    tell: async (...all) => (await connected()).tell(...all),
    reply: async (...all) => (await connected()).reply(...all),
  }
}
