import * as fc from 'fast-check'
import {
  fromInverse,
  inverse,
  isObjectId,
  keyHash,
  newRequestId,
  parseDigest,
  parseObjectId,
  parseRequestId,
  sha256,
  shardAt,
  shardOf,
  shardOfKey,
  shards,
  timeOf,
} from '../../../src/core/data/id.ts'
import { instant } from '../../../src/core/data/instant.ts'
import { bot, code, oid, problem, requestId, shard } from '../../support/build.ts'

const hex = (text: string) => Buffer.from(text, 'hex')

// The value as a number in base 32 with Crockford's digits, worked out with Python: 48 bits of time, 80 of random.
test.each([
  [0, '00000000000000000000', '00000000000000000000000000-07'],
  [1, '00000000000000000001', '00000000010000000000000001-07'],
  [1_469_918_176_385, '0102030405060708090a', '01aryz6s41041061050r3gg28a-07'],
  [281_474_976_710_655, 'ffffffffffffffffffff', '7zzzzzzzzzzzzzzzzzzzzzzzzz-07'],
])('the id of %p and %s is %s', (ms, random, expected) => {
  const id = newRequestId(instant(ms), hex(random), shard)
  expect(id).toBe(expected)
  expect(parseRequestId(id)).toBe(id)
  expect(timeOf(id)).toBe(instant(ms))
  expect(shardOf(id)).toBe('07')
})

/** To the year 9999: as far as moments compare as text. */
const times = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31) })
const ids = fc
  .tuple(times, fc.uint8Array({ minLength: 10, maxLength: 10 }), fc.constantFrom(...shards))
  .map(([ms, random, shard]) => newRequestId(instant(ms), random, shard))

test('an id gives back its time and shard', () => {
  fc.assert(
    fc.property(
      times,
      fc.uint8Array({ minLength: 10, maxLength: 10 }),
      fc.constantFrom(...shards),
      (ms, random, of) => {
        const id = newRequestId(instant(ms), random, of)
        expect([timeOf(id), shardOf(id)]).toEqual([instant(ms), of])
      },
    ),
  )
})

test('ids sort by time, and their inverses the other way', () => {
  fc.assert(
    fc.property(ids, ids, (a, b) => {
      fc.pre(a.slice(0, 26) !== b.slice(0, 26))
      expect(inverse(a) > inverse(b)).toBe(a < b)
      if (timeOf(a) < timeOf(b)) expect(a < b).toBe(true)
    }),
  )
})

test('an inverse leads back to its id', () => {
  fc.assert(
    fc.property(ids, (id) => {
      expect(fromInverse(inverse(id), shardOf(id))).toBe(id)
      expect(inverse(id)).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/)
    }),
  )
})

test.each([
  ['in upper case', requestId.toUpperCase()],
  ['with the letter u', requestId.replace('a', 'u')],
  ['with the letter l', requestId.replace('a', 'l')],
  ['past the largest time', requestId.replace('0', '8')],
  ['without shard', requestId.slice(0, 26)],
  ['of a shard that does not exist', requestId.replace('-07', '-10')],
  ['of a shard in upper case', requestId.replace('-07', '-0A')],
  ['with something before', ` ${requestId}`],
  ['with something after', `${requestId}\n`],
  ['that is a condition', "' or 1 eq 1"],
  ['that is a path', '..%2f..%2fpolicy'],
  ['that is empty', ''],
])('no request has an id %s', (_what, text) => {
  expect(code(() => parseRequestId(text))).toBe('not-found')
})

test('object ids are GUIDs, in lower case', () => {
  const text = '6F9619FF-8B86-4D01-B42D-00C04FC964FF'
  expect(parseObjectId(text)).toBe(text.toLowerCase())
  expect(isObjectId(text)).toBe(true)
})

test.each(['', 'x', '6f9619ff8b864d01b42d00c04fc964ff', '{6f9619ff-8b86-4d01-b42d-00c04fc964ff}', `${bot}\n`])(
  '%p is no object id',
  (text) => {
    expect(problem(() => parseObjectId(text, '/executor'))).toMatchObject({
      code: 'invalid-input',
      details: { pointer: '/executor' },
    })
    expect(isObjectId(text)).toBe(false)
  },
)

test.each(['', 'a'.repeat(64), `sha256:${'A'.repeat(64)}`, `sha256:${'a'.repeat(63)}`, `sha256:${'a'.repeat(64)}\n`])(
  '%p is no digest',
  (text) => {
    expect(code(() => parseDigest(text))).toBe('invalid-input')
  },
)

test('a digest is taken as it is', () => {
  const digest = `sha256:${'0a'.repeat(32)}`
  expect(parseDigest(digest)).toBe(digest)
})

test('an idempotency key is named per agent, and its shard follows from its name', () => {
  // hashlib.sha256(b'00000000-0000-4000-8000-000000000001\nrun-4711').hexdigest()
  expect(keyHash(bot, 'run-4711')).toBe('161d0c0e00c3b1c800df22abb1c07aead2baf42ba79bcb9d7214a219f2ae49d0')
  expect(keyHash(oid(2), 'run-4711')).not.toBe(keyHash(bot, 'run-4711'))
  expect(shardOfKey(bot, 'run-4711')).toBe(shardAt(keyHash(bot, 'run-4711')))
})

test('keys and random bytes spread over all 16 shards', () => {
  const keys = Array.from({ length: 400 }, (_, i) => shardOfKey(bot, `key-${i}`))
  expect([...new Set(keys)].sort()).toEqual(shards)
  const bytes = Array.from({ length: 256 }, (_, i) => shardAt(i.toString(16).padStart(2, '0')))
  expect([...new Set(bytes)].sort()).toEqual(shards)
  expect(shards).toHaveLength(16)
})

test('SHA-256 is that of the standard', () => {
  // FIPS 180-2 appendix B.1.
  expect(sha256('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})
