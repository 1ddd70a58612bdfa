import { flawInWords } from './core/action/flaw.ts'
import { checkSecretIn } from './core/action/secret.ts'
import { isContext } from './core/data/authenticationContext.ts'
import { isObjectId, parseObjectId } from './core/data/id.ts'
import { Problem } from './core/data/problem.ts'
import { witnessesIn, type WitnessSettings, witnessSetting } from './cosigner/settings.ts'
import { type Cloud, cloudNames, clouds, cloudSetting, isCloudName } from './runtime/cloud.ts'
import { type AppType, appTypes, isAppType } from './teams/settings.ts'
import { type ClientNames, clientsRule, clientsSetting, parseClients } from './http/clients.ts'
import { stepUpSetting } from './http/stepUp.ts'
import { gitHubApiSetting, gitHubSettings, type GitHubSettings, publicGitHub } from './github/settings.ts'
import { oldSecretSetting, slackSettings, type SlackSettings } from './slack/settings.ts'
import { isServiceUrl } from './teams/inbound/gate.ts'

/** The settings of a deployment. docs/operate/settings.md explains each. */
export interface Config {
  /** The public cloud without the setting. */
  readonly cloud: Cloud
  readonly baseUrl: string
  readonly origin: string
  readonly tenantId: string
  readonly apiAppId: string
  readonly tablesUrl: string
  readonly blobsUrl: string
  readonly grantKey: string
  /** A key other than the one for grants. */
  readonly logKey: string
  /** Id of the Key Vault secret that authenticates what is written to the tables. */
  readonly ledgerKey: string
  readonly policyFolder: string
  /** What the deployer says of the policy; absent if nothing. */
  readonly policyRef?: string
  /** Empty if it is not set: people are then refused over HTTP. */
  readonly clients: ClientNames
  /** The application through which people use the console, one of `clients`; absent without a console. */
  readonly consoleAppId?: string
  /** The authentication context that people meet before they decide on a request of tier `high` over HTTP; absent: none. */
  readonly stepUp?: string
  /** The id by which Teams knows the app whose tab the console is; absent without a tab. */
  readonly teamsAppId?: string
  /** Whether a snapshot of the ledger is taken each night, into the containers `evidence` and `backup`. */
  readonly backup: boolean
  /** Who cosigns the checkpoints of the log; empty without any. */
  readonly witnesses: readonly WitnessSettings[]
  /** Whether there is a door for AuthZEN. */
  readonly authzen: boolean
  /** Client id of the managed identity. */
  readonly clientId: string
  readonly bot: {
    readonly appId: string
    readonly appType: AppType
    readonly tenantId: string
    readonly serviceUrl: string
  }
  /** Absent without Slack. */
  readonly slack?: SlackSettings
  /** Absent without a GitHub App. */
  readonly gitHub?: GitHubSettings
  /** The file that names the systems which are told of events; absent without any. */
  readonly sinksFile?: string
}

/** The settings that a restore needs: where the ledger is kept, and what authenticates it. */
export type LedgerConfig = Pick<
  Config,
  'cloud' | 'origin' | 'tenantId' | 'tablesUrl' | 'blobsUrl' | 'logKey' | 'ledgerKey'
>

/**
 * Reads the settings from the environment.
 *
 * @throws {Error} that names the first setting which is missing or malformed, and its rule
 */
export const readConfig = (env: NodeJS.ProcessEnv): Config => configIn(env, throwing)

/** Lists the missing and malformed settings, one sentence for each, without their values. */
export function settingFaults(env: NodeJS.ProcessEnv): readonly string[] {
  const faults = new Set<string>()
  configIn(env, (sentence) => void faults.add(sentence))
  return [...faults]
}

/** Is called with the fault of a setting. If it returns, reading goes on, but the result must not be used. */
type Refuse = (sentence: string) => void

const throwing: Refuse = (sentence) => {
  throw new Error(sentence)
}

