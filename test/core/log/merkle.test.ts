import * as fc from 'fast-check'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  append,
  checkConsistency,
  checkInclusion,
  type Consistency,
  consistencyRanges,
  emptyFrontier,
  type Frontier,
  growing,
  hashLeaf,
  hashNode,
  type Inclusion,
  inclusionRanges,
  isFrontier,
  leafHash,
  perfect,
  type Range,
  rootOf,
  rootOfRange,
} from '../../../src/core/log/merkle.ts'

/** Made by another program; see `source` in the file. */
interface Golden {
  readonly roots: readonly { size: number; root: string }[]
  readonly inclusion: readonly { index: number; size: number; proof: readonly string[] }[]
  readonly consistency: readonly { from: number; to: number; proof: readonly string[] }[]
}

const published = join(import.meta.dirname, '../../../../shared/vectors/rfc6962/testdata')

/** There, to grow from nothing is always an error; here it is fine from the empty root without a proof. */
const fromNothing = join('additional', 'size1-is-zero-and-size2-is-not-zero.json')

const golden = JSON.parse(readFileSync(join(import.meta.dirname, '../../golden/merkle.json'), 'utf8')) as Golden

/** Leaf i of our own logs is the number i. */
const leaves = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => String(i))

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (text: string): Uint8Array => Buffer.from(text, 'hex')
const root = (size: number): Uint8Array => bytes(golden.roots.find((one) => one.size === size)?.root ?? '')

function frontierOf(count: number): Frontier {
  const log = growing(emptyFrontier)
  for (const leaf of leaves(count)) log.add(hashLeaf(leaf))
  return log.frontier()
}

/** A range's root by way of its perfect subtrees, each of which the naive tree hashes. */
const rangeRoot = (range: Range): Uint8Array =>
  rootOfRange(perfect(range).map(({ level, index }) => naive(index * 2 ** level, (index + 1) * 2 ** level)))

test.each(golden.roots)('the root of $size leaves', ({ size, root: expected }) => {
  expect(hex(rootOf(frontierOf(size)))).toBe(expected)
})

test.each([...goldenInclusion(), ...publishedInclusion()])('inclusion: $name', ({ expected, ...claim }) => {
  expect(checkInclusion(claim)).toBe(expected)
})

test.each([...goldenConsistency(), ...publishedConsistency()])('consistency: $name', ({ expected, ...claim }) => {
  expect(checkConsistency(claim)).toBe(expected)
})

test('the golden proofs are those that we would give', () => {
  for (const { index, size, proof } of goldenInclusion())
    expect(inclusionRanges(index, size).map((range) => hex(rangeRoot(range)))).toEqual(proof.map(hex))
  for (const { from, to, proof } of goldenConsistency())
    expect(consistencyRanges(from, to).map((range) => hex(rangeRoot(range)))).toEqual(proof.map(hex))
})

test('the published vectors are all there, or the folder is not', () => {
  const all = [publishedInclusion(), publishedConsistency()]
  const good = all.map((vectors) => vectors.filter(({ expected }) => expected))
  expect([...all, ...good].map(({ length }) => length)).toEqual(existsSync(published) ? [98, 98, 6, 7] : [0, 0, 0, 0])
})

const sizes = fc.integer({ min: 0, max: 140 })

test('a leaf is hashed as text or as bytes, and a leaf is no node', () => {
  expect(hex(hashLeaf('ü'))).toBe(leafHash('ü'))
  expect(hex(hashLeaf(Buffer.from('ü')))).toBe(leafHash('ü'))
  expect(leafHash(Buffer.concat([hashLeaf('0'), hashLeaf('1')]))).not.toBe(hex(hashNode(hashLeaf('0'), hashLeaf('1'))))
})

test('a node has two hashes, and nothing else', () => {
  const [left, right] = [hashLeaf('0'), hashLeaf('1')]
  for (const wrong of [left.subarray(1), Buffer.concat([left, right]), new Uint8Array()]) {
    expect(() => hashNode(wrong, right)).toThrow(RangeError)
    expect(() => hashNode(left, wrong)).toThrow(RangeError)
  }
})

