import { parseInstant } from '../../src/core/data/instant.ts'
import { parseQuietHours, quietText, quietUntil } from '../../src/runtime/quietHours.ts'

const at = (text: string) => parseInstant(text)
const hours = (text: string) => {
  const read = parseQuietHours(text)
  if (!read) throw new Error(`${text} was not read.`)
  return read
}

test.each([
  ['22:00-07:00 Europe/Berlin', '22:00-07:00 Europe/Berlin'],
  [' 9:05 – 17:30  europe/berlin ', '09:05-17:30 Europe/Berlin'],
  ['9:05–17:30 europe/berlin', '09:05-17:30 Europe/Berlin'],
  ['00:00-23:59 UTC', '00:00-23:59 UTC'],
  ['22:00-07:00 America/Argentina/Buenos_Aires', '22:00-07:00 America/Argentina/Buenos_Aires'],
  ['22:00-07:00', null],
  ['22:00-22:00 Europe/Berlin', null],
  ['24:00-07:00 Europe/Berlin', null],
  ['22:60-07:00 Europe/Berlin', null],
  ['22-7 Europe/Berlin', null],
  ['22:00-07:00 Europe/Nowhere', null],
  ['22:00-07:00 Europe/Berlin and more', null],
  [`22:00-07:00 ${'a/'.repeat(1_000)}`, null],
  ['', null],
])('%j is read as %j', (text, read) => {
  const found = parseQuietHours(text)
  expect(found && quietText(found).replace('America/Buenos_Aires', 'America/Argentina/Buenos_Aires')).toBe(read)
})

test.each([
  ['before', '2026-03-04T20:59:59.999Z', null],
  ['at their beginning', '2026-03-04T21:00:00.000Z', '2026-03-05T06:00:00.000Z'],
  ['within a minute', '2026-03-04T21:00:30.500Z', '2026-03-05T06:00:00.000Z'],
  ['after midnight', '2026-03-05T02:30:00.000Z', '2026-03-05T06:00:00.000Z'],
  ['at their end', '2026-03-05T06:00:00.000Z', null],
  ['in summer', '2026-07-04T20:00:00.000Z', '2026-07-05T05:00:00.000Z'],
])('quiet hours over midnight, %s', (_when, now, until) => {
  expect(quietUntil(hours('22:00-07:00 Europe/Berlin'), at(now))).toBe(until)
})

test.each([
  ['put forward', '22:00-07:00', '2026-03-28T21:00:00.000Z', '2026-03-29T05:00:00.000Z'],
  ['put back', '22:00-07:00', '2026-10-24T20:00:00.000Z', '2026-10-25T06:00:00.000Z'],
  ['put forward over their end', '22:00-02:30', '2026-03-28T21:00:00.000Z', '2026-03-29T01:30:00.000Z'],
  ['put forward over nearly all of them', '01:45-02:30', '2026-03-29T00:50:00.000Z', '2026-03-29T01:30:00.000Z'],
  ['put back over their end', '22:00-02:30', '2026-10-24T20:00:00.000Z', '2026-10-25T00:30:00.000Z'],
  ['put back over their end, the second time', '22:00-02:30', '2026-10-25T01:00:00.000Z', '2026-10-25T01:30:00.000Z'],
  ['put forward at their beginning', '02:00-04:00', '2026-03-29T01:00:00.000Z', '2026-03-29T02:00:00.000Z'],
])('quiet hours while the clock is %s', (_, of, now, until) => {
  expect(quietUntil(hours(`${of} Europe/Berlin`), at(now))).toBe(until)
})

test('quiet hours never end before they are asked about, in whatever minute around a change of clocks', () => {
  const moments = ['2026-03-29T01:00:00.000Z', '2026-10-25T01:00:00.000Z'].flatMap((change) =>
    Array.from({ length: 240 }, (_, i) => at(new Date(Date.parse(change) + (i - 120) * 180_000).toISOString())),
  )
  const hours = [
    [1320, 420],
    [105, 150],
    [0, 1439],
    [130, 170],
    [150, 140],
  ] as const
  const early = hours.flatMap(([from, to]) =>
    moments.filter((now) => {
      const until = quietUntil({ from, to, zone: 'Europe/Berlin' }, now)
      return until !== null && until <= now
    }),
  )
  expect(early).toEqual([])
})

test('quiet hours within a day', () => {
  const lunch = hours('12:00-13:30 Asia/Kolkata')
  expect(quietUntil(lunch, at('2026-03-04T06:30:00.000Z'))).toBe('2026-03-04T08:00:00.000Z')
  expect(quietUntil(lunch, at('2026-03-04T08:00:00.000Z'))).toBeNull()
})