function configIn(env: NodeJS.ProcessEnv, refuse: Refuse): Config {
  const { setting, key, url, guid } = readers(env, refuse)
  const { logKey, ...ledger } = ledgerConfigIn(env, refuse)
  const { hosts } = ledger.cloud.bots
  return {
    ...ledger,
    baseUrl: url('COUNTERSIGN_BASE_URL'),
    apiAppId: guid('COUNTERSIGN_API_APP_ID').toLowerCase(),
    grantKey: key('COUNTERSIGN_GRANT_KEY'),
    logKey: otherKey(logKey, key('COUNTERSIGN_GRANT_KEY'), refuse),
    policyFolder: setting('COUNTERSIGN_POLICY', (value) => value.length > 0, 'is a folder'),
    ...policyRefIn(env[policyRefSetting], refuse),
    ...clientsOf(env, refuse),
    ...stepUpIn(env[stepUpSetting], refuse),
    ...slackIn(env, refuse),
    ...gitHubIn(env, refuse),
    ...sinksFileIn(env),
    backup: isOn('COUNTERSIGN_BACKUP', env['COUNTERSIGN_BACKUP'], refuse),
    witnesses: witnessesOf(env[witnessSetting], refuse),
    authzen: isOn(authzenSetting, env[authzenSetting], refuse),
    clientId: guid('AZURE_CLIENT_ID'),
    bot: {
      appId: guid('BOT_APP_ID').toLowerCase(),
      appType: setting('BOT_APP_TYPE', isAppType, `is ${appTypes.join(', ')}`) as AppType,
      tenantId: guid('BOT_TENANT_ID').toLowerCase(),
      serviceUrl: setting(
        'BOT_SERVICE_URL',
        (value) => isServiceUrl(value, hosts),
        `is an address of the Bot Connector for Teams in this cloud (${cloudSetting}): https://${hosts.join('/…, https://')}/…`,
      ),
    },
  }
}

/** Like {@link readConfig}, for the settings that a restore needs. */
export const readLedgerConfig = (env: NodeJS.ProcessEnv): LedgerConfig => ledgerConfigIn(env, throwing)

function ledgerConfigIn(env: NodeJS.ProcessEnv, refuse: Refuse): LedgerConfig {
  const { setting, key, url, guid } = readers(env, refuse)
  return {
    cloud: cloudIn(env[cloudSetting], refuse),
    origin: setting(
      'COUNTERSIGN_ORIGIN',
      isLogOrigin,
      'is a schemeless URL such as approvals.contoso.example/evidence',
    ),
    tenantId: guid('COUNTERSIGN_TENANT_ID').toLowerCase(),
    tablesUrl: url('COUNTERSIGN_TABLES_URL'),
    blobsUrl: url('COUNTERSIGN_BLOBS_URL'),
    logKey: key('COUNTERSIGN_LOG_KEY'),
    ledgerKey: setting(
      'COUNTERSIGN_LEDGER_KEY',
      isVaultSecret,
      'is a Key Vault secret id without a version: https://<vault>/secrets/<name>',
    ),
  }
}

/** Read one setting each, by its form. */
function readers(env: NodeJS.ProcessEnv, refuse: Refuse) {
  const setting = (name: string, holds: (value: string) => boolean, rule: string): string => {
    const value = env[name] ?? ''
    if (value === '') refuse(`The setting ${name} is missing: it ${rule}.`)
    else if (!holds(value)) refuse(`The setting ${name} is malformed: it ${rule}.`)
    return value
  }
  return {
    setting,
    key: (name: string) => setting(name, isVaultKey, 'is a Key Vault key id: https://<vault>/keys/<name>'),
    url: (name: string) => setting(name, isHttpsOrigin, 'is an https address without a path or slash at its end'),
    guid: (name: string) => setting(name, isObjectId, 'is a GUID'),
  }
}

function cloudIn(value: string | undefined, refuse: Refuse): Cloud {
  if (value === undefined || value === '') return clouds.public
  if (isCloudName(value)) return clouds[value]
  refuse(`The setting ${cloudSetting} is malformed: it is ${cloudNames.join(', ')}; public unless it is set.`)
  return clouds.public
}

