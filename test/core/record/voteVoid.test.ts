import type { ObjectId } from '../../../src/core/data/id.ts'
import type { Draft, VoidReason } from '../../../src/core/request/event.ts'
import type { Facts } from '../../../src/core/request/requirement.ts'
import { type VoterStanding, voidVote } from '../../../src/core/request/voteVoid.ts'
import { after, code, dba, dba2, facts, needs, oid, slot } from '../../support/build.ts'
import { type Entry, eventsOf, type History, history, replayed, vote, wrong } from './history.ts'

const third = oid(60)
const two = needs([slot('dba', 2)])
const gone = facts(dba, { groups: [] })

const standing = (now: Facts, excluded = false, voter = now.accounts[0] ?? dba): ReadonlyMap<ObjectId, VoterStanding> =>
  new Map([[voter, { facts: now, excluded }]])

const here = standing(facts(dba))

/** Two must approve: dba has, and what is known of dba by now is looked at when dba2 does. */
const voted = (others = here, ...more: Parameters<typeof history>[1][]): History =>
  history({ judgement: two }, [60, vote()], [61, vote({ approver: dba2, facts: facts(dba2), others })], ...more)

/** Three must approve; the third vote looks at the two before it. */
const thrice = (others: ReadonlyMap<ObjectId, VoterStanding>): History =>
  history(
    { judgement: needs([slot('dba', 3)]) },
    [60, vote()],
    [61, vote({ approver: dba2, facts: facts(dba2) })],
    [62, vote({ approver: third, facts: facts(third), others })],
  )

const typesOf = ({ entries }: History): readonly string[] => entries.map(({ draft }) => draft.type)

describe('the vote that completes a request checks the earlier ones again', () => {
  test('and counts those that are still valid', () => {
    expect(typesOf(voted())).toEqual(['requested', 'decided', 'decided', 'approved'])
  })

  test.each<[string, Facts, boolean, VoidReason]>([
    ['left the group', gone, false, 'left'],
    ['is a guest by now', facts(dba, { member: false }), false, 'left'],
    ['is disabled', facts(dba, { enabled: false }), false, 'disabled'],
    ['left and is disabled', facts(dba, { groups: [], enabled: false }), true, 'left'],
    ['owns the agent by now', facts(dba), true, 'excluded'],
  ])('and voids that of a person who %s', (_who, now, excluded, why) => {
    const history = voted(standing(now, excluded))
    expect(typesOf(history)).toEqual(['requested', 'decided', 'vote-void', 'decided'])
    expect(history.entries[2]?.draft).toMatchObject({ actor: { kind: 'system' }, data: { why, facts: now } })
    expect(history.request).toMatchObject({ status: 'pending', decisions: [{ void: { why } }, { approver: dba2 }] })
    const { rows, exceptions } = replayed(eventsOf(history.entries))
    expect(rows[0]?.request.decisions).toEqual(history.request.decisions)
    const voids = exceptions.filter(({ kind }) => kind !== 'unseen')
    expect(voids).toMatchObject([{ kind: 'vote-void', detail: why, actor: 'system' }])
  })

  test('a vote that does not complete the request checks no earlier one', () => {
    const three = needs([slot('dba', 3)])
    const early = history({ judgement: three }, [60, vote()], [61, vote({ approver: dba2, others: standing(gone) })])
    expect(typesOf(early)).toEqual(['requested', 'decided', 'decided'])
  })

  test('a vote is void although the others are enough without it', () => {
    const both = needs([slot('dba'), slot('security')])
    const others = new Map([...standing(gone), ...standing(facts(dba2))])
    const surplus = history(
      { judgement: both },
      [60, vote()],
      [61, vote({ approver: dba2, facts: facts(dba2) })],
      [62, vote({ approver: third, facts: facts(third, { groups: ['security'] }), others })],
    )
    expect(typesOf(surplus).slice(3)).toEqual(['vote-void', 'decided', 'approved'])
    expect(replayed(eventsOf(surplus.entries)).rows).toMatchObject([{ request: { status: 'approved' } }])
  })

  test('and a person whose vote was void may vote again, and complete it', () => {
    const again = history(
      { judgement: two },
      [60, vote()],
      [61, vote({ approver: dba2, facts: facts(dba2), others: standing(gone) })],
      [62, vote({ others: standing(facts(dba2)) })],
    )
    expect(typesOf(again).slice(4)).toEqual(['decided', 'approved'])
    expect(replayed(eventsOf(again.entries)).rows).toMatchObject([{ request: { status: 'approved' } }])
  })

  test('and counts the earlier of two votes that are now known to be of one person', () => {
    const both = { accounts: [dba, dba2] }
    const others = new Map([...standing(facts(dba, both)), ...standing(facts(dba2, both), false, dba2)])
    const history = thrice(others)
    expect(typesOf(history).slice(3)).toEqual(['vote-void', 'decided'])
    expect(history.entries[3]?.draft).toMatchObject({ data: { why: 'duplicate', facts: both } })
    expect(replayed(eventsOf(history.entries)).rows[0]?.request.decisions).toEqual(history.request.decisions)
  })

  test('and a missing check is a bug', () => {
    expect(() => voted(new Map())).toThrow(RangeError)
  })
})

