import { parseRetryAfter } from '../../../src/core/data/retryAfter.ts'

const now = Date.UTC(2026, 2, 4, 9, 30)

test.each<[string | null | undefined, number | null]>([
  [undefined, null],
  [null, null],
  ['', null],
  ['soon', null],
  ['-1', null],
  ['1.5', null],
  ['0', 0],
  ['120', 120],
  ['9'.repeat(400), 999_999],
  ['Wed, 04 Mar 2026 09:30:30 GMT', 30],
  ['Wed, 04 Mar 2026 09:29:00 GMT', 0],
  ['Fri, 31 Dec 9999 23:59:59 GMT', 999_999],
  ['2026-03-04T09:30:30Z', null],
])('Retry-After %j is a wait of %j seconds', (header, seconds) => {
  expect(parseRetryAfter(header, now)).toBe(seconds)
})
