// Private endpoints of both storage accounts and the vault, and the DNS zones in which the service finds them.
param location string
param tags object
param networkId string
param subnetId string
param hostId string
param evidenceId string
param vaultId string

var blobZone = 'privatelink.blob.${environment().suffixes.storage}'
var tableZone = 'privatelink.table.${environment().suffixes.storage}'
// The public name is `.vault.azure.net`, and the private one `.vaultcore.azure.net`.
var vaultZone = 'privatelink${replace(environment().suffixes.keyvaultDns, '.vault.', '.vaultcore.')}'

var zones = [blobZone, tableZone, vaultZone]
var targets = [
  { name: 'host-blob', id: hostId, group: 'blob', zone: blobZone }
  { name: 'host-table', id: hostId, group: 'table', zone: tableZone }
  { name: 'evidence-blob', id: evidenceId, group: 'blob', zone: blobZone }
  { name: 'evidence-table', id: evidenceId, group: 'table', zone: tableZone }
  { name: 'vault', id: vaultId, group: 'vault', zone: vaultZone }
]

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for domain in zones: {
    name: domain
    location: 'global'
    tags: tags
  }
]

resource link 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (domain, i) in zones: {
    parent: zone[i]
    name: 'countersign'
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: networkId }
    }
  }
]

resource endpoint 'Microsoft.Network/privateEndpoints@2024-07-01' = [
  for target in targets: {
    name: 'pe-${target.name}'
    location: location
    tags: tags
    properties: {
      subnet: { id: subnetId }
      privateLinkServiceConnections: [
        {
          name: target.name
          properties: {
            privateLinkServiceId: target.id
            groupIds: [target.group]
          }
        }
      ]
    }
  }
]

resource record 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-07-01' = [
  for (target, i) in targets: {
    parent: endpoint[i]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [
        {
          name: target.group
          properties: { privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', target.zone) }
        }
      ]
    }
    dependsOn: [zone]
  }
]
