// What takes events for Microsoft Sentinel: a rule that puts them into the table ASimAuditEventLogs as they come.
param name string
param location string
param tags object
param appPrincipalId string
param workspaceId string

// Monitoring Metrics Publisher: who may send to a rule.
var publisher = '3913510d-42f4-4e42-8a64-420c390055eb'

// All columns that the service writes, with their types in the table, which has more.
var columns = [
  { name: 'ActingAppName', type: 'string' }
  { name: 'ActingAppType', type: 'string' }
  { name: 'ActorScopeId', type: 'string' }
  { name: 'ActorUserAadId', type: 'string' }
  { name: 'ActorUserId', type: 'string' }
  { name: 'ActorUserIdType', type: 'string' }
  { name: 'ActorUsername', type: 'string' }
  { name: 'ActorUsernameType', type: 'string' }
  { name: 'ActorUserType', type: 'string' }
  { name: 'AdditionalFields', type: 'dynamic' }
  { name: 'DvcFQDN', type: 'string' }
  { name: 'DvcHostname', type: 'string' }
  { name: 'EventCount', type: 'int' }
  { name: 'EventEndTime', type: 'datetime' }
  { name: 'EventMessage', type: 'string' }
  { name: 'EventOriginalType', type: 'string' }
  { name: 'EventOriginalUid', type: 'string' }
  { name: 'EventProduct', type: 'string' }
  { name: 'EventProductVersion', type: 'string' }
  { name: 'EventReportUrl', type: 'string' }
  { name: 'EventResult', type: 'string' }
  { name: 'EventResultDetails', type: 'string' }
  { name: 'EventSchemaVersion', type: 'string' }
  { name: 'EventSeverity', type: 'string' }
  { name: 'EventStartTime', type: 'datetime' }
  { name: 'EventSubType', type: 'string' }
  { name: 'EventType', type: 'string' }
  { name: 'EventVendor', type: 'string' }
  { name: 'NewValue', type: 'string' }
  { name: 'Object', type: 'string' }
  { name: 'ObjectId', type: 'string' }
  { name: 'ObjectType', type: 'string' }
  { name: 'OldValue', type: 'string' }
  { name: 'Operation', type: 'string' }
  { name: 'RuleName', type: 'string' }
  { name: 'TargetAppId', type: 'string' }
  { name: 'TargetAppType', type: 'string' }
  { name: 'TimeGenerated', type: 'datetime' }
]

resource rule 'Microsoft.Insights/dataCollectionRules@2023-03-11' = {
  name: 'dcr-countersign-${name}'
  location: location
  tags: tags
  kind: 'Direct'
  properties: {
    description: 'Events of Countersign, as rows of the schema AuditEvent.'
    streamDeclarations: { 'Custom-Countersign': { columns: columns } }
    destinations: { logAnalytics: [{ name: 'sentinel', workspaceResourceId: workspaceId }] }
    dataFlows: [
      {
        streams: ['Custom-Countersign']
        destinations: ['sentinel']
        transformKql: 'source'
        outputStream: 'Microsoft-ASimAuditEventLogs'
      }
    ]
  }
}

resource appSends 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(rule.id, appPrincipalId, publisher)
  scope: rule
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', publisher)
    principalId: appPrincipalId
    principalType: 'ServicePrincipal'
  }
}

output endpoint string = rule.properties.endpoints.logsIngestion
output rule string = rule.properties.immutableId
