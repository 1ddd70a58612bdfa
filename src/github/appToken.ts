import type { RsaKey } from '../ports/signer.ts'

/** Seconds before now at which a token begins, because clocks differ, and after which it ends. GitHub allows ten minutes. */
const back = 60
const lasts = 480

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/**
 * Makes the token with which the app signs in to GitHub: a JWS in compact form (RFC 7515 section 7.1), RS256, with the members of
 * https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app.
 *
 * @param now milliseconds since 1970
 * @throws {Problem} `unavailable` while the key cannot be reached
 */
export async function appToken(key: RsaKey, appId: string, now: number): Promise<string> {
  const seconds = Math.floor(now / 1000)
  const claims = { iat: seconds - back, exp: seconds + lasts, iss: appId }
  const input = `${encoded({ alg: 'RS256', typ: 'JWT' })}.${encoded(claims)}`
  return `${input}.${Buffer.from(await key.sign(Buffer.from(input))).toString('base64url')}`
}
