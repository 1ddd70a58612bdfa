import { signingKey } from '../evidence/bundle.ts'
import { day } from '../evidence/days.ts'
import { verifyBundle } from '../../src/verify/bundle.ts'
import { checks } from '../../src/verify/finding.ts'
import { dates, type Sealed, sealedDays } from './days.ts'

let days: Sealed

beforeAll(async () => {
  days = await sealedDays()
})
afterAll(() => days.place.clean())

const withoutSaid = checks.slice(0, -1)

test.each(dates)('the bundle of %s holds', async (date) => {
  const keys = [days.key.spki]
  const { problem, held, manifest } = await verifyBundle(await days.file(date), { keys })
  expect(problem).toBeUndefined()
  expect(held).toEqual(withoutSaid)
  expect(manifest?.date).toBe(date)
})

test('what people wrote holds too', async () => {
  const said = days.place.write('said.jsonl', await days.said(day(4)))
  const { problem, held, said: count } = await verifyBundle(await days.file(day(4)), { keys: [days.key.spki], said })
  expect(problem).toBeUndefined()
  expect(held).toEqual(checks)
  expect(count?.given).toBeGreaterThan(0)
  expect(count?.erased).toBe(0)
})

test('a bundle is signed by a key that is trusted, or says nothing', async () => {
  const { key } = await signingKey()
  const { problem, held, manifest } = await verifyBundle(await days.file(day(4)), { keys: [key.spki] })
  expect({ code: problem?.code, held, manifest }).toEqual({ code: 'wrong-key', held: ['zip'], manifest: undefined })
})
