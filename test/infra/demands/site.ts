import { readConfig } from '../../../src/config.ts'
import { type Deployment, expectParts, partIn, textIn } from './demands.ts'
import type { Deployed } from '../bicep/evaluate.ts'
import { guidOf, sample } from '../bicep/functions.ts'

/** Settings that the Functions host reads, and not the product. */
const ofTheHost = [
  'APPLICATIONINSIGHTS_AUTHENTICATION_STRING',
  'APPLICATIONINSIGHTS_CONNECTION_STRING',
  'AzureWebJobsDisableHomepage',
  'AzureWebJobsStorage__blobServiceUri',
  'AzureWebJobsStorage__clientId',
  'AzureWebJobsStorage__credential',
  'AzureWebJobsStorage__tableServiceUri',
]

/** https://learn.microsoft.com/azure/azure-functions/functions-app-settings: not for Flex Consumption. */
const notOnFlex = /^(FUNCTIONS_|WEBSITE_|SCM_|ENABLE_ORYX|AzureWebJobsStorage$)/

const settingsType = 'Microsoft.Web/sites/config'

/** The site runs what is built, as the two identities, with settings that the start takes. */
export function siteFaults(deployment: Deployment): void {
  planFaults(deployment)
  settingFaults(deployment)
  botFaults(deployment)
}

function planFaults(deployment: Deployment): void {
  const { one, all, fault, choices, output } = deployment
  expectParts(deployment, one('Microsoft.Web/serverfarms'), 'app.bicep: the plan', {
    'sku.name': 'FC1',
    'sku.tier': 'FlexConsumption',
    'properties.reserved': true,
  })
  const site = one('Microsoft.Web/sites')
  const identity = one('Microsoft.ManagedIdentity/userAssignedIdentities', /-app$/)
  const bot = one('Microsoft.ManagedIdentity/userAssignedIdentities', /-bot$/)
  const host = one('Microsoft.Storage/storageAccounts', /^sthost/)
  if (!site || !identity || !bot || !host) return fault('main.bicep', 'site, identities or host account are missing')
  const deployed = 'properties.functionAppConfig'
  expectParts(deployment, site, 'app.bicep: the site', {
    kind: 'functionapp,linux',
    'tags.azd-service-name': 'api',
    'identity.type': 'UserAssigned',
    'identity.userAssignedIdentities': { [identity.id]: {}, [bot.id]: {} },
    'properties.serverFarmId': one('Microsoft.Web/serverfarms')?.id ?? null,
    'properties.httpsOnly': true,
    'properties.keyVaultReferenceIdentity': identity.id,
    'properties.siteConfig.minTlsVersion': '1.2',
    [`${deployed}.runtime`]: { name: 'node', version: '22' },
    [`${deployed}.deployment.storage.value`]: `https://${host.name}.blob.core.windows.net/packages`,
    [`${deployed}.deployment.storage.authentication`]: {
      type: 'UserAssignedIdentity',
      userAssignedIdentityResourceId: identity.id,
    },
    [`${deployed}.scaleAndConcurrency.triggers.http.perInstanceConcurrency`]: 500,
    [`${deployed}.scaleAndConcurrency.maximumInstanceCount`]: 40,
  })
  const ready = partIn(site.body, 'properties', 'functionAppConfig', 'scaleAndConcurrency', 'alwaysReady')
  for (const group of Array.isArray(ready) ? ready : [])
    if (partIn(group, 'name') !== 'http')
      fault(site, 'only calls need an instance that is always there', [
        ...deployed.split('.'),
        'scaleAndConcurrency',
        'alwaysReady',
      ])
  const subnet = partIn(site.body, 'properties', 'virtualNetworkSubnetId') ?? null
  if ((subnet !== null) !== (choices.private === true))
    fault(site, 'the site is in a network exactly if the deployment is private', [
      'properties',
      'virtualNetworkSubnetId',
    ])
  const policies = all('Microsoft.Web/sites/basicPublishingCredentialsPolicies')
  for (const name of ['ftp', 'scm']) {
    const policy = policies.find((one) => one.name === name)
    expectParts(deployment, policy, `app.bicep: the policy ${name}`, { 'properties.allow': false })
  }
  const group = one('Microsoft.Resources/resourceGroups')
  expectParts(deployment, group, 'main.bicep: the group', { 'tags.azd-env-name': choices.name ?? null })
  output('AZURE_FUNCTION_NAME', site.name)
  output('AZURE_RESOURCE_GROUP', group?.name)
}