test('a log grows to the root of the naive tree, in one go, with breaks, or leaf by leaf', () => {
  fc.assert(
    fc.property(sizes, sizes, (before, more) => {
      const start = frontierOf(before)
      const log = growing(start)
      let slow = start
      for (let i = before; i < before + more; i++) {
        log.add(hashLeaf(String(i)))
        slow = append(slow, hashLeaf(String(i)))
      }
      expect(log.frontier()).toEqual(slow)
      expect(hex(rootOf(slow))).toBe(hex(naive(0, before + more)))
      expect(isFrontier(slow)).toBe(true)
      expect(start).toEqual(frontierOf(before))
    }),
  )
})

test('what was read of a log does not change when it grows on', () => {
  const log = growing(frontierOf(5))
  const before = log.frontier()
  log.add(hashLeaf('5'))
  expect(before).toEqual(frontierOf(5))
  expect(log.frontier()).toEqual(frontierOf(6))
})

test.each<[string, Frontier]>([
  ['too few roots', { size: 3, roots: [hashLeaf('')] }],
  ['too many roots', { size: 4, roots: [hashLeaf(''), hashLeaf('')] }],
  ['a root of nothing', { size: 0, roots: [hashLeaf('')] }],
  ['a short root', { size: 1, roots: [hashLeaf('').subarray(1)] }],
  ['half a leaf', { size: 1.5, roots: [hashLeaf('')] }],
  ['less than no leaf', { size: -1, roots: [] }],
  ['more leaves than can be counted', { size: 2 ** 53, roots: [hashLeaf('')] }],
  ['no number of leaves', { size: Number.NaN, roots: [] }],
])('no frontier: %s', (_what, frontier) => {
  expect(isFrontier(frontier)).toBe(false)
})

test('a frontier of the largest size has a root for each bit', () => {
  expect(isFrontier({ size: Number.MAX_SAFE_INTEGER, roots: Array<Uint8Array>(53).fill(hashLeaf('')) })).toBe(true)
})

test('inclusion is proven as RFC 6962 defines it, and by nothing else', () => {
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), (below, pick, other) => {
      const size = below + 1
      const index = pick % size
      const proof = path(index, 0, size)
      expect(inclusionRanges(index, size).map((range) => hex(rangeRoot(range)))).toEqual(proof.map(hex))
      const claim: Inclusion = { index, size, leaf: hashLeaf(String(index)), proof, root: naive(0, size) }
      expect(checkInclusion(claim)).toBe(true)
      expect(spoiltProofs(proof, other).filter((spoilt) => checkInclusion({ ...claim, proof: spoilt }))).toEqual([])
      const wrong: Partial<Inclusion>[] = [
        ...spoiltHashes(claim.leaf).map((leaf) => ({ leaf })),
        ...spoiltHashes(claim.root).map((spoilt) => ({ root: spoilt })),
        ...[size, size + 1, -1, index + 0.5, Number.NaN, 2 ** 53].map((spoilt) => ({ index: spoilt })),
        ...[index, 0, -1, size + 0.5, Number.NaN, Number.POSITIVE_INFINITY].map((spoilt) => ({ size: spoilt })),
        { index: other % size },
      ]
      const held = wrong.filter((spoilt) => checkInclusion({ ...claim, ...spoilt }))
      expect(held).toEqual(other % size === index ? [{ index }] : [])
    }),
  )
})

