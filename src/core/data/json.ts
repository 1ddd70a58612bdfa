import { bounds } from './bound.ts'
import { Problem } from './problem.ts'

/** RFC 6901 section 3. */
export const escapePointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1')

export type Json = null | boolean | number | string | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

export const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !isArray(value)

/** Narrows to a readonly array of {@link Json}; `Array.isArray` would narrow to `any[]`. */
export const isArray = (value: Json | undefined): value is readonly Json[] => Array.isArray(value)

/**
 * Writes the canonical form of a value (RFC 8785): members sorted by UTF-16 units, numbers and strings as ECMAScript
 * writes them, no white space. Equal values have equal texts, whatever language wrote them.
 *
 * @throws {TypeError} for a number that is not finite or a lone surrogate, which have no canonical form.
 */
export function canonical(value: Json): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('A number that is not finite.')
  if (typeof value === 'string' && !value.isWellFormed()) throw new TypeError('A lone surrogate.')
  if (isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (!isObject(value)) return JSON.stringify(value)
  const members = Object.keys(value)
    .sort()
    .map((key) => `${canonical(key)}:${canonical(value[key] as Json)}`)
  return `{${members.join(',')}}`
}

export interface JsonLimits {
  readonly bytes: number
  readonly depth: number
  readonly nodes: number
}

/** The limits of a request body: those of an action, and room for the texts around it. */
export const bodyLimits: JsonLimits = bounds.body

/** The limits of a Teams activity, with room for the mentions and channel data around the members that are read. */
export const activityLimits: JsonLimits = bounds.activity

/**
 * Reads JSON strictly (RFC 8259). Refuses everything that two readers could understand differently: duplicate keys,
 * lone surrogates, numbers that lose digits, bad UTF-8, a byte order mark.
 *
 * @throws {Problem} `too-large` past the byte limit, else `invalid-json` with the position, and the pointer if the
 *   reader was inside of a value.
 */
export function readJson(bytes: Uint8Array, limits: JsonLimits = bodyLimits): Json {
  if (bytes.length > limits.bytes)
    throw new Problem(
      'too-large',
      `The body has ${bytes.length} bytes; at most ${limits.bytes} are allowed: send the large part by its digest.`,
    )
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new Problem('invalid-json', 'The body is not valid UTF-8.', { cause })
  }
  return new Reader(text, limits).document()
}

/** Reads JSON as {@link readJson} does; `null` for bytes that it refuses, for callers who then check the form anyway. */
export function jsonIn(bytes: Uint8Array, limits: JsonLimits): Json {
  try {
    return readJson(bytes, limits)
  } catch {
    return null
  }
}

/** Matches a string with nothing to unescape or refuse. Most strings are like this, and need no second look. */
const plainString = /"([\x20-\x21\x23-\x5b\x5d-\ud7ff\ue000-\uffff]*)"/y
const anyString = /"(?:[^"\\\u0000-\u001f]|\\.)*"/y
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const space = /[ \t\n\r]*/y

/**
 * The significant digits of a literal, and the power of ten before which their point stands. Two literals of one number
 * have the same text, however they are written: `1.50e3` and `1500` are `15e4`.
 */
function digitsOf(literal: string): string {
  const [, whole = '', places = '', exponent = '0'] = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(literal) ?? []
  const significant = `${whole}${places}`.replace(/^0+/, '')
  const zeros = whole.length + places.length - significant.length
  const digits = significant.replace(/0+$/, '')
  return digits === '' ? '0' : `${digits}e${Number(exponent) + whole.length - zeros}`
}

/** Reads the text in one pass. Recursion cannot exhaust the stack, since the depth is limited. */
class Reader {
  readonly #text: string
  readonly #limits: JsonLimits
  /** The keys and indexes that lead to the value being read. */
  readonly #path: (string | number)[] = []
  #at = 0
  #nodes = 0

  constructor(text: string, limits: JsonLimits) {
    this.#text = text
    this.#limits = limits
  }

