import { verifyBundle } from '../../src/verify/bundle.ts'
import { type Members, resign } from '../evidence/bundle.ts'
import { day } from '../evidence/days.ts'
import { type Sealed, sealedDays } from '../verify/days.ts'

let days: Sealed

beforeAll(async () => {
  days = await sealedDays()
})
afterAll(() => days.place.clean())

async function problemOf(members: Members) {
  const file = await days.place.zip(resign(members, days.key))
  return (await verifyBundle(file, { keys: [days.key.spki] })).problem
}

test('a bundle without a policy that its events name is refused, even if it is signed', async () => {
  const members = await days.members(day(4))
  const kept = new Map([...members].filter(([name]) => !name.startsWith('policy/')))
  expect(kept.size).toBeLessThan(members.size)
  expect(await problemOf(kept)).toMatchObject({
    code: 'missing-member',
    member: expect.stringMatching(/^policy\//),
  })
})

test('a bundle with another text of a policy that its events name is refused, even if it is signed', async () => {
  const members = await days.members(day(4))
  const name = [...members.keys()].find((one) => /^policy\/.*\/rules\.json$/.test(one)) ?? 'none'
  const other = Buffer.concat([members.get(name) ?? Buffer.alloc(0), Buffer.from(' ')])
  expect(members.get(name)).toBeDefined()
  expect(await problemOf(new Map([...members, [name, other]]))).toMatchObject({ code: 'wrong-digest', member: name })
})
