// Ten questions that operators ask of the log, as saved queries of the workspace and as one workbook.
param location string
param tags object
param workspaceName string

// Every line of the service is one JSON object; the host writes words.
var lines = 'AppTraces\n| where Message startswith "{"\n| extend line = parse_json(Message)'
var questions = [
  {
    name: 'waiting'
    title: 'How many requests wait for people, and for how long?'
    steps: [
      'where isnotnull(line.done.waiting)'
      'extend requests = toint(line.done.waiting), oldestMinutes = toint(line.done.oldest) / 60'
      'extend overAnHour = toint(line.done.overHour), overADay = toint(line.done.overDay)'
      'project TimeGenerated, requests, oldestMinutes, overAnHour, overADay'
      'order by TimeGenerated desc'
    ]
  }
  {
    name: 'undeliverable'
    title: 'Which requests reached no channel, and what did not get through?'
    steps: [
      'where tobool(line.background) and not(tostring(line.error) startswith "evidence-broken")'
      'extend request = tostring(line.undelivered), error = tostring(line.error), causes = tostring(line.causes)'
      'project TimeGenerated, request, error, causes, trace = tostring(line.trace)'
      'order by TimeGenerated desc'
    ]
  }
  {
    name: 'seal'
    title: 'Which days were sealed, and what stops the seal?'
    steps: [
      'where tostring(line.timer) == "seal"'
      'extend days = tostring(line.done), error = tostring(line.error), causes = tostring(line.causes)'
      'project TimeGenerated, days, error, causes, ms = toint(line.ms)'
      'order by TimeGenerated desc'
    ]
  }
  {
    name: 'server-errors'
    title: 'Which calls were answered with 5xx?'
    steps: [
      'where toint(line.status) >= 500'
      'extend route = tostring(line.route), why = coalesce(tostring(line.code), tostring(line.error))'
      'summarize calls = count(), trace = take_any(tostring(line.trace)) by bin(TimeGenerated, 1h), route, why'
      'order by TimeGenerated desc'
    ]
  }
  {
    name: 'slow-calls'
    title: 'Which calls are slow? (ask and read may wait for people)'
    steps: [
      'where isnotempty(line.route)'
      'extend route = tostring(line.route), ms = toint(line.ms)'
      'summarize calls = count(), half = percentile(ms, 50), most = percentile(ms, 95), longest = max(ms) by route'
      'order by most desc'
    ]
  }
  {
    name: 'refusals'
    title: 'What is refused, and with which code?'
    steps: [
      'where isnotempty(line.code) and toint(line.status) < 500'
      'extend route = tostring(line.route), code = tostring(line.code), claim = tostring(line.claim)'
      'summarize calls = count(), callers = dcount(tostring(line.caller.id)) by code, claim, route'
      'order by calls desc'
    ]
  }
  {
    name: 'limits'
    title: 'Which agents run into limits?'
    steps: [
      'where tostring(line.code) in ("too-many", "cooling-down", "already-pending")'
      'extend caller = tostring(line.caller.id), code = tostring(line.code)'
      'summarize calls = count() by bin(TimeGenerated, 1h), caller, code'
      'order by TimeGenerated desc'
    ]
  }
  {
    name: 'tampering'
    title: 'Which rows does the service not believe?'
    steps: [
      'extend what = coalesce(tostring(line.code), tostring(line.error))'
      'where what startswith "evidence-broken" or isnotnull(line.broken)'
      'extend shard = tostring(line.broken.shard), row = tostring(line.broken.row), check = tostring(line.broken.check)'
      'extend request = tostring(line.broken.request), trace = tostring(line.trace)'
      'project TimeGenerated, what, shard, row, check, request, trace'
      'order by TimeGenerated desc'
    ]
  }
  {
    name: 'decisions'
    title: 'How many decisions are there in an hour, by door?'
    steps: [
      'where tostring(line.route) == "decide" or tostring(line.intent) == "decide"'
      'where toint(line.status) == 200 and isempty(line.code)'
      'extend route = tostring(line.route)'
      'extend door = case(route == "messages", "teams", route == "slack", "slack", "http")'
      'summarize decisions = count(), people = dcount(tostring(line.caller.id)) by bin(TimeGenerated, 1h), door'
      'order by TimeGenerated desc'
    ]
  }
  {
    name: 'cold-starts'
    title: 'When did instances start, and how long took their first call?'
    steps: [
      'where isnotempty(line.route)'
      'summarize arg_min(TimeGenerated, line) by AppRoleInstance'
      'project TimeGenerated, instance = AppRoleInstance, route = tostring(line.route), ms = toint(line.ms)'
      'order by TimeGenerated desc'
    ]
  }
]
var asked = [
  for question in questions: {
    name: question.name
    title: question.title
    query: '${lines}\n| ${join(question.steps, '\n| ')}'
  }
]

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-02-01' existing = {
  name: workspaceName
}

resource saved 'Microsoft.OperationalInsights/workspaces/savedSearches@2025-02-01' = [
  for question in asked: {
    parent: workspace
    name: 'countersign-${question.name}'
    properties: {
      category: 'Countersign'
      displayName: question.title
      query: question.query
      version: 2
    }
  }
]

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(workspace.id, 'countersign')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Countersign'
    category: 'workbook'
    sourceId: workspace.id
    version: 'Notebook/1.0'
    serializedData: string({
      version: 'Notebook/1.0'
      items: [
        for question in asked: {
          type: 3
          name: question.name
          content: {
            version: 'KqlItem/1.0'
            title: question.title
            query: question.query
            queryType: 0
            resourceType: 'microsoft.operationalinsights/workspaces'
            size: 0
            timeContext: { durationMs: 86400000 }
          }
        }
      ]
    })
  }
}
