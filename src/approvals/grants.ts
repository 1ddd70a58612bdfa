import { grantFor, grantType } from '../core/request/grant.ts'
import type { RequestId } from '../core/data/id.ts'
import { type Instant, instant } from '../core/data/instant.ts'
import type { JsonObject } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Signer } from '../ports/signer.ts'
import { readToken, signToken } from './signedToken.ts'

/** A grant as agents get it. */
export interface Grant {
  readonly token: string
  readonly expiresAt: Instant
}

/** How many grants a process remembers. */
const remembered = 10_000

/** Signs grants, and reads them back. Grants are never stored; a process reuses one while half its life is left. */
export function grants(signer: Signer, issuer: string) {
  const issued = new Map<RequestId, { grant: Grant; renewAt: Instant }>()

  /** @param standing of a use: its standing approval. @returns `null` when the request's state grants nothing */
  async function issue(request: ApprovalRequest, now: Instant, standing?: ApprovalRequest): Promise<Grant | null> {
    const claims = grantFor(request, issuer, now, standing)
    if (claims === null) return null
    const known = issued.get(request.id)
    if (known && now < known.renewAt) return known.grant
    const grant = { token: await signToken(signer, grantType, claims), expiresAt: instant(claims.exp * 1000) }
    forget(now)
    issued.delete(request.id) // so that the newest is the last
    issued.set(request.id, { grant, renewAt: instant((claims.iat + (claims.exp - claims.iat) / 2) * 1000) })
    return grant
  }

  /** Drops grants that are due for renewal, oldest first, and as many more as are over the limit. */
  function forget(now: Instant): void {
    for (const [id, { renewAt }] of issued) {
      if (issued.size < remembered && now < renewAt) return
      issued.delete(id)
    }
  }

  /** @throws {Problem} `grant-invalid` unless we signed it, as a grant. */
  async function read(token: string): Promise<JsonObject> {
    const claims = await readToken(signer, grantType, token)
    if (claims === null) throw invalid()
    return claims
  }

  return { issue, read }
}

const invalid = () => new Problem('grant-invalid', 'This is not a grant of ours.')
