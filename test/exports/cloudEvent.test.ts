import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { CloudEvent, HTTP } from 'cloudevents'
import { formats } from '../../src/core/record/eventTable.ts'
import { cloudEvent, cloudEventType } from '../../src/exports/cloudEvent.ts'
import { goldenEvents } from './goldenEvents.ts'
import { cloudEventFaults } from './schemas.ts'

const by = { origin: 'approvals.contoso.example/evidence' }
const golden = goldenEvents()
const events = golden.map((told) => cloudEvent(told, by))

test('every type of event is told, and the published schema takes each', () => {
  expect(new Set(golden.map(({ event }) => event.type))).toEqual(new Set(formats.keys()))
  expect(events.flatMap(cloudEventFaults)).toEqual([])
  expect(cloudEventFaults({ ...events[0], source: undefined })).not.toEqual([])
})

test('the reference library reads each from a call in the structured mode', () => {
  for (const event of events) {
    const headers = { 'content-type': cloudEventType }
    const read = HTTP.toEvent<unknown>({ headers, body: JSON.stringify(event) }) as CloudEvent<unknown>
    expect(read.validate()).toBe(true)
    expect(read.toJSON()).toMatchObject(event)
    // Names of extensions: lower-case letters and digits, at most 20 (CloudEvents 1.0.2 section "Naming conventions").
    for (const name of Object.keys(event)) expect(name).toMatch(/^[a-z0-9]{1,20}$/)
  }
})

test('a receiver can compute the leaf hash again from the data', () => {
  for (const event of events) {
    const leaf = canonicalize(event['data']) ?? ''
    const hash = createHash('sha256').update(Buffer.concat([Buffer.from([0]), Buffer.from(leaf)]))
    expect(event['leafhash']).toBe(hash.digest('hex'))
  }
})

test('an event is named by its shard and number, and its order is in its sequence', () => {
  expect(events[4]).toMatchObject({
    ...{ specversion: '1.0', id: '07-5', source: 'https://approvals.contoso.example/evidence' },
    ...{ type: 'countersign.approved.v1', subject: '01kjw2xm00abcdefghjkmnpqrs-07', time: '2026-03-04T12:00:04.000Z' },
    ...{ partitionkey: '07', sequence: '000000000005' },
    dataschema: 'urn:uuid:3b9b01dd-9f73-4dd3-92ed-b337fd0f422a/event/approved/v1',
  })
  expect(events[0]).not.toHaveProperty('subject')
  const sequences = events.map((event) => event['sequence'] as string)
  expect(sequences.toSorted()).toEqual(sequences)
})

test('nothing goes along that people wrote', () => {
  for (const event of events) {
    const said = (event['data'] as { readonly said?: Readonly<Record<string, string>> }).said ?? {}
    for (const digest of Object.values(said)) expect(digest).toMatch(/^[0-9a-f]{64}$/)
  }
})
