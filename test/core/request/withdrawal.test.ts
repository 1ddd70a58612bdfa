import type { ProblemCode } from '../../../src/core/data/problem.ts'
import type { ApprovalRequest, Status } from '../../../src/core/request/request.ts'
import type { Facts } from '../../../src/core/request/requirement.ts'
import { open } from '../../../src/core/request/submission.ts'
import { cancel, revoke } from '../../../src/core/request/withdrawal.ts'
import {
  after,
  anyWith,
  approved,
  bot,
  code,
  dba,
  dba2,
  facts,
  oid,
  owner,
  pending,
  stored,
  statuses,
  submission,
  tool,
} from '../../support/build.ts'

const unless = (...except: readonly Status[]): readonly Status[] => statuses.filter((one) => !except.includes(one))

describe('cancel', () => {
  test.each(['pending', 'approved'] as const)('cancel withdraws a request that is %s', (status) => {
    const { request, events } = cancel(anyWith(status), { reason: 'No longer needed.', at: after(90) })
    const actor = { kind: 'agent', id: bot }
    expect(request).toMatchObject({ status: 'cancelled', closedAt: after(90), closedBy: actor })
    expect(events).toEqual([{ type: 'cancelled', actor, request: request.id, said: { reason: 'No longer needed.' } }])
  })

  test('cancel without a reason records no text', () => {
    expect(cancel(pending(), { at: after(90) }).events[0]).not.toHaveProperty('said')
    expect(cancel(pending(), { reason: '', at: after(90) }).events[0]).not.toHaveProperty('said')
  })

  test('cancel comes too late for a redeemed request', () => {
    expect(code(() => cancel(anyWith('redeemed'), { at: after(150) }))).toBe('already-redeemed')
  })

  test.each(unless('pending', 'approved', 'redeemed', 'cancelled'))(
    'cancel comes too late for a %s request',
    (status) => {
      expect(code(() => cancel(anyWith(status), { at: after(200) }))).toBe('not-pending')
    },
  )

  test.each<[string, ApprovalRequest, number]>([
    ['pending', pending(), 3600],
    ['approved', approved(), 3660],
  ])('cancel comes too late at the deadline of a request that is %s', (_status, request, deadline) => {
    expect(cancel(request, { at: after(deadline - 0.001) }).request.status).toBe('cancelled')
    expect(code(() => cancel(request, { at: after(deadline) }))).toBe('not-pending')
  })

  test.each(['No longer needed.', '', undefined])('the same cancel again changes nothing: %p', (reason) => {
    const said = reason === undefined ? {} : { reason }
    const request = stored(cancel(pending(), { ...said, at: after(90) }))
    expect(cancel(request, { ...said, at: after(5000) })).toEqual({ request, events: [] })
  })

  test('a cancel with another reason is not the same', () => {
    const request = stored(cancel(pending(), { reason: 'One.', at: after(90) }))
    expect(code(() => cancel(request, { reason: 'Another.', at: after(91) }))).toBe('not-pending')
    expect(code(() => cancel(request, { at: after(91) }))).toBe('not-pending')
  })
})

describe('revoke', () => {
  const by = (approver = dba2, more: Partial<Facts> = {}) => ({
    approver,
    facts: facts(approver, more),
    at: after(90),
  })

  test('every person who could have decided may revoke an approval', () => {
    const { request, events } = revoke(approved(), { ...by(), name: 'Dana', reason: 'Wrong week.' })
    const actor = { kind: 'person', id: dba2 }
    expect(request).toMatchObject({ status: 'revoked', closedAt: after(90), closedBy: actor })
    expect(events).toEqual([
      {
        type: 'revoked',
        actor,
        request: request.id,
        data: { facts: facts(dba2) },
        said: { name: 'Dana', reason: 'Wrong week.' },
      },
    ])
  })

  test('revoke records the application of the person, and nothing else changes with it', () => {
    const { request, events } = revoke(approved(), { ...by(), client: tool })
    expect(events).toMatchObject([{ data: { client: tool, facts: facts(dba2) } }])
    expect(request).toEqual(revoke(approved(), by()).request)
  })

  test('revoke comes too late for a redeemed request', () => {
    expect(code(() => revoke(anyWith('redeemed'), by()))).toBe('already-redeemed')
  })

  test.each(unless('approved', 'redeemed'))('revoke takes back no request that is %s', (status) => {
    expect(code(() => revoke(anyWith(status), by()))).toBe('not-redeemable')
  })

  test('revoke comes too late when the approval has lapsed', () => {
    expect(revoke(approved(), { ...by(), at: after(3659.999) }).request.status).toBe('revoked')
    expect(code(() => revoke(approved(), { ...by(), at: after(3660) }))).toBe('not-redeemable')
  })

  test.each<[string, Partial<Facts>, ProblemCode]>([
    ['a stranger', { groups: [] }, 'not-permitted'],
    ['an account of the agent', { accounts: [bot] }, 'self-approval'],
    ['a guest', { member: false }, 'not-permitted'],
    ['a disabled account', { enabled: false }, 'not-permitted'],
  ])('is not for %s', (_who, more, expected) => {
    expect(code(() => revoke(approved(), by(dba2, more)))).toBe(expected)
  })

  test.each<[string, Partial<Facts>]>([
    ['the owner', { accounts: [owner] }],
    ['another account of the owner', { accounts: [owner, oid(99)] }],
  ])('is for %s, who may not approve', (_who, more) => {
    expect(revoke(approved(), by(dba2, more)).request).toMatchObject({ status: 'revoked' })
  })

  test('a request that a rule allowed has no approver to revoke it', () => {
    const allowed = submission({ judgement: { outcome: 'allow', rules: ['restart'], lapse: 3600, grant: 300 } })
    expect(code(() => revoke(stored(open(allowed)), by()))).toBe('not-permitted')
  })

  test('the same revoke by the same approver changes nothing', () => {
    const request = stored(revoke(approved(), { ...by(), reason: 'Wrong week.' }))
    expect(revoke(request, { ...by(), reason: 'Wrong week.', at: after(9000) })).toEqual({ request, events: [] })
    expect(code(() => revoke(request, { ...by(), reason: 'Another.' }))).toBe('not-redeemable')
    expect(code(() => revoke(request, { ...by(dba), reason: 'Wrong week.' }))).toBe('not-redeemable')
  })
})
