import { canonical } from '../../src/core/data/json.ts'
import type { ObjectId } from '../../src/core/data/id.ts'
import { saidDigest } from '../../src/core/request/event.ts'
import { memberList } from '../../src/core/request/memberList.ts'
import { accountOf } from '../../src/cli/account.ts'
import { type BundleVerdict, verifyBundle } from '../../src/verify/bundle.ts'
import { withChapters } from '../../src/verify/requestStory.ts'
import { dba, dba2, mayNotApprove, oid, owner, ownerAlias } from '../support/build.ts'
import { oncall, type TrueDays, twoDays } from '../support/liars.ts'
import { disabled, guest } from '../support/world.ts'
import { retold, type Told, tellingOf } from '../support/retelling.ts'
import { someOf } from '../support/whole.ts'
import { textIn } from './bundle.ts'

/** The groups of the policies of {@link twoDays}: a list, and an Entra group. */
const entraGroup = oid(70)
const listed = [dba, dba2, owner, ownerAlias, guest, disabled]
const salt = '5a'.repeat(16)

let real: TrueDays

beforeAll(async () => {
  real = await twoDays()
})
afterAll(() => real.place.clean())

const roster = (group: string, members: readonly ObjectId[], more: Record<string, unknown> = {}) => {
  const { text, digest, count } = memberList(members)
  return { data: { group, digest, count, ...more }, said: { members: saidDigest({ salt, text }) } }
}

/** Makes the first day, or the second, with these in shard 00 right after its change of policy. */
async function madeWith(rosters: readonly ReturnType<typeof roster>[], texts?: readonly string[], place: 0 | 1 = 0) {
  const { days } = tellingOf(real.days)
  const told = days.map(({ date, events }, i) => {
    const change = events.findIndex(({ type, shard }) => type === 'policy-changed' && shard === '00')
    const { at, shard, v, seq, prev } = events[change] as Told
    const added = rosters.map(({ data, said }): Told => {
      const event = { type: 'roster', at, shard, v, seq, prev, actor: { kind: 'system' }, data: { date, ...data } }
      return { ...event, said }
    })
    return { date, events: i === place ? events.toSpliced(change + 1, 0, ...added) : events }
  })
  const members = retold(real.days, real.key, { days: told })[place] ?? new Map()
  const records = textIn(members, 'records.jsonl').split('\n')
  const index = records.findIndex((line) => line.includes('"type":"roster"'))
  const lines = texts?.map((text) => `${canonical({ index, name: 'members', salt, text })}\n`)
  return { zip: await real.place.zip(members), said: lines && real.place.write('said.jsonl', lines.join('')) }
}

async function verdictOf(...wanted: Parameters<typeof madeWith>): Promise<BundleVerdict> {
  const { zip, said } = await madeWith(...wanted)
  return verifyBundle(zip, { keys: [real.key.spki], ...(said !== undefined && { said }) })
}

test('the members of lists and of Entra groups hold, with their lists', async () => {
  const [all, people] = [roster('dba', listed), roster('oncall', [oncall, dba], { entraGroup })]
  expect((await verdictOf([all, people])).problem).toBeUndefined()
  expect((await verdictOf([all], [memberList(listed).text])).problem).toBeUndefined()
  expect((await verdictOf([roster('oncall', [], { entraGroup })])).problem).toBeUndefined()
  // On the second day dba2 has left the list.
  expect((await verdictOf([roster('dba', [dba, ...mayNotApprove])], undefined, 1)).problem).toBeUndefined()
})

const lies: readonly (readonly [string, RegExp, () => ReturnType<typeof roster>])[] = [
  ['one more person in a list', /lists 6 members of the group “dba”/, () => roster('dba', [...listed, oid(99)])],
  ['one fewer in a list', /lists 6 members of the group “dba”/, () => roster('dba', listed.slice(1))],
  ['somebody else in a list', /lists 6 members/, () => roster('dba', [...listed.slice(1), oid(99)])],
  ['another count of a list', /lists 6 members/, () => roster('dba', listed, { count: 7 })],
  ['a group that no rule names', /no rule names the group “staff”/, () => roster('staff', listed)],
  ['an Entra group for a list', /no Entra group/, () => roster('dba', listed, { entraGroup })],
  ['another Entra group', /Entra group .*70/, () => roster('oncall', [dba], { entraGroup: oid(71) })],
  ['no Entra group', /Entra group .*70/, () => roster('oncall', [dba])],
]

test.each(someOf(lies, ([, words]) => words.source.slice(0, 7)))(
  'a roster with %s is against policy',
  async (_lie, words, lie) => {
    const { problem } = await verdictOf([lie()])
    expect(problem).toMatchObject({ check: 'policy', code: 'against-policy' })
    expect(problem?.words).toMatch(words)
  },
)

test('the list of the day before is against the policy that is in force', async () => {
  expect((await verdictOf([roster('dba', listed)], undefined, 1)).problem).toMatchObject({ code: 'against-policy' })
})

test('a second roster of a group breaks the rules', async () => {
  const two = [roster('oncall', [dba], { entraGroup }), roster('oncall', [dba, oncall], { entraGroup })]
  expect((await verdictOf(two)).problem).toMatchObject({ check: 'rules', code: 'illegal-event' })
})

test('a list of members that is not the one that its event counts is refused', async () => {
  const { text, digest } = memberList([oncall, dba])
  for (const lie of [{ count: 3 }, { digest: memberList([dba]).digest }]) {
    const { problem } = await verdictOf([roster('oncall', [oncall, dba], { entraGroup, digest, ...lie })], [text])
    expect(problem).toMatchObject({ check: 'said', code: 'bad-said' })
  }
})

test('a list of members that is left out is withheld: nobody can have erased it', async () => {
  const { problem } = await verdictOf([roster('dba', listed)], [])
  expect(problem).toMatchObject({
    check: 'said',
    code: 'withheld',
    words: expect.stringContaining('“members”') as string,
  })
})

test.each([
  ['was not in the list of their group', [dba], 'in oncall; not in oncall when the day began'],
  ['was in it', [dba, oncall], 'in oncall'],
])('the report tells of an approver who %s', async (_what, members, ends) => {
  const { text } = memberList(members)
  const { zip, said } = await madeWith([roster('oncall', members, { entraGroup })], [text])
  const votes: string[] = []
  await withChapters(zip, said, async (chapters) => {
    for await (const chapter of chapters)
      if (chapter.kind === 'request')
        for (const { who, what } of accountOf(chapter.story).steps)
          if (who === oncall && what.startsWith('approved via')) votes.push(what)
  })
  expect(votes).toEqual([expect.stringMatching(new RegExp(`${ends}$`)) as string])
})
