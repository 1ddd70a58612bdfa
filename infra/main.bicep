// Countersign in Azure: a resource group and everything in it. The modules stand in the order in which they are needed.
targetScope = 'subscription'

@description('Part of every name: 3 to 12 small letters, digits and single hyphens. It cannot be changed later.')
@minLength(3)
@maxLength(12)
param name string

@description('A region with Flex Consumption: az functionapp list-flexconsumption-locations [--zone-redundant].')
@metadata({ azd: { type: 'location' } })
param location string

@description('The name of the log, for ever: approvals.contoso.example/evidence. Empty: the host name and /evidence.')
param origin string = ''

@description('The https address of a custom domain, without a path. Empty: the address that Azure gives the site.')
param baseUrl string = ''

@description('Application id of the API where Entra was prepared before. Empty: entra.bicep prepares it now.')
param apiAppId string = ''

@description('Only with apiAppId: the programs that people use, as cli=<application id>,console=<application id>.')
param clients string = ''

@description('Only with apiAppId: which of the clients is the console. Empty: there is no console.')
param consoleAppId string = ''

@description('The id that Teams gave the uploaded app. With it, the console is a tab in Teams. Empty: it is not.')
param teamsAppId string = ''

@description('What auditors read where the policy changes, such as its commit, author and change ticket. No secret.')
@maxLength(200)
param policyRef string = ''

@description('The authentication context that deciding on tier high over HTTP takes, as c1. Empty: none.')
@maxLength(3)
param stepUp string = ''

@description('Who cosigns the log: the https address of a witness, and its verifier key. Empty: nobody does.')
param witness string = ''

@description('The app of Slack, as A…. Its secrets are in the vault. Empty: there is no door for Slack.')
param slackAppId string = ''

@description('Only with slackAppId: the workspace of Slack, as T….')
param slackTeamId string = ''

@description('Only with slackAppId: true while its signing secret is being changed, and the old one counts, too.')
param slackOldSecret bool = false

@description('The GitHub App: number or client id. Its key and secret are in the vault. Empty: no door for GitHub.')
param gitHubAppId string = ''

@description('Only with gitHubAppId, for GitHub Enterprise: the address of its API. Empty: github.com.')
param gitHubApi string = ''

@description('Where the tenant and its Teams are. GCC High and DoD need Entra prepared before.')
@allowed(['public', 'gcc', 'gcc-high', 'dod'])
param cloud string = 'public'

@description('The Bot Connector of one region, such as https://smba.trafficmanager.net/emea. Empty: that of the cloud.')
param botServiceUrl string = ''

@description('Days for which no file of evidence can be changed or deleted. 0 makes no policy.')
@minValue(0)
@maxValue(146000)
param evidenceDays int = 2555

@description('True once the policy of the container `evidence` is locked: a locked policy takes no deployment.')
param evidenceLocked bool = false

@description('True if the package has a file sinks.json: the systems that are told of events.')
param sinks bool = false

@description('The workspace of Microsoft Sentinel, as a resource id: then a rule takes events there.')
param sentinelWorkspaceId string = ''

@description('Only with sentinelWorkspaceId: the region of that workspace. Empty: the same as location.')
param sentinelLocation string = ''

@description('Makes the container `backup`, whose files are deleted after 30 days, and takes a snapshot every night.')
param backup bool = false

@description('Answers questions in the words of AuthZEN, beside the API: docs/agents/authzen.md.')
param authzen bool = false

@description('Keeps keys in hardware (FIPS 140-3 level 3). It cannot be changed later.')
param hsm bool = false

@description('Reaches storage and vault through private endpoints alone.')
param private bool = false

@description('Spreads site and storage over the zones of the region.')
param zoneRedundant bool = false

@description('Keeps a copy of the evidence account in the paired region.')
param geoRedundant bool = false

@description('Instances that are always there for HTTP. With 0, a first call or card waits for a cold start.')
@minValue(0)
param alwaysReady int = 1

@description('Memory of an instance in MB. 512 is for trials: the service and its host need more under load.')
@allowed([512, 2048, 4096])
param instanceMemory int = 2048

@description('Mail addresses that alerts go to.')
param operators string[] = []

@description('Object ids of groups that may read the archive and the public keys without the service.')
param auditors string[] = []

var letters = [for place in range(0, length(name)): substring(name, place, 1)]
var strange = filter(letters, letter => !contains('abcdefghijklmnopqrstuvwxyz0123456789-', letter))
var isGoodName = empty(strange) && !contains('-${name}-', '--')
var checkedName = isGoodName ? name : fail('name: use small letters, digits and single hyphens inside.')

// Microsoft 365 GCC is in the public cloud, with a Teams of its own.
var isPublic = cloud == 'public' || cloud == 'gcc'
var connectors = {
  public: 'https://smba.trafficmanager.net/teams'
  gcc: 'https://smba.infra.gcc.teams.microsoft.com/teams'
  'gcc-high': 'https://smba.infra.gov.teams.microsoft.us/teams'
  dod: 'https://smba.infra.dod.teams.microsoft.us/teams'
}
var checkedAppId = isPublic || !empty(apiAppId) ? apiAppId : fail('apiAppId: in this cloud, prepare Entra by hand.')

