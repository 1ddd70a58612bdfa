// The Function app: its plan, the site, and the settings that the service reads.
param name string
param location string
param tags object
param identity object
param bot object
param cloud string
param botServiceUrl string
param apiAppId string
param clients string
param consoleAppId string
param teamsAppId string
param policyRef string
param stepUp string
param witness string
param slackAppId string
param slackTeamId string
param slackOldSecret bool
param gitHubAppId string
param gitHubApi string
param host object
param evidenceName string
param keys object
param insights string
param origin string
param baseUrl string
param backup bool
param authzen bool
param sinks bool
param subnetId string
param zoneRedundant bool
param alwaysReady int
param instanceMemory int

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: 'plan-${name}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true, zoneRedundant: zoneRedundant }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'api' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identity.id}': {}, '${bot.id}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    keyVaultReferenceIdentity: identity.id // who reads the secrets of Slack and GitHub
    siteConfig: { minTlsVersion: '1.2', http20Enabled: true }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: host.packages
          authentication: { type: 'UserAssignedIdentity', userAssignedIdentityResourceId: identity.id }
        }
      }
      runtime: { name: 'node', version: '22' }
      scaleAndConcurrency: {
        maximumInstanceCount: 40
        instanceMemoryMB: instanceMemory
        alwaysReady: alwaysReady > 0 ? [{ name: 'http', instanceCount: alwaysReady }] : []
        // Each agent that waits holds a place. The default is about 16, and 1,000 waiting agents would be 63 instances.
        triggers: { http: { perInstanceConcurrency: 500 } }
      }
    }
  }

  // No passwords for publishing: a deployment goes by an identity.
  resource ftp 'basicPublishingCredentialsPolicies' = { name: 'ftp', properties: { allow: false } }
  resource scm 'basicPublishingCredentialsPolicies' = { name: 'scm', properties: { allow: false } }

  // A child of the site, since two settings name the host that Azure gives the site.
  resource settings 'config' = {
    name: 'appsettings'
    properties: {
      AzureWebJobsDisableHomepage: 'true' // the function `elsewhere` answers at the root
      AzureWebJobsStorage__blobServiceUri: host.blobs
      AzureWebJobsStorage__tableServiceUri: host.tables
      AzureWebJobsStorage__credential: 'managedidentity'
      AzureWebJobsStorage__clientId: identity.clientId
      APPLICATIONINSIGHTS_CONNECTION_STRING: insights
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identity.clientId};Authorization=AAD'
      AZURE_CLIENT_ID: identity.clientId
      BOT_APP_ID: bot.clientId
      BOT_APP_TYPE: 'UserAssignedMsi' // the resource provider spells the same type UserAssignedMSI
      BOT_SERVICE_URL: botServiceUrl
      BOT_TENANT_ID: bot.tenantId
      COUNTERSIGN_API_APP_ID: apiAppId
      COUNTERSIGN_AUTHZEN: authzen ? 'on' : 'off'
      COUNTERSIGN_BACKUP: backup ? 'on' : 'off'
      COUNTERSIGN_BASE_URL: address
      // Not the account's primaryEndpoints: those end in a slash, which the service refuses.
      COUNTERSIGN_BLOBS_URL: 'https://${evidenceName}.blob.${environment().suffixes.storage}'
      COUNTERSIGN_CLIENTS: clients
      COUNTERSIGN_CONSOLE_APP_ID: consoleAppId
      COUNTERSIGN_CLOUD: cloud
      COUNTERSIGN_GITHUB_API: gitHubApi
      COUNTERSIGN_GITHUB_APP_ID: gitHubAppId
      COUNTERSIGN_GITHUB_KEY: empty(gitHubAppId) ? '' : keys.gitHub
      COUNTERSIGN_GITHUB_SECRET: empty(gitHubAppId) ? '' : '@Microsoft.KeyVault(SecretUri=${keys.gitHubSecret})'
      COUNTERSIGN_GRANT_KEY: keys.grant
      COUNTERSIGN_LEDGER_KEY: keys.ledger
      COUNTERSIGN_LOG_KEY: keys.log
      COUNTERSIGN_ORIGIN: empty(origin) ? '${app.properties.defaultHostName}/evidence' : origin
      COUNTERSIGN_POLICY: '/home/site/wwwroot/policy' // where the platform mounts the package, read-only
      COUNTERSIGN_POLICY_REF: policyRef
      COUNTERSIGN_SINKS: sinks ? '/home/site/wwwroot/sinks.json' : '' // part of the package, as the policy is
      COUNTERSIGN_SLACK_APP_ID: slackAppId
      COUNTERSIGN_SLACK_OLD_SIGNING_SECRET: slackOldSecret ? '${slackSecret}old-signing-secret)' : ''
      COUNTERSIGN_SLACK_SIGNING_SECRET: empty(slackAppId) ? '' : '${slackSecret}signing-secret)'
      COUNTERSIGN_SLACK_TEAM_ID: slackTeamId
      COUNTERSIGN_SLACK_TOKEN: empty(slackAppId) ? '' : '${slackSecret}token)'
      COUNTERSIGN_STEP_UP: stepUp
      COUNTERSIGN_TABLES_URL: 'https://${evidenceName}.table.${environment().suffixes.storage}'
      COUNTERSIGN_TEAMS_APP_ID: teamsAppId
      COUNTERSIGN_TENANT_ID: tenant().tenantId
      COUNTERSIGN_WITNESS: witness
    }
  }
}

// The beginning of a reference to a secret of Slack, which the platform resolves.
var slackSecret = '@Microsoft.KeyVault(SecretUri=${keys.slack}'
var address = empty(baseUrl) ? 'https://${app.properties.defaultHostName}' : baseUrl

output name string = app.name
output host string = app.properties.defaultHostName
output address string = address
