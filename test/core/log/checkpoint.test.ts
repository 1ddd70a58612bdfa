import * as fc from 'fast-check'
import { encode64 } from '../../../src/core/data/base64.ts'
import {
  formatAdd,
  formatCheckpoint,
  openCheckpoint,
  parseAdd,
  parseCheckpoint,
} from '../../../src/core/log/checkpoint.ts'
import { formatNote, type NoteSignature } from '../../../src/core/log/note.ts'
import { keyIdOf, spkiFromPem } from '../../../src/core/log/signature.ts'
import { brokenCode, golden, logKey, verifySignature } from './logKey.ts'

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => new Uint8Array(bytes))
const size = fc.maxSafeNat()
const origin = 'approvals.example/evidence'
const root = encode64(new Uint8Array(32))

describe('the text', () => {
  test('a written checkpoint is read', () => {
    fc.assert(
      fc.property(fc.record({ origin: fc.constantFrom('a', origin, 'é—'), size, root: hash }), (checkpoint) => {
        expect(parseCheckpoint(formatCheckpoint(checkpoint))).toEqual(checkpoint)
      }),
    )
  })

  test.each([
    ['nothing', ''],
    ['two lines', `a\n1\n`],
    ['no newline at the end', `a\n1\n${root}`],
    ['an empty line at the end', `a\n1\n${root}\n\n`],
    ['an extension line', `a\n1\n${root}\nextension\n`],
    ['many lines', `a\n1\n${root}\n${'x\n'.repeat(100)}`],
    ['no origin', `\n1\n${root}\n`],
    ['an origin that no key can have', `a b\n1\n${root}\n`],
    ['no size', `a\n\n${root}\n`],
    ['a leading zero', `a\n01\n${root}\n`],
    ['a sign', `a\n+1\n${root}\n`],
    ['a negative size', `a\n-1\n${root}\n`],
    ['hexadecimal', `a\n0x1\n${root}\n`],
    ['an exponent', `a\n1e3\n${root}\n`],
    ['a space', `a\n1 \n${root}\n`],
    ['another script’s digits', `a\n١\n${root}\n`],
    ['2^53', `a\n9007199254740992\n${root}\n`],
    ['a very long size', `a\n${'9'.repeat(1000)}\n${root}\n`],
    ['a root of 31 bytes', `a\n1\n${encode64(new Uint8Array(31))}\n`],
    ['a root of 33 bytes', `a\n1\n${encode64(new Uint8Array(33))}\n`],
    ['a root with other bits at its end', `a\n1\n${root.replace('A=', 'B=')}\n`],
    ['a root in hexadecimal', `a\n1\n${'00'.repeat(32)}\n`],
  ])('the text of a checkpoint is refused: %s', (_what, text) => {
    expect(brokenCode(() => parseCheckpoint(text))).toBe('bad-checkpoint')
  })
})

