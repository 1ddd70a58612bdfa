import type { Hex } from '../../../src/core/data/id.ts'
import type { Instant } from '../../../src/core/data/instant.ts'
import { answer, askBack } from '../../../src/core/request/conversation.ts'
import { decide } from '../../../src/core/request/decision.ts'
import { actingFor, awayFlaw, ownPart, parseUntil, seatOf } from '../../../src/core/request/deputy.ts'
import { chain } from '../../../src/core/request/event.ts'
import { breakGlass, review } from '../../../src/core/request/glass.ts'
import { recorded } from '../../../src/core/request/request.ts'
import type { StandIn } from '../../../src/core/request/requirement.ts'
import { revoke } from '../../../src/core/request/withdrawal.ts'
import { replay } from '../../../src/core/record/replay.ts'
import { readRecord } from '../../../src/core/record/record.ts'
import { open } from '../../../src/core/request/submission.ts'
import {
  after,
  code,
  dba,
  dba2,
  decision,
  facts,
  needs,
  noon,
  oid,
  owner,
  security,
  slot,
  submission,
} from '../../support/build.ts'

const deputy = oid(61)
const event = 'd'.repeat(64) as Hex
const standIn: StandIn = { accounts: [dba], groups: ['dba'], event, until: after(1_000) }
const own = facts(deputy, { groups: [] })
const joined = actingFor(own, standIn)

const asked = (judgement = needs([slot('dba', 2)])) => {
  const { request, events } = open(submission({ judgement }))
  const leaves = chain(events, { seq: 0, hash: '0'.repeat(64) as Hex }, { shard: '07' as never, at: noon }, () =>
    'a'.repeat(32),
  )
  return { request: recorded(request, leaves), leaves }
}

const vote = (by = joined, at: Instant = after(60)) => {
  const { request } = asked()
  return decide(request, decision(request, { approver: deputy, facts: by, at }))
}

test('accounts and groups of a deputy are those of both, and can be told apart again', () => {
  expect(joined).toEqual({ ...own, accounts: [dba, deputy], groups: ['dba'], for: standIn })
  expect(ownPart(joined)).toEqual(own)
  const both = actingFor(facts(deputy, { groups: ['security'] }), { ...standIn, groups: ['dba', 'security'] })
  expect(both).toMatchObject({ groups: ['dba', 'security'], for: { groups: ['dba'] } })
  expect(ownPart(both).groups).toEqual(['security'])
  expect(ownPart(own)).toEqual(own)
})

test('every act of a deputy ends with the time of the member', () => {
  const at = standIn.until
  expect(vote().request.decisions).toHaveLength(1)
  expect(code(() => vote(joined, at))).toBe('not-permitted')
  const { request } = asked()
  const { seen } = decision(request)
  const said = { approver: deputy, name: 'Dora', facts: joined, at }
  expect(code(() => askBack(request, { ...said, question: 'Why?', seen }))).toBe('not-permitted')
  const approved = { ...request, status: 'approved', approvedAt: noon, lapsesAt: after(9_000) } as never
  expect(code(() => revoke(approved, said))).toBe('not-permitted')
  const glass = { by: security, accounts: [security], at: noon, reviewBy: after(9_000) }
  const finding = { ...said, reviewer: deputy, finding: 'justified', reason: 'It was.' } as const
  expect(code(() => review({ ...request, glass }, finding))).toBe('not-permitted')
  expect(review({ ...request, glass }, { ...finding, at: after(999) }).events).toHaveLength(1)
})

test('facts that join what is not in them are refused', () => {
  expect(code(() => vote({ ...joined, accounts: [deputy] }))).toBe('not-permitted')
  expect(code(() => vote({ ...joined, accounts: [dba] }))).toBe('not-permitted')
  expect(code(() => vote({ ...joined, groups: ['dba'], for: { ...standIn, groups: ['dba', 'security'] } }))).toBe(
    'not-permitted',
  )
})

test('no deputy breaks a glass', () => {
  const { request } = asked(needs([slot('dba')], { glass: { groups: ['dba'], review: 3_600 } }))
  const { seen } = decision(request)
  const breaking = { approver: deputy, name: 'Dora', reason: 'Down.', seen, confirm: 'customers', at: after(60) }
  expect(code(() => breakGlass(request, { ...breaking, facts: joined }))).toBe('not-permitted')
  expect(breakGlass(request, { ...breaking, facts: facts(deputy) }).events).toHaveLength(2)
})

