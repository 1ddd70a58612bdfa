import * as fc from 'fast-check'
import { decode64, decodeHash, encode64 } from '../../../src/core/data/base64.ts'

test('what was written is read', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(decode64(encode64(bytes))).toEqual(new Uint8Array(bytes))
    }),
  )
})

test('one value has one text', () => {
  const text = fc.string({ unit: fc.constantFrom(...'AZaz09+/=-_ \n') })
  fc.assert(
    fc.property(text, (candidate) => {
      const bytes = decode64(candidate)
      if (bytes !== null) expect(encode64(bytes)).toBe(candidate)
    }),
  )
})

test('a part of a larger array is written alone', () => {
  expect(encode64(Uint8Array.of(1, 2, 3, 4).subarray(1, 3))).toBe('AgM=')
})

test.each([
  ['without padding', 'AgM'],
  ['too much padding', 'AgME===='],
  ['the URL alphabet', '-_-_'],
  ['bits behind the last byte', 'AgN='],
  ['white space', 'AgME\n'],
  ['padding inside', 'AA==AgME'],
  ['a foreign character', 'AgM€'],
])('not base64: %s', (_what, text) => {
  expect(decode64(text)).toBeNull()
})

test.each([0, 31, 33])('%d bytes are no hash', (size) => {
  expect(decodeHash(encode64(new Uint8Array(size)))).toBeNull()
  expect(decodeHash(encode64(new Uint8Array(32)))).toEqual(new Uint8Array(32))
})
