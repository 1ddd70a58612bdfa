import { createHmac } from 'node:crypto'
import { authenticatedEnd } from '../../../src/core/log/end.ts'
import { eventText, headText, isAuthentic, macOf, rowText } from '../../../src/core/log/mac.ts'
import { authenticatedOpen } from '../../../src/core/log/openRequests.ts'
import { authenticatedHeads } from '../../../src/core/log/witness.ts'
import type { Day } from '../../../src/core/data/day.ts'
import { type Hex, type RequestId, shards } from '../../../src/core/data/id.ts'
import { parseInstant } from '../../../src/core/data/instant.ts'

const [shard = '00' as never] = shards
const origin = 'approvals.contoso.example/evidence'
const leaf = 'a'.repeat(64) as Hex
const at = parseInstant('2026-01-31T12:00:00.000Z')
const key = { id: 'v1', secret: Buffer.alloc(32, 7) }
const older = { id: 'v0', secret: Buffer.alloc(32, 3) }

test('an event is authenticated as canonical JSON of its place and leaf', () => {
  const text = `{"leaf":"${leaf}","origin":"${origin}","seq":7,"shard":"00","type":"countersign/event/v1"}`
  expect(eventText({ origin, shard, seq: 7, leaf })).toBe(text)
  const mac = createHmac('sha256', key.secret).update(text).digest('hex')
  expect(macOf(key, text)).toEqual({ mac, macKey: 'v1' })
})

test('no text of one kind is that of another', () => {
  const head = { origin, shard, seq: 7, hash: leaf, recordedAt: at, policy: null, logKey: null }
  const end = { request: '01' as RequestId, act: 'redeemed', redemption: 'r', shard, seq: 7, leaf, at } as const
  const row = { origin, partition: 'seal', row: 'head', columns: { value: 'x' } }
  const heads = { at, heads: { [shard]: { seq: 7, hash: leaf } } }
  const texts = [
    eventText({ origin, shard, seq: 7, leaf }),
    headText(head),
    rowText(row),
    authenticatedEnd(origin, end),
    authenticatedHeads(origin, heads),
    authenticatedOpen(origin, { date: '2026-01-31' as Day, ids: [end.request] }),
  ]
  expect(texts.map((text) => (JSON.parse(text) as { readonly type: string }).type)).toEqual([
    'countersign/event/v1',
    'countersign/head/v1',
    'countersign/row/v1',
    'countersign/end/v1',
    'countersign/heads/v1',
    'countersign/open/v1',
  ])
})

test.each([
  ['with the version it names', 'text', macOf(older, 'text'), true],
  ['never with another version', 'text', { ...macOf(older, 'text'), macKey: 'v1' }, false],
  ['never with a version that is not listed', 'text', macOf({ id: 'v9', secret: key.secret }, 'text'), false],
  ['never another text', 'other', macOf(key, 'text'), false],
  ['never with part of a mac', 'text', { mac: macOf(key, 'text').mac.slice(0, 32) as Hex, macKey: 'v1' }, false],
  ['never with an empty mac', 'text', { mac: '' as Hex, macKey: 'v1' }, false],
])('a text is authentic %s', (_how, text, claimed, expected) => {
  expect(isAuthentic([key, older], text, claimed)).toBe(expected)
})
