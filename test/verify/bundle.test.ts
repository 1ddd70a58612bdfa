import { signingKey } from '../evidence/bundle.ts'
import { action as anAction, dba } from '../support/build.ts'
import { asks, votes } from '../support/world.ts'
import { at, day } from '../evidence/days.ts'
import { verifyBundle } from '../../src/verify/bundle.ts'
import { checks, Unreadable } from '../../src/verify/finding.ts'
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

test('the said file holds, too', async () => {
  const said = days.place.write('said.jsonl', await days.said(day(4)))
  const { problem, held, said: count } = await verifyBundle(await days.file(day(4)), { keys: [days.key.spki], said })
  expect(problem).toBeUndefined()
  expect(held).toEqual(checks)
  expect(count?.given).toBeGreaterThan(0)
  expect(count?.erased).toBe(0)
})

test('a bundle has no text that a person or agent wrote', async () => {
  const word = 'canary'
  const one = await sealedDays(async ({ approvals, clock }) => {
    clock.set(at(7, '23:59:00'))
    const ask = asks({
      reason: `${word} reason`,
      action: {
        ...anAction,
        target: `prod/${word}-target`,
        environment: `${word}-env`,
        params: { [`${word}Key`]: `${word} value` },
      },
      links: [{ title: `${word} title`, url: `https://${word}.example/` }],
    })
    const { request } = await approvals.ask(ask)
    clock.set(at(8, '00:00:01'))
    await approvals.decide(request.id, votes(request, dba, { verdict: 'deny', reason: `${word} denial` }))
  })
  try {
    expect((await one.said(day(7))).split(word).length).toBeGreaterThan(7)
    expect(await one.said(day(8))).toContain(`${word} denial`)
    for (const date of dates)
      for (const [name, bytes] of await one.members(date)) expect([name, bytes.includes(word)]).toEqual([name, false])
    expect((await one.members(day(8))).get('carried.jsonl')?.length).toBeGreaterThan(0)
  } finally {
    one.place.clean()
  }
})

test('a file that cannot be read says nothing about evidence', async () => {
  // The memory of this process begins with nothing that can be read: so looks a disk that does not answer.
  await expect(verifyBundle('/proc/self/mem', { keys: [days.key.spki] })).rejects.toThrow(Unreadable)
})

test('a bundle that no trusted key signed proves nothing', async () => {
  const { key } = await signingKey()
  const { problem, held, manifest } = await verifyBundle(await days.file(day(4)), { keys: [key.spki] })
  expect({ code: problem?.code, held, manifest }).toEqual({ code: 'wrong-key', held: ['zip'], manifest: undefined })
})