/** What the platform reads from the vault, where a setting refers to it. */
const secrets: Readonly<Record<string, string>> = {
  'slack-signing-secret': '0123456789abcdef0123456789abcdef',
  'slack-old-signing-secret': 'fedcba9876543210fedcba9876543210',
  'slack-token': 'xoxb-0000000000-example',
  'github-secret': '0123456789abcdef0123456789abcdef',
}

const resolved = (value: string | undefined): string | undefined =>
  secrets[/^@Microsoft\.KeyVault\(SecretUri=https:\/\/[^/]+\/secrets\/([\w-]+)\)$/.exec(value ?? '')?.[1] ?? ''] ??
  value

function settingFaults(deployment: Deployment): void {
  const { all, fault } = deployment
  const settings = all(settingsType)
  const [one] = settings
  if (!one || settings.length !== 1 || one.name !== 'appsettings')
    return fault('app.bicep', 'the settings are one resource, called appsettings')
  const given = partIn(one.body, 'properties') as NodeJS.ProcessEnv
  const read = new Set<string>()
  const watched = new Proxy(given, {
    get: (target, name) => {
      read.add(String(name))
      return resolved(target[String(name)])
    },
  })
  try {
    readConfig(watched)
  } catch (cause) {
    const words = cause instanceof Error ? cause.message : String(cause)
    return fault(one, words, ['properties', /setting (\w+)/.exec(words)?.[1] ?? ''])
  }
  for (const name of Object.keys(given)) {
    const at = ['properties', name]
    if (notOnFlex.test(name)) fault(one, `${name} must not be set on Flex Consumption`, at)
    else if (!read.has(name) && !ofTheHost.includes(name)) fault(one, `nothing reads the setting ${name}`, at)
  }
  valueFaults(deployment, one)
}

