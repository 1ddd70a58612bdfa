import { operationOf } from '../../../src/contract/operations.ts'
import { type Deployment, expectParts, partIn, textIn } from './demands.ts'

const rule = 'Microsoft.Insights/scheduledQueryRules'

/** What people are told about: docs/operate/runbook.md says what to do at each. */
const alarms = [
  ...['background', 'evidence-broken', 'foreign-writes', 'seal-failing', 'server-errors', 'timers-silent'],
  'witness-refuses',
]

/** The ten questions of docs/operate/health-and-logs.md. */
const questions = [
  ...['cold-starts', 'decisions', 'limits', 'refusals', 'seal'],
  ...['server-errors', 'slow-calls', 'tampering', 'undeliverable', 'waiting'],
]

/** Logs arrive, questions can be asked, and people are told. */
export function watchFaults(deployment: Deployment): void {
  logFaults(deployment)
  alertFaults(deployment)
  healthFaults(deployment)
}

function logFaults(deployment: Deployment): void {
  const { one, all, fault } = deployment
  const workspace = one('Microsoft.OperationalInsights/workspaces')
  expectParts(deployment, workspace, 'monitoring.bicep: the workspace', { 'properties.retentionInDays': 90 })
  expectParts(deployment, one('Microsoft.Insights/components'), 'monitoring.bicep: Application Insights', {
    'properties.WorkspaceResourceId': workspace?.id ?? null,
    'properties.DisableLocalAuth': true,
  })
  const evidence = one('Microsoft.Storage/storageAccounts', /^stevid/)
  const changes = ['StorageWrite', 'StorageDelete'].map((category) => ({ category, enabled: true }))
  const watched = [
    ['vault.bicep', one('Microsoft.KeyVault/vaults')?.id, [{ categoryGroup: 'audit', enabled: true }]],
    ['storage.bicep', `${evidence?.id}/tableServices/default`, changes],
  ] as const
  const settings = all('Microsoft.Insights/diagnosticSettings')
  for (const [file, scope, logs] of watched) {
    const setting = settings.find((each) => each.scope === scope)
    const wanted = { 'properties.workspaceId': workspace?.id ?? null, 'properties.logs': logs }
    expectParts(deployment, setting, `${file}: the diagnostic setting`, wanted)
  }
  for (const each of settings)
    if (!watched.some(([, scope]) => scope === each.scope)) fault(each, 'a diagnostic setting of something else')
  const saved = all('Microsoft.OperationalInsights/workspaces/savedSearches')
  for (const name of questions)
    if (!saved.some((each) => each.name === `countersign-${name}`))
      fault('queries.bicep', `the question ${name} is missing`)
  for (const each of saved) {
    if (!questions.some((name) => each.name === `countersign-${name}`))
      fault(each, `nothing describes the question ${each.name}`)
    if (!each.id.startsWith(`${workspace?.id}/`)) fault(each, 'a query of another workspace')
  }
  const workbook = one('Microsoft.Insights/workbooks')
  expectParts(deployment, workbook, 'queries.bicep: the workbook', { 'properties.sourceId': workspace?.id ?? null })
  const shown = textIn(workbook?.body, 'properties', 'serializedData')
  for (const { body } of saved)
    if (!shown.includes(JSON.stringify(partIn(body, 'properties', 'query'))))
      fault('queries.bicep', 'the workbook lacks a question')
}

function alertFaults(deployment: Deployment): void {
  const { one, all, fault, choices } = deployment
  const workspace = one('Microsoft.OperationalInsights/workspaces')
  const people = one('Microsoft.Insights/actionGroups')
  const mails = partIn(people?.body, 'properties', 'emailReceivers')
  const told = Array.isArray(mails) ? mails.map((one) => partIn(one, 'emailAddress')) : []
  if (JSON.stringify(told) !== JSON.stringify(choices.operators ?? []))
    fault('alerts.bicep', 'other people are told than the operators')
  const rules = all(rule)
  for (const name of alarms) {
    const found = rules.find((each) => each.name.endsWith(`-${name}`))
    expectParts(deployment, found, `alerts.bicep: the alert ${name}`, {
      'properties.enabled': true,
      'properties.scopes': [workspace?.id ?? null],
      'properties.actions.actionGroups': [people?.id ?? null],
      'properties.skipQueryValidation': true,
      'properties.criteria.allOf.0.timeAggregation': 'Count',
      'properties.criteria.allOf.0.operator': name === 'timers-silent' ? 'LessThan' : 'GreaterThan',
      'properties.criteria.allOf.0.threshold': name === 'timers-silent' ? 1 : 0,
    })
    // Else something between two looks is seen by neither.
    const [often, window] = ['evaluationFrequency', 'windowSize'].map((part) => partIn(found?.body, 'properties', part))
    if (found && often !== window)
      fault(found, 'each look begins where the last one ended', ['properties', 'windowSize'])
  }
  if (rules.length !== alarms.length) fault('alerts.bicep', `there are ${alarms.length} alerts on the log`)
}

/** From outside: the page is that of the product, and says what the product says. */
function healthFaults(deployment: Deployment): void {
  const { one, outputs } = deployment
  const test = one('Microsoft.Insights/webtests')
  const insights = one('Microsoft.Insights/components')
  expectParts(deployment, test, 'alerts.bicep: the web test', {
    [`tags`]: {
      ...(one('Microsoft.Web/serverfarms')?.body['tags'] as object),
      [`hidden-link:${insights?.id}`]: 'Resource',
    },
    'properties.Enabled': true,
    'properties.Frequency': 600,
    'properties.Request.RequestUrl': `${textIn(outputs, 'COUNTERSIGN_BASE_URL')}/${operationOf('health').path}`,
    'properties.ValidationRules.ExpectedHttpStatusCode': 200,
    'properties.ValidationRules.ContentValidation': {
      ContentMatch: JSON.stringify({ seal: 'ok' }).slice(1, -1),
      IgnoreCase: false,
      PassIfTextFound: true,
    },
  })
  expectParts(deployment, one('Microsoft.Insights/metricAlerts'), 'alerts.bicep: the alert of the web test', {
    'properties.enabled': true,
    'properties.scopes': [test?.id ?? null, insights?.id ?? null],
    'properties.criteria.webTestId': test?.id ?? null,
    'properties.criteria.componentId': insights?.id ?? null,
    'properties.actions.0.actionGroupId': one('Microsoft.Insights/actionGroups')?.id ?? null,
  })
}
