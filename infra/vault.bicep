// The vault and its two keys: one signs grants, the other the log. The secret `ledger-key` is not made here, because a
// template would make new random bytes at each deployment. `npm run ledger-key` makes it once, afterwards.
param name string
param suffix string
param location string
param tags object
param appPrincipalId string
param workspaceId string

@description('Object ids of groups whose members read the public keys.')
param auditors string[]

param hsm bool
param private bool

resource vault 'Microsoft.KeyVault/vaults@2024-11-01' = {
  name: 'kv-${name}-${suffix}'
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: hsm ? 'premium' : 'standard' }
    enableRbacAuthorization: true
    enableSoftDelete: true
    softDeleteRetentionInDays: 90
    enablePurgeProtection: true
    publicNetworkAccess: private ? 'Disabled' : 'Enabled'
    networkAcls: { defaultAction: private ? 'Deny' : 'Allow', bypass: 'None' }
  }

  resource grant 'keys' = {
    name: 'grant'
    properties: {
      kty: hsm ? 'EC-HSM' : 'EC'
      curveName: 'P-256'
      keyOps: ['sign', 'verify']
    }
  }

  // No expiry and no rotation policy: a new version is an event in the log, so a person makes it.
  resource log 'keys' = {
    name: 'log'
    properties: {
      kty: hsm ? 'EC-HSM' : 'EC'
      curveName: 'P-256'
      keyOps: ['sign', 'verify']
    }
  }
}

var roles = 'Microsoft.Authorization/roleDefinitions'
var cryptoUser = subscriptionResourceId(roles, '12338af0-0e69-4776-bea7-57ae8d297424') // Key Vault Crypto User
var reader = subscriptionResourceId(roles, '21090545-7ca7-4776-b22c-e363652d74d2') // Key Vault Reader

resource appSigns 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, appPrincipalId, cryptoUser)
  scope: vault
  properties: { roleDefinitionId: cryptoUser, principalId: appPrincipalId, principalType: 'ServicePrincipal' }
}

// Key Vault Reader shows public keys, and neither signs nor shows secrets.
resource auditorsRead 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for auditor in auditors: {
    name: guid(vault.id, auditor, reader)
    scope: vault
    properties: { roleDefinitionId: reader, principalId: auditor, principalType: 'Group' }
  }
]

resource kept 'Microsoft.Authorization/locks@2020-05-01' = {
  name: 'keys'
  scope: vault
  properties: {
    level: 'CanNotDelete'
    notes: 'The keys of Countersign.'
  }
}

resource audit 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'audit', enabled: true }]
  }
}

output id string = vault.id
output name string = vault.name
// Without versions, so that a new one is used without a deployment.
output keys object = {
  grant: vault::grant.properties.keyUri
  log: vault::log.properties.keyUri
  ledger: '${vault.properties.vaultUri}secrets/ledger-key'
  gitHub: '${vault.properties.vaultUri}keys/github-app' // which a person imports
  gitHubSecret: '${vault.properties.vaultUri}secrets/github-secret'
  slack: '${vault.properties.vaultUri}secrets/slack-' // as slack-token, which a person puts there
}
