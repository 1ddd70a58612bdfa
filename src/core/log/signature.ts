import { createHash } from 'node:crypto'
import { decode64, encode64 } from '../data/base64.ts'

/** SubjectPublicKeyInfo of P-256 (RFC 5480 section 2) up to the coordinates, with the 04 of an uncompressed point. */
const prefix = Uint8Array.from(Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex'))

/** RFC 7468 section 13. Other text may surround the block, because openssl writes some. */
const block = /-----BEGIN PUBLIC KEY-----\s([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----/

/** Turns r‖s into ASN.1 DER (RFC 3279 section 2.2.3), the form that notes, DSSE and openssl use. */
export function derOf(raw: Uint8Array): Uint8Array {
  if (raw.length !== 64) throw new RangeError('A signature of P-256 has 64 bytes.')
  const numbers = [...integerOf(raw.subarray(0, 32)), ...integerOf(raw.subarray(32))]
  return Uint8Array.of(0x30, numbers.length, ...numbers)
}

/**
 * Turns DER into r‖s. `null` unless the signature is in DER's one valid form (X.690 section 10): exact lengths, no
 * negative numbers, no leading zeros beyond the sign's, no bytes after the end.
 */
export function rawOf(der: Uint8Array): Uint8Array | null {
  // 72: two numbers of 33 bytes
  if (der.length > 72 || der[0] !== 0x30 || der[1] !== der.length - 2) return null
  const r = readInteger(der.subarray(2))
  const s = r === null ? null : readInteger(der.subarray(4 + r.length))
  if (r === null || s === null || der.length !== 6 + r.length + s.length) return null
  const raw = new Uint8Array(64)
  for (const [number, end] of [[r, 32] as const, [s, 64] as const]) {
    const digits = number[0] === 0 ? number.subarray(1) : number
    raw.set(digits, end - digits.length)
  }
  return raw
}

/** Writes a public key, given as a JWK's coordinates, as SubjectPublicKeyInfo: 91 bytes. */
export function spkiOf({ x, y }: { readonly x: string; readonly y: string }): Uint8Array {
  const spki = Buffer.concat([prefix, Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  if (!isSpki(spki)) throw new RangeError('The coordinates are not those of a point of P-256.')
  return new Uint8Array(spki)
}

/** Whether the bytes are a public key of P-256 in the one form that is accepted: an uncompressed point on the curve. */
export function isSpki(bytes: Uint8Array): boolean {
  if (bytes.length !== 91 || !prefix.every((byte, i) => bytes[i] === byte)) return false
  const x = integer(bytes.subarray(27, 59))
  const y = integer(bytes.subarray(59))
  return x < p && y < p && (y * y - (x * x * x - 3n * x + b)) % p === 0n
}

/** Makes the key id of a note's signature of type 0x02 (C2SP signed-note): the hash of the key, without its name. */
export const keyIdOf = (spki: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(spki).digest().subarray(0, 4))

export function pemOf(spki: Uint8Array): string {
  const lines = encode64(spki).match(/.{1,64}/g) ?? []
  return ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n')
}

/** Reads a file with one public key of P-256; `null` for anything else, such as two keys or a private key. */
export function spkiFromPem(pem: string): Uint8Array | null {
  if (pem.length > 16_384 || pem.split('-----BEGIN').length !== 2) return null
  const body = block.exec(pem)?.[1]
  const spki = body === undefined ? null : decode64(body.replace(/\s/g, ''))
  return spki !== null && isSpki(spki) ? spki : null
}

/** Names a key by its RFC 7638 thumbprint. */
export function thumbprintOf(spki: Uint8Array): string {
  const [x, y] = [spki.subarray(27, 59), spki.subarray(59)].map((half) => Buffer.from(half).toString('base64url'))
  return createHash('sha256').update(`{"crv":"P-256","kty":"EC","x":"${x}","y":"${y}"}`).digest('base64url')
}

/** FIPS 186-5, SP 800-186 section 3.2.1.3. */
const p = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn
const b = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn

const integer = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)

/** Writes a positive INTEGER: without leading zeros, except one where the first bit would make it negative. */
function integerOf(number: Uint8Array): readonly number[] {
  const first = number.findIndex((byte) => byte !== 0)
  const digits = first < 0 ? [0] : [...number.subarray(first)]
  const positive = (digits[0] ?? 0) < 0x80 ? digits : [0, ...digits]
  return [0x02, positive.length, ...positive]
}

/** @returns the content of the INTEGER at the beginning of the bytes; `null` if it is not valid DER */
function readInteger(bytes: Uint8Array): Uint8Array | null {
  const size = bytes[1] ?? 0
  const content = bytes.subarray(2, 2 + size)
  const [first = 0, second = 0] = content
  if (bytes[0] !== 0x02 || size < 1 || size > 33 || content.length !== size || first >= 0x80) return null
  if (size > 1 && first === 0 && second < 0x80) return null
  return size === 33 && first !== 0 ? null : content
}
