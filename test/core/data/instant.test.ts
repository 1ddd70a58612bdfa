import { earlier, instant, later, milliseconds, parseInstant, plusSeconds } from '../../../src/core/data/instant.ts'
import { noon, problem } from '../../support/build.ts'

test.each([
  ['2026-03-04T12:00:00.000Z', '2026-03-04T12:00:00.000Z'],
  ['2026-03-04T12:00:00Z', '2026-03-04T12:00:00.000Z'],
  ['2026-03-04T12:00:00.5Z', '2026-03-04T12:00:00.500Z'],
  ['2024-02-29T23:59:59.999Z', '2024-02-29T23:59:59.999Z'],
])('%s is a moment', (text, expected) => {
  expect(parseInstant(text)).toBe(expected)
})

test.each([
  '2026-02-30T00:00:00.000Z',
  '2026-02-29T00:00:00.000Z',
  '2026-13-01T00:00:00.000Z',
  '2026-00-10T00:00:00.000Z',
  '2026-04-31T00:00:00.000Z',
  '2026-03-04T24:00:00.000Z',
  '2026-03-04T12:60:00.000Z',
  '2026-03-04T12:00:60.000Z',
  '2026-03-04T12:00:00.0000Z',
  '2026-03-04T12:00:00.000+00:00',
  '2026-03-04T12:00:00.000',
  '2026-03-04t12:00:00.000z',
  '2026-03-04 12:00:00Z',
  '2026-03-04',
  '+002026-03-04T12:00:00Z',
  '20260304T120000Z',
  '2026-03-04T12:00:00.000Z\n',
  '',
])('%p is not a moment', (text) => {
  expect(problem(() => parseInstant(text, '/from'))).toMatchObject({
    code: 'invalid-input',
    details: { pointer: '/from' },
  })
})

test('moments compare as text', () => {
  expect(plusSeconds(noon, 0.001) > noon).toBe(true)
  expect(later(noon, plusSeconds(noon, 1))).toBe(plusSeconds(noon, 1))
  expect(earlier(noon, plusSeconds(noon, 1))).toBe(noon)
  expect(later(noon, noon)).toBe(noon)
})

test('a moment and its milliseconds are one', () => {
  expect(instant(milliseconds(noon))).toBe(noon)
  expect(plusSeconds(noon, -43_200)).toBe('2026-03-04T00:00:00.000Z')
})
