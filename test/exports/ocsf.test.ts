import { createHash } from 'node:crypto'
import type { JsonObject } from '../../src/core/data/json.ts'
import { formats } from '../../src/core/record/eventTable.ts'
import { ocsfEvent } from '../../src/exports/ocsf.ts'
import { goldenEvents } from './goldenEvents.ts'
import { ocsfFaults } from './schemas.ts'

const by = {
  origin: 'approvals.contoso.example/evidence',
  tenant: '99999999-0000-4000-8000-000000000000',
  version: '0.1.0',
}
const golden = goldenEvents()
const told = (rawData: boolean) => golden.map((one) => ocsfEvent(one, by, { rawData }))
const rows = told(true)

const partOf = (row: JsonObject, name: string): JsonObject => row[name] as JsonObject
const codeOf = (row: JsonObject): string => partOf(row, 'metadata')['event_code'] as string

test('every type of event is told, and the published schema takes each line', () => {
  expect(new Set(rows.map(codeOf))).toEqual(new Set(formats.keys()))
  expect(rows.flatMap(ocsfFaults)).toEqual([])
  expect(told(false).flatMap(ocsfFaults)).toEqual([])
})

/** Class, activity, action, disposition, status; of several events of a type in the order of the golden ones. */
const numbers: Readonly<Record<string, readonly string[]>> = {
  requested: [
    '6003 1 3 14 1',
    '6003 1 3 17 1',
    '6003 1 3 17 1',
    '6003 1 3 14 1',
    '6003 1 3 14 1',
    '6003 1 3 14 1',
    '6003 1 3 14 1',
    '6003 1 3 14 1',
    '6003 1 3 17 1',
    '6003 1 3 14 1',
  ],
  shown: ['6003 2 3 17 1'],
  decided: Array<string>(6).fill('6003 3 3 17 1'),
  'vote-void': Array<string>(3).fill('6003 3 3 17 1'),
  approved: Array<string>(4).fill('6003 3 1 8 1'),
  denied: ['6003 3 2 2 1', '6003 3 2 25 1'],
  expired: ['6003 3 2 2 1'],
  cancelled: Array<string>(2).fill('6003 3 3 17 1'),
  lapsed: ['6003 3 3 17 1'],
  revoked: Array<string>(5).fill('6003 3 2 24 1'),
  redeemed: ['6003 3 1 1 1'],
  succeeded: Array<string>(2).fill('6003 99 3 17 1'),
  failed: Array<string>(2).fill('6003 99 3 17 2'),
  unreported: ['6003 99 3 17 99'],
  undeliverable: ['6003 99 3 27 2'],
  refused: ['6003 3 2 26 2', '6003 2 2 26 2', '6003 3 2 26 2'],
  asked: Array<string>(2).fill('6003 3 3 17 1'),
  answered: Array<string>(2).fill('6003 3 3 17 1'),
  narrowed: Array<string>(2).fill('6003 3 3 17 1'),
  reminded: ['6003 99 3 17 1'],
  escalated: ['6003 3 4 17 1'],
  'glass-broken': ['6003 3 1 1 1 alert'],
  used: ['6003 99 3 17 1'],
  ended: Array<string>(2).fill('6003 3 3 17 1'),
  reviewed: ['6003 3 3 17 1', '6003 3 3 19 1 alert'],
  unreviewed: ['6003 99 3 19 99 alert'],
  'policy-changed': Array<string>(3).fill('3004 3 4 17 1'),
  'key-rotated': ['3004 3 4 17 1'],
  'erasure-asked': Array<string>(2).fill('3004 99 3 14 1'),
  erased: Array<string>(3).fill('3004 4 4 17 1'),
  tampered: Array<string>(2).fill('3004 3 4 11 1 alert'),
  exported: Array<string>(2).fill('3004 2 1 1 1'),
  roster: Array<string>(2).fill('3004 2 3 17 1'),
  held: Array<string>(3).fill('3004 10 4 17 1'),
  released: Array<string>(2).fill('3004 11 4 17 1'),
  delegated: Array<string>(2).fill('3004 10 4 17 1'),
  recalled: Array<string>(2).fill('3004 11 4 17 1'),
}

