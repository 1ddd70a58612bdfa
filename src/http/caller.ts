import { type JWTHeaderParameters, type JWTVerifyResult, jwtVerify } from 'jose'
import * as z from 'zod'
import { isContext } from '../core/data/authenticationContext.ts'
import { isObjectId, type ObjectId, parseObjectId } from '../core/data/id.ts'
import { Problem, type TokenFault } from '../core/data/problem.ts'
import { checkBearer, type KeySource, remoteKeys } from '../runtime/token.ts'
import { VerifiedTokens } from '../runtime/verifiedTokens.ts'

/** The caller, as the access token names them. The route decides what they may do: by role, registration and policy. */
export type Caller =
  | { readonly kind: 'agent'; readonly id: ObjectId; readonly appId: ObjectId; readonly roles: readonly string[] }
  | {
      readonly kind: 'person'
      readonly id: ObjectId
      readonly name: string
      readonly roles: readonly string[]
      /** The application that acts for the person (`azp`). */
      readonly client: ObjectId
      /** Whether the token names an agent that acts for the person, or an agent's own user account. */
      readonly agentic: boolean
      /** The authentication contexts that the person has met in this session (`acrs`), as `c1`. */
      readonly contexts: readonly string[]
    }

export interface CallerSettings extends KeySource {
  readonly tenantId: string
  /** The application id of our API. */
  readonly audience: string
  /** The `iss` of our tenant; compared as text. */
  readonly issuers: readonly string[]
}

/** The scope by which people let a program act for them. */
export const peoplesScope = 'access_as_user'

/**
 * Makes the function that tells who calls from the `Authorization` header: an Entra v2.0 access token.
 *
 * It throws a problem: `unauthenticated` for any fault of the token, `unavailable` if the keys cannot be fetched.
 */
export function callers(settings: CallerSettings): (authorization: string | null) => Promise<Caller> {
  const keys = remoteKeys(settings)
  const claimsOf = claimsFor(settings)
  const tokens = new VerifiedTokens<Caller>(keys)
  const options = {
    algorithms: ['RS256'],
    issuer: [...settings.issuers],
    clockTolerance: 60,
    requiredClaims: ['exp', 'iat'],
  }
  const read = ({ payload, protectedHeader }: JWTVerifyResult): Caller => {
    if (!isAccessToken(protectedHeader)) throw refused('typ')
    return callerFrom(claimsOf.parse(payload))
  }
  return (authorization) =>
    checkBearer(authorization, refused, (token) =>
      tokens.value(token, () => jwtVerify(token, keys.find, options), read),
    )
}

const sentences: Readonly<Record<TokenFault, string>> = {
  none: 'This needs an access token of our tenant, sent as a bearer token, and there is none.',
  unreadable: 'The bearer token cannot be read: an access token of our tenant is a signed JWT.',
  expired: 'The access token has expired: get a new one.',
  foreign: 'The access token is not one of our tenant for this service.',
}

/** Says what a caller may know of the fault. The claim and the cause are for the log. */
function refused(claim: string, token: TokenFault = 'foreign', cause?: unknown): Problem {
  return new Problem('unauthenticated', sentences[token], { claim, token, cause })
}

/** RFC 8725 section 3.11; Entra says `JWT`, RFC 9068 section 2.1 says `at+jwt`. */
function isAccessToken({ typ }: JWTHeaderParameters): boolean {
  return typeof typ === 'string' && ['jwt', 'at+jwt', 'application/at+jwt'].includes(typ.toLowerCase())
}

/** https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference */
function claimsFor({ tenantId, audience }: CallerSettings) {
  const guid = z.string().refine(isObjectId)
  return z.object({
    // a list of audiences is nothing that Entra issues
    aud: z.literal(audience),
    // the issuer alone is not believed: every tenant's tokens are signed by the same keys
    tid: z.literal(tenantId),
    ver: z.literal('2.0'),
    oid: guid,
    sub: z.string().optional(),
    // an id_token has no `azp`, and these three are found in nothing but an id_token
    azp: guid,
    nonce: z.undefined().optional(),
    at_hash: z.undefined().optional(),
    c_hash: z.undefined().optional(),
    idtyp: z.enum(['app', 'user']).optional(),
    scp: z.string().optional(),
    name: z.string().min(1).max(256).optional(),
    roles: z.array(z.string()).default([]),
    // other values may stand beside the contexts, such as `p1` or `urn:user:registersecurityinfo`
    acrs: z
      .array(z.unknown())
      .catch([])
      .transform((values) => values.filter(isContext)),
    ...agentClaims,
  })
}

/**
 * What says that an agent acts (`xms_act_fct`, `act`), is the subject (`xms_sub_fct`), or has a parent that made it
 * (`xms_par_app_azp`): https://learn.microsoft.com/entra/agent-id/agent-token-claims, RFC 8693 section 4.1
 */
const agentClaims = {
  xms_act_fct: z.unknown().optional(),
  xms_sub_fct: z.unknown().optional(),
  xms_par_app_azp: z.unknown().optional(),
  act: z.unknown().optional(),
}

/** AgentIdentity and AgentIDUser, on the same page. */
const agentFacets: readonly number[] = [11, 13]

function isAgentic(claims: z.infer<ReturnType<typeof claimsFor>>): boolean {
  if (claims.xms_par_app_azp !== undefined || claims.act !== undefined) return true
  return [claims.xms_act_fct, claims.xms_sub_fct].some((facets) => {
    const values = facetsOf(facets)
    return values === null || values.some((value) => agentFacets.includes(value))
  })
}

const isFacet = (value: unknown): boolean =>
  (typeof value === 'string' || typeof value === 'number') && /^\d{1,6}$/.test(String(value))

/** The numbers of a facet claim, in whatever list; `null` for what cannot be read, which may mean anything. */
function facetsOf(claim: unknown): readonly number[] | null {
  if (claim === undefined) return []
  const values = (Array.isArray(claim) ? claim : [claim]).flatMap((value: unknown) =>
    typeof value === 'string' ? value.split(/[\s,]+/).filter((part) => part !== '') : [value],
  )
  return values.every(isFacet) ? values.map(Number) : null
}

/**
 * People have a scope and applications have none; `idtyp`, which is optional in Entra, must agree. Where it is absent,
 * an application is known by its subject being itself: a person's is a pseudonym.
 */
function callerFrom(claims: z.infer<ReturnType<typeof claimsFor>>): Caller {
  const { idtyp, scp, roles, name, sub, oid, acrs: contexts } = claims
  const id = parseObjectId(oid)
  const client = parseObjectId(claims.azp)
  if (scp === undefined) {
    if (idtyp !== 'app' && (idtyp !== undefined || sub !== oid)) throw refused('scp')
    return { kind: 'agent', id, appId: client, roles }
  }
  if (idtyp === 'app') throw refused('idtyp')
  if (!scp.split(' ').includes(peoplesScope)) throw refused('scp')
  return { kind: 'person', id, name: name ?? id, roles, client, agentic: isAgentic(claims), contexts }
}
