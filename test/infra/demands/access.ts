import { operationNames, operationOf } from '../../../src/contract/operations.ts'
import { type Deployment, expectParts, partIn, textIn } from './demands.ts'
import { guidOf, sample } from '../bicep/functions.ts'

const assignment = 'Microsoft.Authorization/roleAssignments'
const account = 'Microsoft.Storage/storageAccounts'

/** Built-in roles: https://learn.microsoft.com/azure/role-based-access-control/built-in-roles */
export const roles: Readonly<Record<string, string>> = {
  'b7e6dc6d-f1e8-4753-8033-0f276bb0955b': 'Storage Blob Data Owner',
  'ba92f5b4-2d11-453d-a403-e96b0029c9fe': 'Storage Blob Data Contributor',
  '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1': 'Storage Blob Data Reader',
  '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3': 'Storage Table Data Contributor',
  '12338af0-0e69-4776-bea7-57ae8d297424': 'Key Vault Crypto User',
  '21090545-7ca7-4776-b22c-e363652d74d2': 'Key Vault Reader',
  '3913510d-42f4-4e42-8a64-420c390055eb': 'Monitoring Metrics Publisher',
}

/** Who may do what: roles, keys, locks, the applications in Entra, and the network. */
export function accessFaults(deployment: Deployment): void {
  roleFaults(deployment)
  keyFaults(deployment)
  lockFaults(deployment)
  entraFaults(deployment)
  networkFaults(deployment)
}

/** Each role on what it is for, and no other anywhere. */
function roleFaults({ one, all, fault, choices }: Deployment): void {
  const app = guidOf('principal', one('Microsoft.ManagedIdentity/userAssignedIdentities', /-app$/)?.name ?? '')
  const [host, evidence] = [one(account, /^sthost/), one(account, /^stevid/)]
  const vault = one('Microsoft.KeyVault/vaults')
  const insights = one('Microsoft.Insights/components')
  const archive = `${evidence?.id}/blobServices/default/containers/evidence`
  const wanted = [
    ['storage.bicep', 'Storage Blob Data Owner', host?.id, app, 'ServicePrincipal'],
    ['storage.bicep', 'Storage Table Data Contributor', host?.id, app, 'ServicePrincipal'],
    ['storage.bicep', 'Storage Blob Data Contributor', evidence?.id, app, 'ServicePrincipal'],
    ['storage.bicep', 'Storage Table Data Contributor', evidence?.id, app, 'ServicePrincipal'],
    ['vault.bicep', 'Key Vault Crypto User', vault?.id, app, 'ServicePrincipal'],
    ['monitoring.bicep', 'Monitoring Metrics Publisher', insights?.id, app, 'ServicePrincipal'],
    ...all('Microsoft.Insights/dataCollectionRules').map(({ id }) => [
      ...['sentinel.bicep', 'Monitoring Metrics Publisher', id, app, 'ServicePrincipal'],
    ]),
    ...(choices.auditors ?? []).flatMap((group) => [
      ['storage.bicep', 'Storage Blob Data Reader', archive, group, 'Group'],
      ['vault.bicep', 'Key Vault Reader', vault?.id, group, 'Group'],
    ]),
  ].map(([file = '', ...what]) => ({ file, what: what.map(short).join(', ') }))
  const found = all(assignment).map((each) => {
    const role = textIn(each.body, 'properties', 'roleDefinitionId')
    const isOfSubscription = role.startsWith(
      `/subscriptions/${sample.subscription}/providers/Microsoft.Authorization/roleDefinitions/`,
    )
    const named = isOfSubscription ? roles[role.split('/').at(-1) ?? ''] : undefined
    const principal = ['principalId', 'principalType'].map((name) => textIn(each.body, 'properties', name))
    return { each, what: [named ?? role, each.scope ?? undefined, ...principal].map(short).join(', ') }
  })
  for (const { file, what } of wanted)
    if (!found.some((one) => one.what === what)) fault(file, `a role is missing: ${what}`)
  for (const [i, { each, what }] of found.entries()) {
    if (!wanted.some((one) => one.what === what)) fault(each, `a role that is not for this: ${what}`)
    if (found.findIndex((one) => one.what === what) !== i) fault(each, `a role that is given twice: ${what}`)
  }
}