test.each<[string, object, string]>([
  ['of a vote that does not exist', { vote: 'ab'.repeat(32) }, 'not-permitted'],
  ['on facts about another person', { facts: facts(dba2) }, 'not-permitted'],
  ['on facts that say another reason', { facts: facts(dba, { enabled: false }) }, 'not-permitted'],
  ['as a second one of a person who voted once', { why: 'duplicate', facts: facts(dba) }, 'not-permitted'],
])('a vote is not void %s', (_how, change, expected) => {
  const { request } = history({ judgement: two }, [60, vote()])
  const hash = request.events.at(-1)?.hash
  if (hash === undefined) throw new Error('There is a vote.')
  const given = { vote: hash, why: 'left', facts: gone, at: after(61) } as const
  expect(voidVote(request, given).events).toHaveLength(1)
  expect(code(() => voidVote(request, { ...given, ...change }))).toBe(expected)
})

describe('a forged history is refused', () => {
  const { entries } = voted(standing(gone))
  const [requested, first, voided, second] = entries as readonly [Entry, Entry, Entry, Entry]
  const approved = voted().entries
  const changed = (change: object): Entry => ({ ...voided, draft: { ...voided.draft, ...change } })
  const data = (change: object): Entry =>
    changed({ data: { ...('data' in voided.draft && voided.draft.data), ...change } })
  const alone = history({}, [60, vote()]).entries

  test.each<[string, number, readonly Entry[]]>([
    ['the void vote is left out', 3, [requested, first, second]],
    ['no vote follows', 3, [requested, first, voided]],
    ['the vote that follows is of another time', 4, [requested, first, voided, { ...second, seconds: 62 }]],
    ['the request is cancelled instead', 4, [requested, first, voided, ...cancelled(61)]],
    ['it is approved all the same', 5, [...entries, ...approved.slice(3)]],
    ['it is void twice', 4, [requested, first, voided, voided, second]],
    ['a person says so', 3, [requested, first, changed({ actor: { kind: 'person', id: dba2 } }), second]],
    ['another vote', 3, [requested, first, data({ vote: 'ab'.repeat(32) }), second]],
    ['for another reason', 3, [requested, first, data({ why: 'disabled' }), second]],
    ['although the person is still there', 3, [requested, first, data({ facts: facts(dba) }), second]],
    ['on facts about another person', 3, [requested, first, data({ facts: facts(dba2, { groups: [] }) }), second]],
    ['before any vote', 2, [requested, voided, second]],
    ['after it was approved', 4, [...alone, voided]],
  ])('%s', (_how, seq, forged) => {
    expect(wrong(() => replayed(eventsOf(forged)))).toContain(`Event ${seq} of shard 07`)
  })

  test('a vote is not void for one that would not complete', () => {
    const votes = [vote(), vote({ approver: dba2, facts: facts(dba2) })] as const
    const three = history({ judgement: needs([slot('dba', 3)]) }, [60, votes[0]], [61, votes[1]])
    expect(replayed(eventsOf(three.entries)).rows).toHaveLength(1)
    const [opened, decided, next] = three.entries as readonly [Entry, Entry, Entry]
    const forged = [opened, decided, data({ vote: three.request.events[1]?.hash }), next]
    expect(wrong(() => replayed(eventsOf(forged)))).toContain('Event 4')
  })

  test.each<[string, object]>([
    ['of a person who has no other account', { facts: facts(dba2) }],
    ['of a person whose other account did not vote', { facts: facts(dba2, { accounts: [dba2, oid(61)] }) }],
    ['for another reason than that', { why: 'left' }],
  ])('a vote is not void as a second one %s', (_whose, change) => {
    const both = { accounts: [dba, dba2] }
    const others = new Map([...standing(facts(dba, both)), ...standing(facts(dba2, both), false, dba2)])
    const forged = thrice(others).entries.map(({ seconds, draft }) => {
      const data = draft.type === 'vote-void' ? { ...draft.data, ...change } : 'data' in draft && draft.data
      return { seconds, draft: { ...draft, data } as Draft }
    })
    expect(wrong(() => replayed(eventsOf(forged)))).toContain('Event 4')
  })

  test('although it would be legal without what was forged', () => {
    expect(replayed(eventsOf(entries)).rows).toMatchObject([{ request: { status: 'pending' } }])
  })

  function cancelled(seconds: number): readonly Entry[] {
    const draft = { type: 'cancelled', actor: { kind: 'agent', id: oid(1) }, request: requested.draft.request }
    return [{ seconds, draft: draft as Draft }]
  }
})
