import type { Hex, ObjectId } from '../../../src/core/data/id.ts'
import { type Instant, plusSeconds } from '../../../src/core/data/instant.ts'
import type { PlainRoster } from '../../../src/core/policy/roster.ts'
import { flawInApproval } from '../../../src/core/policy/standing.ts'
import { decide } from '../../../src/core/request/decision.ts'
import { actingFor } from '../../../src/core/request/deputy.ts'
import { chain } from '../../../src/core/request/event.ts'
import { recorded } from '../../../src/core/request/request.ts'
import { open } from '../../../src/core/request/submission.ts'
import { after, dba, dba2, decision, facts, needs, noon, oid, slot, submission } from '../../support/build.ts'

const deputy = oid(61)
const until = after(100)

const roster: PlainRoster = {
  agents: new Map(),
  groups: new Map([['dba', { members: new Set([dba, dba2]), isList: true, deputies: [deputy] }]]),
  accounts: (id: ObjectId) => [id],
}

/** A deputy votes in time, and another member completes the approval at a moment. */
function approvedAt(at: Instant) {
  const { request: asked, events } = open(submission({ judgement: needs([slot('dba', 2)]) }))
  const start = { seq: 0, hash: '0'.repeat(64) as Hex }
  const request = recorded(
    asked,
    chain(events, start, { shard: '07' as never, at: noon }, () => 'a'.repeat(32)),
  )
  const standIn = { accounts: [dba], groups: ['dba'], event: 'd'.repeat(64) as Hex, until }
  const joined = actingFor(facts(deputy, { groups: [] }), standIn)
  const voted = decide(request, decision(request, { approver: deputy, facts: joined, at: after(60) })).request
  return decide(voted, decision(voted, { approver: dba2, facts: facts(dba2), at })).request
}

test('the vote of a deputy counts only if the member is still away when the approval is complete', () => {
  expect(flawInApproval(roster, approvedAt(after(90)))).toBeNull()
  // The service read that a moment before.
  expect(flawInApproval(roster, approvedAt(plusSeconds(until, 180)))).toBeNull()
  expect(flawInApproval(roster, approvedAt(plusSeconds(until, 181)))).toMatch(/counts, who was a deputy only until/)
})
