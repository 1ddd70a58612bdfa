import { random } from '../../src/runtime/random.ts'

test('draws differ, and have the length that was asked for', () => {
  const draws = Array.from({ length: 5_000 }, (_, i) => random(10 + (i % 23)).toString('hex'))
  expect(new Set(draws).size).toBe(draws.length)
  draws.forEach((draw, i) => expect(draw).toHaveLength(2 * (10 + (i % 23))))
  expect(random(5_000)).toHaveLength(5_000)
})

test('what was drawn stays as it was, whatever is drawn later', () => {
  const draw = random(16)
  const text = draw.toString('hex')
  for (let i = 0; i < 1_000; i++) random(16)
  expect(draw.toString('hex')).toBe(text)
})

test('no part of a draw is all zeros, as if it had been erased', () => {
  for (let i = 0; i < 2_000; i++) expect(random(16).every((byte) => byte === 0)).toBe(false)
})
