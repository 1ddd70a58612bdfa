import { formats } from '../../src/core/record/eventTable.ts'
import { type AsimRow, asimRow } from '../../src/exports/asim.ts'
import { asimColumns as columns } from '../support/asimColumns.ts'
import { goldenEvents } from './goldenEvents.ts'

const by = {
  ...{ origin: 'approvals.contoso.example/evidence', tenant: '99999999-0000-4000-8000-000000000000', version: '0.1.0' },
  ...{ host: 'approvals.contoso.example', requests: 'https://approvals.contoso.example/console/requests/' },
}
const golden = goldenEvents()
const rows = golden.map((told) => asimRow(told, by))
const ofType = (type: string): readonly AsimRow[] => rows.filter((row) => row['EventOriginalType'] === type)

const fits: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string' && value !== '',
  int: Number.isInteger,
  datetime: (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
  dynamic: (value) => typeof value === 'object' && value !== null,
}

/** What the table and the schema AuditEvent have against a row. */
function faultsOf(row: AsimRow): readonly string[] {
  const missing = [...columns].filter(([name, { isMandatory }]) => isMandatory && row[name] === undefined)
  return [
    ...missing.map(([name]) => `${name} is missing`),
    ...Object.entries(row).flatMap(([name, value]) => {
      const column = columns.get(name)
      if (!column) return [`there is no column ${name}`]
      if (!fits[column.type]?.(value)) return [`${name} is no ${column.type}`]
      return column.values.length > 0 && !column.values.includes(value as string)
        ? [`${name} is not ${JSON.stringify(value)}`]
        : []
    }),
  ]
}

test('every type of event is told, in columns and values of the table', () => {
  expect(new Set(rows.map((row) => row['EventOriginalType']))).toEqual(new Set(formats.keys()))
  expect(rows.flatMap(faultsOf)).toEqual([])
})

test.each<[string, (row: Record<string, unknown>) => void]>([
  ['a value of EventType that is none', (row) => (row['EventType'] = 'Approve')],
  ['a column that is none', (row) => (row['Nope'] = 1)],
  ['a count that is a text', (row) => (row['EventCount'] = '1')],
  ['a row without its object', (row) => delete row['Object']],
])('the check finds %s', (_what, change) => {
  const row = structuredClone(rows[4]) as Record<string, unknown>
  change(row)
  expect(faultsOf(row as AsimRow)).toHaveLength(1)
})

/** Type, result and severity; of several events of a type in the order of the golden ones, if they differ. */
const kinds: Readonly<Record<string, readonly string[]>> = {
  requested: ['Create Success Informational'],
  shown: ['Read Success Informational'],
  decided: ['Set Success Informational'],
  'vote-void': ['Set Success Low'],
  approved: ['Set Success Informational'],
  denied: ['Set Failure Low'],
  expired: ['Set Failure Low'],
  cancelled: ['Set NA Informational'],
  lapsed: ['Set NA Low'],
  revoked: ['Set Success Medium'],
  redeemed: ['Execute Success Informational'],
  succeeded: ['Execute Success Informational'],
  failed: ['Execute Failure Low'],
  unreported: ['Execute NA Low'],
  undeliverable: ['Other Failure Low'],
  refused: ['Set Failure Medium', 'Read Failure Medium', 'Execute Failure Medium'],
  asked: ['Set Success Informational'],
  answered: ['Set Success Informational'],
  reminded: ['Other Success Informational'],
  escalated: ['Set Success Low'],
  'glass-broken': ['Set Success High'],
  reviewed: ['Set Success Informational', 'Set Success High'],
  unreviewed: ['Other NA Medium'],
  used: ['Other Success Informational'],
  ended: ['Set NA Informational'],
  'policy-changed': ['Set Success Medium'],
  'key-rotated': ['Set Success Medium'],
  'erasure-asked': ['Other Success Low'],
  erased: ['Delete Success Medium'],
  tampered: ['Set Success High'],
  exported: ['Read Success Low'],
  roster: ['Read Success Informational'],
  held: ['Enable Success Low'],
  released: ['Disable Success Low'],
}

test.each(Object.entries(kinds))('how %s is told', (type, expected) => {
  const found = ofType(type).map((row) =>
    [row['EventType'], row['EventResult'], row['EventSeverity']].map(String).join(' '),
  )
  expect([...new Set(found)]).toEqual(expected)
})

test('a row says who, what, under which rules, and how the state changed', () => {
  expect(ofType('approved')[0]).toMatchObject({
    TimeGenerated: '2026-03-04T12:00:04.000Z',
    EventOriginalUid: '07-5',
    ActorUserType: 'Regular',
    ActorUserId: '11111111-0000-4000-8000-000000000000',
    ActorScopeId: by.tenant,
    Object: 'db.export',
    ObjectId: '01kjw2xm00abcdefghjkmnpqrs-07',
    RuleName: 'export-needs-dba; export-large',
    TargetAppId: 'bbbbbbbb-0000-4000-8000-000000000000',
    EventResultDetails: 'by quorum',
    OldValue: 'pending',
    NewValue: 'approved',
    EventReportUrl: 'https://approvals.contoso.example/console/requests/01kjw2xm00abcdefghjkmnpqrs-07',
    DvcHostname: 'approvals',
    DvcFQDN: 'approvals.contoso.example',
    AdditionalFields: { leaf: golden[4]?.hash, log: by.origin, tier: 'high', outcome: 'approve' },
  })
  expect(ofType('requested')[0]).toMatchObject({ ActorUserType: 'Application', NewValue: 'pending' })
  expect(ofType('policy-changed')[1]).toMatchObject({
    ...{ Object: 'Approval policy', ObjectType: 'Policy Rule', ActorUserType: 'System', ActorUsername: 'countersign' },
    OldValue: `sha256:${'01'.repeat(32)}`,
    NewValue: `sha256:${'02'.repeat(32)}`,
  })
  expect(ofType('cancelled')[0]).not.toHaveProperty('OldValue')
})

test('an event whose ask is not known is told without it', () => {
  const approved = golden.find(({ event }) => event.type === 'approved')
  if (!approved) throw new Error('There is one.')
  const { tenant: _tenant, ...others } = by
  const row = asimRow({ ...approved, asked: null }, others)
  expect(faultsOf(row)).toEqual([])
  expect(row).toMatchObject({ Object: 'Unknown action', NewValue: 'approved' })
  expect(row).not.toHaveProperty('ActorScopeId')
})

const guids = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g

test('a row names who acted and what acts for them, and no other account', () => {
  for (const [i, { event, asked }] of golden.entries()) {
    const known = [by.tenant, 'id' in event.actor ? event.actor.id : '', asked?.executor]
    const others: Partial<Record<string, readonly unknown[]>> = {
      erased: event.type === 'erased' ? [event.data.askedBy] : [],
      roster: event.type === 'roster' ? [event.data.entraGroup] : [],
      held: event.type === 'held' && 'agent' in event.data.scope ? [event.data.scope.agent] : [],
    }
    const found = [...JSON.stringify(rows[i]).matchAll(guids)].map(([guid]) => guid)
    expect(found.filter((guid) => ![...known, ...(others[event.type] ?? [])].includes(guid))).toEqual([])
  }
})
