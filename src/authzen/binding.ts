import { createHash } from 'node:crypto'
import { readToken, signToken } from '../approvals/signedToken.ts'
import type { AuthzenQuestion } from '../contract/authzen.ts'
import { type Instant, milliseconds } from '../core/data/instant.ts'
import { canonical, isArray, type Json, type JsonObject } from '../core/data/json.ts'
import type { Signer } from '../ports/signer.ts'

/** No grant passes as a binding token, and no binding token as a grant. */
const bindingType = 'countersign-denial+jwt'

interface BindingParts {
  readonly signer: Signer
  readonly baseUrl: string
}

/** A denial for which people can be asked. */
interface Denial {
  readonly evaluation: string
  readonly at: Instant
  readonly expiresAt: Instant
}

/** Where access is asked for, which is also the audience of binding tokens. */
export const accessEndpoint = (baseUrl: string): string => `${baseUrl}/access/v1/requests`

/** Signs the token that binds an access request to the question that was denied. */
export function bindingToken(
  { signer, baseUrl }: BindingParts,
  question: AuthzenQuestion,
  { evaluation, at, expiresAt }: Denial,
): Promise<string> {
  const members = boundMembers(question)
  return signToken(signer, bindingType, {
    iss: baseUrl,
    aud: accessEndpoint(baseUrl),
    iat: seconds(at),
    exp: seconds(expiresAt),
    jti: evaluation,
    denial_expires_at: expiresAt,
    binding_context_members: members,
    evaluation_id: evaluation,
    binding_hash: bindingHash(question, members),
  })
}

/**
 * Says whether a token binds this question: `expired` after its time. All else is `other`: another question, another
 * issuer, a token of another kind.
 */
export async function checkBinding(
  { signer, baseUrl }: BindingParts,
  token: string,
  question: AuthzenQuestion,
  now: Instant,
): Promise<'bound' | 'expired' | 'other'> {
  const claims = await readToken(signer, bindingType, token)
  if (claims?.['iss'] !== baseUrl || claims['aud'] !== accessEndpoint(baseUrl)) return 'other'
  const members = claims['binding_context_members']
  const names = isArray(members) ? members.map(String) : []
  if (claims['binding_hash'] !== bindingHash(question, names)) return 'other'
  return Number(claims['exp']) > milliseconds(now) / 1000 ? 'bound' : 'expired'
}

/** Members of the context that are a part of what is asked for. */
const boundMembers = ({ context }: AuthzenQuestion): readonly string[] =>
  context?.environment === undefined ? [] : ['environment']

/** SHA-256 of the question in its canonical form, in base64url. `properties.act` is for the caller's token to say. */
function bindingHash({ subject, resource, action, context = {} }: AuthzenQuestion, members: readonly string[]): string {
  const { act: _, ...properties } = subject.properties ?? {}
  const { type, id } = subject
  const bound = Object.entries(context).filter(([name, value]) => members.includes(name) && value !== undefined)
  const question = {
    subject: { type, id, ...(Object.keys(properties).length > 0 && { properties }) },
    resource: given(resource),
    action: given(action),
    context: Object.fromEntries(bound),
  }
  return createHash('sha256')
    .update(canonical(question as Json))
    .digest('base64url')
}

/** Without members that are undefined, which JSON does not have. */
const given = (value: object): JsonObject =>
  Object.fromEntries(Object.entries<Json>({ ...value }).filter(([, member]) => (member as unknown) !== undefined))

const seconds = (at: Instant): number => Math.floor(milliseconds(at) / 1000)