test('consistency is proven as RFC 6962 defines it, and by nothing else', () => {
  fc.assert(
    fc.property(sizes, sizes, fc.nat(), (below, more, other) => {
      const [from, to] = [below + 1, below + 1 + more]
      const proof = subproof(from, 0, to, true)
      expect(consistencyRanges(from, to).map((range) => hex(rangeRoot(range)))).toEqual(proof.map(hex))
      const claim: Consistency = { from, to, proof, fromRoot: naive(0, from), toRoot: naive(0, to) }
      expect(checkConsistency(claim)).toBe(true)
      expect(spoiltProofs(proof, other).filter((spoilt) => checkConsistency({ ...claim, proof: spoilt }))).toEqual([])
      const wrong: Partial<Consistency>[] = [
        ...spoiltHashes(claim.fromRoot).map((fromRoot) => ({ fromRoot })),
        ...spoiltHashes(claim.toRoot).map((toRoot) => ({ toRoot })),
        ...[0, to + 1, -1, from + 0.5, Number.NaN, 2 ** 53].map((spoilt) => ({ from: spoilt })),
        ...[from - 1, 0, -1, to + 0.5, Number.NaN, Number.POSITIVE_INFINITY].map((spoilt) => ({ to: spoilt })),
      ]
      expect(wrong.filter((spoilt) => checkConsistency({ ...claim, ...spoilt }))).toEqual([])
    }),
  )
})

describe('from an empty log', () => {
  const nothing = rootOf(emptyFrontier)
  const claim: Consistency = { from: 0, to: 3, proof: [], fromRoot: nothing, toRoot: naive(0, 3) }

  test.each<[string, Partial<Consistency>, boolean]>([
    ['any log can grow', {}, true],
    ['nothing can grow', { to: 0, toRoot: nothing }, true],
    ['nothing has one root only', { to: 0 }, false],
    ['the root it had counts', { fromRoot: naive(0, 1) }, false],
    ['the proof has no hashes', { proof: [nothing] }, false],
    ['the root it has is a hash', { toRoot: nothing.subarray(1) }, false],
  ])('%s', (_what, change, expected) => {
    expect(checkConsistency({ ...claim, ...change })).toBe(expected)
  })

  test('growth from an empty log is proven without hashes', () => {
    expect([consistencyRanges(0, 0), consistencyRanges(0, 7), consistencyRanges(7, 7)]).toEqual([[], [], []])
  })
})

test('there are no ranges for what cannot be proven', () => {
  const impossible = [
    () => inclusionRanges(3, 3),
    () => inclusionRanges(-1, 3),
    () => inclusionRanges(0, Number.POSITIVE_INFINITY),
    () => consistencyRanges(4, 3),
    () => consistencyRanges(0.5, 3),
  ]
  for (const ranges of impossible) expect(ranges).toThrow(RangeError)
})

test('sizes beyond 32 bits are as good', () => {
  const size = 2 ** 40 + 3
  expect(inclusionRanges(2 ** 40 + 1, size)).toEqual([
    { from: 2 ** 40, to: 2 ** 40 + 1 },
    { from: 2 ** 40 + 2, to: size },
    { from: 0, to: 2 ** 40 },
  ])
  expect(consistencyRanges(2 ** 40, size)).toEqual([{ from: 2 ** 40, to: size }])
  expect(perfect({ from: 0, to: size })).toEqual([
    { level: 40, index: 0 },
    { level: 1, index: 2 ** 39 },
    { level: 0, index: 2 ** 40 + 2 },
  ])
  expect(inclusionRanges(2 ** 52, Number.MAX_SAFE_INTEGER)).toHaveLength(53)
})

/** What is not the proof, but near it: hashes missing, added, swapped, altered or of another length. */
function spoiltProofs(proof: readonly Uint8Array[], pick: number): (readonly Uint8Array[])[] {
  const more = [
    [...proof, hashLeaf('')],
    [hashLeaf(''), ...proof],
    [...proof, new Uint8Array(0)],
  ]
  if (proof.length === 0) return more
  const i = pick % proof.length
  const swapped = proof.length > 1 ? [[...proof.slice(1), ...proof.slice(0, 1)]] : []
  const altered = spoiltHashes(proof[i] ?? new Uint8Array(0)).map((hash) => proof.with(i, hash))
  return [...more, proof.slice(1), proof.slice(0, -1), ...swapped, ...altered]
}