  document(): Json {
    if (this.#text.startsWith('\ufeff')) this.#refuse('A byte order mark is not allowed.')
    const value = this.#value(1)
    this.#skip()
    if (this.#at < this.#text.length) this.#refuse('Something follows the document.')
    return value
  }

  #value(depth: number): Json {
    this.#skip()
    if (++this.#nodes > this.#limits.nodes) this.#refuse(`More than ${this.#limits.nodes} values.`)
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth)
      case '[':
        return this.#array(depth)
      case '"':
        return this.#string()
      case 't':
        return this.#word('true', true)
      case 'f':
        return this.#word('false', false)
      case 'n':
        return this.#word('null', null)
      default:
        return this.#number()
    }
  }

  #object(depth: number): JsonObject {
    this.#enter(depth)
    const members: Record<string, Json> = {}
    if (this.#closes('}')) return members
    do {
      this.#skip()
      if (this.#text[this.#at] !== '"') this.#refuse('A member starts with its key in quotes.')
      const key = this.#string()
      // It would set the prototype of the object that a later reader builds.
      if (key === '__proto__') this.#refuse('The key __proto__ is not allowed: give the member another name.')
      if (Object.hasOwn(members, key)) this.#refuse('A key occurs twice in one object.')
      this.#skip()
      if (this.#text[this.#at++] !== ':') this.#refuse('A colon is missing.')
      this.#path.push(key)
      members[key] = this.#value(depth + 1)
      this.#path.pop()
    } while (this.#continues('}'))
    return members
  }

  #array(depth: number): Json[] {
    this.#enter(depth)
    const items: Json[] = []
    if (this.#closes(']')) return items
    do {
      this.#path.push(items.length)
      items.push(this.#value(depth + 1))
      this.#path.pop()
    } while (this.#continues(']'))
    return items
  }

  #string(): string {
    plainString.lastIndex = this.#at
    const plain = plainString.exec(this.#text)
    if (plain) {
      this.#at = plainString.lastIndex
      return plain[1] ?? ''
    }
    const quoted = this.#match(anyString) ?? this.#refuse('A string does not end.')
    let value: string
    try {
      value = JSON.parse(quoted) as string
    } catch {
      return this.#refuse('A string has a bad escape.')
    }
    if (!value.isWellFormed()) this.#refuse('A string has half a surrogate pair.')
    return value
  }

  /** Reads a number that every reader holds alike: RFC 7493 section 2.2. */
  #number(): number {
    const literal = this.#match(number) ?? this.#refuse('A value is expected.')
    const value = Number(literal)
    const found = literal.length > 40 ? `A number of ${literal.length} characters` : `The number ${literal}`
    if (!Number.isFinite(value)) this.#refuse(`${found} is too large for a double.`)
    if (Object.is(value, -0)) this.#refuse('Minus zero is not allowed: many readers take it for 0.')
    if (Number.isInteger(value) && !Number.isSafeInteger(value))
      this.#refuse(
        `${found} is not between -(2^53-1) and 2^53-1, where every reader holds each integer exactly: send its digits ` +
          'in quotes, unless the policy declares a number here.',
      )
    // Readers that keep all digits would see another number than those that hold a double.
    if (digitsOf(literal) !== digitsOf(String(value)))
      this.#refuse(
        `${found} has digits that a double does not hold: it would be read as ${value}. Send that number, or the digits ` +
          'in quotes, unless the policy declares a number here.',
      )
    return value
  }

  #word<T extends boolean | null>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#refuse('A value is expected.')
    this.#at += word.length
    return value
  }

  #enter(depth: number): void {
    if (depth > this.#limits.depth) this.#refuse(`Nested more than ${this.#limits.depth} deep.`)
    this.#at++
  }

  #closes(bracket: string): boolean {
    this.#skip()
    if (this.#text[this.#at] !== bracket) return false
    this.#at++
    return true
  }

  #continues(bracket: string): boolean {
    if (this.#closes(bracket)) return false
    if (this.#text[this.#at++] !== ',') this.#refuse('A comma or a closing bracket is missing.')
    return true
  }

  #skip(): void {
    this.#match(space)
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  #refuse(rule: string): never {
    const pointer = this.#path.map((step) => `/${escapePointer(String(step))}`).join('')
    const sentence = `${rule} (at character ${Math.min(this.#at, this.#text.length)})`
    throw new Problem(
      'invalid-json',
      pointer === '' ? sentence : `${pointer}: ${sentence}`,
      pointer === '' ? {} : { pointer },
    )
  }
}
