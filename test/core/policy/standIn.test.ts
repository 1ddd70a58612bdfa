import type { Hex, ObjectId } from '../../../src/core/data/id.ts'
import { readPlainRoster } from '../../../src/core/policy/roster.ts'
import { flawInFacts, flawInSight, isExcluded } from '../../../src/core/policy/standing.ts'
import { actingFor } from '../../../src/core/request/deputy.ts'
import type { StandIn } from '../../../src/core/request/requirement.ts'
import { after, bot, dba, dba2, facts, noon, oid, owner, pending, security } from '../../support/build.ts'

const deputy = oid(61)
const alias = oid(62)

const text = {
  version: 1,
  groups: {
    dba: { members: [dba, dba2, owner], deputies: [deputy] },
    security: { members: [security] },
    oncall: { entraGroup: oid(900), deputies: [deputy] },
  },
  agents: { [bot]: { owners: [owner] } },
  people: { [dba2]: { sameAs: [alias] } },
}

const roster = readPlainRoster(Buffer.from(JSON.stringify(text)))
if (!roster) throw new Error('The roster can be read.')

const own = facts(deputy, { groups: [] })
const standIn: StandIn = { accounts: [dba], groups: ['dba'], event: 'd'.repeat(64) as Hex, until: after(900) }
const groups = ['dba', 'oncall']

test.each<[string, Partial<StandIn>, ObjectId, string | null]>([
  ['a deputy whom policy names', {}, deputy, null],
  ['a deputy for a member of an Entra group', { groups: ['oncall'] }, deputy, null],
  ['a deputy for both', { groups: ['dba', 'oncall'] }, deputy, null],
  ['somebody whom policy does not name', {}, oid(63), 'names'],
  ['a deputy of another group', { groups: ['security'] }, deputy, 'is not one that the act requires'],
  ['a deputy for somebody who is no member', { accounts: [security] }, deputy, 'is not in the group “dba”'],
  ['a deputy for one account of two', { accounts: [dba2] }, deputy, 'has the accounts'],
  ['a deputy for both accounts', { accounts: [dba2, alias] }, deputy, null],
])('the facts of %s', (_, more, person, expected) => {
  const acting = actingFor({ ...own, accounts: [person] }, { ...standIn, ...more })
  const flaw = flawInFacts(roster, { person, facts: acting, groups, at: noon })
  if (expected === null) expect(flaw).toBeNull()
  else expect(flaw).toContain(expected)
})

test('a deputy may be shown what the group decides, and nobody else who is in no group', () => {
  const request = pending()
  expect(flawInSight(roster, request, deputy)).toBeNull()
  expect(flawInSight(roster, request, oid(63))).toContain('in none of the groups')
})

test('the deputy of somebody who may not approve may not, either', () => {
  const request = pending()
  expect(isExcluded(roster, request, deputy, standIn)).toBe(false)
  expect(isExcluded(roster, request, deputy, { ...standIn, accounts: [owner] })).toBe(true)
})
