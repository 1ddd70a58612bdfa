// What people are told by mail. docs/operate/runbook.md says what to do at each alert.
param name string
param location string
param tags object
param operators string[]
param appPrincipalId string
param insightsId string
param workspaceId string
param address string
param isPublic bool

// Every line of the service is one JSON object; the host writes words.
var lines = 'AppTraces | where Message startswith "{" | extend line = parse_json(Message)'
var broken = 'tostring(line.code) == "evidence-broken" or tostring(line.error) startswith "evidence-broken"'
var notCosigned = 'tostring(line.error) startswith "CheckpointNotCosigned'
var isRefused = '${notCosigned} fork" or ${notCosigned} stale-size"'
var isChange = 'Category in ("StorageWrite", "StorageDelete") and toint(StatusCode) < 400'
var alarms = [
  {
    name: 'evidence-broken'
    says: 'Evidence does not hold: another program wrote to the storage, or rows are lost.'
    severity: 1
    query: '${lines} | where ${broken} or isnotnull(line.broken)'
  }
  {
    name: 'seal-failing'
    says: 'A day could not be sealed.'
    severity: 1
    query: '${lines} | where tostring(line.timer) == "seal" and isnotempty(line.error)'
  }
  {
    name: 'witness-refuses'
    says: 'A witness has cosigned another log than this one, or a longer one.'
    severity: 1
    query: '${lines} | where ${isRefused}'
  }
  {
    name: 'foreign-writes'
    says: 'Another identity than the service wrote to its tables.'
    severity: 1
    query: 'StorageTableLogs | where ${isChange} and RequesterObjectId != "${appPrincipalId}"'
  }
  {
    name: 'background'
    says: 'Something went wrong that no caller waits for, such as cards that do not get through.'
    severity: 2
    query: '${lines} | where tobool(line.background) and not(${broken})'
  }
  {
    name: 'server-errors'
    says: 'Calls were answered with 5xx.'
    severity: 2
    query: '${lines} | where toint(line.status) >= 500'
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${name}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'countersign' // at most 12 characters
    enabled: true
    emailReceivers: [
      for (mail, i) in operators: { name: 'operator-${i}', emailAddress: mail, useCommonAlertSchema: true }
    ]
  }
}

resource found 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for alarm in alarms: {
    name: '${name}-${alarm.name}'
    location: location
    tags: tags
    properties: {
      displayName: 'Countersign ${name}: ${alarm.name}'
      description: alarm.says
      severity: alarm.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT15M'
      windowSize: 'PT15M'
      criteria: {
        allOf: [
          {
            query: alarm.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      autoMitigate: true
      skipQueryValidation: true // a new workspace has none of these tables yet
      actions: { actionGroups: [people.id] }
    }
  }
]

resource silent 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {
  name: '${name}-timers-silent'
  location: location
  tags: tags
  properties: {
    displayName: 'Countersign ${name}: timers-silent'
    description: 'No timer ran for 15 minutes: deadlines pass unseen, cards stay out of date, and no day is sealed.'
    severity: 1
    enabled: true
    scopes: [workspaceId]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT15M'
    criteria: {
      allOf: [
        {
          query: '${lines} | where isnotempty(line.timer)'
          timeAggregation: 'Count'
          operator: 'LessThan'
          threshold: 1
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    autoMitigate: true
    skipQueryValidation: true
    actions: { actionGroups: [people.id] }
  }
}

var places = isPublic
  ? ['emea-nl-ams-azr', 'us-va-ash-azr', 'apac-sg-sin-azr']
  : ['usgov-va-azr', 'usgov-phx-azr', 'usgov-tx-azr']

// From outside: health answers 200 only while tables, keys and directory work, and says whether days are sealed.
resource test 'Microsoft.Insights/webtests@2022-06-15' = {
  name: 'health-${name}'
  location: location
  kind: 'standard'
  tags: union(tags, { 'hidden-link:${insightsId}': 'Resource' })
  properties: {
    SyntheticMonitorId: 'health-${name}'
    Name: 'Countersign ${name}: health'
    Enabled: true
    Kind: 'standard'
    Frequency: 600
    Timeout: 30
    RetryEnabled: true
    Locations: [for place in places: { Id: place }]
    Request: { RequestUrl: '${address}/api/health', HttpVerb: 'GET', ParseDependentRequests: false }
    ValidationRules: {
      ExpectedHttpStatusCode: 200
      SSLCheck: true
      SSLCertRemainingLifetimeCheck: 14
      ContentValidation: { ContentMatch: '"seal":"ok"', IgnoreCase: false, PassIfTextFound: true }
    }
  }
}

resource down 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: '${name}-down'
  location: 'global'
  tags: tags
  properties: {
    description: 'Countersign does not answer, is not healthy, or seals no days, as seen from two places or more.'
    severity: 1
    enabled: true
    scopes: [test.id, insightsId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.WebtestLocationAvailabilityCriteria'
      webTestId: test.id
      componentId: insightsId
      failedLocationCount: 2
    }
    actions: [{ actionGroupId: people.id }]
  }
}
