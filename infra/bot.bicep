// The bot, with Teams as its only channel. Its identity has no secret: local authentication is off.
param name string
param tags object
param identity object
param host string

param cloud string

// Which Teams the channel belongs to. In the government clouds there is only one, and the platform knows it.
var teams = { public: 'CommercialDeployment', gcc: 'GCCModerateDeployment' }

resource bot 'Microsoft.BotService/botServices@2022-09-15' = {
  name: name
  location: 'global'
  tags: tags
  kind: 'azurebot'
  sku: { name: 'F0' } // Teams is a standard channel, and those are free
  properties: {
    displayName: 'Countersign'
    endpoint: 'https://${host}/api/messages'
    msaAppId: identity.clientId
    msaAppType: 'UserAssignedMSI' // the SDK spells the same type UserAssignedMsi
    msaAppMSIResourceId: identity.id
    msaAppTenantId: identity.tenantId
    disableLocalAuth: true
    schemaTransformationVersion: '1.3'
  }

  resource channel 'channels' = {
    name: 'MsTeamsChannel'
    location: 'global'
    tags: tags
    kind: 'azurebot'
    properties: {
      channelName: 'MsTeamsChannel'
      properties: {
        isEnabled: true
        acceptedTerms: true
        deploymentEnvironment: teams[?cloud] ?? 'FallbackDeployment'
      }
    }
  }
}