/** An id without what all ids begin with. */
const short = (id: string | undefined): string => id?.split('/providers/').at(-1) ?? 'nothing'

/** The keys sign, and never leave the vault. A secret in a template would be made anew by each deployment. */
function keyFaults(deployment: Deployment): void {
  const { one, all, fault, choices, output } = deployment
  const vault = one('Microsoft.KeyVault/vaults')
  expectParts(deployment, vault, 'vault.bicep: the vault', {
    'properties.tenantId': sample.tenant,
    'properties.enableRbacAuthorization': true,
    'properties.enablePurgeProtection': true,
    'properties.enableSoftDelete': true,
    'properties.softDeleteRetentionInDays': 90,
    'properties.sku.name': choices.hsm ? 'premium' : 'standard',
    'properties.publicNetworkAccess': choices.private ? 'Disabled' : 'Enabled',
    'properties.networkAcls.defaultAction': choices.private ? 'Deny' : 'Allow',
  })
  const keys = all('Microsoft.KeyVault/vaults/keys')
  for (const name of ['grant', 'log'])
    expectParts(
      deployment,
      keys.find((key) => key.name === name),
      `vault.bicep: the key ${name}`,
      { properties: { kty: choices.hsm ? 'EC-HSM' : 'EC', curveName: 'P-256', keyOps: ['sign', 'verify'] } },
    )
  if (keys.length !== 2) fault('vault.bicep', 'the vault has two keys')
  for (const secret of all('Microsoft.KeyVault/vaults/secrets')) fault(secret, 'a template makes no secret')
  output('AZURE_KEY_VAULT_NAME', vault?.name)
}

function lockFaults(deployment: Deployment): void {
  const { one, all, fault } = deployment
  const locks = all('Microsoft.Authorization/locks')
  const kept = [
    ['storage.bicep', one(account, /^stevid/)?.id],
    ['vault.bicep', one('Microsoft.KeyVault/vaults')?.id],
  ] as const
  for (const [file, id] of kept) {
    const lock = locks.find(({ scope }) => scope === id)
    expectParts(deployment, lock, `${file}: the lock`, { 'properties.level': 'CanNotDelete' })
  }
  for (const lock of locks) if (!kept.some(([, id]) => id === lock.scope)) fault(lock, 'a lock on something else')
}

/** The app roles that some operation asks for. */
const appRoles = new Set(
  operationNames.map(operationOf).flatMap(({ caller }) => {
    if (caller.kind === 'anyone') return caller.more ?? []
    return caller.kind === 'person' ? (caller.role ?? []) : caller.roles
  }),
)

/** Any script with a token of it would count as the person: https://learn.microsoft.com/troubleshoot/entra/entra-id/governance/verify-first-party-apps-sign-in */
const azureCli = '04b07795-8ddb-461a-bbee-02f9e1bf7b46'

/** Teams, by the names of its votes: https://learn.microsoft.com/microsoftteams/platform/tabs/how-to/authentication/tab-sso-register-aad */
const teamsClients = {
  teamsweb: '5e3ce6c0-2b1f-4285-8d4b-75ee78787346',
  teamsapp: '1fec8e78-bce4-4aaf-ab1b-5451cc387264',
} as const

