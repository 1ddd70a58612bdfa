import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import { agents, tenantId, users } from './accounts.ts'
import { answerGraph } from './graph.ts'
import { createIssuer, type Issuer, paths } from './issuer.ts'
import { listen, loopback } from './port.ts'

export interface Identity {
  readonly origin: string
  readonly issuer: string
  readonly jwksUri: string
  readonly tokenUrl: string
  /** The address that stands in for https://graph.microsoft.com/v1.0 */
  readonly graphUrl: string
  /** Issues an access token for the API; `null` if no account has that name or object id. */
  tokenFor(who: { readonly agent: string } | { readonly user: string }): Promise<string | null>
  close(): Promise<void>
}

/** Answers a request below `/local/`. Returns `false` for an unknown one. */
export type Control = (req: IncomingMessage, res: ServerResponse, url: URL) => boolean | Promise<boolean>

export interface IdentityOptions {
  readonly port: number
  /** The folder of the signing key, which is kept so that tokens outlive a restart. */
  readonly dataDir: string
  readonly control?: Control
  /** Gets internal errors, for which callers get a bare 500. */
  readonly failed: (cause: unknown) => void
}

/** Starts the local identity provider on loopback: Entra, and the calls of Microsoft Graph that the adapter makes. */
export async function startIdentity({ port, dataDir, control, failed }: IdentityOptions): Promise<Identity> {
  const key = await signingKey(dataDir)
  const server = createServer()
  const origin = `http://${loopback}:${await listen(server, port)}`
  const issuer = `${origin}/${tenantId}/v2.0`
  const tokens = await createIssuer(issuer, key, failed)
  server.on('request', (req, res) => {
    answer(req, res, tokens, control ?? (() => false)).catch((cause: unknown) => {
      failed(cause)
      if (!res.headersSent) res.writeHead(500)
      res.end()
    })
  })

  return {
    origin,
    issuer,
    jwksUri: origin + paths.jwks,
    tokenUrl: origin + paths.token,
    graphUrl: `${origin}/v1.0`,
    async tokenFor(who) {
      const has = (wanted: string) => (one: { readonly name: string; readonly oid: string }) =>
        one.name === wanted || one.oid === wanted
      const account = 'agent' in who ? agents.find(has(who.agent)) : users.find(has(who.user))
      return account === undefined ? null : tokens.mint(account)
    },
    async close() {
      const closed = new Promise((done) => server.close(done))
      server.closeAllConnections()
      await closed
    },
  }
}

async function answer(req: IncomingMessage, res: ServerResponse, tokens: Issuer, control: Control): Promise<void> {
  const host = `http://${req.headers.host ?? ''}`
  // The provider has no passwords, so a web page whose name was rebound to this machine must not reach it.
  if (!URL.canParse(host) || ![loopback, 'localhost'].includes(new URL(host).hostname)) {
    res.writeHead(403).end()
    return
  }
  const target = req.url ?? '/'
  if (!target.startsWith('/') || !URL.canParse(host + target)) {
    res.writeHead(400).end()
    return
  }
  const url = new URL(host + target)
  if (url.pathname.startsWith('/v1.0/')) return answerGraph(req, res, url)
  if (url.pathname.startsWith(`/${tenantId}/`)) return tokens.handle(discovery(req, url), res)
  if (url.pathname.startsWith('/local/') && (await control(req, res, url))) return
  res.writeHead(404).end()
}

/** Rewrites the path of the discovery document, which the provider serves without the issuer's path. */
function discovery(req: IncomingMessage, { pathname }: URL): IncomingMessage {
  const place = '/.well-known/openid-configuration'
  if (pathname === `/${tenantId}/v2.0${place}`) req.url = place
  return req
}

async function signingKey(dataDir: string): Promise<JWK> {
  const file = join(dataDir, 'identity-key.json')
  if (existsSync(file)) return JSON.parse(await readFile(file, 'utf8')) as JWK
  const { privateKey } = await generateKeyPair('RS256', { extractable: true })
  const jwk = await exportJWK(privateKey)
  const key = { ...jwk, kid: await calculateJwkThumbprint(jwk), use: 'sig', alg: 'RS256' }
  await mkdir(dataDir, { recursive: true })
  await writeFile(`${file}.new`, JSON.stringify(key), { mode: 0o600 })
  await rename(`${file}.new`, file)
  return key
}
