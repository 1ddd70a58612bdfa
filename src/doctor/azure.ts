import { settingFaults } from '../config.ts'
import { type WitnessSettings, witnessesIn, witnessSetting } from '../cosigner/settings.ts'
import { visible } from '../core/data/text.ts'
import { type Diagnosis, runbook, unknown, warns, well, wrong } from './diagnosis.ts'
import { askWitnesses } from './witnesses.ts'

/** Calls the Azure CLI, and returns the JSON that it prints. Its errors have words for people. */
export type Az = (args: readonly string[]) => Promise<unknown>

export interface AzureSite {
  readonly az: Az
  /** The name of the function app. */
  readonly app: string
  readonly subscription?: string
  /** The address that the deployment should have in its settings. */
  readonly url: string
}

/**
 * Reads what only the management API knows: the settings, and whether the container's policy is locked. Asks the witnesses that
 * the settings name.
 */
export async function askAzure(site: AzureSite): Promise<readonly Diagnosis[]> {
  let found: SiteSettings
  try {
    found = await readSettings(site)
  } catch (cause) {
    const remedy = 'Sign in with az login as a person with the role Website Contributor on the app.'
    return [unknown('settings', wordsOf(cause), remedy), unknown('immutability', wordsOf(cause), byHand)]
  }
  const [immutability, witnesses] = await Promise.all([
    immutabilityOf(site, found.settings['COUNTERSIGN_BLOBS_URL'] ?? ''),
    askWitnesses(namedIn(found.settings)),
  ])
  return [settingsFrom(found, site.url), immutability, ...witnesses]
}

/** None if the setting is malformed, which the settings' own finding says. */
function namedIn(settings: Readonly<Record<string, string>>): readonly WitnessSettings[] {
  try {
    return witnessesIn(settings[witnessSetting])
  } catch {
    return []
  }
}

/** Findings without the name of an app. @param immutable what the service reports, if the caller may see it */
export function withoutAzure(immutable: boolean | undefined): readonly Diagnosis[] {
  return [
    unknown('settings', 'settings cannot be seen from outside', 'Name the function app: --app NAME (it needs az).'),
    immutable === undefined
      ? unknown(
          'immutability',
          'only people with Evidence.Read see whether the evidence has an immutability policy, and only Azure knows whether it is locked',
          `Set COUNTERSIGN_TOKEN, or name the function app: --app NAME. ${byHand}`,
        )
      : immutable
        ? unknown('immutability', 'there is an immutability policy; only Azure knows whether it is locked', byHand)
        : noPolicy,
  ]
}

const byHand = `By hand: ${runbook('locking-the-evidence')}`

const noPolicy = warns(
  'immutability',
  'the container "evidence" has no immutability policy (evidenceDays is 0): an administrator of the account can delete evidence',
  `Deploy with evidenceDays. ${runbook('locking-the-evidence')}`,
)

interface SiteSettings {
  readonly settings: Readonly<Record<string, string>>
  /** The settings that stand in Key Vault, which only the site reads, each with what became of its reference. */
  readonly references: ReadonlyMap<string, string>
}

async function readSettings({ az, app, subscription }: AzureSite): Promise<SiteSettings> {
  const id = await findResource(az, 'Microsoft.Web/sites', app, subscription)
  const address = (path: string) => `${id}/config/${path}?api-version=2024-11-01`
  const found = (await az(['rest', '--method', 'post', '--url', address('appsettings/list')])) as {
    readonly properties?: unknown
  } | null
  const settings = found?.properties
  if (typeof settings !== 'object' || settings === null) throw new Error('Azure lists no settings of the app')
  const known = settings as Readonly<Record<string, string>>
  const names = Object.keys(known).filter((name) => known[name]?.startsWith('@Microsoft.KeyVault('))
  if (names.length === 0) return { settings: known, references: new Map() }
  const all = await az(['rest', '--method', 'get', '--url', address('configreferences/appsettings')])
  return { settings: known, references: new Map(names.map((name) => [name, statusOf(all, name)])) }
}

