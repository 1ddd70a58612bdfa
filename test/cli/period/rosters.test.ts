import type { Day } from '../../../src/core/data/day.ts'
import { memberList, membersIn } from '../../../src/core/request/memberList.ts'
import type { ReadEvent } from '../../../src/cli/period/facts.ts'
import { RostersOfPeriod } from '../../../src/cli/period/rosters.ts'
import { dba, dba2, security } from '../../support/build.ts'

const day = (number: number): Day => `2026-03-0${number}` as Day

/** A group's list of a day; without its text if it was not given. */
function roster(date: Day, members: Parameters<typeof memberList>[0], isGiven = true): ReadEvent {
  const { text, digest, count } = memberList(members)
  const event = { type: 'roster', data: { group: 'dba', date, digest, count } } as ReadEvent['event']
  return { event, texts: isGiven ? [{ name: 'members', text }] : [], missing: [] }
}

function history(...events: readonly ReadEvent[]) {
  const rosters = new RostersOfPeriod()
  for (const event of events) rosters.take(event)
  return rosters
}

test('a list that stays the same is told once, and a change with who joined and left', () => {
  const rosters = history(roster(day(1), [dba, dba2]), roster(day(2), [dba2, dba]), roster(day(3), [dba, security]))
  const [group] = rosters.groups()
  expect(group).toMatchObject({ group: 'dba', days: [day(1), day(2), day(3)] })
  expect(group?.states).toEqual([
    { day: day(1), count: 2, members: membersIn(memberList([dba, dba2]).text) },
    { day: day(3), count: 2, members: membersIn(memberList([dba, security]).text), joined: [security], left: [dba2] },
  ])
})

test('what is not given is not guessed: neither members, nor who joined', () => {
  const [group] = history(roster(day(1), [dba], false), roster(day(2), [dba, dba2])).groups()
  expect(group?.states[0]).toEqual({ day: day(1), count: 1 })
  expect(group?.states[1]).not.toHaveProperty('joined')
})
