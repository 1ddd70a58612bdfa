// Two storage accounts. The Functions host owns the blobs of its account, and packages are among them: with one account
// for both, it would own the evidence too. Neither account takes a key: every caller is an identity with a role.
param name string
param suffix string
param location string
param tags object
param appPrincipalId string
param workspaceId string

@description('Object ids of groups whose members read the archive without the service.')
param auditors string[]

param evidenceDays int
param evidenceLocked bool
param backup bool
param sinks bool
param zoneRedundant bool
param geoRedundant bool
param private bool

// Names of accounts are at most 24 letters and digits.
var short = replace(name, '-', '')
var copies = geoRedundant ? (zoneRedundant ? 'GZRS' : 'GRS') : (zoneRedundant ? 'ZRS' : 'LRS')
var guarded = {
  allowBlobPublicAccess: false
  allowCrossTenantReplication: false
  allowSharedKeyAccess: false
  defaultToOAuthAuthentication: true
  isLocalUserEnabled: false
  minimumTlsVersion: 'TLS1_2'
  supportsHttpsTrafficOnly: true
  publicNetworkAccess: private ? 'Disabled' : 'Enabled'
  networkAcls: { defaultAction: private ? 'Deny' : 'Allow', bypass: 'None' }
}

resource host 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: 'sthost${short}${suffix}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS' }
  properties: guarded

  resource blobs 'blobServices' = {
    name: 'default'
    properties: { deleteRetentionPolicy: { enabled: true, days: 7 } }

    resource packages 'containers' = { name: 'packages' }
  }
}

resource evidence 'Microsoft.Storage/storageAccounts@2025-01-01' = {
  name: 'stevid${short}${suffix}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: 'Standard_${copies}' }
  properties: guarded

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      // Short: what a person erased should not stay long in deleted backups.
      deleteRetentionPolicy: { enabled: true, days: 7 }
      containerDeleteRetentionPolicy: { enabled: true, days: 30 }
    }

    resource archive 'containers' = {
      name: 'evidence'

      // Written once. A locked policy takes no deployment, so it is left out once it is locked.
      resource writeOnce 'immutabilityPolicies' = if (evidenceDays > 0 && !evidenceLocked) {
        name: 'default'
        properties: {
          immutabilityPeriodSinceCreationInDays: evidenceDays
          allowProtectedAppendWrites: false
        }
      }
    }

    // Holds the newest checkpoint, which is replaced every day: no policy here.
    resource checkpoint 'containers' = { name: 'public' }

    // Holds what can be erased: no policy here either, and nothing stays.
    resource backups 'containers' = if (backup) { name: 'backup' }

    // Holds events as lines for other systems, which may take them away: no policy.
    resource lines 'containers' = if (sinks) { name: 'export' }
  }

  resource tables 'tableServices' = {
    name: 'default'

    resource ledger 'tables' = { name: 'ledger' }
    resource limits 'tables' = { name: 'limits' }
  }

  resource expiry 'managementPolicies' = if (backup) {
    name: 'default'
    properties: {
      policy: {
        rules: [
          {
            name: 'backup'
            type: 'Lifecycle'
            enabled: true
            definition: {
              filters: { blobTypes: ['blockBlob'], prefixMatch: ['backup/'] }
              actions: { baseBlob: { delete: { daysAfterCreationGreaterThan: 30 } } }
            }
          }
        ]
      }
    }
  }
}

resource kept 'Microsoft.Authorization/locks@2020-05-01' = {
  name: 'evidence'
  scope: evidence
  properties: {
    level: 'CanNotDelete'
    notes: 'The ledger and the evidence of Countersign.'
  }
}

var roles = 'Microsoft.Authorization/roleDefinitions'
// Storage Blob Data Owner, Contributor and Reader, and Storage Table Data Contributor.
var blobOwner = subscriptionResourceId(roles, 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b')
var blobWriter = subscriptionResourceId(roles, 'ba92f5b4-2d11-453d-a403-e96b0029c9fe')
var blobReader = subscriptionResourceId(roles, '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1')
var tableWriter = subscriptionResourceId(roles, '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3')

// The host keeps packages, locks of timers and its own keys.
resource hostBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(host.id, appPrincipalId, blobOwner)
  scope: host
  properties: { roleDefinitionId: blobOwner, principalId: appPrincipalId, principalType: 'ServicePrincipal' }
}

// The host writes its diagnostic events to a table.
resource hostTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(host.id, appPrincipalId, tableWriter)
  scope: host
  properties: { roleDefinitionId: tableWriter, principalId: appPrincipalId, principalType: 'ServicePrincipal' }
}

resource evidenceBlobs 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(evidence.id, appPrincipalId, blobWriter)
  scope: evidence
  properties: { roleDefinitionId: blobWriter, principalId: appPrincipalId, principalType: 'ServicePrincipal' }
}

resource evidenceTables 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(evidence.id, appPrincipalId, tableWriter)
  scope: evidence
  properties: { roleDefinitionId: tableWriter, principalId: appPrincipalId, principalType: 'ServicePrincipal' }
}

resource auditorsRead 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for auditor in auditors: {
    name: guid(evidence.id, auditor, blobReader)
    scope: evidence::blobs::archive
    properties: { roleDefinitionId: blobReader, principalId: auditor, principalType: 'Group' }
  }
]

// Who wrote to the tables, and when: any other identity than the service's is an alarm.
resource writes 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'writes'
  scope: evidence::tables
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'StorageWrite', enabled: true }
      { category: 'StorageDelete', enabled: true }
    ]
  }
}

output host object = {
  id: host.id
  blobs: host.properties.primaryEndpoints.blob
  tables: host.properties.primaryEndpoints.table
  packages: '${host.properties.primaryEndpoints.blob}${host::blobs::packages.name}'
}
output evidence object = { id: evidence.id, name: evidence.name }
