import * as fc from 'fast-check'
import { bodyLimits, type Json, readJson } from '../../../src/core/data/json.ts'
import { code, problem } from '../../support/build.ts'
import { unicode, unicodeInside } from '../../support/chance.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const read = (text: string): Json => readJson(bytes(text))

test.each([
  ['a key that occurs twice', '{"a":1,"a":1}'],
  ['a key that occurs twice, once escaped', String.raw`{"a":1,"\u0061":2}`],
  ['a key that occurs twice, deep inside', '{"x":[{"b":1,"c":2,"b":3}]}'],
  ['an empty key that occurs twice', '{"":1,"":2}'],
  ['the key __proto__', '{"__proto__":{"admin":true}}'],
  ['the key __proto__, escaped', String.raw`{"\u005f_proto__":1}`],
  ['2^53', '9007199254740992'],
  ['2^53 + 1', '{"n":9007199254740993}'],
  ['-2^53', '-9007199254740992'],
  ['2^53 + 1 as a decimal', '9007199254740993.0'],
  ['an integer that only looks like a decimal', '1e22'],
  ['a number past the largest', '1e400'],
  ['a number past the smallest', '0.1e-400'],
  ['a number that loses digits near zero', '4.9e-324'],
  ['minus zero', '-0'],
  ['minus zero as a decimal', '-0.0'],
  ['minus zero with an exponent', '-0e7'],
  ['a negative number past the smallest', '-1e-400'],
  ['a digit too many', '0.30000000000000004001'],
  ['digits that a double does not hold', '0.10000000000000000001'],
  ['digits that it holds otherwise', '0.12345678901234567'],
  ['digits that it does not hold around the point', '12345678.901234567890'],
  ['a near number that is written longer', '3.3000000000000002'],
  ['half a surrogate pair', String.raw`"\ud800"`],
  ['the other half', String.raw`"\udc00"`],
  ['two halves in the wrong order', String.raw`"\udc00\ud800"`],
  ['half a surrogate pair in a key', String.raw`{"\ud83d":1}`],
  ['a byte order mark', '\ufeff{}'],
  ['5,000 opening brackets', '['.repeat(5000)],
  ['5,000 opening braces', '{"a":'.repeat(5000)],
  ['one level too many', '['.repeat(19) + ']'.repeat(19)],
  ['one value too many', `[${'1,'.repeat(2499)}1]`],
  ['something after the document', '{} {}'],
  ['a NUL after the document', '{}\0'],
  ['a comma after the last member', '{"a":1,}'],
  ['a comma after the last item', '[1,]'],
  ['a comma before the first item', '[,1]'],
  ['nothing', ''],
  ['nothing but white space', ' \n\t'],
  ['a raw newline in a string', '"a\nb"'],
  ['a raw tab in a key', '{"a\tb":1}'],
  ['a raw NUL in a string', '"\0"'],
  ['a string that does not end', '"abc'],
  ['a string that ends in a backslash', String.raw`"abc\"`],
  ['an escape that does not exist', String.raw`"\x41"`],
  ['a short escape', String.raw`"\u12"`],
  ['an escaped line separator', '"\\\u2028"'],
  ['a key without quotes', '{a:1}'],
  ['single quotes', "{'a':1}"],
  ['a comment', '{"a":1 /* one */}'],
  ['white space that JSON does not know', '{"a":\u00a01}'],
  ['NaN', 'NaN'],
  ['Infinity', '-Infinity'],
  ['a leading zero', '01'],
  ['a leading plus', '+1'],
  ['a point without digits', '1.'],
  ['digits without a zero before the point', '.5'],
  ['an exponent without digits', '1e'],
  ['a hexadecimal number', '0x10'],
  ['a word cut short', 'tru'],
  ['a word that goes on', 'nullx'],
  ['a missing colon', '{"a" 1}'],
  ['a missing comma', '[1 2]'],
  ['the wrong bracket', '[1}'],
])('refuses %s', (_what, text) => {
  expect(code(() => read(text))).toBe('invalid-json')
})

test.each([
  ['a stray continuation byte', [0x22, 0x80, 0x22]],
  ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
  ['a surrogate in UTF-8', [0x22, 0xed, 0xa0, 0x80, 0x22]],
  ['a character past U+10FFFF', [0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]],
  ['a character cut short', [0x22, 0xe2, 0x82, 0x22]],
  ['UTF-16', [0xff, 0xfe, 0x7b, 0x00, 0x7d, 0x00]],
])('refuses bytes that are not UTF-8: %s', (_what, octets) => {
  expect(code(() => readJson(Uint8Array.from(octets)))).toBe('invalid-json')
})

