import { type FindSetting, isToken, misconfigured, needed, secureUrl, type Variables } from './setting.ts'

/** How a program proves to the service which agent it is. */
export type Credentials =
  | { readonly kind: 'token'; readonly token: string }
  /** What prints a token, for a shell to run. */
  | { readonly kind: 'command'; readonly command: string; readonly environment: Variables }
  | ClientSecret

export interface ClientSecret {
  readonly kind: 'client'
  readonly tokenUrl: URL
  readonly clientId: string
  readonly clientSecret: string
  readonly scope?: string
}

/**
 * Reads the credentials: a token, else the command that prints one, else those of a client.
 *
 * @throws {Misconfigured} naming the setting that is missing or malformed
 */
export function readCredentials(find: FindSetting, environment: Variables): Credentials {
  const token = find('COUNTERSIGN_TOKEN')
  if (token && !isToken(token.value))
    misconfigured(`${token.name} is not a token: it has only visible ASCII characters`)
  if (token) return { kind: 'token', token: token.value }
  const command = find('COUNTERSIGN_TOKEN_COMMAND')
  if (command) return { kind: 'command', command: command.value, environment }
  return clientCredentials(find)
}

const all = 'all of COUNTERSIGN_TOKEN_URL, COUNTERSIGN_CLIENT_ID, COUNTERSIGN_CLIENT_SECRET'
const hint = `give COUNTERSIGN_TOKEN, or COUNTERSIGN_TOKEN_COMMAND, or ${all}`

function clientCredentials(find: FindSetting): Credentials {
  const tokenUrl = secureUrl(needed(find, 'COUNTERSIGN_TOKEN_URL', hint))
  const clientId = needed(find, 'COUNTERSIGN_CLIENT_ID', hint).value
  const clientSecret = needed(find, 'COUNTERSIGN_CLIENT_SECRET', hint).value
  const scope = find('COUNTERSIGN_SCOPE')?.value
  return { kind: 'client', tokenUrl, clientId, clientSecret, ...(scope && { scope }) }
}