describe('the signatures', () => {
  const [old, fresh, stranger] = [logKey(), logKey(), logKey()]
  const text = formatCheckpoint({ origin, size: 7, root: new Uint8Array(32) })
  const by = (key: ReturnType<typeof logKey>, name = origin) => key.noteSignature(name, text)
  const open = (signatures: readonly NoteSignature[], keys: readonly Uint8Array[], content = text) =>
    openCheckpoint(formatNote(content, signatures), keys, verifySignature)

  test('a signature that another program made holds', () => {
    const spki = spkiFromPem(golden.pem) ?? new Uint8Array()
    expect(openCheckpoint(golden.note, [spki], verifySignature)).toMatchObject({ origin, size: 1, signedBy: [spki] })
  })

  test.each([
    ['one key', [by(old)], [old.spki], [old.spki]],
    ['both of a rotation', [by(old), by(fresh)], [fresh.spki, old.spki], [old.spki, fresh.spki]],
    ['one of two that is trusted', [by(old), by(fresh)], [fresh.spki], [fresh.spki]],
    ['a witness’s beside it', [by(stranger, 'witness.example'), by(old)], [old.spki], [old.spki]],
    ['a broken one of a stranger', [{ ...by(stranger), signature: Uint8Array.of(1) }, by(old)], [old.spki], [old.spki]],
    ['the same twice', [by(old), by(old)], [old.spki], [old.spki]],
  ])('the keys that signed are named: %s', (_what, signatures, keys, expected) => {
    const { size: leaves, signedBy } = open(signatures, keys)
    expect(leaves).toBe(7)
    expect(signedBy).toEqual(expected)
  })

  const flipped = ({ signature, ...rest }: NoteSignature, at: number): NoteSignature => ({
    ...rest,
    signature: signature.with(at, (signature[at] ?? 0) ^ 1),
  })
  const longForm = ({ signature, ...rest }: NoteSignature): NoteSignature => ({
    ...rest,
    signature: Uint8Array.of(0x30, 0x81, ...signature.subarray(1)),
  })

  test.each([
    ['nobody is trusted', [by(old)], [], 'wrong-key'],
    ['only a stranger signed', [by(stranger)], [old.spki], 'wrong-key'],
    ['the key has another name', [by(old, 'elsewhere.example')], [old.spki], 'wrong-key'],
    ['a bit is flipped', [flipped(by(old), 20)], [old.spki], 'bad-signature'],
    ['its DER is not strict', [longForm(by(old))], [old.spki], 'bad-signature'],
    ['it is no DER', [{ ...by(old), signature: Uint8Array.of(1) }], [old.spki], 'bad-signature'],
    ['it claims another’s key', [{ ...by(stranger), keyId: keyIdOf(old.spki) }], [old.spki], 'bad-signature'],
    ['the second fails', [by(old), flipped(by(fresh), 20)], [old.spki, fresh.spki], 'bad-signature'],
    ['one of the same key fails', [by(old), flipped(by(old), 20)], [old.spki], 'bad-signature'],
  ])('a signed checkpoint is refused: %s', (_what, signatures, keys, expected) => {
    expect(brokenCode(() => open(signatures, keys))).toBe(expected)
  })

  test('a text with the signature of another is refused before it is read', () => {
    expect(brokenCode(() => open([by(old)], [old.spki], text.replace('7', '8')))).toBe('bad-signature')
    expect(brokenCode(() => open([by(old)], [old.spki], `${text}extension\n`))).toBe('bad-signature')
  })

  test('a signed text that is not a checkpoint is refused', () => {
    const extended = `${text}extension\n`
    const signed = old.noteSignature(origin, extended)
    expect(brokenCode(() => open([signed], [old.spki], extended))).toBe('bad-checkpoint')
  })

  test('a text that is not a note is refused', () => {
    expect(brokenCode(() => openCheckpoint('a\n', [old.spki], verifySignature))).toBe('bad-checkpoint')
  })
})

describe('a consistency proof', () => {
  test('a written consistency proof is read', () => {
    fc.assert(
      fc.property(size, fc.array(hash, { maxLength: 63 }), (from, proof) => {
        expect(parseAdd(formatAdd(from, proof, golden.note))).toEqual({ from, proof, note: golden.note })
      }),
    )
  })

  test('a consistency proof has the form of C2SP tlog-witness', () => {
    expect(formatAdd(3, [new Uint8Array(32)], golden.note)).toBe(`old 3\n${root}\n\n${golden.note}`)
    expect(formatAdd(0, [], golden.note)).toBe(`old 0\n\n${golden.note}`)
  })

  test.each([
    ['nothing', ''],
    ['no empty line', `old 3\n${root}\n`],
    ['no first line', `${root}\n\n${golden.note}`],
    ['a leading zero', `old 03\n\n${golden.note}`],
    ['no size', `old \n\n${golden.note}`],
    ['another word', `new 3\n\n${golden.note}`],
    ['CRLF', `old 3\r\n\n${golden.note}`],
    ['a line that is no hash', `old 3\nAAAA\n\n${golden.note}`],
    ['64 hashes', `old 3\n${`${root}\n`.repeat(64)}\n${golden.note}`],
    ['a very long line', `old 3\n${'A'.repeat(1_000_000)}\n\n${golden.note}`],
  ])('is refused: %s', (_what, text) => {
    expect(brokenCode(() => parseAdd(text))).toBe('bad-consistency')
  })
})