function spoiltHashes(hash: Uint8Array): Uint8Array[] {
  const flipped = (at: number) => Uint8Array.from(hash, (byte, i) => (i === at ? byte ^ 1 : byte))
  return [flipped(0), flipped(31), hash.subarray(1), Buffer.concat([hash, Uint8Array.of(0)]), new Uint8Array(0)]
}

/** RFC 6962 section 2.1, MTH, of the leaves from..to. */
function naive(from: number, to: number): Uint8Array {
  const sha256 = createHash('sha256')
  if (to === from) return sha256.digest()
  if (to - from === 1)
    return sha256
      .update(Buffer.from([0]))
      .update(String(from))
      .digest()
  const k = from + largestPower(to - from)
  return sha256
    .update(Buffer.from([1]))
    .update(naive(from, k))
    .update(naive(k, to))
    .digest()
}

/** RFC 6962 section 2.1.1, PATH. */
function path(m: number, from: number, to: number): Uint8Array[] {
  if (to - from === 1) return []
  const k = from + largestPower(to - from)
  return m < k ? [...path(m, from, k), naive(k, to)] : [...path(m, k, to), naive(from, k)]
}

/** RFC 6962 section 2.1.2, SUBPROOF. */
function subproof(m: number, from: number, to: number, known: boolean): Uint8Array[] {
  if (m === to) return known ? [] : [naive(from, to)]
  const k = from + largestPower(to - from)
  return m <= k ? [...subproof(m, from, k, known), naive(k, to)] : [...subproof(m, k, to, false), naive(from, k)]
}

/** The largest power of two that is smaller. */
function largestPower(n: number): number {
  return 2 ** (31 - Math.clz32(n - 1))
}

type Vector<Claim> = Claim & { readonly name: string; readonly expected: boolean }

function goldenInclusion(): Vector<Inclusion>[] {
  return golden.inclusion.map(({ index, size, proof }) => ({
    name: `golden, ${index} of ${size}`,
    ...{ index, size, leaf: hashLeaf(String(index)), proof: proof.map(bytes), root: root(size), expected: true },
  }))
}

function goldenConsistency(): Vector<Consistency>[] {
  return golden.consistency.map(({ from, to, proof }) => ({
    name: `golden, ${from} to ${to}`,
    ...{ from, to, proof: proof.map(bytes), fromRoot: root(from), toRoot: root(to), expected: true },
  }))
}

function publishedInclusion(): Vector<Inclusion>[] {
  if (!existsSync(published)) return []
  return files('inclusion').map(({ name, data }) => ({
    name,
    index: data.leafIdx ?? Number.NaN,
    size: data.treeSize ?? Number.NaN,
    leaf: hash(data.leafHash),
    proof: (data.proof ?? []).map(hash),
    root: hash(data.root),
    expected: !data.wantErr,
  }))
}

function publishedConsistency(): Vector<Consistency>[] {
  if (!existsSync(published)) return []
  return files('consistency').map(({ name, data }) => ({
    name,
    from: data.size1 ?? Number.NaN,
    to: data.size2 ?? Number.NaN,
    proof: (data.proof ?? []).map(hash),
    fromRoot: hash(data.root1),
    toRoot: hash(data.root2),
    expected: !data.wantErr || name === fromNothing,
  }))
}

interface PublishedFile {
  readonly leafIdx?: number
  readonly treeSize?: number
  readonly leafHash?: string
  readonly root?: string
  readonly size1?: number
  readonly size2?: number
  readonly root1?: string
  readonly root2?: string
  readonly proof: readonly string[] | null
  readonly wantErr: boolean
}

function files(kind: string): { name: string; data: PublishedFile }[] {
  return readdirSync(join(published, kind), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => ({ name, data: JSON.parse(readFileSync(join(published, kind, name), 'utf8')) as PublishedFile }))
}

/** Some roots say "don't care" and are too short to be one, also where the case is good: a hash stands in for them. */
function hash(base64 = ''): Uint8Array {
  const decoded = Buffer.from(base64, 'base64')
  return decoded.toString().startsWith("don't care") ? hashLeaf(decoded) : decoded
}
