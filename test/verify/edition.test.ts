import { sha256 } from '../../src/core/data/id.ts'
import { withEditions } from '../../src/verify/edition.ts'
import { day } from '../evidence/days.ts'
import { policyFiles, policyVersion } from '../support/build.ts'
import { type Sealed, sealedDays } from './days.ts'

let days: Sealed

beforeAll(async () => {
  days = await sealedDays()
})
afterAll(() => days.place.clean())

const card = policyFiles.get('cards/channel.json') ?? ''

test('a bundle has the files of a policy version by name, and card templates by hash', async () => {
  const file = await days.file(day(4))
  await withEditions(file, async ({ policy, template }) => {
    const found = [...(await policy(policyVersion))].map(([name, bytes]) => [name, Buffer.from(bytes).toString()])
    expect(Object.fromEntries(found)).toEqual(Object.fromEntries(policyFiles))
    expect(Buffer.from((await template(sha256(card))) ?? []).toString()).toBe(card)
    expect(await template(sha256('another'))).toBeNull()
  })
})

test.each<[string, string, string]>([
  ['a rule', `policy/${policyVersion.slice(7)}/rules.json`, '{}'],
  ['the list of files', `policy/${policyVersion.slice(7)}/version.json`, '{"files":{},"type":"countersign/policy/v1"}'],
  ['a card template', `cards/${sha256(card)}.json`, '{"type":"AdaptiveCard"}'],
])('%s that is not the recorded one is refused', async (_what, member, text) => {
  const members = await days.members(day(4))
  const file = await days.place.zip(new Map([...members, [member, Buffer.from(text)]]), `${_what}.zip`)
  const read = withEditions(file, async ({ policy, template }) => {
    await policy(policyVersion)
    await template(sha256(card))
  })
  await expect(read).rejects.toMatchObject({ code: 'wrong-digest' })
})
