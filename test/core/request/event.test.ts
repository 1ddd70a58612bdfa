import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decide, show } from '../../../src/core/request/decision.ts'
import {
  type ChainHead,
  chain,
  emptyChain,
  type Leaf,
  maxLeafBytes,
  saidDigest,
} from '../../../src/core/request/event.ts'
import { formats } from '../../../src/core/record/eventTable.ts'
import { digestOf, sha256 } from '../../../src/core/data/id.ts'
import { canonical, type Json } from '../../../src/core/data/json.ts'
import { leafHash } from '../../../src/core/log/merkle.ts'
import { recorded } from '../../../src/core/request/request.ts'
import { open } from '../../../src/core/request/submission.ts'
import { after, dba, decision, needs, noon, oid, opened, pending, shard, submission } from '../../support/build.ts'
import { drafts } from '../../golden/drafts.ts'
import { python } from '../../support/python.ts'

/**
 * What is hashed cannot be changed later. test/golden/make.py made these lines, from docs/evidence/events.md and without
 * our code: no test writes them. A new type or member gets new lines at the end.
 */
const folder = join(import.meta.dirname, '../../golden')

const golden = readFileSync(join(folder, 'events.jsonl'), 'utf8').split('\n').slice(0, -1)

interface Said {
  readonly seq: number
  readonly name: string
  readonly salt: string
  readonly text: string
  readonly digest: string
}

const goldenSaid = JSON.parse(readFileSync(join(folder, 'said.json'), 'utf8')) as readonly Said[]

/** What test/golden/make.py prints: the hash of the last golden line. */
const goldenHead = '86981c119c5b9b8736bdafe19bd201cd9d7f63d8931b8d2edc86a10f07bd6dcc'

/** Chains the drafts a second apart, with salts that count from 1. */
function chained(): readonly Leaf[] {
  let salts = 0
  const salt = () => (++salts).toString(16).padStart(32, '0')
  const leaves: Leaf[] = []
  for (const [i, draft] of drafts.entries()) {
    const head: ChainHead = leaves.at(-1) ?? emptyChain
    leaves.push(...chain([draft], head, { shard, at: after(i) }, salt))
  }
  return leaves
}

describe('golden events', () => {
  test('golden events have not changed by a byte', () => {
    expect(chained().map(({ text }) => text)).toEqual(golden)
  })

  test('golden events end in the head that another program computed', () => {
    expect(chained().at(-1)?.hash).toBe(goldenHead)
  })

  test('golden events are what the other program makes of the description', () => {
    const made = mkdtempSync(join(tmpdir(), 'countersign-golden-'))
    try {
      const printed = execFileSync(python ?? 'python3', [join(folder, 'make.py'), made], { encoding: 'utf8' })
      expect(printed.trim()).toBe(goldenHead)
      for (const name of ['events.jsonl', 'said.json'])
        expect(readFileSync(join(made, name), 'utf8')).toBe(readFileSync(join(folder, name), 'utf8'))
    } finally {
      rmSync(made, { recursive: true })
    }
  })

  test('golden events cover every type of event', () => {
    expect([...new Set(drafts.map(({ type }) => type))].sort()).toEqual([...formats.keys()].map(String).sort())
  })

  test('golden events commit to the texts that people wrote', () => {
    const said = chained().flatMap((leaf) =>
      Object.entries(leaf.said).map(([name, { salt, text }]) => ({ seq: leaf.seq, name, salt, text })),
    )
    expect(said).toEqual(goldenSaid.map(({ digest: _digest, ...rest }) => rest))
    for (const { digest, salt, text } of goldenSaid) expect(saidDigest({ salt, text })).toBe(digest)
    for (const { seq, name, digest } of goldenSaid)
      expect(JSON.parse(golden[seq - 1] ?? '')).toHaveProperty(['said', name], digest)
  })

  test('golden events hold no free text', () => {
    for (const { text } of goldenSaid) expect(golden.join('\n')).not.toContain(canonical(text))
  })
})

