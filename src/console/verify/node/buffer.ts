/** The constructor alone: Node's `from` takes other things than that of Uint8Array. */
const Bytes: new (buffer: ArrayBuffer, from?: number, length?: number) => Uint8Array<ArrayBuffer> = Uint8Array

/** Stands in for Node's Buffer, as far as the verifier and its zip library use it. The tests compare it with Node's. */
export class Buffer extends Bytes {
  static from(value: string | ArrayBuffer | ArrayLike<number>, how?: unknown, length?: unknown): Buffer {
    if (typeof value === 'string') return inBuffer(bytesOf(value, typeof how === 'string' ? how : 'utf8'))
    if (value instanceof ArrayBuffer) {
      const from = typeof how === 'number' ? how : 0
      return new Buffer(value, from, typeof length === 'number' ? length : value.byteLength - from)
    }
    return inBuffer(new Uint8Array(value))
  }

  static alloc(size: number): Buffer {
    return new Buffer(new ArrayBuffer(size))
  }

  static allocUnsafe(size: number): Buffer {
    return new Buffer(new ArrayBuffer(size))
  }

  static allocUnsafeSlow(size: number): Buffer {
    return new Buffer(new ArrayBuffer(size))
  }

  static isBuffer(value: unknown): boolean {
    return value instanceof Buffer
  }

  static byteLength(text: string): number {
    for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return encoder.encode(text).length
    return text.length
  }

  static concat(pieces: readonly Uint8Array[]): Buffer {
    const all = Buffer.alloc(pieces.reduce((sum, { length }) => sum + length, 0))
    let at = 0
    for (const piece of pieces) {
      all.set(piece, at)
      at += piece.length
    }
    return all
  }

  static compare(a: Uint8Array, b: Uint8Array): -1 | 0 | 1 {
    const shorter = Math.min(a.length, b.length)
    for (let i = 0; i < shorter; i++) {
      const [left, right] = [a[i] ?? 0, b[i] ?? 0]
      if (left !== right) return left < right ? -1 : 1
    }
    return a.length === b.length ? 0 : a.length < b.length ? -1 : 1
  }

  equals(other: Uint8Array): boolean {
    return Buffer.compare(this, other) === 0
  }

  override toString(encoding = 'utf8', start = 0, end = this.length): string {
    return textOf(this.subarray(start, end), encoding)
  }

  write(text: string, at: number, encoding = 'utf8'): number {
    const bytes = bytesOf(text, encoding).subarray(0, this.length - at)
    this.set(bytes, at)
    return bytes.length
  }

  readUInt16LE(at = 0): number {
    return this.#view(at, 2).getUint16(0, true)
  }

  readUInt32LE(at = 0): number {
    return this.#view(at, 4).getUint32(0, true)
  }

  readBigUInt64LE(at = 0): bigint {
    return this.#view(at, 8).getBigUint64(0, true)
  }

  writeBigUInt64LE(value: bigint, at = 0): number {
    this.#view(at, 8).setBigUint64(0, value, true)
    return at + 8
  }

  #view(at: number, size: number): DataView {
    if (at < 0 || at + size > this.length) throw new RangeError('The value of "offset" is out of range.')
    return new DataView(this.buffer, this.byteOffset + at, size)
  }
}

/** Whether bytes are text in UTF-8. */
export function isUtf8(bytes: Uint8Array): boolean {
  try {
    strict.decode(bytes)
    return true
  } catch {
    return false
  }
}

export function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if ((bytes[i] ?? 0) > 0x7f) return false
  return true
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const inBuffer = ({ buffer, byteOffset, length }: Uint8Array<ArrayBuffer>): Buffer =>
  new Buffer(buffer, byteOffset, length)

function bytesOf(text: string, encoding: string): Uint8Array<ArrayBuffer> {
  switch (encoding) {
    case 'utf8':
    case 'utf-8':
      return encoder.encode(text)
    case 'latin1':
    case 'binary':
      return ofLatin1(text)
    case 'hex':
      return ofHex(text)
    case 'base64':
    case 'base64url':
      return ofBase64(text)
    default:
      throw new TypeError(`Unknown encoding: ${encoding}`)
  }
}

function textOf(bytes: Uint8Array, encoding: string): string {
  switch (encoding) {
    case 'utf8':
    case 'utf-8':
      return decoder.decode(bytes)
    case 'latin1':
    case 'binary':
      // Mostly text in ASCII, which is the same in UTF-8, and a decoder is ten times as fast.
      return isAscii(bytes) ? decoder.decode(bytes) : ofChars(bytes)
    case 'hex':
      return toHex(bytes)
    case 'base64':
      return btoa(ofChars(bytes))
    case 'base64url':
      return btoa(ofChars(bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
    default:
      throw new TypeError(`Unknown encoding: ${encoding}`)
  }
}

/** Fills the bytes one by one: making them from a function takes ten times as long, and each hash is written so. */
function ofLatin1(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i) & 0xff
  return bytes
}

/** Like Node, ends before the first pair that is no byte. */
function ofHex(text: string): Uint8Array<ArrayBuffer> {
  const [digits = ''] = /^(?:[0-9a-f]{2})*/i.exec(text) ?? []
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16))
}

/** Like Node, takes both alphabets, ignores what is in neither, and ends at the first `=`. */
function ofBase64(text: string): Uint8Array<ArrayBuffer> {
  const [before = ''] = text.split('=')
  const digits = before
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/[^A-Za-z0-9+/]/g, '')
  const whole = digits.length % 4 === 1 ? digits.slice(0, -1) : digits
  return bytesOf(atob(whole), 'latin1')
}

/** Characters that are made in one call: as many as fit on every stack. */
const most = 8_192

function ofChars(bytes: Uint8Array): string {
  if (bytes.length <= most) return String.fromCharCode(...bytes)
  let text = ''
  for (let at = 0; at < bytes.length; at += most) text += String.fromCharCode(...bytes.subarray(at, at + most))
  return text
}

const pairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

function toHex(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i++) text += pairs[bytes[i] ?? 0]
  return text
}
