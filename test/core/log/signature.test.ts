import { execFileSync, spawnSync } from 'node:child_process'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import {
  derOf,
  isSpki,
  keyIdOf,
  pemOf,
  rawOf,
  spkiFromPem,
  spkiOf,
  thumbprintOf,
} from '../../../src/core/log/signature.ts'
import { golden, logKey } from './logKey.ts'

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replace(/\s/g, ''), 'hex'))
const folder = mkdtempSync(join(tmpdir(), 'countersign-'))
afterAll(() => rmSync(folder, { recursive: true }))

const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

describe('signatures', () => {
  test('openssl accepts what is written, and for no other text', () => {
    const key = logKey()
    const pem = file('log.pem', pemOf(key.spki))
    const signature = file('signature', key.der('approved'))
    const check = (text: string) =>
      spawnSync('openssl', ['dgst', '-sha256', '-verify', pem, '-signature', signature, file('text', text)]).status
    expect(check('approved')).toBe(0)
    expect(check('denied')).toBe(1)
  })

  /** Numbers with zeros in front and with the first bit set come up rarely by themselves. */
  const number = fc.oneof(
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
    fc.uint8Array({ maxLength: 32 }).map((end) => Uint8Array.of(...new Uint8Array(32 - end.length), ...end)),
  )

  test('r‖s is found again in its DER', () => {
    fc.assert(
      fc.property(number, number, (r, s) => {
        const raw = Uint8Array.of(...r, ...s)
        expect(rawOf(derOf(raw))).toEqual(raw)
      }),
    )
  })

  test('a signature has one DER', () => {
    const pieces = fc.array(fc.constantFrom(0x30, 0x02, 0x00, 0x01, 0x03, 0x06, 0x08, 0x7f, 0x80), { maxLength: 12 })
    fc.assert(
      fc.property(pieces, (piece) => {
        const der = Uint8Array.from(piece)
        const raw = rawOf(der)
        if (raw !== null) expect(derOf(raw)).toEqual(der)
      }),
      { numRuns: 2000 },
    )
  })

  const high = `80${'00'.repeat(31)}`

  test.each([
    ['small numbers', '30 06 020101 020102'],
    ['the first bit set', `30 26 022100${high} 020102`],
    ['zero', '30 06 020100 020100'],
  ])('DER is read: %s', (_what, hex) => {
    expect(rawOf(bytes(hex))).not.toBeNull()
  })

  test.each([
    ['nothing', ''],
    ['no sequence', '31 06 020101 020102'],
    ['a length that is too small', '30 05 020101 020102'],
    ['a length that is too large', '30 07 020101 020102'],
    ['a length in the long form', '30 8106 020101 020102'],
    ['an indefinite length', '30 80 020101 020102 0000'],
    ['something behind', '30 06 020101 020102 00'],
    ['something behind, inside', '30 07 020101 020102 00'],
    ['a third number', '30 09 020101 020102 020103'],
    ['one number', '30 03 020101'],
    ['another type', '30 06 020101 030102'],
    ['an empty number', '30 05 020101 0200'],
    ['a negative number', '30 06 020181 020102'],
    ['a needless zero', '30 07 02020001 020102'],
    ['a needless zero before the second', '30 07 020101 02020001'],
    ['33 bytes', `30 26 022101${high} 020102`],
    ['34 bytes', `30 27 02220100${high} 020102`],
    ['a number that is cut off', '30 06 020101 020202'],
  ])('DER is refused: %s', (_what, hex) => {
    expect(rawOf(bytes(hex))).toBeNull()
  })

  test('only r‖s of 64 bytes is written', () => {
    expect(() => derOf(new Uint8Array(63))).toThrow(RangeError)
  })
})

describe('keys', () => {
  test('a key is written as others write it', () => {
    const spki = spkiOf(golden)
    expect(pemOf(spki)).toBe(golden.pem)
    expect(spkiFromPem(golden.pem)).toEqual(spki)
    expect(thumbprintOf(spki)).toBe(golden.kid)
    expect(Buffer.from(keyIdOf(spki)).toString('hex')).toBe(golden.keyId)
  })

  test('any key is written as node and openssl write it', () => {
    const { spki, publicKey } = logKey()
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' })
    expect(spkiOf({ x, y })).toEqual(spki)
    expect(pemOf(spki)).toBe(publicKey.export({ format: 'pem', type: 'spki' }))
    const der = execFileSync('openssl', ['pkey', '-pubin', '-outform', 'DER'], { input: pemOf(spki) })
    const hash = execFileSync('openssl', ['dgst', '-sha256', '-r'], { input: der, encoding: 'utf8' })
    expect(Buffer.from(keyIdOf(spki)).toString('hex')).toBe(hash.slice(0, 8))
  })

  test.each([
    ['lines that end in CRLF', golden.pem.replaceAll('\n', '\r\n')],
    ['a text around it', `The log of Contoso\n\n${golden.pem}\nPrinted.\n`],
    ['no newline at the end', golden.pem.trimEnd()],
  ])('a file with one key is read: %s', (_what, pem) => {
    expect(spkiFromPem(pem)).toEqual(spkiOf(golden))
  })

  const otherCurve = generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey
  const notOnCurve = () => {
    const spki = spkiOf(golden)
    spki[90] = (spki[90] ?? 0) ^ 1
    return pemOf(spki)
  }

  test.each([
    ['nothing', ''],
    ['two keys', golden.pem + golden.pem],
    ['a private key too', `${golden.pem}-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n`],
    ['only a private key', golden.pem.replaceAll('PUBLIC', 'PRIVATE')],
    ['a certificate', golden.pem.replaceAll('PUBLIC KEY', 'CERTIFICATE')],
    ['another curve', otherCurve.export({ format: 'pem', type: 'spki' }).toString()],
    ['a point that is not on the curve', notOnCurve()],
    ['a letter less', golden.pem.replace('MFkw', 'MFk')],
    ['a foreign character', golden.pem.replace('MFkw', 'MF-w')],
    ['no end', golden.pem.replace('-----END PUBLIC KEY-----', '')],
    ['a very long text', ' '.repeat(20_000) + golden.pem],
  ])('a file without exactly one key of P-256 is refused: %s', (_what, pem) => {
    expect(spkiFromPem(pem)).toBeNull()
  })

  test('what is taken as a key, node takes too', () => {
    const spki = spkiOf(golden)
    expect(isSpki(spki)).toBe(true)
    expect(() => createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' })).not.toThrow()
    for (const wrong of [spki.subarray(1), Uint8Array.of(...spki, 0), spki.with(26, 2), spki.with(90, 0)])
      expect(isSpki(wrong)).toBe(false)
    // FIPS 186-5: coordinates are below the prime
    expect(isSpki(Uint8Array.of(...spki.subarray(0, 27), ...new Uint8Array(64).fill(0xff)))).toBe(false)
  })

  test.each([
    ['short', { x: golden.x.slice(0, 42), y: golden.y }],
    ['not on the curve', { x: golden.y, y: golden.x }],
    ['empty', { x: '', y: '' }],
  ])('coordinates are refused: %s', (_what, jwk) => {
    expect(() => spkiOf(jwk)).toThrow(RangeError)
  })
})
