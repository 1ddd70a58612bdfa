import { digestOf, newRequestId, type RequestId } from '../../../src/core/data/id.ts'
import { grantFor } from '../../../src/core/request/grant.ts'
import { nextOf, overdue, type ApprovalRequest } from '../../../src/core/request/request.ts'
import { redeem } from '../../../src/core/request/redemption.ts'
import type { Requested } from '../../../src/core/request/event.ts'
import { approvedByStanding, checkStands, takeUse, use } from '../../../src/core/request/standing.ts'
import { open, type Submission } from '../../../src/core/request/submission.ts'
import { revoke } from '../../../src/core/request/withdrawal.ts'
import {
  action,
  after,
  bot,
  code,
  dba,
  facts,
  needs,
  oid,
  owner,
  pending,
  problem,
  redemption,
  scope,
  shard,
  slot,
  standing,
  stored,
  submission,
} from '../../support/build.ts'

const idAt = (number: number): RequestId => newRequestId(after(number), Buffer.alloc(10, number), shard)

/** The `requested` of a use, an hour's third minute in. */
function asked(other: Partial<Submission> = {}): { readonly id: RequestId; readonly data: Requested } {
  const id = idAt(180)
  const { events } = open(submission({ id, at: after(180), under: standing().id, ...other }))
  const [requested] = events
  if (requested?.type !== 'requested') throw new TypeError('An ask begins with that.')
  return { id, data: requested.data }
}

const useOf = (of: ApprovalRequest, other: Partial<Submission> = {}, seconds = 180) =>
  use(of, { ...asked(other), agent: bot, at: after(seconds) })

describe('a standing approval', () => {
  test('is asked for and approved as a request is, and then may be used and not redeemed', () => {
    const approval = standing()
    expect(approval).toMatchObject({ standing: { uses: 3, used: 0 }, lapse: 3600, lapsesAt: after(3660) })
    expect(nextOf(approval)).toBe('use')
    expect(grantFor(approval, 'us', after(61))).toBeNull()
    const { digest } = approval
    expect(code(() => redeem(approval, { redemption, digest, grantExpiresAt: after(300), at: after(61) }))).toBe(
      'not-redeemable',
    )
  })

  test('has no emergency: a glass is for one action', () => {
    const judgement = needs([slot('dba')], { glass: { groups: ['security'], review: 3600 } })
    expect(pending({ judgement, action: { ...action, standing: scope } }).requirement).not.toHaveProperty('glass')
    expect(pending({ judgement }).requirement).toHaveProperty('glass')
  })

  test('ends by time, once', () => {
    const ended = overdue(standing(), after(3660))
    expect(ended).toMatchObject({ request: { status: 'ended' }, events: [{ type: 'ended', data: { by: 'time' } }] })
    expect(ended && overdue(ended.request, after(9999))).toBeNull()
  })
})

