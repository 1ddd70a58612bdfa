import { guidOf, type Plain, sample } from './functions.ts'

/** A resource that was deployed, as far as an answer depends on it. */
interface Asked {
  /** `Microsoft.Storage/storageAccounts`. */
  readonly type: string
  /** The last part of its name. For Microsoft Graph: its unique name, or its application id. */
  readonly name: string
  /** The names of the resources that it lies in. */
  readonly above: readonly string[]
}

type Answer = (asked: Asked) => Plain

const storageHost = ({ name }: Asked, service: string): string => `https://${name}.${service}.core.windows.net/`
const keyId = ({ name, above }: Asked): string => `https://${above[0]}.vault.azure.net/keys/${name}`

/**
 * What Azure answers when a template reads something back, by type and path. Where the form matters it is that of the real
 * service: endpoints of storage end in a slash, and ids of keys have no version unless it is asked for.
 */
const answers: Readonly<Record<string, Answer>> = {
  'Microsoft.ManagedIdentity/userAssignedIdentities properties.principalId': ({ name }) => guidOf('principal', name),
  'Microsoft.ManagedIdentity/userAssignedIdentities properties.clientId': ({ name }) => guidOf('client', name),
  'Microsoft.ManagedIdentity/userAssignedIdentities properties.tenantId': () => sample.tenant,
  'Microsoft.Storage/storageAccounts properties.primaryEndpoints.blob': (asked) => storageHost(asked, 'blob'),
  'Microsoft.Storage/storageAccounts properties.primaryEndpoints.table': (asked) => storageHost(asked, 'table'),
  'Microsoft.Storage/storageAccounts properties.primaryEndpoints.queue': (asked) => storageHost(asked, 'queue'),
  'Microsoft.KeyVault/vaults properties.vaultUri': ({ name }) => `https://${name}.vault.azure.net/`,
  'Microsoft.KeyVault/vaults/keys properties.keyUri': keyId,
  'Microsoft.KeyVault/vaults/keys properties.keyUriWithVersion': (asked) =>
    `${keyId(asked)}/0123456789abcdef0123456789abcdef`,
  'Microsoft.Web/sites properties.defaultHostName': ({ name }) => `${name}.azurewebsites.net`,
  'Microsoft.Insights/components properties.ConnectionString': ({ name }) =>
    `InstrumentationKey=${guidOf('insights', name)};IngestionEndpoint=https://westeurope-1.in.applicationinsights.azure.com/`,
  'Microsoft.Insights/dataCollectionRules properties.endpoints.logsIngestion': ({ name }) =>
    `https://${name}-abcd.westeurope-1.ingest.monitor.azure.com`,
  'Microsoft.Insights/dataCollectionRules properties.immutableId': () => `dcr-${'0a'.repeat(16)}`,
  'Microsoft.Graph/applications appId': ({ name }) => guidOf('application', name),
  'Microsoft.Graph/servicePrincipals id': ({ name }) => guidOf('principal', name),
  'Microsoft.Graph/servicePrincipals appRoles': () =>
    ['User.Read.All', 'User.ReadWrite.All', 'GroupMember.Read.All', 'Member.Read.Hidden', 'Mail.Read'].map((value) => ({
      id: guidOf('permission', value),
      value,
    })),
}

/** `undefined` where only a part of it can be read. */
export const answerTo = (asked: Asked, path: readonly string[]): Plain | undefined =>
  answers[`${asked.type} ${path.join('.')}`]?.(asked)
