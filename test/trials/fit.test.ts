import { certain, fit } from '../../trials/soak/fit.ts'

const points = (y: (x: number) => number) => Array.from({ length: 40 }, (_, x) => [x, y(x)] as const)
/** Up and down, and nothing on the whole. */
const noise = (x: number): number => [3, -1, -3, 1][x % 4] ?? 0

test('a line is found', () => {
  const { slope, error } = fit(points((x) => 7 + 2 * x))
  expect(slope).toBeCloseTo(2)
  expect(error).toBeCloseTo(0)
})

test('growth is distinguished from noise', () => {
  expect(certain(fit(points((x) => 100 + noise(x))))).toBe(0)
  expect(certain(fit(points((x) => 100 + x + noise(x))))).toBeGreaterThan(0.8)
  expect(certain(fit(points((x) => 100 - x + noise(x))))).toBe(0)
})