function entraFaults(deployment: Deployment): void {
  const { all, fault, choices } = deployment
  const applications = all('Microsoft.Graph/applications')
  if (choices.apiAppId !== undefined) {
    if (applications.length > 0) fault('main.bicep', 'Entra was prepared before, and is deployed again')
    return
  }
  const named = (uniqueName: RegExp) => applications.find(({ body }) => uniqueName.test(textIn(body, 'uniqueName')))
  const [api, cli, console] = [/(?<!-cli|-console)$/, /-cli$/, /-console$/].map(named)
  const ids = [console, cli].map((one) => guidOf('application', textIn(one?.body, 'uniqueName')))
  // Teams acts for people where the console is a tab in it, and only there.
  const inTeams = choices.teamsAppId === undefined ? [] : Object.entries(teamsClients)
  const scopes = partIn(api?.body, 'api', 'oauth2PermissionScopes', 0)
  expectParts(deployment, api, 'entra.bicep: the API', {
    signInAudience: 'AzureADMyOrg',
    'api.requestedAccessTokenVersion': 2,
    'api.oauth2PermissionScopes.0.value': 'access_as_user',
    'api.oauth2PermissionScopes.0.type': 'User',
    'api.oauth2PermissionScopes.0.isEnabled': true,
    'api.preAuthorizedApplications': [...ids, ...inTeams.map(([, id]) => id)].map((appId) => ({
      appId,
      delegatedPermissionIds: [partIn(scopes, 'id') ?? null],
    })),
  })
  expectParts(deployment, cli, 'entra.bicep: the application of the command', {
    signInAudience: 'AzureADMyOrg',
    isFallbackPublicClient: true,
    'publicClient.redirectUris': ['http://127.0.0.1/signed-in'],
  })
  expectParts(deployment, console, 'entra.bicep: the application of the console', {
    signInAudience: 'AzureADMyOrg',
    'spa.redirectUris': [`${textIn(deployment.outputs, 'COUNTERSIGN_BASE_URL')}/console/`],
  })
  deployment.output('COUNTERSIGN_CLI_APP_ID', ids[1])
  const settings = deployment.one('Microsoft.Web/sites/config')
  expectParts(deployment, settings, 'app.bicep: the settings', {
    'properties.COUNTERSIGN_CLIENTS': [
      ...[`console=${ids[0]}`, `cli=${ids[1]}`],
      ...inTeams.map(([name, id]) => `${name}=${id}`),
    ].join(','),
    'properties.COUNTERSIGN_CONSOLE_APP_ID': `${ids[0]}`,
  })
  if (JSON.stringify(applications.map(({ body }) => body)).includes(azureCli))
    fault('entra.bicep', 'the Azure CLI acts for people')
  appRoleFaults(deployment)
  permissionFaults(deployment)
}

function appRoleFaults({ all, fault }: Deployment): void {
  const [api] = all('Microsoft.Graph/applications').filter(({ body }) => 'appRoles' in body)
  const given = partIn(api?.body, 'appRoles')
  if (!api || !Array.isArray(given)) return fault('entra.bicep', 'the API has no app roles')
  const values = given.map((role) => textIn(role, 'value'))
  for (const role of appRoles) if (!values.includes(role)) fault(api, `the app role ${role} is missing`, ['appRoles'])
  for (const value of values)
    if (![...appRoles].some((role) => role === value))
      fault(api, `nothing asks for the app role ${value}`, ['appRoles'])
  for (const role of given) {
    const isOfAgents = !textIn(role, 'value').startsWith('Evidence.')
    const members = JSON.stringify(partIn(role, 'allowedMemberTypes') ?? null)
    if (members !== JSON.stringify([isOfAgents ? 'Application' : 'User']))
      fault(api, `the app role ${textIn(role, 'value')} is for ${members}`, ['appRoles'])
    if (partIn(role, 'isEnabled') !== true) fault(api, 'an app role is not enabled', ['appRoles'])
  }
}