describe('a use', () => {
  test('is counted, and approved for five minutes at most, by those who approved the standing approval', () => {
    const step = useOf(standing())
    expect(step.standing.standing).toEqual({ uses: 3, used: 1, usedAt: after(180) })
    expect(step.events).toMatchObject([
      { type: 'used', request: standing().id, data: { use: 1, request: idAt(180), digest: asked().data.digest } },
      { type: 'approved', request: idAt(180), actor: { kind: 'policy' } },
    ])
    expect(step.events[1]).toHaveProperty('data', {
      ...{ by: 'standing', lapsesAt: after(480), standing: standing().id, use: 1 },
    })
  })

  test('never lapses after the end of the standing approval', () => {
    expect(useOf(standing(), {}, 3600).lapsesAt).toBe(after(3660))
  })

  test('that is the last ends the standing approval in the same step', () => {
    const spent = { ...standing(), standing: { uses: 3, used: 2 } }
    const step = useOf(spent)
    expect(step.events.map(({ type }) => type)).toEqual(['used', 'ended', 'approved'])
    expect(step.standing.status).toBe('ended')
    expect(code(() => useOf(step.standing))).toBe('standing-over')
  })

  test.each<readonly [string, ApprovalRequest, number]>([
    ['before it is approved', pending({ action: { ...action, standing: scope } }), 30],
    ['after it was revoked', stored(revoke(standing(), { approver: dba, facts: facts(dba), at: after(90) })), 180],
    ['at its end', standing(), 3660],
    ['of what is no standing approval', { ...standing({ action }), lapsesAt: after(3660) }, 180],
  ])('is refused %s', (_when, approval, seconds) => {
    expect(code(() => useOf(approval, {}, seconds))).toBe('standing-over')
    expect(code(() => takeUse(approval, { request: idAt(1), digest: asked().data.digest, at: after(seconds) }))).toBe(
      'standing-over',
    )
  })

  test.each<readonly [string, Partial<Submission>, string | undefined]>([
    ['another executor', { executor: oid(2) }, '/executor'],
    ['somebody for whom the agent acts', { onBehalfOf: oid(77) }, '/onBehalfOf'],
    ['another policy', { policy: digestOf('another') }, undefined],
    ['an action of tier high', { judgement: needs([slot('dba')], { tier: 'high' }) }, undefined],
    ['an approver who is excluded by now', { excluded: [dba, owner] }, undefined],
    ['an action that needs one more', { judgement: needs([slot('dba'), slot('security')]) }, undefined],
    ['an action that another door approves', { judgement: needs([slot('dba')], { via: ['teams'] }) }, undefined],
    ['an action that needs two', { judgement: needs([slot('dba', 2)]) }, undefined],
  ])('for %s is not covered', (_whom, other, pointer) => {
    expect(code(() => useOf(standing(), other))).toBe('not-covered')
    expect(problem(() => useOf(standing(), other)).details.pointer).toBe(pointer)
  })

  test('by another agent is not covered, and of an action that policy allows is none', () => {
    expect(code(() => use(standing(), { ...asked(), agent: oid(2), at: after(180) }))).toBe('not-covered')
    const allowed = asked({ judgement: { outcome: 'allow', rules: ['r'], lapse: 60, grant: 60 } })
    expect(allowed.data).not.toHaveProperty('under')
    expect(code(() => use(standing(), { ...allowed, agent: bot, at: after(180) }))).toBe('not-covered')
  })

  test('lapses by its rule, if that is sooner', () => {
    expect(useOf(standing(), { judgement: needs([slot('dba')], { lapse: 60 }) }).lapsesAt).toBe(after(240))
  })

  test('stands as long as its standing approval was not taken back', () => {
    const taken = stored(revoke(standing(), { approver: dba, facts: facts(dba), at: after(90) }))
    expect(code(() => checkStands(taken))).toBe('not-redeemable')
    const spent = useOf({ ...standing(), standing: { uses: 1, used: 0 } }).standing
    expect(() => checkStands(spent)).not.toThrow()
    expect(() => checkStands(standing())).not.toThrow()
  })

  test('is approved with its ask, by the standing approval that it names, and at no other time', () => {
    const born = open(submission({ id: idAt(180), at: after(180), under: standing().id })).request
    const given = { standing: standing().id, use: 1, lapsesAt: after(480), at: after(180) }
    expect(approvedByStanding(born, given).request).toMatchObject({ status: 'approved', use: 1, lapsesAt: after(480) })
    for (const other of [{ at: after(181) }, { standing: idAt(5) }, { lapsesAt: after(481) }, { lapsesAt: after(180) }])
      expect(code(() => approvedByStanding(born, { ...given, ...other }))).toBe('not-pending')
    expect(code(() => approvedByStanding(pending(), { ...given, at: after(0) }))).toBe('not-pending')
  })

  test('has a grant that names the standing approval and its approvers', () => {
    const born = open(submission({ id: idAt(180), at: after(180), under: standing().id }))
    const granted = stored(
      approvedByStanding(born.request, { standing: standing().id, use: 1, lapsesAt: after(480), at: after(180) }),
      after(180),
    )
    expect(grantFor(granted, 'us', after(181), standing())).toMatchObject({ standing: standing().id, approvers: [dba] })
    expect(grantFor(granted, 'us', after(181))).toBeNull()
  })
})
