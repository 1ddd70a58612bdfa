import { unbroken } from '../../src/core/data/text.ts'
import { instant } from '../../src/core/data/instant.ts'
import { drawn, lineOf, timedText } from '../../src/cards/textRun.ts'
import { english } from '../../src/words/english.ts'
import { quoted, text, time } from '../../src/words/run.ts'

test.each([
  ['{{DATE(x)}}', '{|{DATE(x)}}'],
  ['{{{TIME(x)}}}', '{|{|{TIME(x)}}}'],
  ['{ {', '{ {'],
])('no client fills in markup in an untrusted text: %s', (given, expected) => {
  expect(drawn(given).replaceAll('\u200b', '|')).toBe(expected)
  expect(unbroken(drawn(given))).toBe(given)
  expect(drawn(drawn(given))).toBe(drawn(given))
})

test('an untrusted text never stands where a client renders markdown', () => {
  expect(() => timedText([text('Closed '), quoted('[x](http://evil)')])).toThrow('ours alone')
})

test('a moment is filled in by the client, or written out where it cannot be', () => {
  const at = instant(Date.UTC(2026, 2, 4, 13))
  expect(timedText([text('Decide by '), time(at)])).toBe(
    'Decide by {{DATE(2026-03-04T13:00:00Z, SHORT)}}, {{TIME(2026-03-04T13:00:00Z)}}',
  )
  expect(lineOf([time(at)], english).runs).toMatchObject([{ text: at }])
})
