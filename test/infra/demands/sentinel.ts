import { asimRow } from '../../../src/exports/asim.ts'
import { goldenEvents } from '../../exports/goldenEvents.ts'
import { asimColumns } from '../../support/asimColumns.ts'
import { type Deployment, expectParts, partIn, textIn } from './demands.ts'

const rule = 'Microsoft.Insights/dataCollectionRules'

/** The columns that the service writes, of events of every type. */
const written: ReadonlySet<string> = new Set(
  goldenEvents().flatMap((told) =>
    Object.keys(
      asimRow(told, { origin: 'a.example/evidence', tenant: 'a', version: '0', host: 'a.example', requests: '/' }),
    ),
  ),
)

/** Sentinel takes what the service sends: its stream has each column that is written, with the type that the table has. */
export function sentinelFaults(deployment: Deployment): void {
  const { all, one, choices, fault, output } = deployment
  const found = one(rule)
  if (choices.sentinelWorkspaceId === undefined) {
    for (const each of all(rule)) fault(each, 'nothing is sent to Sentinel here')
    output('SENTINEL_ENDPOINT', '')
    output('SENTINEL_RULE', '')
    return
  }
  expectParts(deployment, found, 'sentinel.bicep: the rule', {
    kind: 'Direct',
    location: choices.sentinelLocation ?? choices.location ?? null,
    'properties.destinations.logAnalytics': [{ name: 'sentinel', workspaceResourceId: choices.sentinelWorkspaceId }],
    'properties.dataFlows': [
      {
        streams: ['Custom-Countersign'],
        destinations: ['sentinel'],
        transformKql: 'source',
        outputStream: 'Microsoft-ASimAuditEventLogs',
      },
    ],
  })
  output('SENTINEL_ENDPOINT', `https://${found?.name}-abcd.westeurope-1.ingest.monitor.azure.com`)
  output('SENTINEL_RULE', `dcr-${'0a'.repeat(16)}`)
  if (!found) return
  const columns = partIn(found.body, 'properties', 'streamDeclarations', 'Custom-Countersign', 'columns')
  const declared = new Map(
    (Array.isArray(columns) ? columns : []).map((column) => [textIn(column, 'name'), textIn(column, 'type')]),
  )
  const at = ['properties', 'streamDeclarations']
  for (const name of written) if (!declared.has(name)) fault(found, `the stream lacks the column ${name}`, at)
  for (const [name, type] of declared) {
    if (!written.has(name)) fault(found, `nothing writes the column ${name}`, at)
    const { type: should = 'none' } = asimColumns.get(name) ?? {}
    if (type !== should) fault(found, `the column ${name} is of type ${type}, and in the table ${should}`, at)
  }
}
