import { digestOf, sha256 } from '../../../src/core/data/id.ts'
import type { ProblemCode } from '../../../src/core/data/problem.ts'
import { redeem, type Report, report } from '../../../src/core/request/redemption.ts'
import { type ApprovalRequest, overdue, type Status } from '../../../src/core/request/request.ts'
import {
  after,
  anyWith,
  approved,
  bot,
  code,
  redeemed,
  redemption,
  runner,
  stored,
  statuses,
} from '../../support/build.ts'

const other = '00000000-0000-4000-8000-0000000000ff'

type Claim = Parameters<typeof redeem>[1]

const claim = (request: ApprovalRequest, more: Partial<Claim> = {}): Claim => ({
  redemption,
  digest: request.digest,
  grantExpiresAt: after(360),
  at: after(120),
  ...more,
})

const unless = (...except: readonly Status[]): readonly Status[] => statuses.filter((one) => !except.includes(one))

describe('redeem', () => {
  test('redeem claims an approved request in the name of its executor', () => {
    const request = approved({ executor: runner })
    const { request: now, events } = redeem(request, claim(request))
    expect(now).toMatchObject({ status: 'redeemed', redeemedAt: after(120), redemption, unreported: false })
    expect(events).toEqual([
      {
        type: 'redeemed',
        actor: { kind: 'agent', id: runner },
        request: request.id,
        data: { redemption, digest: request.digest },
      },
    ])
  })

  test.each(unless('approved', 'redeemed'))('cannot claim what is %s', (status) => {
    const request = anyWith(status)
    expect(code(() => redeem(request, claim(request)))).toBe('not-redeemable')
  })

  test.each<[string, Partial<Claim>]>([
    ['at once', {}],
    ['after the grant expired', { at: after(4000) }],
    ['when the approval would have lapsed', { at: after(3661), grantExpiresAt: after(9000) }],
  ])('the same redemption again changes nothing: %s', (_when, more) => {
    const request = redeemed()
    expect(redeem(request, claim(request, more))).toEqual({ request, events: [] })
  })

  test('a day later the same redemption is still the same', () => {
    const request = stored(overdue(redeemed(), after(90_000)) ?? { request: redeemed(), events: [] })
    expect(request).toMatchObject({ status: 'redeemed', unreported: true })
    expect(redeem(request, claim(request)).events).toEqual([])
  })

  test.each<[string, () => ApprovalRequest, Partial<Claim>, ProblemCode]>([
    ['a second redemption', redeemed, { redemption: other }, 'already-redeemed'],
    ['a second redemption with a grant that expired', redeemed, { redemption: other, at: after(360) }, 'grant-invalid'],
    ['an expired grant', approved, { at: after(360) }, 'grant-invalid'],
    ['another action', approved, { digest: digestOf('another') }, 'digest-mismatch'],
    ['a lapsed approval', approved, { at: after(3660), grantExpiresAt: after(9000) }, 'not-redeemable'],
  ])('refuses %s', (_what, from, more, expected) => {
    const request = from()
    expect(code(() => redeem(request, claim(request, more)))).toBe(expected)
  })

  test('a redemption a millisecond before grant and approval end is in time', () => {
    const request = approved()
    const last = claim(request, { at: after(3659.999), grantExpiresAt: after(3660) })
    expect(redeem(request, last).request.status).toBe('redeemed')
  })
})

describe('report', () => {
  const output = { sha256: sha256('dump'), size: 4 }
  const outcome = (more: Partial<Report> = {}): Report => ({
    executor: bot,
    result: 'succeeded',
    at: after(180),
    ...more,
  })

  test.each(['succeeded', 'failed'] as const)('a report records that the execution %s', (result) => {
    const { request, events } = report(redeemed(), outcome({ result, summary: 'Exit 0', output }))
    expect(request).toMatchObject({ status: result, closedAt: after(180), redemption, output })
    expect(events).toMatchObject([
      { type: result, actor: { kind: 'agent', id: bot }, data: { output }, said: { summary: 'Exit 0' } },
    ])
  })

  test('a report without summary and output leaves them out', () => {
    const { request, events } = report(redeemed(), outcome())
    expect(request).not.toHaveProperty('output')
    expect(events[0]).not.toHaveProperty('data')
    expect(events[0]).not.toHaveProperty('said')
  })

  test('an outcome that comes after a day still counts', () => {
    const late = stored(overdue(redeemed(), after(90_000)) ?? { request: redeemed(), events: [] })
    expect(report(late, outcome({ at: after(90_001) })).request.status).toBe('succeeded')
  })

  test.each(unless('redeemed', 'succeeded', 'failed'))('a report cannot be about a request that is %s', (status) => {
    expect(code(() => report(anyWith(status), outcome()))).toBe('not-redeemed')
  })

  test.each<[string, Partial<Report>]>([
    ['bare', {}],
    ['with a summary', { summary: 'Exit 0' }],
    ['with an empty summary', { summary: '' }],
    ['with an output', { output }],
    ['failed', { result: 'failed', summary: 'Exit 1', output }],
  ])('the same report again changes nothing: %s', (_what, more) => {
    const request = stored(report(redeemed(), outcome(more)), after(180))
    expect(report(request, outcome({ ...more, at: after(999) }))).toEqual({ request, events: [] })
  })

  test.each<[string, Partial<Report>]>([
    ['another result', { result: 'failed' }],
    ['another summary', { summary: 'Exit 2' }],
    ['no output', { summary: 'Exit 0' }],
    ['another output', { output: { ...output, size: 5 } }],
    ['other bytes', { output: { ...output, sha256: sha256('other') } }],
  ])('a second report is refused: with %s', (_what, more) => {
    const request = stored(report(redeemed(), outcome({ summary: 'Exit 0', output })), after(180))
    const full = more.summary !== undefined && more.output === undefined ? {} : { output }
    expect(code(() => report(request, outcome({ summary: 'Exit 0', ...full, ...more })))).toBe('already-reported')
  })
})