describe('chaining', () => {
  test('chaining numbers events from the head on, each with the hash of the one before', () => {
    const head: ChainHead = { seq: 41, hash: leafHash('before') }
    const leaves = chain(drafts.slice(0, 3), head, { shard, at: noon }, () => '00'.repeat(16))
    const events = leaves.map(({ text }) => JSON.parse(text) as { seq: number; prev: string })
    expect(leaves.map(({ seq }) => seq)).toEqual([42, 43, 44])
    expect(events.map(({ seq }) => seq)).toEqual([42, 43, 44])
    expect(events.map(({ prev }) => prev)).toEqual([head.hash, leaves[0]?.hash, leaves[1]?.hash])
  })

  test('the first event of a chain names 64 zeros', () => {
    expect(chained()[0]?.text).toContain(`"prev":"${'0'.repeat(64)}","seq":1,`)
  })

  test('chaining hashes a leaf as RFC 6962 says', () => {
    for (const { text, hash } of chained()) expect(hash).toBe(createHash('sha256').update(`\0${text}`).digest('hex'))
    // RFC 6962 section 2.1, an empty leaf: SHA-256 of one zero byte.
    expect(leafHash('')).toBe('6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d')
  })

  test('chaining writes canonical bytes', () => {
    for (const { text } of chained()) expect(canonical(JSON.parse(text) as Json)).toBe(text)
  })

  test('chaining gives every text its own salt', () => {
    let calls = 0
    const [draft] = open(submission({ links: [{ title: 'a', url: 'https://a.example' }] })).events
    chain(draft ? [draft] : [], emptyChain, { shard, at: noon }, () => String(++calls).padStart(32, '0'))
    expect(calls).toBe(2)
  })

  test('chaining leaves out undefined members', () => {
    const draft = { type: 'expired', actor: { kind: 'system' }, request: undefined } as never
    const [leaf] = chain([draft], emptyChain, { shard, at: noon }, () => '')
    expect(leaf?.text).not.toContain('request')
  })

  test('chaining refuses a leaf over 4 KiB', () => {
    const rules = Array.from({ length: 200 }, () => 'r'.repeat(32))
    const big = open(submission({ judgement: needs(undefined, { rules }) }))
    expect(() => chain(big.events, emptyChain, { shard, at: noon }, () => '00'.repeat(16))).toThrow(RangeError)
  })
})

describe('the largest event that policy and input allow', () => {
  const groups = (from: number) => Array.from({ length: 4 }, (_, i) => `${from}-${i}-`.padEnd(32, 'g'))
  const slots = Array.from({ length: 10 }, (_, i) => ({ groups: groups(i), quorum: 20 }))
  const accounts = (from: number, count: number) => Array.from({ length: count }, (_, i) => oid(from + i))
  const judgement = needs(slots, {
    rules: Array.from({ length: 12 }, (_, i) => `${i}-`.padEnd(32, 'r')),
    tier: 'medium',
    expires: 604_800,
    lapse: 604_800,
  })
  const verb = { action: 'v'.repeat(64), target: 't'.repeat(256), environment: 'e'.repeat(64), params: {} }
  const worst = {
    judgement,
    action: verb,
    onBehalfOf: oid(999),
    executor: oid(998),
    // In all: the policy's loading counts those of the principal with those of owners and sponsors.
    excluded: accounts(100, 24),
    links: [{ title: 'x', url: 'https://x.example' }],
  }
  const head: ChainHead = { seq: 999_999_999_999, hash: leafHash('') }
  const size = (leaves: readonly Leaf[]) => Math.max(...leaves.map(({ text }) => Buffer.byteLength(text)))
  const place = { shard, at: noon }
  const salt = () => 'f'.repeat(32)

  test('the largest request fits into a leaf, with room for the codes of warnings', () => {
    expect(size(chain(open(submission(worst)).events, head, place, salt))).toBeLessThanOrEqual(maxLeafBytes - 128)
  })

  test('the largest vote fits into a leaf', () => {
    const { request } = show(pending({ judgement }), { approver: dba, template: sha256('card'), page: 1, pages: 1 })
    const view = request.shown[0]?.view ?? digestOf('none')
    const step = decide(
      request,
      decision(request, {
        reason: 'x',
        seen: { via: 'a'.repeat(12), view, client: oid(997), proved: 'c99' },
        facts: {
          accounts: accounts(200, 8),
          groups: slots.flatMap(({ groups }) => groups).sort(),
          member: true,
          enabled: true,
          asOf: noon,
        },
      }),
    )
    expect(size(chain(step.events, head, place, salt))).toBeLessThanOrEqual(maxLeafBytes)
  })
})

test('a recorded request knows its events and what was said in them', () => {
  const { request, events } = open(submission())
  const leaves = chain(events, emptyChain, { shard, at: noon }, () => '00'.repeat(16))
  expect(recorded(request, leaves)).toEqual({
    ...request,
    events: [{ seq: 1, type: 'requested', hash: leaves[0]?.hash }],
    said: [{ seq: 1, name: 'reason', text: submission().reason }],
  })
  expect(opened().events).toHaveLength(1)
})