test.each(Object.entries(numbers))('the numbers of %s', (type, expected) => {
  const found = rows
    .filter((row) => codeOf(row) === type)
    .map((row) =>
      [
        ...['class_uid', 'activity_id', 'action_id', 'disposition_id', 'status_id'].map((name) => Number(row[name])),
        ...(row['is_alert'] === true ? ['alert'] : []),
      ].join(' '),
    )
  expect(found).toEqual(expected)
})

test('every number that stands for no caption has one beside it', () => {
  for (const row of rows) {
    expect(row['activity_id'] === 99).toBe(row['activity_name'] !== undefined)
    expect(row['status_id'] === 99).toBe(row['status'] !== undefined)
    const entity = row['entity'] as JsonObject | undefined
    expect(entity?.['type_id'] === 99).toBe(entity?.['type'] !== undefined)
  }
})

test('a receiver can compute the uid again from the raw data', () => {
  for (const row of rows) {
    const raw = row['raw_data'] as string
    const sha = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')
    expect(partOf(row, 'metadata')['uid']).toBe(sha(Buffer.concat([Buffer.from([0]), Buffer.from(raw)])))
    expect(partOf(row, 'raw_data_hash')['value']).toBe(sha(raw))
    expect(row['raw_data_size']).toBe(Buffer.byteLength(raw))
  }
})

const guids = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g

test('without raw data a line names who acted, and no other account of theirs or of who may not approve', () => {
  for (const one of golden) {
    const { event, asked } = one
    const text = JSON.stringify(ocsfEvent(one, by, { rawData: false }))
    const known = [by.tenant, 'id' in event.actor ? event.actor.id : '', asked?.executor, asked?.onBehalfOf]
    const of: Partial<Record<string, readonly (string | undefined)[]>> = {
      redeemed: event.type === 'redeemed' ? [event.data.redemption] : [],
      erased: event.type === 'erased' ? [event.data.askedBy] : [],
      roster: event.type === 'roster' ? [event.data.entraGroup] : [],
      delegated: event.type === 'delegated' ? [event.data.to] : [],
      held: event.type === 'held' && 'agent' in event.data.scope ? [event.data.scope.agent] : [],
    }
    const found = [...text.matchAll(guids)].map(([guid]) => guid)
    expect(found.filter((guid) => ![...known, ...(of[event.type] ?? [])].includes(guid as never))).toEqual([])
    expect(text).not.toContain('"said"')
    expect(text).not.toContain('raw_data')
  }
})

test('a line says the action, the policy and the door where the event has them', () => {
  const vote = rows.find((row) => codeOf(row) === 'decided')
  expect(vote).toMatchObject({
    actor: { user: { uid: '11111111-0000-4000-8000-000000000000', type_id: 1 } },
    api: { operation: 'db.export', request: { uid: '01kjw2xm00abcdefghjkmnpqrs-07' } },
    src_endpoint: { svc_name: 'teams' },
    authorizations: [{ decision: 'approve' }],
    policy: { name: 'export-needs-dba; export-large' },
    message: 'decided db.export by person 11111111-0000-4000-8000-000000000000',
    metadata: { original_event_uid: '07-4', sequence: 4, tenant_uid: by.tenant, log_name: by.origin },
    risk_level_id: 3,
  })
})

test('an event whose ask is not known is told without it', () => {
  const approved = golden.find(({ event }) => event.type === 'approved')
  if (!approved) throw new Error('There is one.')
  const row = ocsfEvent({ ...approved, asked: null }, { origin: by.origin, version: '0.1.0' }, { rawData: true })
  expect(ocsfFaults(row)).toEqual([])
  expect(row).toMatchObject({
    api: { operation: 'Unknown' },
    message: expect.stringContaining('approved by') as string,
  })
  expect(partOf(row, 'metadata')).not.toHaveProperty('tenant_uid')
})

test.each<[string, (row: Record<string, unknown>) => void]>([
  ['an unknown attribute', (row) => (row['nonsense'] = 1)],
  ['a type that does not fit the activity', (row) => (row['type_uid'] = 600399)],
  ['no endpoint', (row) => delete row['src_endpoint']],
  ['a disposition that is none', (row) => (row['disposition_id'] = 55)],
])('the schema refuses %s', (_what, change) => {
  const row = structuredClone(rows.find((one) => codeOf(one) === 'approved')) as Record<string, unknown>
  change(row)
  expect(ocsfFaults(row)).not.toEqual([])
})
