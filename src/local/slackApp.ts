import { slackIn } from '../config.ts'
import type { SlackSettings } from '../slack/settings.ts'

/** The app of Slack of a local stack. */
export interface LocalSlack {
  readonly settings: SlackSettings
  /** Where its API is. */
  readonly url: string
}

/**
 * Reads the app of Slack, by the settings of a deployment. `COUNTERSIGN_SLACK_API` is the address of a double of Slack's API on this
 * machine: Slack itself cannot reach a local stack.
 *
 * @throws {Error} naming the setting that is missing or malformed, and its rule
 */
export function localSlack(env: NodeJS.ProcessEnv): { readonly slack?: LocalSlack } {
  const url = env['COUNTERSIGN_SLACK_API'] ?? ''
  if (url === '') return {}
  const { slack } = slackIn(env)
  if (!slack) throw new Error('COUNTERSIGN_SLACK_API takes the settings of the app of Slack as well.')
  return { slack: { settings: slack, url } }
}
