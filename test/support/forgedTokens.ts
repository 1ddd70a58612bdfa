import { createHmac, type KeyObject } from 'node:crypto'

type Claims = Readonly<Record<string, unknown>>

/** Unsigned tokens, which some libraries have accepted as signed ones (RFC 8725 section 2.1). */
export function unsigned(alg: string, kid: string, claims: object): readonly string[] {
  const text = textOf({ alg, typ: 'JWT', kid }, claims)
  return [`${text}.`, `${text}.AAAA`]
}

/** Tokens signed with a public value: the public key as the secret of an HMAC, in each encoding. */
export function publiclySigned(publicKey: KeyObject, kid: string, claims: object): readonly string[] {
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const jwk = publicKey.export({ format: 'jwk' })
  const text = textOf({ alg: 'HS256', typ: 'JWT', kid }, claims)
  const secrets = [pem, pem.trim(), JSON.stringify(jwk), String(jwk.n)]
  return secrets.map((secret) => `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`)
}

const textOf = (header: Claims, claims: object): string => `${encode(header)}.${encode(claims)}`

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
