import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import { bundleFromJSON } from '@sigstore/bundle'
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify'
import { encode64 } from '../../../src/core/data/base64.ts'
import { type Hex, shards } from '../../../src/core/data/id.ts'
import type { Day } from '../../../src/core/data/day.ts'
import type { Instant } from '../../../src/core/data/instant.ts'
import { canonical, type Json } from '../../../src/core/data/json.ts'
import { derOf } from '../../../src/core/log/signature.ts'
import {
  formatBundle,
  type Manifest,
  pae,
  parseBundle,
  parseStatement,
  statementOf,
} from '../../../src/core/log/statement.ts'
import { brokenCode, logKey } from './logKey.ts'
import { evidenceBundle } from '../../../src/core/data/namespace.ts'

const root = encode64(new Uint8Array(32).fill(1))
const head = 'ab'.repeat(32) as Hex

const manifest: Manifest = {
  number: 2,
  date: '2026-01-31' as Day,
  sealedAt: '2026-02-01T00:05:00.000Z' as Instant,
  log: {
    origin: 'approvals.example/evidence',
    from: { size: 5, root, frontier: [root, root] },
    to: { size: 7, root },
  },
  shards: Object.fromEntries(
    shards.map((shard, i) => [
      shard,
      i === 0 ? { from: 5, to: 7, head } : { from: 0, to: 0, head: '0'.repeat(64) as Hex },
    ]),
  ),
  counts: { records: 2, carried: 1, requests: 1, exceptions: 0, types: { decided: 1, approved: 1 } },
  previousManifest: head,
  tool: 'countersign 0.1.0',
}
const subjects = [
  { name: 'README.txt', sha256: head },
  { name: 'policy/é/agents.cedar', sha256: 'cd'.repeat(32) as Hex },
]
const payload = statementOf(subjects, manifest)

/** The same JSON with one value set, or removed if it is `undefined`. */
function changed(text: string, path: string, value: Json | undefined): string {
  const document = JSON.parse(text) as Record<string, unknown>
  const steps = path.split('.')
  const last = steps.pop() ?? ''
  const holder = steps.reduce((at, step) => at[step] as Record<string, unknown>, document)
  if (value === undefined) delete holder[last]
  else holder[last] = value
  return canonical(document as Json)
}

describe('the pre-authentication encoding', () => {
  test.each([
    ['hello', 't', 'DSSEv1 1 t 5 hello'],
    ['', '', 'DSSEv1 0  0 '],
    ['é', 'ü', 'DSSEv1 2 ü 2 é'],
  ])('of %j', (text, type, expected) => {
    expect(Buffer.from(pae(text, type)).toString()).toBe(expected)
    expect(pae(Buffer.from(text), type)).toEqual(pae(text, type))
  })

  const vectors = join(import.meta.dirname, '../../../../shared/vectors/dsse/dsse.json')
  const published = existsSync(vectors) ? (JSON.parse(readFileSync(vectors, 'utf8')) as readonly Vector[]) : []

  test('is as published, and so is the signature over it', () => {
    for (const { payloadType, payloadUtf8, pae: expected, envelope, key } of published) {
      const encoded = pae(payloadUtf8, payloadType)
      expect(Buffer.from(encoded).toString()).toBe(expected)
      const raw = Buffer.from(envelope.signatures[0]?.sig ?? '', 'base64')
      expect(verify('sha256', encoded, keyOf(key), derOf(raw))).toBe(true)
    }
  })
})