test('a deputy takes the first seat that is free, and the first of all if none is and they could do nothing without', () => {
  const { request } = asked()
  const other = { ...standIn, accounts: [dba2] }
  expect(seatOf(request, own, [standIn, other], [])).toEqual(joined)
  expect(seatOf(request, own, [standIn, other], [dba])).toEqual(actingFor(own, other))
  expect(seatOf(request, own, [standIn], [dba])).toEqual(joined)
  const voted = decide(request, decision(request)).request
  expect(seatOf(voted, own, [standIn, other], [])).toEqual(actingFor(own, other))
  expect(seatOf(voted, own, [standIn], [])).toEqual(joined)
  // Who may decide for themselves does so, unless they can add something.
  const member = facts(deputy, { groups: ['dba'] })
  expect(seatOf(request, member, [standIn], [])).toEqual(member)
  const secured = facts(deputy, { groups: ['security'] })
  expect(seatOf(request, secured, [standIn], [dba])).toEqual(secured)
})

test.each([
  [{ to: deputy, groups: [], until: after(1) }, 'a deputy acts in at least one group'],
  [{ to: deputy, groups: ['b', 'a'], until: after(1) }, 'groups are sorted, each of them once'],
  [{ to: deputy, groups: ['a', 'a'], until: after(1) }, 'groups are sorted, each of them once'],
  [{ to: dba, groups: ['a'], until: after(1) }, 'nobody is their own deputy'],
  [{ to: deputy, groups: ['a'], until: noon }, 'its end is over'],
  [{ to: deputy, groups: ['a'], until: after(30 * 86_400 + 1) }, 'nobody is away for more than 30 days'],
  [{ to: deputy, groups: ['a', 'b'], until: after(30 * 86_400) }, null],
])('what a member may say: %j', (said, expected) => {
  expect(awayFlaw(said, [dba], noon)).toBe(expected)
})

test('a day is meant with its end, in UTC, and has to exist', () => {
  expect(parseUntil('2026-12-01')).toBe('2026-12-02T00:00:00.000Z')
  expect(parseUntil('2026-12-01t18:00:00z')).toBe('2026-12-01T18:00:00.000Z')
  for (const text of ['2026-02-30', 'tomorrow', '2026-12-01T18:00', ''])
    expect(code(() => parseUntil(text))).toBe('invalid-input')
})

/** Replays an event behind the ask, as if it had been recorded. */
function replayed(of: object): string | null {
  const { request, leaves } = asked()
  const rules = replay()
  const [first] = leaves
  if (!first) throw new Error('There is an ask.')
  rules.take(readRecord(first.text), 0, first.hash)
  const place = { v: 1, at: after(60), shard: '07', seq: 2, prev: first.hash, request: request.id }
  const sorted = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(sorted)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value)
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([key, one]) => [key, sorted(one)]),
          )
        : value
  try {
    rules.take(readRecord(JSON.stringify(sorted({ ...place, ...of }))), 1)
    return null
  } catch (cause) {
    return (cause as Error).message.replace(/^.* breaks the rules: /, '')
  }
}

test('the record tells for whom a deputy acted, and a verifier refuses the member in the place of the deputy', () => {
  const { leaves } = asked()
  const content = leaves[0]?.hash
  const said = { name: event, for: event }
  const data = { verdict: 'approve', via: 'api', content, facts: joined }
  const by = (id: string) => ({ kind: 'person', id })
  expect(replayed({ type: 'decided', actor: by(deputy), data, said })).toBeNull()
  expect(replayed({ type: 'decided', actor: by(dba), data, said })).toBe(
    'the facts it rests on are about another person.',
  )
  expect(replayed({ type: 'decided', actor: by(deputy), data: { ...data, facts: own }, said })).toMatch(
    /none of the groups/,
  )
  const answered = { question: event, warnings: [], facts: { ...joined, accounts: [dba, deputy] } }
  expect(replayed({ type: 'answered', actor: by(deputy), data: answered, said: { name: event, answer: event } })).toBe(
    'nobody answers as a deputy.',
  )
})

test('the owner of the agent passes nothing on', () => {
  const { request } = asked()
  const forOwner = actingFor(own, { ...standIn, accounts: [owner] })
  const input = decision(request, { approver: deputy, facts: forOwner, at: after(60) })
  expect(code(() => decide(request, input))).toBe('self-approval')
  expect(decide(request, { ...input, verdict: 'deny', reason: 'No.' }).request.status).toBe('denied')
  expect(
    code(() =>
      answer(request, { by: { kind: 'person', id: deputy }, question: event, answer: 'So.', warnings: [], at: noon }),
    ),
  ).toBe('not-found')
})
