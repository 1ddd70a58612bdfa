import { erase } from '../../../src/core/request/erasure.ts'
import { breakGlass, type GlassInput, review, type ReviewInput } from '../../../src/core/request/glass.ts'
import { redeem } from '../../../src/core/request/redemption.ts'
import { type ApprovalRequest, due, overdue } from '../../../src/core/request/request.ts'
import { revoke } from '../../../src/core/request/withdrawal.ts'
import {
  after,
  bot,
  code,
  dba,
  dba2,
  facts,
  needs,
  oid,
  owner,
  pending,
  redemption,
  security,
  stored,
} from '../../support/build.ts'

const judgement = needs(undefined, { glass: { groups: ['incident'], review: 3600 } })
const wait = (other = {}) => pending({ judgement, ...other })
const incident = { groups: ['incident'] }

const breaking = (request: ApprovalRequest, other: Partial<GlassInput> = {}): GlassInput => {
  const approver = other.approver ?? security
  const seen = { via: 'api', digest: request.digest } as const
  const by = { approver, name: 'Ira', facts: facts(approver, incident) }
  return { ...by, reason: 'The site is down.', seen, confirm: 'customers', at: after(60), ...other }
}

/** Broken by security a minute after noon, though policy asked for a dba. */
const broken = (request: ApprovalRequest = wait()): ApprovalRequest =>
  stored(breakGlass(request, breaking(request)), after(60))

const reviewing = (other: Partial<ReviewInput> = {}): ReviewInput => {
  const reviewer = other.reviewer ?? dba
  return {
    ...{ reviewer, name: 'Dana', finding: 'justified', reason: 'It was down.', facts: facts(reviewer), at: after(120) },
    ...other,
  }
}

describe('a broken glass', () => {
  test('approves at once, and has to be reviewed', () => {
    const request = wait()
    const { request: now, events } = breakGlass(request, breaking(request))
    expect(now).toMatchObject({ status: 'approved', glass: { by: security, reviewBy: after(3660) } })
    expect(events.map(({ type }) => type)).toEqual(['glass-broken', 'approved'])
    expect(events[1]).toMatchObject({ data: { by: 'glass', lapsesAt: after(3660) } })
  })

  test('of the same person again changes nothing', () => {
    const request = broken()
    expect(breakGlass(request, breaking(request))).toEqual({ request, events: [] })
    const other = breaking(request, { approver: oid(22), facts: facts(oid(22), incident) })
    expect(code(() => breakGlass(request, other))).toBe('not-pending')
  })

  test.each<[string, string, Partial<GlassInput>]>([
    ['by an approver of another group', 'not-permitted', { approver: dba, facts: facts(dba) }],
    ['by an owner', 'self-approval', { approver: owner, facts: facts(owner, incident) }],
    ['by an owner by now', 'self-approval', { excluded: [security] }],
    ['by the agent', 'self-approval', { approver: bot, facts: facts(bot, incident) }],
    ['by a guest', 'not-permitted', { facts: facts(security, { ...incident, member: false }) }],
    ['by a disabled account', 'not-permitted', { facts: facts(security, { ...incident, enabled: false }) }],
    ['without a reason', 'invalid-input', { reason: '\u200b \n' }],
    ['without the last part of the target', 'invalid-input', { confirm: 'customer' }],
    ['on another action', 'digest-mismatch', { seen: { via: 'api', digest: `sha256:${'0'.repeat(64)}` as never } }],
    ['after the deadline', 'not-pending', { at: after(3600) }],
  ])('%s is refused', (_, expected, other) => {
    const request = wait()
    expect(code(() => breakGlass(request, breaking(request, other)))).toBe(expected)
  })

  test('is refused where policy names nobody, and through a door that may not approve', () => {
    const plain = pending()
    expect(code(() => breakGlass(plain, breaking(plain)))).toBe('not-permitted')
    const doors = wait({ judgement: { ...judgement, via: ['teams'] } })
    expect(code(() => breakGlass(doors, breaking(doors)))).toBe('not-permitted')
  })

  test('is refused through the door of another service than the tenant', () => {
    const request = wait()
    const seen = { via: 'slack', digest: request.digest } as const
    expect(code(() => breakGlass(request, breaking(request, { seen })))).toBe('not-permitted')
  })

  test('needs all pages of a view', () => {
    const request = wait()
    const seen = { via: 'teams', view: `sha256:${'0'.repeat(64)}` as never } as const
    expect(code(() => breakGlass(request, breaking(request, { seen })))).toBe('digest-mismatch')
  })

  test('can be taken back by those who decide, as any approval', () => {
    const request = broken()
    expect(revoke(request, { approver: dba, facts: facts(dba), at: after(90) }).request.status).toBe('revoked')
  })
})

