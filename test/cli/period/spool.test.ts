import { readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import type { Day } from '../../../src/core/data/day.ts'
import type { RequestId } from '../../../src/core/data/id.ts'
import { noFacts, type RequestFacts } from '../../../src/cli/period/facts.ts'
import { RequestSpool } from '../../../src/cli/period/spool.ts'

const idOf = (number: number): RequestId => `01kjw2xm00abcdefghjkm${String(number).padStart(5, '0')}-07` as RequestId
const day = (number: number): Day => `2026-03-0${number}` as Day

const told = (number: number, on: Day, said: Record<string, string> = {}): RequestFacts => ({
  ...noFacts(idOf(number), on),
  said,
  odd: [{ kind: 'failed', at: on, detail: '', actor: 'system' }],
})

let spool: RequestSpool
beforeEach(() => {
  spool = new RequestSpool()
})
afterEach(() => spool.close())

test('requests come back by id, however many there are', () => {
  const numbers = Array.from({ length: 3_000 }, (_, i) => (i * 1_777) % 3_000)
  for (const number of numbers) spool.add(told(number, day(1), { '1 reason': 'ü'.repeat(500) }))
  const found = [...spool.requests()]
  expect(found.map(({ id }) => id)).toEqual(numbers.map(idOf).toSorted())
  expect(found[17]).toEqual(told(17, day(1), { '1 reason': 'ü'.repeat(500) }))
  expect(spool.request(idOf(2_999))?.id).toBe(idOf(2_999))
  expect(spool.request(idOf(3_000))).toBeUndefined()
})

test('what several days tell of a request becomes one, as of the newest day', () => {
  spool.add(told(1, day(1), { '1 reason': 'because' }))
  spool.add(told(2, day(1)))
  spool.add(told(1, day(2), { '3 name': 'Dana' }))
  const [first, ...others] = [...spool.requests()]
  expect(first).toMatchObject({ day: day(2), said: { '1 reason': 'because', '3 name': 'Dana' } })
  expect(first?.odd.map(({ at }) => at)).toEqual([day(1), day(2)])
  expect(others.map(({ id }) => id)).toEqual([idOf(2)])
})

test('no file has a name while it is open, so that an interruption leaves nothing', () => {
  const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith('countersign-report-'))
  const before = left()
  const other = new RequestSpool()
  other.add(told(1, day(1)))
  const during = left().filter((name) => !before.includes(name))
  expect(during).toHaveLength(process.platform === 'win32' ? 1 : 0)
  other.close()
  expect(left().filter((name) => !before.includes(name))).toEqual([])
})
