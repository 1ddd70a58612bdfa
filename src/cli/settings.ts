import { type Credentials, readCredentials } from '../client/credentials.ts'
import { type FindSetting, needed, secondsIn, secureUrl, serviceUrl } from '../client/setting.ts'
import { isObjectId } from '../core/data/id.ts'
import { cloudNames, clouds, cloudSetting, isCloudName } from '../runtime/cloud.ts'
import type { Environment } from './environment.ts'
import { Exit, exitFor, exits } from './exit.ts'
import { type Command, commands } from './commands.ts'
import { findKeyring, type Keyring } from './keyring.ts'
import type { Options } from './options.ts'

/** The address of the service, and the credentials to call it with. */
export interface Settings {
  readonly url: URL
  /** Seconds for which a call without an answer is repeated. */
  readonly patience: number
  readonly credentials: SettingsCredentials
}

export type SettingsCredentials =
  | Credentials
  /** A person's sign-in in the keyring; `null` if this system has no keyring. */
  | { readonly kind: 'keyring'; readonly keyring: Keyring | null; readonly service: string }

/** The variables that say that an agent calls, and not the person who is signed in. */
const ofAgents = [
  'COUNTERSIGN_TOKEN_COMMAND',
  'COUNTERSIGN_TOKEN_URL',
  'COUNTERSIGN_CLIENT_ID',
  'COUNTERSIGN_CLIENT_SECRET',
  'COUNTERSIGN_MANAGED_IDENTITY',
] as const

/**
 * Reads the settings. An option comes before its variable, and a token before all other credentials. Without a token,
 * commands of people use the sign-in, and commands of agents the token command or else the client credentials; neither
 * uses the other's.
 *
 * @throws {Exit} 78, naming the setting that is missing or malformed
 */
export function readSettings(options: Options, environment: Environment): Settings {
  const find = finding(options, environment)
  const url = readServiceUrl(options, environment)
  return inUsage(() => {
    const patience = secondsIn(find('COUNTERSIGN_PATIENCE'), 30)
    const { caller = 'agent' }: Command = commands[options.command]
    const isPerson = caller === 'person' || (caller === 'either' && !ofAgents.some((name) => find(name)))
    if (isPerson && !find('COUNTERSIGN_TOKEN'))
      return { url, patience, credentials: { kind: 'keyring', keyring: findKeyring(environment), service: url.href } }
    return { url, patience, credentials: readCredentials(find, environment) }
  })
}

/** @throws {Exit} 78 if it is missing or malformed */
export function readServiceUrl(options: Options, environment: Environment): URL {
  const hint = 'the address of the service, as https://countersign.example.org'
  return inUsage(() => serviceUrl(needed(finding(options, environment), 'COUNTERSIGN_URL', hint)))
}

/** The issuer that signs people in, and this program's registration there. */
export interface LoginSettings {
  readonly issuer: URL
  readonly clientId: string
  readonly scope: string
}

/** @throws {Exit} 78, naming the setting that is missing or malformed */
export function readLoginSettings(options: Options, environment: Environment): LoginSettings {
  const find = finding(options, environment)
  const tenant = find('COUNTERSIGN_TENANT')
  const authority = find('COUNTERSIGN_AUTHORITY')
  if (tenant && !isObjectId(tenant.value)) misconfigured(`${tenant.name} is not the id of a tenant, a GUID`)
  const cloud = find(cloudSetting)?.value ?? 'public'
  if (!isCloudName(cloud)) misconfigured(`${cloudSetting} is ${cloudNames.join(', ')}; public if unset`)
  return inUsage(() => {
    const issuer =
      authority === undefined && tenant
        ? { ...tenant, value: `${clouds[cloud].login}/${tenant.value.toLowerCase()}/v2.0` }
        : needed(
            find,
            'COUNTERSIGN_AUTHORITY',
            'the issuer that signs people in; for Entra, COUNTERSIGN_TENANT is enough',
          )
    const clientId = needed(find, 'COUNTERSIGN_LOGIN_CLIENT', "this command's application id in the tenant").value
    const scope = needed(find, 'COUNTERSIGN_SCOPE', 'the scope to sign in for, as <application id>/access_as_user')
    return {
      issuer: secureUrl(issuer),
      clientId,
      scope: scope.value.replace(/\/\.default$/, '/access_as_user'),
    }
  })
}

/** The options that come before variables. */
const optionOf: Readonly<Record<string, string>> = {
  COUNTERSIGN_URL: 'url',
  COUNTERSIGN_PATIENCE: 'patience',
  COUNTERSIGN_TOKEN_URL: 'token-url',
  COUNTERSIGN_CLIENT_ID: 'client-id',
  COUNTERSIGN_SCOPE: 'scope',
  COUNTERSIGN_TENANT: 'tenant',
  COUNTERSIGN_AUTHORITY: 'authority',
  COUNTERSIGN_LOGIN_CLIENT: 'client',
}

function finding(options: Options, environment: Environment): FindSetting {
  return (variable) => {
    const option = optionOf[variable]
    const given = option === undefined ? undefined : options.one(option)
    if (given !== undefined) return { name: `--${option}`, value: given }
    const value = environment[variable]
    return value ? { name: variable, value } : undefined
  }
}

function misconfigured(sentence: string): never {
  throw new Exit(exits.usage, `${sentence}.`)
}

/** @throws {Exit} 78 for a setting that the client refuses */
function inUsage<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw exitFor(cause)
  }
}
