import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { bounds } from '../core/data/bound.ts'
import { isObject, type Json, type JsonObject, readJson } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import type { PublicKey, Signer } from '../ports/signer.ts'

/**
 * Signs claims as a JWS in compact form (RFC 7515 section 7.1), ES256 (RFC 7518 section 3.4: the signature is r‖s).
 *
 * @param type the `typ` of the header, so that no token of this service passes as one of another kind (RFC 8725 section 3.11)
 * @throws {Problem} `unavailable`
 */
export async function signToken(signer: Signer, type: string, claims: object): Promise<string> {
  const [newest] = await signer.keys()
  if (!newest) throw new Problem('unavailable', 'There is no key to sign tokens with.', { retryAfter: 10 })
  const header = { alg: 'ES256', typ: type, kid: newest.kid }
  const input = `${encoded(JSON.stringify(header))}.${encoded(JSON.stringify(claims))}`
  const { kid, signature } = await signer.sign(createHash('sha256').update(input).digest())
  // A rotation between the two calls would make a header that names the wrong key.
  if (kid !== newest.kid) return signToken(signer, type, claims)
  return `${input}.${encoded(signature)}`
}

/** Returns the claims of a token that {@link signToken} made for this type; `null` for any other. */
export async function readToken(signer: Pick<Signer, 'keys'>, type: string, token: string): Promise<JsonObject | null> {
  // the length comes from outside: check it before anything is decoded
  const [head, body, signature, ...rest] = token.length <= bounds.token.grant ? token.split('.') : []
  if (!head || !body || !signature || rest.length > 0) return null
  const header = decoded(head)
  if (header?.['alg'] !== 'ES256' || header['typ'] !== type) return null
  const key = (await signer.keys()).find(({ kid }) => kid === header['kid'])
  return key && holds(key, `${head}.${body}`, signature) ? decoded(body) : null
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
  // Node skips what is not base64url: a token has one text
  return (
    bytes.length === 64 &&
    encoded(bytes) === signature &&
    verify('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }, bytes)
  )
}

function decoded(part: string): JsonObject | null {
  let value: Json
  try {
    value = readJson(Buffer.from(part, 'base64url'))
  } catch {
    return null
  }
  return isObject(value) ? value : null
}

const encoded = (data: string | Uint8Array): string => Buffer.from(data).toString('base64url')
