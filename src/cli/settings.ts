import { isObjectId } from '../core/data/id.ts'
import { cloudNames, clouds, cloudSetting, isCloudName } from '../runtime/cloud.ts'
import type { Environment } from './environment.ts'
import { Exit, exits } from './exit.ts'
import { type Command, commands } from './commands.ts'
import { findKeyring, type Keyring } from './keyring.ts'
import type { Options } from './options.ts'

/** The address of the service, and the credentials to call it with. */
export interface Settings {
  readonly url: URL
  /** Seconds for which a call without an answer is repeated. */
  readonly patience: number
  readonly credentials: Credentials
}

export type Credentials =
  | { readonly kind: 'token'; readonly token: string }
  /** A person's sign-in in the keyring; `null` if this system has no keyring. */
  | { readonly kind: 'keyring'; readonly keyring: Keyring | null; readonly service: string }
  /** What prints an agent's token, for a shell to run. */
  | { readonly kind: 'command'; readonly command: string; readonly environment: Environment }
  | {
      readonly kind: 'client'
      readonly tokenUrl: URL
      readonly clientId: string
      readonly clientSecret: string
      readonly scope?: string
    }

/**
 * Reads the settings. An option comes before its variable, and a token before all other credentials. Without a token,
 * commands of people use the sign-in, and commands of agents the token command or else the client credentials; neither
 * uses the other's.
 *
 * @throws {Exit} 78, naming the setting that is missing or malformed
 */
export function readSettings(options: Options, environment: Environment): Settings {
  const { find } = finding(options, environment)
  const url = readServiceUrl(options, environment)
  const patience = seconds(find('COUNTERSIGN_PATIENCE', 'patience'))
  const token = find('COUNTERSIGN_TOKEN')
  if (token) return { url, patience, credentials: { kind: 'token', token: bearer(token) } }

  const { caller = 'agent' }: Command = commands[options.command]
  const command = find('COUNTERSIGN_TOKEN_COMMAND')
  const isAgent =
    command ??
    find('COUNTERSIGN_TOKEN_URL', 'token-url') ??
    find('COUNTERSIGN_CLIENT_ID', 'client-id') ??
    find('COUNTERSIGN_CLIENT_SECRET')
  if (caller === 'person' || (caller === 'either' && !isAgent))
    return { url, patience, credentials: { kind: 'keyring', keyring: findKeyring(environment), service: url.href } }
  if (command) return { url, patience, credentials: { kind: 'command', command: command.value, environment } }
  return { url, patience, credentials: clientCredentials(options, environment) }
}

/** @throws {Exit} 78 if it is missing or malformed */
export function readServiceUrl(options: Options, environment: Environment): URL {
  const hint = 'the address of the service, as https://countersign.example.org'
  const url = secureUrl(finding(options, environment).need('COUNTERSIGN_URL', hint, 'url'))
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  return url
}

/** The issuer that signs people in, and this program's registration there. */
export interface LoginSettings {
  readonly issuer: URL
  readonly clientId: string
  readonly scope: string
}

/** @throws {Exit} 78, naming the setting that is missing or malformed */
export function readLoginSettings(options: Options, environment: Environment): LoginSettings {
  const { find, need } = finding(options, environment)
  const tenant = find('COUNTERSIGN_TENANT', 'tenant')
  const authority = find('COUNTERSIGN_AUTHORITY', 'authority')
  if (tenant && !isObjectId(tenant.value)) misconfigured(`${tenant.name} is not the id of a tenant, a GUID`)
  const cloud = find(cloudSetting)?.value ?? 'public'
  if (!isCloudName(cloud)) misconfigured(`${cloudSetting} is ${cloudNames.join(', ')}; public if unset`)
  const issuer =
    authority === undefined && tenant
      ? { ...tenant, value: `${clouds[cloud].login}/${tenant.value.toLowerCase()}/v2.0` }
      : need(
          'COUNTERSIGN_AUTHORITY',
          'the issuer that signs people in; for Entra, COUNTERSIGN_TENANT is enough',
          'authority',
        )
  const clientId = need('COUNTERSIGN_LOGIN_CLIENT', "this command's application id in the tenant", 'client').value
  const scope = need('COUNTERSIGN_SCOPE', 'the scope to sign in for, as <application id>/access_as_user', 'scope').value
  return { issuer: secureUrl(issuer), clientId, scope: scope.replace(/\/\.default$/, '/access_as_user') }
}

function clientCredentials(options: Options, environment: Environment): Credentials {
  const { find, need } = finding(options, environment)
  const all = 'all of COUNTERSIGN_TOKEN_URL, COUNTERSIGN_CLIENT_ID, COUNTERSIGN_CLIENT_SECRET'
  const hint = `give COUNTERSIGN_TOKEN, or COUNTERSIGN_TOKEN_COMMAND, or ${all}`
  const tokenUrl = secureUrl(need('COUNTERSIGN_TOKEN_URL', hint, 'token-url'))
  const clientId = need('COUNTERSIGN_CLIENT_ID', hint, 'client-id').value
  const clientSecret = need('COUNTERSIGN_CLIENT_SECRET', hint).value
  const scope = find('COUNTERSIGN_SCOPE', 'scope')?.value
  return { kind: 'client', tokenUrl, clientId, clientSecret, ...(scope && { scope }) }
}

function finding(options: Options, environment: Environment) {
  const find = (variable: string, option?: string): Found | undefined => {
    const given = option === undefined ? undefined : options.one(option)
    if (given !== undefined) return { name: `--${option}`, value: given }
    const value = environment[variable]
    return value ? { name: variable, value } : undefined
  }
  const need = (variable: string, hint: string, option?: string): Found =>
    find(variable, option) ?? misconfigured(`${variable} is not set: ${hint}`)
  return { find, need }
}

interface Found {
  readonly name: string
  readonly value: string
}

function misconfigured(sentence: string): never {
  throw new Exit(exits.usage, `${sentence}.`)
}

/** Whether an address is on this machine. */
export const isLoopback = ({ hostname }: URL): boolean => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname)

/** Requires https, because secrets are sent to this address. Plain http is for this machine only. */
function secureUrl({ name, value }: Found): URL {
  const url = URL.canParse(value) ? new URL(value) : misconfigured(`${name} is not a URL`)
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url)))
    misconfigured(`${name} starts with https:// (http:// only for localhost)`)
  if (url.username || url.password || url.search || url.hash)
    misconfigured(`${name} has no user, password, query or fragment`)
  return url
}

function bearer({ name, value }: Found): string {
  if (!/^[\x21-\x7e]+$/.test(value)) misconfigured(`${name} is not a token: it has only visible ASCII characters`)
  return value
}

function seconds(found: Found | undefined): number {
  if (!found) return 30
  const value = Number(found.value)
  if (!/^\d+$/.test(found.value) || value > 3600) misconfigured(`${found.name} is a number of seconds from 0 to 3600`)
  return value
}
