import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import canonicalize from 'canonicalize'
import * as fc from 'fast-check'
import { canonical, type Json } from '../../../src/core/data/json.ts'
import { unicode, unicodeInside } from '../../support/chance.ts'

const published = join(import.meta.dirname, '../../../../shared/vectors/jcs/testdata')

/** An input, and its canonical form in hex. */
interface Vector {
  readonly name: string
  readonly input: Json
  readonly hex: string
}

/** RFC 8785 section 3.2.2 (input) and 3.2.4 (UTF-8 bytes). */
const ofTheStandard: Vector = {
  name: 'the sample of RFC 8785',
  input: JSON.parse(String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  }`) as Json,
  hex: `7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e333333
    333333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127425c22
    5c5c5c5c5c222f227d`,
}

/** RFC 8785 section 3.2.3. */
const sorted: Vector = {
  name: 'sorting by UTF-16 units',
  input: {
    '\u20ac': 'Euro Sign',
    '\r': 'Carriage Return',
    '\ufb33': 'Hebrew Letter Dalet With Dagesh',
    '1': 'One',
    '\u{1f600}': 'Emoji: Grinning Face',
    '\u0080': 'Control',
    '\u00f6': 'Latin Small Letter O With Diaeresis',
  },
  hex: Buffer.from(
    String.raw`{"\r":"Carriage Return","1":"One","` +
      '\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis","\u20ac":"Euro Sign",' +
      '"\u{1f600}":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
  ).toString('hex'),
}

test.each([ofTheStandard, sorted, ...publishedVectors()])('$name is written as published', ({ input, hex }) => {
  expect(Buffer.from(canonical(input)).toString('hex')).toBe(hex.replace(/\s/g, ''))
})

// RFC 8785 appendix B.
test.each([
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
])('the double %s is written as %s', (bits, text) => {
  expect(canonical(Buffer.from(bits, 'hex').readDoubleBE())).toBe(text)
})

test.each<[string, Json]>([
  ['NaN', Number.NaN],
  ['infinity', { a: [Number.POSITIVE_INFINITY] }],
  ['half a surrogate pair', ['\ud800']],
  ['half a surrogate pair in a key', { '\udfff': 1 }],
])('%s has no canonical form', (_what, value) => {
  expect(() => canonical(value)).toThrow(TypeError)
})

const values = fc.jsonValue({ ...unicodeInside, maxDepth: 5 }) as fc.Arbitrary<Json>

test('another writer writes the same', () => {
  fc.assert(
    fc.property(values, (value) => {
      expect(canonical(value)).toBe(canonicalize(value))
    }),
    { numRuns: 1000 },
  )
})

test('equal values have equal texts, whatever the order of their members', () => {
  fc.assert(
    fc.property(fc.dictionary(unicode(), values), fc.infiniteStream(fc.nat()), (value, order) => {
      const shuffled = Object.entries(value)
        .map((entry) => ({ entry, key: order.next().value as number }))
        .sort((a, b) => a.key - b.key)
        .map(({ entry }) => entry)
      const again = Object.fromEntries(shuffled)
      expect(canonical(again)).toBe(canonical(value))
      expect(canonical(JSON.parse(canonical(value)) as Json)).toBe(canonical(value))
    }),
  )
})

function publishedVectors(): Vector[] {
  if (!existsSync(published)) return []
  return readdirSync(join(published, 'input')).map((file) => ({
    name: `published ${file}`,
    input: JSON.parse(readFileSync(join(published, 'input', file), 'utf8')) as Json,
    hex: readFileSync(join(published, 'outhex', file.replace('.json', '.txt')), 'utf8'),
  }))
}