function clientsIn(value: string | undefined, refuse: Refuse): ClientNames {
  if (value === undefined || value === '') return new Map()
  const clients = parseClients(value)
  if (clients === null) refuse(`The setting ${clientsSetting} is malformed: it ${clientsRule}.`)
  return clients ?? new Map()
}

/**
 * Reads which authentication context a decision of tier `high` takes.
 *
 * @throws {Error} naming the setting and its rule
 */
export function stepUpIn(value: string | undefined, refuse: Refuse = throwing): { readonly stepUp?: string } {
  if (value === undefined || value === '') return {}
  if (!isContext(value))
    refuse(`The setting ${stepUpSetting} is malformed: it is the id of an authentication context of Entra, c1 to c99.`)
  return { stepUp: value }
}

function witnessesOf(value: string | undefined, refuse: Refuse): readonly WitnessSettings[] {
  try {
    return witnessesIn(value)
  } catch (cause) {
    refuse(cause instanceof Error ? cause.message : String(cause))
    return []
  }
}

/** Whether there is a door for AuthZEN. */
export const authzenSetting = 'COUNTERSIGN_AUTHZEN'

/** The Entra application of the console. */
const consoleSetting = 'COUNTERSIGN_CONSOLE_APP_ID'

/** The id of the app in Teams. */
const teamsAppSetting = 'COUNTERSIGN_TEAMS_APP_ID'

/** Reads the applications that people may use, which of them is the console's, and where Teams has the console. */
function clientsOf(env: NodeJS.ProcessEnv, refuse: Refuse): Pick<Config, 'clients' | 'consoleAppId' | 'teamsAppId'> {
  const clients = clientsIn(env[clientsSetting], refuse)
  const id = env[consoleSetting] ?? ''
  const tab = env[teamsAppSetting] ?? ''
  if (tab !== '' && !isObjectId(tab))
    refuse(`The setting ${teamsAppSetting} is malformed: it is a GUID, the id of the app in the Teams admin center.`)
  if (id === '') return { clients }
  // Without clients nobody can sign in, which the log says at the start.
  const isNamed = isObjectId(id) && (clients.size === 0 || clients.has(parseObjectId(id)))
  if (!isNamed)
    refuse(`The setting ${consoleSetting} is malformed: it is the id of an application that ${clientsSetting} names.`)
  if (clients.size === 0) return { clients }
  return { clients, consoleAppId: id.toLowerCase(), ...(tab !== '' && { teamsAppId: tab.toLowerCase() }) }
}

/**
 * Reads the app of Slack: none of its settings is set, or all of them but the old secret.
 *
 * @throws {Error} naming the setting and its rule
 */
export function slackIn(env: NodeJS.ProcessEnv, refuse: Refuse = throwing): Pick<Config, 'slack'> {
  const names = Object.keys(slackSettings) as (keyof typeof slackSettings)[]
  const old = env[oldSecretSetting] ?? ''
  const given = Object.fromEntries(names.map((name) => [name, env[name] ?? ''])) as Record<
    (typeof names)[number],
    string
  >
  if (old === '' && names.every((name) => given[name] === '')) return {}
  const { setting } = readers(env, refuse)
  for (const name of names) setting(name, (value) => slackSettings[name].form.test(value), slackSettings[name].rule)
  const { form, rule } = slackSettings.COUNTERSIGN_SLACK_SIGNING_SECRET
  if (old !== '' && !form.test(old)) refuse(`The setting ${oldSecretSetting} is malformed: it ${rule}.`)
  return {
    slack: {
      appId: given.COUNTERSIGN_SLACK_APP_ID,
      teamId: given.COUNTERSIGN_SLACK_TEAM_ID,
      signingSecrets: [given.COUNTERSIGN_SLACK_SIGNING_SECRET, ...(old === '' ? [] : [old])],
      token: given.COUNTERSIGN_SLACK_TOKEN,
    },
  }
}

