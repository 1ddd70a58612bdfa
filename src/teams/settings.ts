import type { Telling } from '../ports/messenger.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Cloud } from '../runtime/cloud.ts'

/** How the bot's identity is registered. No type needs a password: a managed identity stands behind each. */
export const appTypes = ['UserAssignedMsi', 'SingleTenant', 'MultiTenant'] as const
export type AppType = (typeof appTypes)[number]

export interface TeamsSettings {
  /** The bot's app id; with `UserAssignedMsi`, the client id of its managed identity. */
  readonly appId: string
  readonly appType: AppType
  readonly tenantId: string
  /** Client id of the managed identity that the app trusts (a federated credential), unless it is the app itself. */
  readonly clientId: string
  /** Where the Bot Connector listens. */
  readonly serviceUrl: string
  /** Where the bot's tokens come from. */
  readonly cloud: Pick<Cloud, 'login' | 'exchange' | 'bots'>
}

export interface ConnectionOptions {
  /** Sends no token, and only to a connector on this machine. For local stacks and tests. */
  readonly credentials?: 'none'
  /** Milliseconds in which a call ends, with all its retries. */
  readonly within?: number
  /** Milliseconds before the first retry; they double. */
  readonly pause?: number
}

/** Draws Adaptive Cards: that which shows a request to a channel, and those of notices. */
export interface Render {
  readonly card: (request: ApprovalRequest) => object | Promise<object>
  readonly notice: (telling: Telling) => object | Promise<object>
}

export const isAppType = (value: string): value is AppType => appTypes.some((one) => one === value)

/**
 * Refuses settings that the SDK would misread: it takes an unknown app type for MultiTenant, and sends a token to any
 * address.
 *
 * @throws {Error} with the name of the setting
 */
export function checkSettings({ appType, serviceUrl }: TeamsSettings, { credentials }: ConnectionOptions): void {
  if (!isAppType(appType)) throw new Error(`The setting BOT_APP_TYPE is malformed: it is ${appTypes.join(' or ')}.`)
  const url = URL.canParse(serviceUrl) ? new URL(serviceUrl) : null
  const here = url?.protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
  if (credentials === 'none' && !here)
    throw new Error('The setting BOT_SERVICE_URL is malformed: without credentials, it is an address of this machine.')
  if (!here && url?.protocol !== 'https:')
    throw new Error('The setting BOT_SERVICE_URL is malformed: it is an https address.')
}
