import type { Digest, Hex, ObjectId, RequestId } from '../data/id.ts'
import { earlier, instant, type Instant, milliseconds, plusSeconds } from '../data/instant.ts'
import { isArray, isObject, type JsonObject } from '../data/json.ts'
import { Problem } from '../data/problem.ts'
import { type ApprovalRequest, isStanding } from './request.ts'
import { countedVotes } from './voteVoid.ts'

/** The `typ` of a grant's header, so that no other token of this service passes as a grant (RFC 8725 section 3.11). */
export const grantType = 'countersign-grant+jwt'

/** The longest life of a grant. The policy's `@grant` may only shorten it. */
const maxGrantSeconds = 300

/** The claims of a grant (RFC 7519, RFC 9396). Times are whole seconds since 1970. */
export interface GrantClaims {
  readonly iss: string
  readonly sub: ObjectId
  readonly aud: ObjectId
  readonly iat: number
  readonly exp: number
  readonly jti: string
  readonly act?: { readonly sub: ObjectId }
  readonly authorization_details: readonly [
    {
      readonly type: 'countersign_action'
      readonly action: string
      readonly target: string
      readonly environment: string
      readonly digest: Digest
    },
  ]
  readonly policy: Digest
  /** Whose approvals it rests on: nobody's if a rule approved. */
  readonly approvers: readonly ObjectId[]
  /** Present if one person broke the glass: then that person alone approved. */
  readonly glass?: true
  /** Of a use: the standing approval whose approvers they are. */
  readonly standing?: RequestId
  readonly event: Hex
}

/**
 * Makes the claims of a grant for an approved request.
 *
 * @param standing of a use: its standing approval
 * @returns `null` if the request is not approved, has lapsed, is a standing approval itself, or its action is erased
 */
export function grantFor(
  request: ApprovalRequest,
  issuer: string,
  now: Instant,
  standing?: ApprovalRequest,
): GrantClaims | null {
  if (request.status !== 'approved' || now >= request.lapsesAt || request.action === null) return null
  if (isStanding(request) || request.under !== standing?.id) return null
  const event = request.events.findLast(({ type }) => type === 'approved')?.hash
  if (event === undefined) return null
  const { action, target, environment } = request.action
  const seconds = Math.min(request.grant ?? maxGrantSeconds, maxGrantSeconds)
  const ends = earlier(plusSeconds(now, seconds), request.lapsesAt)
  return {
    iss: issuer,
    sub: request.agent.id,
    aud: request.executor,
    iat: Math.floor(milliseconds(now) / 1000),
    exp: Math.floor(milliseconds(ends) / 1000),
    jti: request.id,
    ...(request.onBehalfOf !== undefined && { act: { sub: request.onBehalfOf } }),
    authorization_details: [{ type: 'countersign_action', action, target, environment, digest: request.digest }],
    policy: request.policy.version,
    ...(request.glass
      ? { approvers: [request.glass.by], glass: true }
      : { approvers: countedVotes(standing ?? request).map(({ approver }) => approver) }),
    ...(standing && { standing: standing.id }),
    event,
  }
}

/**
 * Checks that a grant, whose signature was verified, is for this caller, this request and this digest.
 *
 * Does not check its expiry: {@link redeem} does, after it has answered a repeated redemption.
 *
 * @returns when the grant expires
 * @throws {Problem} `grant-invalid` for another caller or request, `digest-mismatch` for another action.
 */
export function checkGrant(
  claims: JsonObject,
  expected: { readonly issuer: string; readonly caller: ObjectId; readonly digest: Digest; request: ApprovalRequest },
): Instant {
  const { issuer, caller, digest, request } = expected
  if (claims['aud'] !== caller) throw new Problem('grant-invalid', 'The grant is for another executor.')
  if (claims['iss'] !== issuer || claims['jti'] !== request.id)
    throw new Problem('grant-invalid', 'The grant is for another request.')
  const details = claims['authorization_details']
  const [first] = isArray(details) ? details : []
  if (digest !== request.digest || !isObject(first) || first['digest'] !== digest)
    throw new Problem('digest-mismatch', 'The digest is not that of the approved action.', { pointer: '/digest' })
  if (typeof claims['exp'] !== 'number') throw new Problem('grant-invalid', 'The grant does not say when it ends.')
  return instant(claims['exp'] * 1000)
}
