// Two identities. The service runs as `app`. `bot` is the bot in Teams and has no role at all: a token of the bot opens
// neither tables nor keys.
param name string
param location string
param tags object

resource app 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-${name}-app'
  location: location
  tags: tags
}

resource bot 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-${name}-bot'
  location: location
  tags: tags
}

// What the other files need of them. A principal is given roles, a client is what the service signs in as.
output app object = {
  id: app.id
  principalId: app.properties.principalId
  clientId: app.properties.clientId
}
output bot object = {
  id: bot.id
  clientId: bot.properties.clientId
  tenantId: bot.properties.tenantId
}