test.each<[string, Json]>([
  ['{}', {}],
  [' [ ] ', []],
  ['null', null],
  ['[true,false]', [true, false]],
  ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ['-9007199254740991', Number.MIN_SAFE_INTEGER],
  ['0', 0],
  ['0.0', 0],
  ['0e-999', 0],
  ['0.123456789012345', 0.123456789012345],
  ['0.00000000000000000000012', 1.2e-22],
  ['1.500000000000000000000', 1.5],
  ['12E2', 1200],
  ['2.3e-308', 2.3e-308],
  ['0.30000000000000004', 0.1 + 0.2],
  ['1764363155.1234567', 1764363155.1234567],
  ['1.234567890123456e3', 1234.567890123456],
  ['12345678.90123456', 12345678.90123456],
  ['5e-324', 5e-324],
  ['50.0e-1', 5],
  ['{"__x":1}', { __x: 1 }],
  [String.raw`"\u00e9\n\"\\\/"`, 'é\n"\\/'],
  [String.raw`"\ud83d\ude00"`, '😀'],
  ['"😀\u2028"', '😀\u2028'],
  ['{"constructor":1,"toString":2}', { constructor: 1, toString: 2 }],
  ['{"a":{"b":1},"b":{"b":1}}', { a: { b: 1 }, b: { b: 1 } }],
  ['['.repeat(18) + ']'.repeat(18), JSON.parse('['.repeat(18) + ']'.repeat(18)) as Json],
])('reads %s', (text, value) => {
  expect(read(text)).toStrictEqual(value)
})

test('bytes are counted before anything is read', () => {
  const over = new Uint8Array(bodyLimits.bytes + 1).fill(0xff)
  expect(code(() => readJson(over))).toBe('too-large')
  expect(read(`"${'x'.repeat(bodyLimits.bytes - 2)}"`)).toHaveLength(bodyLimits.bytes - 2)
})

test.each([
  ['{"params":{"value":0.10000000000000000001}}', '/params/value'],
  ['{"params":{"id":725653563933458432}}', '/params/id'],
  ['{"a/b":[1,{"c~":9007199254740993}]}', '/a~1b/1/c~0'],
  ['[{},{},-0]', '/2'],
  ['{"a":{"b":1,"b":2}}', '/a'],
  ['{"a":[1],"b":tru}', '/b'],
  ['{"a":1', undefined],
])('what is refused in %s has a pointer: %s', (text, pointer) => {
  expect(problem(() => read(text)).details.pointer).toBe(pointer)
})

test('every double is read back from what ECMAScript writes, unless it is an integer that is not safe', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      if (Object.is(value, -0) || (Number.isInteger(value) && !Number.isSafeInteger(value))) return
      expect(read(String(value))).toBe(value)
    }),
  )
})

test('a refusal says where', () => {
  expect(problem(() => read('{"a":1,"a":2}')).message).toContain('at character 10')
})

/** JSON as it may come, and JSON with a piece cut out, doubled or replaced. */
const mutated = fc
  .tuple(fc.json(unicodeInside), fc.nat(), fc.nat({ max: 4 }), fc.constantFrom(...'{}[]",:\\-.0e1\u0001 '))
  .map(([text, at, cut, put]) => {
    const place = at % (text.length + 1)
    return text.slice(0, place) + put + text.slice(place + cut)
  })
  .filter((text) => text.isWellFormed())

test('what is read is what every other reader reads', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(unicodeInside), mutated), (text) => {
      let value: Json
      try {
        value = read(text)
      } catch {
        expect(['invalid-json', 'too-large']).toContain(code(() => read(text)))
        return
      }
      expect(value).toStrictEqual(JSON.parse(text))
    }),
    { numRuns: 2000 },
  )
})

/** Values that have nothing to refuse. */
const decent = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6 },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger(),
    fc.tuple(fc.integer({ min: -99_999_999, max: 99_999_999 }), fc.constantFrom(2, 8, 1024)).map(([a, b]) => a / b + 0),
    unicode(),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      unicode().filter((key) => !key.startsWith('__')),
      tie('value'),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).value

test('decent JSON is never refused, however it is laid out', () => {
  fc.assert(
    fc.property(decent, fc.constantFrom(undefined, '\t', '  '), (value, indent) => {
      const text = JSON.stringify(value, null, indent)
      fc.pre(bytes(text).length <= bodyLimits.bytes)
      expect(read(text)).toStrictEqual(JSON.parse(text))
    }),
    { numRuns: 500 },
  )
})
