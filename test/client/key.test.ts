import { Refused } from '../../src/client/failure.ts'
import { keyOf } from '../../src/client/key.ts'
import vectors from './keys.json'

type Parts = [string, ...string[]]

test.each(vectors.keys)('the parts $parts give the key that the Python client gives', ({ parts, key }) => {
  expect(keyOf(...(parts as Parts))).toBe(key)
  expect(key).toMatch(/^[\x21-\x7e]{1,255}$/)
})

test.each(vectors.refused.filter((parts) => parts.length > 0))('a key of %p is refused', (...parts) => {
  expect(() => keyOf(...(parts as Parts))).toThrow(Refused)
})
