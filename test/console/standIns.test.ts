import { isAscii, isUtf8 } from 'node:buffer'
import * as node from 'node:crypto'
import { crc32 } from 'node:zlib'
import fc from 'fast-check'
import {
  isAscii as isAsciiHere,
  isUtf8 as isUtf8Here,
  Buffer as OurBuffer,
} from '../../src/console/verify/node/buffer.ts'
import * as here from '../../src/console/verify/node/crypto.ts'
import { derOf } from '../../src/core/log/signature.ts'
import { crc32 as crc32Here } from '../../src/console/verify/node/zlib.ts'

/** What stands in for Node in a browser gives what Node gives. */

const bytes = fc.uint8Array({ maxLength: 100 })
const encodings = ['utf8', 'latin1', 'binary', 'hex', 'base64', 'base64url'] as const
const encoding = fc.constantFrom(...encodings)
const same = (ours: Uint8Array, theirs: Uint8Array) => expect([...ours]).toEqual([...theirs])

test('bytes become the same text', () => {
  fc.assert(
    fc.property(bytes, encoding, fc.nat(20), fc.nat(120), (data, name, from, to) => {
      const [ours, theirs] = [OurBuffer.from(data), Buffer.from(data)]
      expect(ours.toString(name)).toBe(theirs.toString(name))
      expect(ours.toString(name, Math.min(from, to), to)).toBe(theirs.toString(name, Math.min(from, to), to))
    }),
  )
})

test('long bytes become the same text', () => {
  const data = Uint8Array.from({ length: 70_001 }, (_, i) => (i * 7) % 256)
  for (const name of encodings) expect(OurBuffer.from(data).toString(name)).toBe(Buffer.from(data).toString(name))
})

test('texts become the same bytes', () => {
  const digits = fc.string({ unit: fc.constantFrom(...'0aF9bZ+/-_= \n*') })
  const texts = fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units))
  fc.assert(
    fc.property(texts, digits, encoding, (text, ascii, name) => {
      same(OurBuffer.from(ascii, name), Buffer.from(ascii, name))
      // Of other characters Node makes bytes that depend on how it keeps the text, for instance a zero of U+5730 in hex: all
      // readers refuse those.
      const isOfDigits = name === 'hex' || name.startsWith('base64')
      if (!isOfDigits) same(OurBuffer.from(text, name), Buffer.from(text, name))
    }),
  )
})

test('bytes are put together, compared and cut in the same way', () => {
  fc.assert(
    fc.property(bytes, bytes, fc.nat(100), (a, b, at) => {
      same(OurBuffer.concat([a, b]), Buffer.concat([a, b]))
      same(OurBuffer.concat([a, b]).subarray(at), Buffer.concat([a, b]).subarray(at))
      expect(OurBuffer.compare(a, b)).toBe(Buffer.compare(a, b))
      expect(OurBuffer.from(a).equals(b)).toBe(Buffer.from(a).equals(b))
      same(OurBuffer.from(a.buffer, a.byteOffset, a.length), a)
    }),
  )
})

test('texts are written into bytes in the same way, as far as there is room', () => {
  fc.assert(
    fc.property(bytes, fc.string(), fc.nat(100), fc.constantFrom('binary', 'latin1', 'hex'), (data, text, at, name) => {
      const written = name === 'hex' ? Buffer.from(text).toString('hex') : text
      const [ours, theirs] = [OurBuffer.from(data), Buffer.from(data)]
      const place = Math.min(at, data.length)
      expect(ours.write(written, place, name)).toBe(theirs.write(written, place, name))
      same(ours, theirs)
    }),
  )
})

test('numbers are read from the same places, and nowhere else', () => {
  fc.assert(
    fc.property(bytes, fc.integer({ min: -1, max: 101 }), (data, at) => {
      for (const read of ['readUInt16LE', 'readUInt32LE', 'readBigUInt64LE'] as const) {
        const answerOf = (buffer: Pick<Buffer, typeof read>) => {
          try {
            return buffer[read](at)
          } catch (cause) {
            return (cause as Error).name
          }
        }
        expect(answerOf(OurBuffer.from(data))).toBe(answerOf(Buffer.from(data)))
      }
    }),
  )
  const [ours, theirs] = [OurBuffer.alloc(9), Buffer.alloc(9)]
  expect(ours.writeBigUInt64LE(2n ** 63n + 5n, 1)).toBe(theirs.writeBigUInt64LE(2n ** 63n + 5n, 1))
  same(ours, theirs)
})

test('the same bytes are text', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        bytes,
        fc.string().map((text) => new TextEncoder().encode(text)),
      ),
      (data) => {
        expect([isUtf8Here(data), isAsciiHere(data)]).toEqual([isUtf8(data), isAscii(data)])
      },
    ),
  )
})

