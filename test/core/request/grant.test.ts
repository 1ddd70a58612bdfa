import { type Digest, digestOf } from '../../../src/core/data/id.ts'
import { checkGrant, type GrantClaims, grantFor } from '../../../src/core/request/grant.ts'
import type { Instant } from '../../../src/core/data/instant.ts'
import type { JsonObject } from '../../../src/core/data/json.ts'
import type { ProblemCode } from '../../../src/core/data/problem.ts'
import { decide } from '../../../src/core/request/decision.ts'
import type { ApprovalRequest } from '../../../src/core/request/request.ts'
import {
  after,
  anyWith,
  approved,
  bot,
  code,
  dba,
  dba2,
  decision,
  needs,
  noon,
  oid,
  opened,
  pending,
  policyVersion,
  runner,
  stored,
  slot,
  statuses,
} from '../../support/build.ts'
import { glassBroken, incident, talkative, votedFor } from '../../support/talked.ts'

const issuer = 'https://countersign.example'
const seconds = (at: Instant): number => Date.parse(at) / 1000

const claimsOf = (request: ApprovalRequest, now = after(120)): GrantClaims => {
  const claims = grantFor(request, issuer, now)
  if (!claims) throw new Error('Nothing is granted.')
  return claims
}

describe('the claims', () => {
  test('the claims say who may do what, for how long, on whose approval', () => {
    const request = approved({ executor: runner, onBehalfOf: oid(41) })
    expect(claimsOf(request)).toEqual({
      iss: issuer,
      sub: bot,
      aud: runner,
      iat: seconds(after(120)),
      exp: seconds(after(420)),
      jti: request.id,
      act: { sub: oid(41) },
      authorization_details: [
        {
          type: 'countersign_action',
          action: 'db.export',
          target: 'prod/postgres/customers',
          environment: 'production',
          digest: request.digest,
        },
      ],
      policy: policyVersion,
      approvers: [dba],
      event: request.events.at(-1)?.hash,
    })
  })

  test('the claims name who broke the glass, and not those whose approvals did not suffice', () => {
    const broken = glassBroken(votedFor(talkative()))
    expect(claimsOf(broken, after(360))).toMatchObject({ approvers: [incident], glass: true })
    expect(claimsOf(approved())).not.toHaveProperty('glass')
  })

  test('the claims name every approver, or none if a rule approved', () => {
    const request = pending({ judgement: needs([slot('dba', 2)]) })
    const one = stored(decide(request, decision(request)))
    const two = stored(decide(one, decision(one, { approver: dba2 })))
    expect(claimsOf(two).approvers).toEqual([dba, dba2])
    const allowed = opened({ judgement: { outcome: 'allow', rules: ['restart'], lapse: 3600, grant: 300 } })
    expect(claimsOf(allowed)).toMatchObject({ approvers: [], event: allowed.events[1]?.hash })
    expect(claimsOf(allowed)).not.toHaveProperty('act')
  })

  test.each([
    ["the policy's seconds", 60, 120, 180],
    ['five minutes, whatever the policy says', 3600, 120, 420],
    ['the lapse of the approval', 300, 3600, 3660],
  ])('end after %s', (_what, grant, now, end) => {
    const request = approved({ judgement: needs([slot('dba')], { grant }) })
    expect(claimsOf(request, after(now)).exp).toBe(seconds(after(end)))
  })

  test('the claims never outlast the approval by a rounded second', () => {
    const request = approved()
    const claims = claimsOf(request, after(3659.5))
    expect(claims.exp).toBeLessThanOrEqual(seconds(after(3660)))
    expect(claims.iat).toBeLessThanOrEqual(seconds(after(3659.5)))
  })
})

test.each(statuses.filter((status) => status !== 'approved'))('nothing is granted while it is %s', (status) => {
  expect(grantFor(anyWith(status), issuer, after(120))).toBeNull()
})

test('nothing is granted once the approval lapses, or the action is erased', () => {
  expect(grantFor(approved(), issuer, after(3660))).toBeNull()
  expect(grantFor({ ...approved(), action: null }, issuer, after(120))).toBeNull()
})

describe('a grant is checked', () => {
  const request = approved({ executor: runner })
  const claims = JSON.parse(JSON.stringify(claimsOf(request))) as JsonObject
  const check = (more: JsonObject = {}, expected: { caller?: typeof runner; digest?: Digest } = {}) =>
    checkGrant({ ...claims, ...more }, { issuer, caller: runner, digest: request.digest, request, ...expected })
  const [details] = claimsOf(request).authorization_details

  test('a valid grant says when it ends', () => {
    expect(check()).toBe(after(420))
  })

  test.each<[string, JsonObject, ProblemCode]>([
    ['another executor', { aud: bot }, 'grant-invalid'],
    ['several executors', { aud: [runner] }, 'grant-invalid'],
    ['another request', { jti: anyWith('pending').id.replace('-07', '-08') }, 'grant-invalid'],
    ['another issuer', { iss: 'https://else.example' }, 'grant-invalid'],
    ['another action', { authorization_details: [{ ...details, digest: digestOf('x') }] }, 'digest-mismatch'],
    ['no action', { authorization_details: [] }, 'digest-mismatch'],
    ['something that is no list', { authorization_details: 'x' }, 'digest-mismatch'],
    ['something that is no object', { authorization_details: [null] }, 'digest-mismatch'],
    ['no end', { exp: 'later' }, 'grant-invalid'],
  ])('and refused for %s', (_what, more, expected) => {
    expect(code(() => check(more))).toBe(expected)
  })

  test('a grant is checked against the caller before the digest', () => {
    expect(code(() => check({}, { caller: bot, digest: digestOf('x') }))).toBe('grant-invalid')
    expect(code(() => check({}, { digest: digestOf('x') }))).toBe('digest-mismatch')
  })

  test('a grant is not checked against the time: a repeated redemption is answered first', () => {
    expect(check({ exp: seconds(noon) })).toBe(noon)
  })
})
