import { gunzipSync } from 'node:zlib'
import type { TokenCredential } from '@azure/identity'
import { sentinelSink, type SentinelParts } from '../../src/azure/sentinel.ts'
import { instant } from '../../src/core/data/instant.ts'
import type { AsimRow } from '../../src/exports/asim.ts'
import type { OutgoingEvent } from '../../src/exports/outgoingEvent.ts'
import { goldenEvents } from '../exports/goldenEvents.ts'
import { type BinaryDouble, startBinaryDouble } from '../support/binaryDouble.ts'
import type { Answer } from '../support/double.ts'

const by = {
  ...{ origin: 'approvals.contoso.example/evidence', tenant: '99999999-0000-4000-8000-000000000000', version: '0.1.0' },
  ...{ host: 'approvals.contoso.example', requests: 'https://approvals.contoso.example/api/requests/' },
}
const golden = goldenEvents()
const rule = `dcr-${'0a'.repeat(16)}`

let monitor: BinaryDouble
let scopes: string[]

beforeEach(async () => {
  monitor = await startBinaryDouble()
  scopes = []
})

afterEach(() => monitor.close())

const credential: TokenCredential = {
  async getToken(scope) {
    scopes.push([scope].flat().join())
    return { token: 'a-token', expiresOnTimestamp: 1e15 }
  },
}

const sink = (more: Partial<SentinelParts> = {}) =>
  sentinelSink(
    { name: 'sentinel', endpoint: monitor.origin, rule, stream: 'Custom-Countersign' },
    {
      ...{ credential, audience: 'https://monitor.azure.com', by },
      clock: { now: () => instant(Date.parse('2026-03-04T12:00:00.000Z')) },
      ...more,
    },
  )

const rowsIn = (body: Buffer): readonly AsimRow[] => JSON.parse(gunzipSync(body).toString()) as readonly AsimRow[]

test('rows are posted to the stream of the rule, compressed, with a token for Azure Monitor', async () => {
  expect(await sink().send(golden, undefined)).toEqual({ taken: golden.length })
  const [call] = monitor.received
  expect(monitor.received).toHaveLength(1)
  expect(call).toMatchObject({
    method: 'POST',
    path: `/dataCollectionRules/${rule}/streams/Custom-Countersign?api-version=2023-01-01`,
    headers: { authorization: 'Bearer a-token', 'content-type': 'application/json', 'content-encoding': 'gzip' },
  })
  expect(scopes).toEqual(['https://monitor.azure.com/.default'])
  const rows = rowsIn(call?.body ?? Buffer.alloc(0))
  expect(rows.map((row) => row['EventOriginalUid'])).toEqual(golden.map(({ event }) => `07-${event.seq}`))
})

test('a call has at most a million bytes before it is compressed, and the rest comes with the next', async () => {
  const many: readonly OutgoingEvent[] = Array.from({ length: 20 }, () => golden).flat()
  const taken: number[] = []
  for (let left = many; left.length > 0; left = left.slice(taken.at(-1))) {
    const answer = await sink().send(left, undefined)
    taken.push(answer.taken)
  }
  const bodies = monitor.received.map(({ body }) => gunzipSync(body))
  expect(bodies.length).toBeGreaterThan(1)
  for (const body of bodies) expect(body.length).toBeLessThanOrEqual(1_000_000)
  expect(bodies.slice(0, -1).every((body) => body.length > 990_000)).toBe(true)
  expect(bodies.flatMap((body) => JSON.parse(body.toString()) as AsimRow[])).toHaveLength(many.length)
  expect(taken.reduce((sum, one) => sum + one, 0)).toBe(many.length)
})

test.each<[Answer, object]>([
  [
    { status: 429, headers: { 'retry-after': '30' } },
    { why: 'throttled', retryAfter: 30 },
  ],
  [
    { status: 503, headers: { 'retry-after': 'Wed, 04 Mar 2026 12:01:00 GMT' } },
    { why: 'throttled', retryAfter: 60 },
  ],
  [{ status: 503 }, { why: 'throttled' }],
  [{ status: 403 }, { why: 'not-permitted' }],
  [{ status: 401 }, { why: 'not-permitted' }],
  [{ status: 404 }, { why: 'refused' }],
  [{ status: 413 }, { why: 'refused' }],
  [{ status: 500, body: 'a stack of somebody' }, { why: 'refused' }],
  [{ status: 302, headers: { location: '/elsewhere' } }, { why: 'redirected' }],
  ['reset', { why: 'no-answer' }],
  ['hang', { why: 'no-answer' }],
])('%j is a failure, and nothing was taken', async (answer, failure) => {
  monitor.answer = () => answer
  expect(await sink({ timeout: answer === 'hang' ? 500 : 20_000 }).send(golden, undefined)).toEqual({
    taken: 0,
    failure,
  })
  // On a slow machine the time is up before the call has arrived.
  if (answer !== 'hang') expect(monitor.received).toHaveLength(1)
})

test('without a token nothing is sent', async () => {
  const without: TokenCredential = { getToken: async () => null }
  expect(await sink({ credential: without }).send(golden, undefined)).toMatchObject({
    failure: { why: 'not-permitted' },
  })
  const failing: TokenCredential = { getToken: async () => Promise.reject(new Error('No identity.')) }
  expect(await sink({ credential: failing }).send(golden, undefined)).toMatchObject({ failure: { why: 'no-answer' } })
  expect(monitor.received).toEqual([])
})
