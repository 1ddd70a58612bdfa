import { sign } from 'node:crypto'
import { exportJWK, generateKeyPair } from 'jose'
import { grants } from '../../src/approvals/grants.ts'
import { callers } from '../../src/http/caller.ts'
import { approved, noon } from '../../test/support/build.ts'
import { startDouble } from '../../test/support/double.ts'
import { issuer, newSigner } from '../../test/support/world.ts'
import { coded, type Parsers } from './parser.ts'

export async function ofTokens(): Promise<Parsers> {
  const { privateKey, publicKey } = await generateKeyPair('RS256', { extractable: true })
  const keys = [{ ...(await exportJWK(publicKey)), kid: 'one', use: 'sig', alg: 'RS256' }]
  const server = await startDouble(() => ({ status: 200, body: { keys } }))
  const [tenantId, audience, appId] = ['1', '2', 'a'].map((one) => one.repeat(8) + '-1111-4111-8111-111111111111')
  const settings = { tenantId: tenantId ?? '', audience: audience ?? '', issuers: ['https://issuer.example'] }
  const callerOf = callers({ ...settings, jwksUri: `${server.origin}/keys` })
  const now = Math.floor(Date.now() / 1000)
  const common = { iss: 'https://issuer.example', aud: audience, tid: tenantId, ver: '2.0', azp: appId, oid: appId }
  const app = { ...common, idtyp: 'app', sub: appId, roles: ['Actions.Request'], iat: now, exp: now + 36_000 }
  const { roles: _, ...person } = { ...app, idtyp: 'user', scp: 'access_as_user', name: 'Dana', nbf: now }
  const jwt = (header: Buffer, payload: Buffer): string => {
    const text = `${header.toString('base64url')}.${payload.toString('base64url')}`
    return `Bearer ${text}.${sign('sha256', Buffer.from(text), privateKey as unknown as Parameters<typeof sign>[2]).toString('base64url')}`
  }
  const header = Buffer.from(JSON.stringify({ alg: 'RS256', kid: 'one', typ: 'JWT' }))
  const ask = (authorization: string) => coded(async () => void (await callerOf(authorization)))
  const payloads = [app, person].map((one) => Buffer.from(JSON.stringify(one)))
  const [payload = Buffer.alloc(0)] = payloads
  const signer = await newSigner()
  const granting = grants(signer, issuer)
  const grant = await granting.issue(approved(), noon)
  return {
    all: [
      { name: 'claims, signed', json: true, samples: payloads, read: (bytes) => ask(jwt(header, bytes)) },
      { name: 'header of a token, signed', json: true, samples: [header], read: (bytes) => ask(jwt(bytes, payload)) },
      {
        name: 'Authorization',
        samples: [Buffer.from(jwt(header, payload))],
        read: (bytes) => ask(bytes.toString('latin1')),
      },
      {
        name: 'grant',
        samples: [Buffer.from(grant?.token ?? '')],
        read: (bytes) => coded(async () => void (await granting.read(bytes.toString('utf8')))),
      },
    ],
    close: () => server.close(),
  }
}