/** The identity reads people and groups, and nothing else; only it does. */
function permissionFaults({ all, one, fault }: Deployment): void {
  const app = guidOf('principal', one('Microsoft.ManagedIdentity/userAssignedIdentities', /-app$/)?.name ?? '')
  const wanted = ['User.Read.All', 'GroupMember.Read.All', 'Member.Read.Hidden'].map((name) =>
    guidOf('permission', name),
  )
  const found = all('Microsoft.Graph/appRoleAssignedTo')
  for (const each of found) {
    if (!wanted.includes(textIn(each.body, 'appRoleId'))) fault(each, 'a permission that the product does not use')
    if (each.body['principalId'] !== app) fault(each, 'a permission of another identity', ['principalId'])
    if (each.body['resourceId'] !== guidOf('principal', '00000003-0000-0000-c000-000000000000'))
      fault(each, 'a permission of something else than Microsoft Graph', ['resourceId'])
  }
  if (found.length !== wanted.length) fault('entra.bicep', `there are ${wanted.length} permissions`)
  const principals = all('Microsoft.Graph/servicePrincipals').length
  if (principals !== 3) fault('entra.bicep', 'each application needs its principal, or nobody can sign in to it')
}

/** A private deployment reaches storage and vault by their private names, and any other has no network. */
function networkFaults(deployment: Deployment): void {
  const { all, one, fault, choices } = deployment
  const endpoints = all('Microsoft.Network/privateEndpoints')
  if (!choices.private) {
    for (const each of [...endpoints, ...all('Microsoft.Network/virtualNetworks')])
      fault(each, 'nothing is private here')
    return
  }
  const network = one('Microsoft.Network/virtualNetworks')
  const subnet = (name: string) => `${network?.id}/subnets/${name}`
  expectParts(deployment, one('Microsoft.Web/sites'), 'app.bicep: the site', {
    'properties.virtualNetworkSubnetId': subnet('app'),
  })
  expectParts(deployment, network, 'network.bicep: the network', {
    'properties.subnets.0.name': 'app',
    'properties.subnets.0.properties.delegations.0.properties.serviceName': 'Microsoft.App/environments',
    'properties.subnets.1.name': 'endpoints',
  })
  const [host, evidence, vault] = [one(account, /^sthost/), one(account, /^stevid/), one('Microsoft.KeyVault/vaults')]
  const wanted = [
    [host, 'blob', 'privatelink.blob.core.windows.net'],
    [host, 'table', 'privatelink.table.core.windows.net'],
    [evidence, 'blob', 'privatelink.blob.core.windows.net'],
    [evidence, 'table', 'privatelink.table.core.windows.net'],
    [vault, 'vault', 'privatelink.vaultcore.azure.net'],
  ] as const
  const groups = all('Microsoft.Network/privateEndpoints/privateDnsZoneGroups')
  for (const [target, group, zone] of wanted) {
    const found = endpoints.filter(({ body }) => {
      const connection = partIn(body, 'properties', 'privateLinkServiceConnections', 0, 'properties')
      return partIn(connection, 'privateLinkServiceId') === target?.id && partIn(connection, 'groupIds', 0) === group
    })
    const [endpoint] = found
    if (!endpoint || found.length !== 1)
      fault('endpoints.bicep', `there is one endpoint for ${group} of ${target?.name}`)
    expectParts(deployment, endpoint, `endpoints.bicep: the endpoint of ${target?.name} for ${group}`, {
      'properties.subnet.id': subnet('endpoints'),
    })
    const record = groups.find(({ id }) => id.startsWith(`${endpoint?.id}/`))
    const zoneId = one('Microsoft.Network/privateDnsZones', new RegExp(`^${zone.replaceAll('.', '\\.')}$`))?.id ?? null
    expectParts(deployment, record, `endpoints.bicep: the record of ${target?.name} for ${group}`, {
      'properties.privateDnsZoneConfigs.0.properties.privateDnsZoneId': zoneId,
    })
    const link = all('Microsoft.Network/privateDnsZones/virtualNetworkLinks').find(({ id }) =>
      id.startsWith(`${zoneId}/`),
    )
    expectParts(deployment, link, `endpoints.bicep: the link to ${zone}`, {
      'properties.virtualNetwork.id': network?.id ?? null,
    })
  }
}