test('checksums and hashes are the same, whole and in pieces', () => {
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      expect(crc32Here(b, crc32Here(a))).toBe(crc32(b, crc32(a)))
      for (const form of ['hex', 'binary', 'base64url'] as const)
        expect(here.hash('sha256', a, form)).toBe(node.hash('sha256', a, form))
      expect(here.createHash('sha256').update(a).update(b).digest('hex')).toBe(
        node.createHash('sha256').update(a).update(b).digest('hex'),
      )
    }),
  )
  same(here.createHash('sha256').update('ä').digest() as Uint8Array, node.createHash('sha256').update('ä').digest())
})

test('the same signatures of Ed25519 hold, and none with another bit', () => {
  const { privateKey, publicKey } = node.generateKeyPairSync('ed25519')
  const spki = publicKey.export({ format: 'der', type: 'spki' })
  const data = Buffer.from('a statement')
  const good = node.sign(null, data, privateKey)
  // L, the order of the base point, which a second form of each signature would add to s.
  const order = 2n ** 252n + 27742317777372353535851937790883648493n
  const s = BigInt(`0x${Buffer.from(good.subarray(32)).reverse().toString('hex')}`) + order
  const second = Buffer.concat([good.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()])
  const holdsHere = (bytes: Uint8Array, signature: Uint8Array, key: Uint8Array) => {
    try {
      return here.verify(null, bytes, here.createPublicKey({ key }), signature)
    } catch {
      return false
    }
  }
  const holds = (bytes: Uint8Array, signature: Uint8Array, key: Uint8Array) => {
    try {
      return node.verify(
        null,
        bytes,
        node.createPublicKey({ key: Buffer.from(key), format: 'der', type: 'spki' }),
        signature,
      )
    } catch {
      return false
    }
  }
  const flipped = (bytes: Uint8Array, bit: number) =>
    bytes.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte))
  const bits = Array.from({ length: 512 }, (_, bit) => bit)
  const tried: readonly (readonly [Uint8Array, Uint8Array, Uint8Array])[] = [
    [data, good, spki],
    [Buffer.from('another statement'), good, spki],
    [data, second, spki],
    [data, good.subarray(1), spki],
    [data, new Uint8Array(64), spki],
    [data, new Uint8Array(0), spki],
    ...bits.filter((bit) => bit % 7 === 0).map((bit) => [data, flipped(good, bit), spki] as const),
    ...bits
      .slice(96, 352)
      .filter((bit) => bit % 7 === 0)
      .map((bit) => [data, good, flipped(spki, bit)] as const),
  ]
  const found = tried.map(([bytes, signature, key]) => holdsHere(bytes, signature, key))
  expect(found).toEqual(tried.map(([bytes, signature, key]) => holds(bytes, signature, key)))
  expect(found.filter(Boolean)).toHaveLength(1)
})

test('the same signatures hold: those of either half, and none with another bit, number or key', () => {
  const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
  const { privateKey, publicKey } = node.generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const spki = publicKey.export({ format: 'der', type: 'spki' })
  const data = Buffer.from('a statement')
  const raw = node.sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' })
  const [r, s] = [raw.subarray(0, 32), raw.subarray(32)].map((half) => BigInt(`0x${half.toString('hex')}`)) as [
    bigint,
    bigint,
  ]
  const signature = (one: bigint, other: bigint) =>
    derOf(Buffer.from([one, other].map((number) => number.toString(16).padStart(64, '0')).join(''), 'hex'))
  const holdsHere = (bytes: Uint8Array, der: Uint8Array) => {
    try {
      return here.verify('sha256', bytes, { key: here.createPublicKey({ key: spki }) }, der)
    } catch {
      return false
    }
  }
  const holds = (bytes: Uint8Array, der: Uint8Array) =>
    node.verify('sha256', bytes, { key: publicKey, dsaEncoding: 'der' }, der)
  const flipped = raw.map((byte, i) => (i === 40 ? byte ^ 1 : byte))
  const tried: readonly (readonly [Uint8Array, Uint8Array])[] = [
    [data, signature(r, s)],
    [data, signature(r, n - s)],
    [data, derOf(flipped)],
    [Buffer.from('another statement'), signature(r, s)],
    ...(
      [
        [0n, s],
        [r, 0n],
        [n, s],
        [r, n],
        [r, 1n],
        [1n, 1n],
        [n - r, s],
      ] as const
    ).map(([one, other]) => [data, signature(one, other)] as const),
  ]
  const found = tried.map(([bytes, der]) => holdsHere(bytes, der))
  expect(found).toEqual(tried.map(([bytes, der]) => holds(bytes, der)))
  expect(found.slice(0, 4)).toEqual([true, true, false, false])
})