describe('a bundle', () => {
  const [old, fresh] = [logKey(), logKey()]
  const signed = (key: ReturnType<typeof logKey>, text = payload) => ({ kid: key.kid, der: key.der(pae(text)) })
  const bundle = formatBundle(payload, [signed(old)])

  /** Without a log and without timestamps: the key alone. */
  const sigstore = (text: string, key = old) => {
    const none = { certificateAuthorities: [], timestampAuthorities: [], tlogs: [], ctlogs: [] }
    const trusted = toTrustMaterial(
      { mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1', ...none },
      (hint) => {
        if (hint !== key.kid) throw new Error('another key')
        return { publicKey: key.publicKey, validFor: () => true }
      },
    )
    const verifier = new Verifier(trusted, { tlogThreshold: 0, timestampThreshold: 0, ctlogThreshold: 0 })
    return () => verifier.verify(toSignedEntity(bundleFromJSON(JSON.parse(text))))
  }

  test('another verifier accepts a bundle with the bare key', () => {
    expect(sigstore(bundle)).not.toThrow()
  })

  test('another verifier refuses a bundle with another key or another payload', () => {
    expect(sigstore(bundle, fresh)).toThrow()
    const other = encode64(Buffer.from(payload.replace('README', 'readme')))
    expect(sigstore(changed(bundle, 'dsseEnvelope.payload', other))).toThrow()
  })

  test('another verifier refuses two signatures, by the rule of its format', () => {
    expect(sigstore(formatBundle(payload, [signed(old), signed(fresh)]))).toThrow('invalid bundle')
  })

  test.each([
    ['one signature', [signed(old)]],
    ['two, at a rotation', [signed(old), signed(fresh)]],
  ])('a written bundle is read: %s', (_what, signatures) => {
    const read = parseBundle(formatBundle(payload, signatures))
    expect(Buffer.from(read.payload).toString()).toBe(payload)
    expect(read.signatures).toEqual(signatures)
  })

  const signatures = 'dsseEnvelope.signatures'
  const one = { keyid: old.kid, sig: encode64(old.der(pae(payload))) }
  const two = { ...one, keyid: fresh.kid }

  test.each<[string, Json | undefined]>([
    ['mediaType', 'application/vnd.dev.sigstore.bundle+json;version=0.2'],
    ['mediaType', undefined],
    ['more', 1],
    ['dsseEnvelope', undefined],
    ['dsseEnvelope', []],
    ['dsseEnvelope.more', 1],
    ['dsseEnvelope.payload', 1],
    ['dsseEnvelope.payload', 'e30'],
    ['dsseEnvelope.payloadType', 'application/json'],
    [signatures, []],
    [signatures, {}],
    [signatures, [one, one]],
    [signatures, [one, two, { ...one, keyid: logKey().kid }]],
    [signatures, [two]],
    [signatures, [{ ...one, more: 1 }]],
    [signatures, [{ ...one, sig: encode64(Uint8Array.of(1)) }]],
    [signatures, [{ ...one, sig: one.sig.replace(/=*$/, '!') }]],
    [signatures, [{ ...one, keyid: 'log' }]],
    ['verificationMaterial', null],
    ['verificationMaterial.certificate', {}],
    ['verificationMaterial.tlogEntries', []],
    ['verificationMaterial.publicKey.hint', fresh.kid],
    ['verificationMaterial.publicKey.hint', undefined],
  ])('a bundle is refused if %s is %j', (path, value) => {
    expect(brokenCode(() => parseBundle(changed(bundle, path, value)))).toBe('bad-manifest')
  })

  test.each([
    ['nothing', ''],
    ['no object', '[]'],
    ['white space', `${bundle}\n`],
    ['another order', bundle.replace(/^\{("dsseEnvelope":.*),("mediaType":"[^"]*")/, '{$2,$1')],
    ['an escape that need not be', bundle.replace('mediaType', String.raw`\u006dediaType`)],
    ['a key twice', bundle.replace('{', '{"mediaType":"",')],
    ['half of it', bundle.slice(0, bundle.length / 2)],
    ['half a surrogate pair', bundle.replace('dsse', '\ud800')],
    ['too much', JSON.stringify('A'.repeat(4_000_000))],
    ['much', bundle.replace(/"payload":"[^"]*"/, `"payload":"${'A'.repeat(3_000_000)}!"`)],
    ['much that does not end', `{"a":"${'A'.repeat(3_000_000)}`],
    ['too deep', '['.repeat(100_000)],
  ])('is refused: %s', (_what, text) => {
    expect(text).not.toBe(bundle)
    expect(brokenCode(() => parseBundle(text))).toBe('bad-manifest')
  })

  test('a bundle with the largest allowed payload is read', () => {
    const large = 'A'.repeat(2_000_000)
    expect(parseBundle(formatBundle(large, [signed(old)])).payload).toHaveLength(large.length)
  })
})

describe('a statement', () => {
  const read = (text: string) => parseStatement(Buffer.from(text))
  const { previousManifest: _, ...first } = { ...manifest, number: 1 }

  test.each([
    ['a day', manifest],
    ['the first', first],
    ['one without types', { ...manifest, counts: { ...manifest.counts, types: {} } }],
  ])('a written statement is read: %s', (_what, given) => {
    expect(read(statementOf(subjects, given))).toEqual({ subjects, manifest: given })
  })

  test('a statement must have every member, and no other', () => {
    const paths = [...pathsOf(JSON.parse(payload) as Json)].filter(
      (path) => !path.startsWith('predicate.counts.types.'),
    )
    expect(paths.length).toBeGreaterThan(90)
    for (const path of paths) {
      expect([path, brokenCode(() => read(changed(payload, path, undefined)))]).toEqual([path, 'bad-manifest'])
      expect([path, brokenCode(() => read(changed(payload, path, true)))]).toEqual([path, 'bad-manifest'])
      expect([path, brokenCode(() => read(changed(payload, `${path}_`, 1)))]).toEqual([path, 'bad-manifest'])
    }
  })

  test.each<[string, Json]>([
    ['_type', 'https://in-toto.io/Statement/v0.1'],
    ['predicateType', 'https://slsa.dev/provenance/v1'],
    ['predicateType', evidenceBundle.replace('/v1', '/v0')],
    ['predicateType', evidenceBundle.replace('/v1', '/v02')],
    ['predicateType', evidenceBundle.replace('/v1', '/v2/x')],
    ['predicateType', evidenceBundle.replace('3b9b', '3b9c').replace('/v1', '/v2')],
    ['subject.0.name', ''],
    ['subject.0.name', 'a\nb'],
    ['subject.0.name', 'a'.repeat(256)],
    ['subject.0.name', 'policy/é/agents.cedar'],
    ['subject.0.digest.sha256', 'AB'.repeat(32)],
    ['subject.0.digest.sha256', 'ab'.repeat(31)],
    ['subject.0.digest.sha256', `${'ab'.repeat(32)}\n`],
    ['predicate.number', 0],
    ['predicate.number', 1],
    ['predicate.number', 1.5],
    ['predicate.number', -2],
    ['predicate.number', '2'],
    ['predicate.date', '2026-02-30'],
    ['predicate.date', '2026-1-31'],
    ['predicate.date', '2026-01-31T00:00:00.000Z'],
    ['predicate.sealedAt', '2026-02-01'],
    ['predicate.sealedAt', '2026-02-01T00:05:00Z'],
    ['predicate.sealedAt', '2026-02-01T00:05:00.000+00:00'],
    ['predicate.sealedAt', '2026-02-30T00:05:00.000Z'],
    ['predicate.log.origin', 'a b'],
    ['predicate.log.from.size', 4],
    ['predicate.log.from.size', 8],
    ['predicate.log.from.frontier', [root]],
    ['predicate.log.from.frontier', [root, root, root]],
    ['predicate.log.from.frontier', [root, 'AA==']],
    ['predicate.log.from.root', 'AA=='],
    ['predicate.log.to.root', root.slice(0, -1)],
    ['predicate.log.to.size', 4],
    ['predicate.shards.00.to', 4],
    ['predicate.shards.00.head', '0'.repeat(64)],
    ['predicate.shards.01.head', head],
    ['predicate.shards.10', { from: 0, to: 0, head: '0'.repeat(64) }],
    ['predicate.counts.types', { approved: 0 }],
    ['predicate.counts.types', { 'a b': 1 }],
    ['predicate.counts.records', -1],
    ['predicate.previousManifest', head.toUpperCase()],
    ['predicate.tool', ''],
    ['predicate.tool', 'a\u0000b'],
    ['predicate.tool', 'a'.repeat(101)],
  ])('a statement is refused if %s is %j', (path, value) => {
    expect(brokenCode(() => read(changed(payload, path, value)))).toBe('bad-manifest')
  })

  test.each([2, 10, 999_999])('a statement of our version %i is newer, whatever else it has', (version) => {
    const later = {
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: evidenceBundle.replace(/1$/, `${version}`),
    }
    expect(brokenCode(() => read(canonical({ ...later, predicate: 1, zone: 2 })))).toBe('newer-format')
    expect(brokenCode(() => read(canonical({ ...later, _type: 'https://in-toto.io/Statement/v2' })))).toBe(
      'bad-manifest',
    )
    expect(brokenCode(() => read(`${canonical(later)} `))).toBe('bad-manifest')
  })

  test.each([
    ['nothing', ''],
    ['white space', `${payload} `],
    ['a number in another form', payload.replace('"number":2', '"number":2.0')],
    ['a byte order mark', `\ufeff${payload}`],
    ['too large', JSON.stringify('A'.repeat(2_100_000))],
    ['too many values', JSON.stringify(Array.from({ length: 100_000 }, () => 0))],
  ])('is refused: %s', (_what, text) => {
    expect(brokenCode(() => read(text))).toBe('bad-manifest')
  })

  test('a statement that is not UTF-8 is refused', () => {
    expect(brokenCode(() => parseStatement(Uint8Array.of(0x22, 0xff, 0x22)))).toBe('bad-manifest')
  })
})

interface Vector {
  readonly payloadType: string
  readonly payloadUtf8: string
  readonly pae: string
  readonly envelope: { readonly signatures: readonly { readonly sig: string }[] }
  readonly key: { readonly x: string; readonly y: string }
}

function keyOf({ x, y }: Vector['key']): KeyObject {
  const coordinate = (decimal: string) =>
    Buffer.from(BigInt(decimal).toString(16).padStart(64, '0'), 'hex').toString('base64url')
  return createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: coordinate(x), y: coordinate(y) }, format: 'jwk' })
}

/** Every member of every object, by its path. */
function* pathsOf(value: Json, path = ''): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, child] of Object.entries(value)) {
    const below = path === '' ? key : `${path}.${key}`
    if (!Array.isArray(value)) yield below
    yield* pathsOf(child, below)
  }
}