/** What the start cannot see: a setting that has the right form, and names something else. */
function valueFaults(deployment: Deployment, settings: Deployed): void {
  const { one, choices, outputs } = deployment
  const site = one('Microsoft.Web/sites')?.name ?? ''
  const host = `${site}.azurewebsites.net`
  const vault = one('Microsoft.KeyVault/vaults')?.name ?? ''
  const [hostAccount = '', evidence = ''] = [/^sthost/, /^stevid/].map(
    (name) => one('Microsoft.Storage/storageAccounts', name)?.name ?? '',
  )
  const app = one('Microsoft.ManagedIdentity/userAssignedIdentities', /-app$/)
  const clientId = textIn(settings.body, 'properties', 'AZURE_CLIENT_ID')
  const api = choices.apiAppId ?? textIn(outputs, 'COUNTERSIGN_API_APP_ID')
  const clients =
    choices.apiAppId === undefined ? `,cli=${textIn(outputs, 'COUNTERSIGN_CLI_APP_ID')}` : (choices.clients ?? '')
  const { cloud = 'public' } = choices
  const secret = (name: string) => `@Microsoft.KeyVault(SecretUri=https://${vault}.vault.azure.net/secrets/${name})`
  const [hasSlack, hasGitHub] = [choices.slackAppId, choices.gitHubAppId].map((id) => id !== undefined)
  const properties = {
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING: `ClientId=${clientId};Authorization=AAD`,
    AZURE_CLIENT_ID: guidOf('client', app?.name ?? ''),
    AzureWebJobsDisableHomepage: 'true',
    AzureWebJobsStorage__blobServiceUri: `https://${hostAccount}.blob.core.windows.net/`,
    AzureWebJobsStorage__clientId: clientId,
    AzureWebJobsStorage__credential: 'managedidentity',
    AzureWebJobsStorage__tableServiceUri: `https://${hostAccount}.table.core.windows.net/`,
    COUNTERSIGN_API_APP_ID: api,
    COUNTERSIGN_AUTHZEN: choices.authzen ? 'on' : 'off',
    COUNTERSIGN_BACKUP: choices.backup ? 'on' : 'off',
    COUNTERSIGN_BASE_URL: choices.baseUrl ?? `https://${host}`,
    COUNTERSIGN_BLOBS_URL: `https://${evidence}.blob.core.windows.net`,
    COUNTERSIGN_CLOUD: cloud === 'gcc' ? 'public' : cloud,
    COUNTERSIGN_GITHUB_API: choices.gitHubApi ?? '',
    COUNTERSIGN_GITHUB_APP_ID: choices.gitHubAppId ?? '',
    COUNTERSIGN_GITHUB_KEY: hasGitHub ? `https://${vault}.vault.azure.net/keys/github-app` : '',
    COUNTERSIGN_GITHUB_SECRET: hasGitHub ? secret('github-secret') : '',
    COUNTERSIGN_GRANT_KEY: `https://${vault}.vault.azure.net/keys/grant`,
    COUNTERSIGN_LEDGER_KEY: `https://${vault}.vault.azure.net/secrets/ledger-key`,
    COUNTERSIGN_LOG_KEY: `https://${vault}.vault.azure.net/keys/log`,
    COUNTERSIGN_ORIGIN: choices.origin ?? `${host}/evidence`,
    COUNTERSIGN_POLICY: '/home/site/wwwroot/policy',
    COUNTERSIGN_POLICY_REF: choices.policyRef ?? '',
    COUNTERSIGN_SINKS: choices.sinks ? '/home/site/wwwroot/sinks.json' : '',
    COUNTERSIGN_SLACK_APP_ID: choices.slackAppId ?? '',
    COUNTERSIGN_SLACK_OLD_SIGNING_SECRET: choices.slackOldSecret ? secret('slack-old-signing-secret') : '',
    COUNTERSIGN_SLACK_SIGNING_SECRET: hasSlack ? secret('slack-signing-secret') : '',
    COUNTERSIGN_SLACK_TEAM_ID: choices.slackTeamId ?? '',
    COUNTERSIGN_SLACK_TOKEN: hasSlack ? secret('slack-token') : '',
    COUNTERSIGN_STEP_UP: choices.stepUp ?? '',
    COUNTERSIGN_TABLES_URL: `https://${evidence}.table.core.windows.net`,
    COUNTERSIGN_TEAMS_APP_ID: choices.teamsAppId ?? '',
    COUNTERSIGN_WITNESS: choices.witness ?? '',
  }
  const named = Object.entries(properties).map(([name, value]) => [`properties.${name}`, value] as const)
  expectParts(deployment, settings, 'app.bicep: the settings', Object.fromEntries(named))
  const given = textIn(settings.body, 'properties', 'COUNTERSIGN_CLIENTS')
  if (!given.includes(clients))
    deployment.fault(settings, `COUNTERSIGN_CLIENTS is ${given}`, ['properties', 'COUNTERSIGN_CLIENTS'])
  deployment.output('COUNTERSIGN_BASE_URL', properties.COUNTERSIGN_BASE_URL)
}

/** What the bot says to Teams is what the service runs as, and it is reached at the site. */
function botFaults(deployment: Deployment): void {
  const { one, choices, output } = deployment
  const identity = one('Microsoft.ManagedIdentity/userAssignedIdentities', /-bot$/)
  const clientId = guidOf('client', identity?.name ?? '')
  const settings = one(settingsType)
  expectParts(deployment, settings, 'app.bicep: the settings', {
    'properties.BOT_APP_ID': clientId,
    'properties.BOT_APP_TYPE': 'UserAssignedMsi',
    'properties.BOT_TENANT_ID': sample.tenant,
  })
  expectParts(deployment, one('Microsoft.BotService/botServices'), 'bot.bicep: the bot', {
    'properties.endpoint': `https://${one('Microsoft.Web/sites')?.name}.azurewebsites.net/api/messages`,
    'properties.msaAppId': clientId,
    'properties.msaAppType': 'UserAssignedMSI',
    'properties.msaAppMSIResourceId': identity?.id ?? null,
    'properties.msaAppTenantId': sample.tenant,
    'properties.disableLocalAuth': true,
  })
  const teams = { public: 'CommercialDeployment', gcc: 'GCCModerateDeployment' }
  const { cloud = 'public' } = choices
  expectParts(
    deployment,
    one('Microsoft.BotService/botServices/channels', /^MsTeamsChannel$/),
    'bot.bicep: the channel MsTeamsChannel',
    {
      'properties.channelName': 'MsTeamsChannel',
      'properties.properties.isEnabled': true,
      'properties.properties.deploymentEnvironment':
        cloud === 'public' || cloud === 'gcc' ? teams[cloud] : 'FallbackDeployment',
    },
  )
  output('BOT_APP_ID', clientId)
}
