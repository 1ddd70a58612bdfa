import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { bounds } from '../core/data/bound.ts'
import { type GrantClaims, grantFor, grantType } from '../core/request/grant.ts'
import type { RequestId } from '../core/data/id.ts'
import { type Instant, instant } from '../core/data/instant.ts'
import { isObject, type JsonObject, readJson } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { PublicKey, Signer } from '../ports/signer.ts'

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
    const grant = { token: await signed(signer, claims), expiresAt: instant(claims.exp * 1000) }
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
    // the length comes from outside: check it before anything is decoded
    const [head, body, signature, ...rest] = token.length <= bounds.token.grant ? token.split('.') : []
    if (!head || !body || !signature || rest.length > 0) throw invalid()
    const header = decoded(head)
    if (header['alg'] !== 'ES256' || header['typ'] !== grantType) throw invalid()
    const key = (await signer.keys()).find(({ kid }) => kid === header['kid'])
    if (!key || !holds(key, `${head}.${body}`, signature)) throw invalid()
    return decoded(body)
  }

  return { issue, read }
}

/** A JWS in compact form (RFC 7515 section 7.1), ES256 (RFC 7518 section 3.4: the signature is r‖s). */
async function signed(signer: Signer, claims: GrantClaims): Promise<string> {
  const [newest] = await signer.keys()
  if (!newest) throw new Problem('unavailable', 'There is no key to sign grants with.', { retryAfter: 10 })
  const header = { alg: 'ES256', typ: grantType, kid: newest.kid }
  const input = `${encoded(JSON.stringify(header))}.${encoded(JSON.stringify(claims))}`
  const { kid, signature } = await signer.sign(createHash('sha256').update(input).digest())
  // A rotation between the two calls would make a header that names the wrong key.
  if (kid !== newest.kid) return signed(signer, claims)
  return `${input}.${encoded(signature)}`
}

/** Importing a key takes as long as a verification. */
const imported = new WeakMap<PublicKey, KeyObject>()

function keyObject(publicKey: PublicKey): KeyObject {
  const { kty, crv, x, y } = publicKey
  const key = imported.get(publicKey) ?? createPublicKey({ key: { kty, crv, x, y }, format: 'jwk' })
  imported.set(publicKey, key)
  return key
}

function holds(publicKey: PublicKey, input: string, signature: string): boolean {
  const key = keyObject(publicKey)
  const bytes = Buffer.from(signature, 'base64url')
  // Node skips what is not base64url: a grant has one text
  return (
    bytes.length === 64 &&
    encoded(bytes) === signature &&
    verify('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }, bytes)
  )
}

function decoded(part: string): JsonObject {
  let value: unknown
  try {
    value = readJson(Buffer.from(part, 'base64url'))
  } catch {
    throw invalid()
  }
  if (!isObject(value as JsonObject)) throw invalid()
  return value as JsonObject
}

const encoded = (data: string | Uint8Array): string => Buffer.from(data).toString('base64url')

const invalid = () => new Problem('grant-invalid', 'This is not a grant of ours.')
