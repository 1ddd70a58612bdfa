import { Exit, exits } from './exit.ts'
import type { Options } from './options.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Where the service is, and who calls it. */
export interface Settings {
  readonly url: URL
  /** Seconds for which a call is repeated while nobody answers it. */
  readonly patience: number
  readonly credentials: Credentials
}

export type Credentials =
  | { readonly kind: 'token'; readonly token: string }
  | {
      readonly kind: 'client'
      readonly tokenUrl: URL
      readonly clientId: string
      readonly clientSecret: string
      readonly scope?: string
    }

/**
 * Reads the settings: an option before its variable, a token before client credentials.
 *
 * @throws {Exit} 78 naming the setting that is missing or malformed.
 */
export function readSettings(options: Options, environment: Environment): Settings {
  const find = (variable: string, option?: string): Found | undefined => {
    const given = option === undefined ? undefined : options.one(option)
    if (given !== undefined) return { name: `--${option}`, value: given }
    const value = environment[variable]
    return value ? { name: variable, value } : undefined
  }
  const need = (variable: string, hint: string, option?: string): Found =>
    find(variable, option) ?? missing(`${variable} is not set: ${hint}`)

  const url = secureUrl(need('COUNTERSIGN_URL', 'where the service is, as https://countersign.example.org', 'url'))
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  const patience = seconds(find('COUNTERSIGN_PATIENCE', 'patience'))
  const token = find('COUNTERSIGN_TOKEN')
  if (token) return { url, patience, credentials: { kind: 'token', token: bearer(token) } }

  const hint =
    'give COUNTERSIGN_TOKEN, or all of COUNTERSIGN_TOKEN_URL, COUNTERSIGN_CLIENT_ID, COUNTERSIGN_CLIENT_SECRET'
  const tokenUrl = secureUrl(need('COUNTERSIGN_TOKEN_URL', hint, 'token-url'))
  const clientId = need('COUNTERSIGN_CLIENT_ID', hint, 'client-id').value
  const clientSecret = need('COUNTERSIGN_CLIENT_SECRET', hint).value
  const scope = find('COUNTERSIGN_SCOPE', 'scope')?.value
  const credentials = { kind: 'client', tokenUrl, clientId, clientSecret, ...(scope && { scope }) } as const
  return { url, patience, credentials }
}

/** Leaves out what this program signs in with, for whoever is not to act in its name. */
export function withoutCredentials(environment: Environment): Environment {
  const { COUNTERSIGN_TOKEN: _token, COUNTERSIGN_CLIENT_SECRET: _secret, ...rest } = environment
  return rest
}

interface Found {
  readonly name: string
  readonly value: string
}

function missing(sentence: string): never {
  throw new Exit(exits.usage, `${sentence}.`)
}

/** Secrets go to these addresses: in the clear only to this machine. */
function secureUrl({ name, value }: Found): URL {
  const url = URL.canParse(value) ? new URL(value) : missing(`${name} is not a URL`)
  const loopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && loopback))
    missing(`${name} starts with https:// (http:// only for localhost)`)
  if (url.username || url.password || url.search || url.hash)
    missing(`${name} has no user, password, query or fragment`)
  return url
}

function bearer({ name, value }: Found): string {
  if (!/^[\x21-\x7e]+$/.test(value)) missing(`${name} is not a token: it has only visible ASCII characters`)
  return value
}

function seconds(found: Found | undefined): number {
  if (!found) return 30
  const value = Number(found.value)
  if (!/^\d+$/.test(found.value) || value > 3600) missing(`${found.name} is a number of seconds from 0 to 3600`)
  return value
}
