import { existsSync } from 'node:fs'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose'
import { agents, apiAppId, tenantId, users } from './accounts.ts'
import { answerGraph } from './graph.ts'
import { createIssuer, type Issuer, lifetime, paths } from './issuer.ts'
import { listen, loopback } from './port.ts'
import { formIn, workloadIssuer, type Workloads } from './workload.ts'

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
  const workloads = await workloadIssuer(origin)
  server.on('request', (req, res) => {
    answer(req, res, { tokens, workloads, control: control ?? (() => false) }).catch((cause: unknown) => {
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

interface AnswerParts {
  readonly tokens: Issuer
  readonly workloads: Workloads
  readonly control: Control
}

async function answer(req: IncomingMessage, res: ServerResponse, parts: AnswerParts): Promise<void> {
  const { tokens, workloads, control } = parts
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
  if (url.pathname === paths.token && req.method === 'POST') return answerToken(req, res, parts)
  if (url.pathname.startsWith(`/${tenantId}/`)) return tokens.handle(discovery(req, url), res)
  if (await workloads.answer(req, res, url)) return
  if (url.pathname.startsWith('/local/') && (await control(req, res, url))) return
  res.writeHead(404).end()
}

/** Gives an agent a token for the assertion of an issuer that its application trusts; all else is the provider's. */
async function answerToken(req: IncomingMessage, res: ServerResponse, parts: AnswerParts): Promise<void> {
  const read = await formIn(req)
  if (read === null) return void res.writeHead(413).end()
  const [form, unread] = read
  if (!form.has('client_assertion')) return parts.tokens.handle(unread, res)
  const agent = await parts.workloads.agentOf(form)
  const isWanted = form.get('grant_type') === 'client_credentials' && form.get('scope') === `${apiAppId}/.default`
  const [status, body] =
    agent === null
      ? [401, { error: 'invalid_client', error_description: 'No federated credential fits the assertion.' }]
      : isWanted
        ? [200, { access_token: await parts.tokens.mint(agent), token_type: 'Bearer', expires_in: lifetime }]
        : [400, { error: 'invalid_scope', error_description: `scope must be ${apiAppId}/.default` }]
  res.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(body))
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