describe('the review of a broken glass', () => {
  test.each(['approved', 'redeemed', 'closed'])('counts when the request is %s', (state) => {
    let request = broken()
    const used = { redemption, digest: request.digest, grantExpiresAt: after(360), at: after(90) }
    if (state === 'redeemed') request = stored(redeem(request, used), after(90))
    if (state === 'closed') request = stored(overdue(request, after(3660)) ?? { request, events: [] }, after(3660))
    const at = after(state === 'closed' ? 3661 : 120)
    expect(review(request, reviewing({ at })).request).toMatchObject({
      status: state === 'closed' ? 'lapsed' : state,
      glass: { review: { by: dba, finding: 'justified' } },
    })
  })

  test('again changes nothing, and another one is refused', () => {
    const request = stored(review(broken(), reviewing()), after(120))
    expect(review(request, reviewing())).toEqual({ request, events: [] })
    expect(code(() => review(request, reviewing({ finding: 'unjustified' })))).toBe('already-reviewed')
    expect(code(() => review(request, reviewing({ reviewer: dba2 })))).toBe('already-reviewed')
  })

  test.each<[string, string, Partial<ReviewInput>]>([
    ['by who broke it', 'self-approval', { reviewer: security, facts: facts(security) }],
    [
      'by their second account',
      'self-approval',
      { reviewer: oid(22), facts: facts(oid(22), { accounts: [security, oid(22)] }) },
    ],
    ['by an owner of the agent', 'self-approval', { reviewer: owner, facts: facts(owner) }],
    ['by a stranger', 'not-permitted', { facts: facts(dba, { groups: [] }) }],
    ['without a reason', 'invalid-input', { reason: ' ' }],
  ])('%s is refused', (_, expected, other) => {
    expect(code(() => review(broken(), reviewing(other)))).toBe(expected)
  })

  test('is refused where nobody broke one', () => {
    expect(code(() => review(wait(), reviewing()))).toBe('not-found')
  })

  test('that nobody gives in time is an event, once, and may still follow', () => {
    const request = broken(wait({ judgement: { ...judgement, lapse: 7200 } }))
    expect(due(request)).toBe(after(3660))
    expect(overdue(request, after(3659))).toBeNull()
    const step = overdue(request, after(3660))
    expect(step?.events).toEqual([{ type: 'unreviewed', actor: { kind: 'system' }, request: request.id }])
    const late = stored(step ?? { request, events: [] }, after(3660))
    expect(due(late)).toBe(after(7260))
    const reviewed = stored(review(late, reviewing({ at: after(3700) })), after(3700))
    expect(reviewed.glass).toMatchObject({ unreviewed: true, review: { by: dba } })
    expect(due(reviewed)).toBe(after(7260))
  })

  test('comes before texts of the request are erased', () => {
    const broke = broken()
    const request = stored(overdue(broke, after(3660)) ?? { request: broke, events: [] }, after(3660))
    const order = { names: ['reason'], why: 'A name.', by: dba, accounts: [dba], at: after(4000) } as const
    expect(code(() => erase(request, order))).toBe('still-open')
    const done = stored(review(request, reviewing({ at: after(3661) })), after(3661))
    expect(erase(done, order).events).toHaveLength(1)
  })
})
