import * as fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Broken, type BrokenCode } from '../../../src/core/data/broken.ts'
import { canonical, type JsonObject } from '../../../src/core/data/json.ts'
import { readRecord } from '../../../src/core/record/record.ts'
import { unicode } from '../../support/chance.ts'

const golden = readFileSync(join(import.meta.dirname, '../../golden/events.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
const stranger = '99999999-0000-4000-8000-000000000000'
const parse = (leaf: string): JsonObject => JSON.parse(leaf) as JsonObject
const first = (type: string): JsonObject => parse(golden.find((leaf) => parse(leaf)['type'] === type) ?? '')

function brokenness(leaf: string): Broken | null {
  try {
    readRecord(leaf)
    return null
  } catch (cause) {
    if (cause instanceof Broken) return cause
    throw cause
  }
}

const code = (leaf: string): BrokenCode | undefined => brokenness(leaf)?.code

/** The first golden event of a type, with members of it, its data or its said replaced; `undefined` leaves one out. */
function changed(type: string, change: JsonObject | object): string {
  const merge = (old: object, fresh: object): object =>
    Object.fromEntries(
      Object.entries({ ...old, ...fresh }).flatMap(([key, value]: [string, unknown]) => {
        const before = (old as Record<string, unknown>)[key]
        const isPart = isPlain(value) && isPlain(before) && value !== before
        return value === undefined ? [] : [[key, isPart ? merge(before, value) : value]]
      }),
    )
  return canonical(merge(first(type), change) as JsonObject)
}

const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

test.each(golden)('a golden leaf is read as it stands: %s', (leaf) => {
  expect(readRecord(leaf)).toEqual(parse(leaf))
})

describe('is refused:', () => {
  const person = { kind: 'person', id: '11111111-0000-4000-8000-000000000000' }

  test.each<[string, string, object]>([
    ['an unknown member', 'expired', { note: 'x' }],
    ['a member of another type', 'expired', { data: {} }],
    ['a member with an integer as its name', 'expired', { 1: 'x' }],
    ['no actor', 'expired', { actor: undefined }],
    ['an actor of an unknown kind', 'expired', { actor: { kind: 'admin' } }],
    ['a person without id', 'shown', { actor: { kind: 'person', id: undefined } }],
    ['a system with an id', 'expired', { actor: { ...person, kind: 'system' } }],
    ['an id in capitals', 'shown', { actor: { ...person, id: 'ABCDEF12-0000-4000-8000-000000000000' } }],
    ['no request', 'expired', { request: undefined }],
    ['a request where there is none', 'policy-changed', { request: first('expired')['request'] }],
    ['a request of another shard', 'expired', { request: '01kjw2xm00abcdefghjkmnpqrs-08' }],
    ['something else than a request', 'expired', { request: 'x' }],
    ['a shard that does not exist', 'policy-changed', { shard: '10' }],
    ['number 0', 'expired', { seq: 0 }],
    ['half a number', 'expired', { seq: 1.5 }],
    ['a number as text', 'expired', { seq: '1' }],
    ['a short hash', 'expired', { prev: 'ab' }],
    ['a hash in capitals', 'expired', { prev: 'AB'.repeat(32) }],
    ['a time without milliseconds', 'expired', { at: '2026-03-04T12:00:00Z' }],
    ['a day that does not exist', 'expired', { at: '2026-02-30T12:00:00.000Z' }],
    ['a leap second', 'expired', { at: '2026-06-30T23:59:60.000Z' }],
    ['another zone', 'expired', { at: '2026-03-04T12:00:00.000+01:00' }],
    ['no data', 'shown', { data: undefined }],
    ['data that is a list', 'shown', { data: [] }],
    ['data that is null', 'shown', { data: null }],
    ['page 3 of 2', 'shown', { data: { page: 3 } }],
    ['a view without its prefix', 'shown', { data: { view: 'ab'.repeat(32) } }],
    ['facts that lack one', 'decided', { data: { facts: { member: undefined } } }],
    ['facts with one too many', 'decided', { data: { facts: { admin: true } } }],
    ['a fact of another type', 'decided', { data: { facts: { enabled: 'true' } } }],
    ['facts about nobody', 'decided', { data: { facts: { accounts: [] } } }],
    ['an account that is no id', 'decided', { data: { facts: { accounts: ['x'] } } }],
    ['a vote on no content', 'decided', { data: { content: undefined } }],
    ['a vote on content that is no hash', 'decided', { data: { content: 'x' } }],
    ['a vote through a door of one letter', 'decided', { data: { via: 'x' } }],
    ['a vote through a door with a long name', 'decided', { data: { via: 'x'.repeat(13) } }],
    ['a vote through a door in capitals', 'decided', { data: { via: 'Teams' } }],
    ['a vote with a client that is no id', 'decided', { data: { client: 'console' } }],
    ['a vote that proves two things', 'decided', { data: { proved: 'c1 c2' } }],
    ['a vote to abstain', 'decided', { data: { verdict: 'abstain' } }],
    ['a vote without a name', 'decided', { said: { name: undefined } }],
    ['a text in the clear', 'decided', { said: { name: 'Dana' } }],
    ['a text of an unknown name', 'decided', { said: { note: 'ab'.repeat(32) } }],
    ['a request without a reason', 'requested', { said: { reason: undefined } }],
    ['a request without a deadline', 'requested', { data: { expiresAt: undefined } }],
    ['a request without a requirement', 'requested', { data: { requirement: undefined } }],
    ['an empty requirement', 'requested', { data: { requirement: [] } }],
    ['a slot for nobody', 'requested', { data: { requirement: [{ groups: ['dba'], quorum: 0 }] } }],
    ['a slot for a million', 'requested', { data: { requirement: [{ groups: ['dba'], quorum: 1_000_000 }] } }],
    [
      'an account that the agent excludes, and that is not excluded',
      'requested',
      { data: { excludedByAgent: [stranger] } },
    ],
    ['accounts that the agent excludes, of which there are none', 'requested', { data: { excludedByAgent: [] } }],
    [
      'an account that the agent excludes where policy forbids',
      'requested',
      {
        data: {
          ...{ excludedByAgent: [], policy: { outcome: 'forbid' } },
          ...{ tier: undefined, requirement: undefined, excluded: undefined, expiresAt: undefined },
        },
      },
    ],
    ['a slot without groups', 'requested', { data: { requirement: [{ groups: [], quorum: 1 }] } }],
    ['a slot with one thing too many', 'requested', { data: { requirement: [{ groups: ['a'], quorum: 1, x: 1 }] } }],
    ['a deadline where policy forbids', 'requested', { data: { policy: { outcome: 'forbid' } } }],
    ['a rule that forbids and has no name', 'requested', { data: { policy: { rules: [] } } }],
    ['a lapse without end', 'requested', { data: { lapse: Number.MAX_SAFE_INTEGER } }],
    ['a rule that would part a cell', 'requested', { data: { policy: { rules: ['a; b'] } } }],
    ['an approval by quorum under a rule', 'approved', { data: { rules: [] } }],
    ['an approval by policy without rules', 'approved', { data: { by: 'policy' } }],
    ['an output without a size', 'succeeded', { data: { output: { size: undefined } } }],
    ['a negative size', 'succeeded', { data: { output: { size: -1 } } }],
    ['a redemption that is no uuid', 'redeemed', { data: { redemption: 'one' } }],
    ['a key that is not base64', 'key-rotated', { data: { key: 'a' } }],
    ['an erasure of nothing', 'erased', { data: { names: [] } }],
    ['an erasure of what is no name', 'erased', { data: { names: ['a reason'] } }],
    ['a tampering that ends before it begins', 'tampered', { data: { from: 16 } }],
    ['a tampering that no check finds', 'tampered', { data: { check: 'luck' } }],
    ['a refusal for no known reason', 'refused', { data: { code: 'luck' } }],
    ['a self-approval by a redemption', 'refused', { data: { act: 'redeem' } }],
    ['a tier that no rule knows', 'requested', { data: { tier: 'extreme' } }],
    ['an outcome that no rule knows', 'requested', { data: { policy: { outcome: 'maybe' } } }],
    ['an approval by nothing that approves', 'approved', { data: { by: 'luck' } }],
  ])('%s', (_what, type, change) => {
    expect(code(changed(type, change))).toBe('bad-record')
  })

  const leaf = golden[3] ?? ''

  test.each<[string, string]>([
    ['nothing', ''],
    ['no JSON', leaf.slice(0, -1)],
    ['a list', '[]'],
    ['null', 'null'],
    ['a text', '"x"'],
    ['white space', leaf.replace(',', ', ')],
    ['white space behind it', `${leaf}\n`],
    ['a byte order mark', `\ufeff${leaf}`],
    ['members in another order', `{"v":1,${leaf.slice(1).replace(',"v":1', '')}`],
    ['members of its data in another order', leaf.replace(/("verdict":"approve"),("via":"teams")/, '$2,$1')],
    ['a newer version without its place', '{"type":"decided","v":2}'],
    ['a newer version with a number that is none', changed('decided', { v: 2, seq: 0 })],
    ['a doubled member', leaf.replace('"v":1', '"v":1,"v":1')],
    ['a number with a fraction that is zero', leaf.replace('"seq":4', '"seq":4.0')],
    ['a number with an exponent', leaf.replace('"seq":4', '"seq":4e0')],
    ['an escape that need not be', leaf.replace('"teams"', '"\\u0074eams"')],
    ['a prototype', leaf.replace('{', '{"__proto__":{},')],
    ['a version that is text', leaf.replace('"v":1', '"v":"1"')],
    ['no version', leaf.replace(',"v":1', '')],
    ['no type', leaf.replace('"type":"decided",', '')],
    ['a type in capitals', leaf.replace('"decided"', '"Decided"')],
    ['half a surrogate pair in a newer version', '{"note":"\\ud800","type":"decided","v":2}'],
    ['a newer version that is not canonical', leaf.replace('"v":1', '"v": 2')],
    ['nesting as deep as there is room', `{"note":${'['.repeat(2000)}${']'.repeat(2000)},"type":"x"}`],
    ['more than 4 KiB', changed('requested', { data: { warnings: Array.from({ length: 600 }, () => 'long-target') } })],
    ['more than 4 KiB, in bytes', `{"note":"${'ü'.repeat(2100)}","type":"decided","v":2}`],
  ])('%s', (_what, text) => {
    expect(code(text)).toBe('bad-record')
  })
})

test.each<[string, string]>([
  ['a version', changed('decided', { v: 2 })],
  ['a type', changed('decided', { type: 'proxied' })],
  ['both, with members of their own', changed('decided', { 1: 2, 9: 'ü', 10: 1, type: 'proxied', v: 3, actor: 'x' })],
])('%s that is not known needs a newer program', (_what, text) => {
  expect(code(text)).toBe('newer-format')
})

test('a type or version that is not known is named, with its event and what to do', () => {
  expect(brokenness(changed('decided', { v: 2 }))?.message).toBe(
    'Event 4 of shard 07 has type “decided” and version 2, which this program does not know. ' +
      'Use a newer countersign to verify it.',
  )
})

test.each<[string, object, string]>([
  ['a missing member', { data: { content: undefined } }, '“data.content” is missing'],
  ['an unknown member', { data: { note: 'x' } }, 'it has an unknown member “data.note”'],
  ['an unknown member before all others', { aaa: 1 }, 'it has an unknown member “aaa”'],
  ['an unknown member behind all others', { zzz: 1 }, 'it has an unknown member “zzz”'],
  ['an unknown member that fools a terminal', { '\u001b[2J': 1 }, 'it has an unknown member'],
  ['an unknown text', { said: { note: 'ab'.repeat(32) } }, 'it has an unknown member “said.note”'],
  ['a wrong value', { data: { verdict: 'abstain' } }, '“data.verdict” has another form'],
  ['another shard', { shard: '08' }, 'the members of the event do not fit each other'],
])('the words say what is wrong: %s', (_what, change, words) => {
  expect(brokenness(changed('decided', change))?.message).toMatch(
    new RegExp(`^Event 4 of shard 0[78] is not as it should be: ${words.replace(/[.[\]]/g, '\\$&')}\\.$`),
  )
})

test('the words tell members that are not sorted', () => {
  const leaf = golden[3]?.replace(/("verdict":"approve"),("via":"teams")/, '$2,$1') ?? ''
  expect(brokenness(leaf)?.message).toContain('not sorted as RFC 8785 asks, at “data.via”')
})

test.each([
  ['slack', { via: 'slack' }],
  ['a door that rests on the digest alone', { via: 'abcdefghijkl', view: undefined }],
  ['an erasure of texts to come', { names: ['question', 'edits'] }],
])('what may grow is read: %s', (_what, data) => {
  expect(code(changed('names' in data ? 'erased' : 'decided', { data }))).toBeUndefined()
})

test('the words name the event and the member', () => {
  const message = brokenness(changed('decided', { data: { facts: { groups: ['a', 'b c'] } } }))?.message
  expect(message).toContain('Event 4 of shard 07')
  expect(message).toContain('“data.facts.groups[1]”')
})

test('a leaf that was changed anywhere is read as another event, or refused in words', () => {
  const broken = new Set<BrokenCode | undefined>()
  fc.assert(
    fc.property(
      fc.constantFrom(...golden),
      fc.nat(),
      fc.nat({ max: 12 }),
      fc.oneof(unicode({ maxLength: 3 }), fc.constantFrom('{', '"', ',', ':', '\\', '1', '}', '[]', 'null')),
      (leaf, at, length, text) => {
        const place = at % leaf.length
        const mutated = leaf.slice(0, place) + text + leaf.slice(place + length)
        const found = brokenness(mutated)
        broken.add(found?.code)
        if (!found) expect(canonical(JSON.parse(mutated) as JsonObject)).toBe(mutated)
      },
    ),
    { numRuns: 3000 },
  )
  expect(broken).toContain('bad-record')
})