/** https://learn.microsoft.com/rest/api/appservice/web-apps/get-app-settings-key-vault-references */
function statusOf(found: unknown, wanted: string): string {
  const { value } = Object(found) as { readonly value?: unknown }
  const all = Array.isArray(value) ? (value as readonly (KeyVaultReference | null)[]) : []
  const status = all.find((one) => one?.name === wanted)?.properties?.status
  return typeof status === 'string' ? status : 'not known'
}

interface KeyVaultReference {
  readonly name?: unknown
  readonly properties?: { readonly status?: unknown }
}

async function findResource(az: Az, type: string, name: string, subscription?: string): Promise<string> {
  const where = subscription === undefined ? [] : ['--subscription', subscription]
  const found = await az(['resource', 'list', '--resource-type', type, '--name', name, ...where])
  const [first] = Array.isArray(found) ? (found as readonly { readonly id?: unknown }[]) : []
  if (typeof first?.id === 'string') return first.id
  throw new Error(`there is no ${type} called ${visible(name)} in the subscription, or you may not see it`)
}

/** Names all faults at once, but no value: a malformed value may be a secret in the wrong place. */
function settingsFrom({ settings, references }: SiteSettings, url: string): Diagnosis {
  const isReference = (fault: string) => [...references.keys()].some((name) => fault.startsWith(malformed(name)))
  const faults = settingFaults(settings).filter((fault) => !isReference(fault))
  const base = settings['COUNTERSIGN_BASE_URL']
  const other = faults.length === 0 && base !== url ? ['COUNTERSIGN_BASE_URL is not the address that was asked.'] : []
  const unresolved = [...references].flatMap(([name, status]) =>
    status === 'Resolved' ? [] : [`The site does not get ${name} from Key Vault (${visible(status.slice(0, 60))}).`],
  )
  const all = [...faults, ...unresolved, ...other]
  if (all.length === 0) return well('settings', 'all are there and have their form')
  return wrong('settings', all.join(' '), 'Correct them: docs/operate/settings.md has an example of each.')
}

/** How the fault of a setting begins that has another form than it should: a reference has, until the site resolves it. */
const malformed = (name: string): string => `The setting ${name} is malformed`

async function immutabilityOf({ az, subscription }: AzureSite, blobsUrl: string): Promise<Diagnosis> {
  const [, account] = /^https:\/\/([a-z0-9]+)\.blob\./.exec(blobsUrl) ?? []
  if (account === undefined)
    return unknown('immutability', 'COUNTERSIGN_BLOBS_URL does not name a storage account', 'Correct the setting.')
  try {
    const id = await findResource(az, 'Microsoft.Storage/storageAccounts', account, subscription)
    const address = `${id}/blobServices/default/containers/evidence?api-version=2025-01-01`
    return immutabilityFrom(account, await az(['rest', '--method', 'get', '--url', address]))
  } catch (cause) {
    return unknown('immutability', wordsOf(cause), byHand)
  }
}

/** https://learn.microsoft.com/rest/api/storagerp/blob-containers/get */
interface Container {
  readonly properties?: {
    readonly immutabilityPolicy?: {
      readonly properties?: { readonly immutabilityPeriodSinceCreationInDays?: number; readonly state?: string }
    }
  }
}

function immutabilityFrom(account: string, container: unknown): Diagnosis {
  const { immutabilityPeriodSinceCreationInDays: days = 0, state } =
    (container as Container | null)?.properties?.immutabilityPolicy?.properties ?? {}
  if (days === 0) return noPolicy
  if (state === 'Locked') return well('immutability', `evidence is kept for ${days} days, locked`)
  return warns(
    'immutability',
    `the policy of ${days} days is not locked: an administrator of the account ${account} can remove it`,
    `Lock it once you are sure, because it cannot be unlocked: ${runbook('locking-the-evidence')}`,
  )
}

const wordsOf = (cause: unknown): string =>
  visible((cause instanceof Error ? cause.message : String(cause)).slice(0, 300))