var tags = { 'azd-env-name': name, application: 'countersign' }
var suffix = take(uniqueString(subscription().id, name), 6)
var siteName = 'func-${checkedName}-${suffix}'
var publicAddress = empty(baseUrl) ? 'https://${siteName}.azurewebsites.net' : baseUrl

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: 'rg-countersign-${checkedName}'
  location: location
  tags: tags
}

module identities 'identities.bicep' = {
  name: 'identities'
  scope: group
  params: { name: name, location: location, tags: tags }
}

// Before the site: what the identity may read in Graph is part of its token, which the platform keeps for up to a day.
module entra 'entra.bicep' = if (empty(checkedAppId)) {
  name: 'entra'
  scope: group
  params: {
    name: name
    appPrincipalId: identities.outputs.app.principalId
    consoleUrl: '${publicAddress}/console/'
    teamsTab: !empty(teamsAppId)
  }
}

module monitoring 'monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: { name: name, location: location, tags: tags, appPrincipalId: identities.outputs.app.principalId }
}

module network 'network.bicep' = if (private) {
  name: 'network'
  scope: group
  params: { name: name, location: location, tags: tags }
}

module storage 'storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    name: name
    suffix: suffix
    location: location
    tags: tags
    appPrincipalId: identities.outputs.app.principalId
    workspaceId: monitoring.outputs.workspaceId
    auditors: auditors
    evidenceDays: evidenceDays
    evidenceLocked: evidenceLocked
    backup: backup
    sinks: sinks
    zoneRedundant: zoneRedundant
    geoRedundant: geoRedundant
    private: private
  }
}

module vault 'vault.bicep' = {
  name: 'vault'
  scope: group
  params: {
    name: name
    suffix: suffix
    location: location
    tags: tags
    appPrincipalId: identities.outputs.app.principalId
    workspaceId: monitoring.outputs.workspaceId
    auditors: auditors
    hsm: hsm
    private: private
  }
}

module endpoints 'endpoints.bicep' = if (private) {
  name: 'endpoints'
  scope: group
  params: {
    location: location
    tags: tags
    networkId: network.?outputs.networkId ?? ''
    subnetId: network.?outputs.endpointSubnetId ?? ''
    hostId: storage.outputs.host.id
    evidenceId: storage.outputs.evidence.id
    vaultId: vault.outputs.id
  }
}

module sentinel 'sentinel.bicep' = if (!empty(sentinelWorkspaceId)) {
  name: 'sentinel'
  scope: group
  params: {
    name: name
    location: empty(sentinelLocation) ? location : sentinelLocation
    tags: tags
    appPrincipalId: identities.outputs.app.principalId
    workspaceId: sentinelWorkspaceId
  }
}

module app 'app.bicep' = {
  name: 'app'
  scope: group
  params: {
    name: siteName
    location: location
    tags: tags
    identity: identities.outputs.app
    bot: identities.outputs.bot
    cloud: isPublic ? 'public' : cloud
    botServiceUrl: empty(botServiceUrl) ? connectors[cloud] : botServiceUrl
    apiAppId: entra.?outputs.apiAppId ?? apiAppId
    clients: entra.?outputs.clients ?? clients
    consoleAppId: entra.?outputs.consoleAppId ?? consoleAppId
    teamsAppId: teamsAppId
    policyRef: policyRef
    stepUp: stepUp
    witness: witness
    slackAppId: slackAppId
    slackTeamId: slackTeamId
    slackOldSecret: slackOldSecret
    gitHubAppId: gitHubAppId
    gitHubApi: gitHubApi
    host: storage.outputs.host
    evidenceName: storage.outputs.evidence.name
    keys: vault.outputs.keys
    insights: monitoring.outputs.connectionString
    origin: origin
    baseUrl: baseUrl
    backup: backup
    authzen: authzen
    sinks: sinks
    subnetId: network.?outputs.appSubnetId ?? ''
    zoneRedundant: zoneRedundant
    alwaysReady: alwaysReady
    instanceMemory: instanceMemory
  }
}

module bot 'bot.bicep' = {
  name: 'bot'
  scope: group
  params: {
    name: 'bot-${name}-${suffix}'
    tags: tags
    identity: identities.outputs.bot
    host: app.outputs.host
    cloud: cloud
  }
}

module alerts 'alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    name: name
    location: location
    tags: tags
    operators: operators
    appPrincipalId: identities.outputs.app.principalId
    insightsId: monitoring.outputs.insightsId
    workspaceId: monitoring.outputs.workspaceId
    address: app.outputs.address
    isPublic: isPublic
  }
}

output AZURE_FUNCTION_NAME string = app.outputs.name
output AZURE_KEY_VAULT_NAME string = vault.outputs.name
output AZURE_RESOURCE_GROUP string = group.name
output BOT_APP_ID string = identities.outputs.bot.clientId
output COUNTERSIGN_API_APP_ID string = entra.?outputs.apiAppId ?? apiAppId
output COUNTERSIGN_BASE_URL string = app.outputs.address
output COUNTERSIGN_CLI_APP_ID string = entra.?outputs.cliAppId ?? ''
output SENTINEL_ENDPOINT string = sentinel.?outputs.endpoint ?? ''
output SENTINEL_RULE string = sentinel.?outputs.rule ?? ''