/** Reads the GitHub App: none of its settings is set, or all of them but the address of the API. */
function gitHubIn(env: NodeJS.ProcessEnv, refuse: Refuse): Pick<Config, 'gitHub'> {
  const names = Object.keys(gitHubSettings) as (keyof typeof gitHubSettings)[]
  const api = env[gitHubApiSetting.name] ?? ''
  if (api === '' && names.every((name) => (env[name] ?? '') === '')) return {}
  const { setting } = readers(env, refuse)
  const read = (name: (typeof names)[number]) =>
    setting(name, (value) => gitHubSettings[name].form.test(value), gitHubSettings[name].rule)
  if (api !== '' && !gitHubApiSetting.form.test(api))
    refuse(`The setting ${gitHubApiSetting.name} is malformed: it ${gitHubApiSetting.rule}.`)
  return {
    gitHub: {
      appId: read('COUNTERSIGN_GITHUB_APP_ID'),
      key: read('COUNTERSIGN_GITHUB_KEY'),
      secret: read('COUNTERSIGN_GITHUB_SECRET'),
      api: api === '' ? publicGitHub : api,
    },
  }
}

/** The file that names the systems which are told of events. */
export const sinksSetting = 'COUNTERSIGN_SINKS'

function sinksFileIn({ [sinksSetting]: sinksFile = '' }: NodeJS.ProcessEnv): Pick<Config, 'sinksFile'> {
  return sinksFile === '' ? {} : { sinksFile }
}

/**
 * Reads a switch. Refuses every other word, because a backup that is off by mistake is missed only when it is needed.
 *
 * @throws {Error} naming the setting and its rule
 */
export function isOn(name: string, value: string | undefined, refuse: Refuse = throwing): boolean {
  if (value === undefined || value === '' || value === 'off') return false
  if (value !== 'on') refuse(`The setting ${name} is malformed: it is on or off.`)
  return true
}

export const policyRefSetting = 'COUNTERSIGN_POLICY_REF'

/** Characters of what the deployer says of the policy. */
const mostRef = 200

/**
 * Reads what the deployer says of the policy. It becomes part of the evidence, which nobody can clear of a secret later.
 *
 * @throws {Error} naming the setting and its rule
 */
export function policyRefIn(value: string | undefined, refuse: Refuse = throwing): { readonly policyRef?: string } {
  if (value === undefined || value === '') return {}
  if (flawInWords(value, 1, mostRef) !== null || /[\t\r\n]/.test(value) || holdsSecret(value))
    refuse(
      `The setting ${policyRefSetting} is malformed: it is one line of at most ${mostRef} characters, without a secret, ` +
        'such as a commit, its author and a change ticket.',
    )
  return { policyRef: value }
}

function holdsSecret(value: string): boolean {
  try {
    checkSecretIn(value, '')
    return false
  } catch (cause) {
    if (cause instanceof Problem) return true
    throw cause
  }
}

export function isHttpsOrigin(value: string): boolean {
  return URL.canParse(value) && value.startsWith('https://') && new URL(value).origin === value
}

/** C2SP tlog-checkpoint: a URL without a scheme, which is also a note's key name, without spaces or plus signs. */
const isLogOrigin = (value: string): boolean => /^[a-z0-9][a-z0-9.-]*(\/[A-Za-z0-9._-]+)*$/.test(value)

const isVaultKey = (value: string): boolean => /^https:\/\/[^/?#]+\/keys\/[A-Za-z0-9-]+(\/[0-9a-f]+)?$/.test(value)

/** An id without a version: rows of every version of the secret are accepted, also after a new one was made. */
const isVaultSecret = (value: string): boolean => /^https:\/\/[^/?#]+\/secrets\/[A-Za-z0-9-]+$/.test(value)

/** Requires two keys, so that no signature of a grant is one of the log. Two versions of one key are not enough. */
function otherKey(logKey: string, grantKey: string, refuse: Refuse): string {
  const keyOf = (id: string) => id.toLowerCase().split('/').slice(0, 5).join('/')
  if (isVaultKey(logKey) && keyOf(logKey) === keyOf(grantKey))
    refuse('The setting COUNTERSIGN_LOG_KEY is malformed: it is another key than COUNTERSIGN_GRANT_KEY.')
  return logKey
}
