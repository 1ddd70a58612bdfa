import {
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  createPrivateKey,
  createPublicKey,
  sign,
} from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { botAppId } from '../../src/local/bot.ts'
import { seconds } from '../support/teamsDouble.ts'
import { publiclySigned, unsigned } from '../support/forgedTokens.ts'
import type { Stack } from '../support/stack.ts'

export type Claims = Readonly<Record<string, unknown>>

/** Signs as the stack's identity provider does, and as those who would like to. */
export interface Forge {
  /** What a real token of an account of the stack says. */
  claimsOf(account: string): Promise<Claims>
  /** With the key that the API trusts: what Entra might have issued, had it been told so. */
  signed(claims: Claims, header?: Claims): string
  /** By what is wrong with it: `Authorization` with claims that would be good. */
  readonly forged: Readonly<Record<string, (claims: Claims) => string | null>>
}

const another = '99999999-9999-4999-8999-999999999999'

export async function forge(stack: Stack): Promise<Forge> {
  const jwk = JSON.parse(await readFile(join(stack.data, 'identity-key.json'), 'utf8')) as JsonWebKey & { kid: string }
  const key = createPrivateKey({ key: jwk, format: 'jwk' })
  const publicKey = createPublicKey(key)
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const strangers = stranger.publicKey.export({ format: 'jwk' })

  const text = (claims: Claims, header: Claims = {}): string =>
    `${encode({ alg: 'RS256', typ: 'JWT', kid: jwk.kid, ...header })}.${encode(claims)}`
  const by = (signer: KeyObject, text: string): string =>
    `${text}.${sign('sha256', Buffer.from(text), signer).toString('base64url')}`
  const signed = (claims: Claims, header: Claims = {}): string => by(key, text(claims, header))
  const saying =
    (other: (claims: Claims) => Claims) =>
    (claims: Claims): string =>
      `Bearer ${signed({ ...claims, ...other(claims) })}`

  return {
    signed,
    async claimsOf(account) {
      const [, payload = ''] = (await stack.token(account)).split('.')
      return JSON.parse(Buffer.from(payload, 'base64url').toString()) as Claims
    },
    forged: {
      'no token': () => null,
      'another scheme': (claims) => `Basic ${Buffer.from(signed(claims)).toString('base64')}`,
      'no JWT': () => `Bearer ${another}`,
      'alg none': (claims) => `Bearer ${unsigned('none', jwk.kid, claims)[1]}`,
      'HS256 with the public key': (claims) => `Bearer ${publiclySigned(publicKey, jwk.kid, claims)[0]}`,
      'claims changed after signing': (claims) => {
        const [header, , signature] = signed({ ...claims, oid: another }).split('.')
        return `Bearer ${header}.${encode(claims)}.${signature}`
      },
      'another key of the same name': (claims) => `Bearer ${by(stranger.privateKey, text(claims))}`,
      'a key that it brings along': (claims) =>
        `Bearer ${by(stranger.privateKey, text(claims, { kid: 'theirs', jwk: { ...strangers, kid: 'theirs' } }))}`,
      expired: saying(() => ({ exp: seconds(-600) })),
      'not valid yet': saying(() => ({ nbf: seconds(600) })),
      'another audience': saying(() => ({ aud: botAppId })),
      'another issuer': saying(({ iss, tid }) => ({ iss: String(iss).replace(String(tid), another) })),
      'another tenant': saying(() => ({ tid: another })),
      'version 1.0': saying(({ azp }) => ({ ver: '1.0', azp: undefined, appid: azp })),
      id_token: saying(() => ({ azp: undefined, scp: undefined, idtyp: undefined, nonce: 'n' })),
      'another scope': saying(() => ({ idtyp: 'user', scp: 'User.Read' })),
    },
  }
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
