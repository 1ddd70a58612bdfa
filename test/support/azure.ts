import { spawnSync } from 'node:child_process'
import { generateKeyPairSync, type JsonWebKey, type KeyObject } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { apiAppId, signInAppId, tenantId } from '../../src/local/accounts.ts'
import { botAppId } from '../../src/local/bot.ts'
import { answerGraph } from '../../src/local/graph.ts'
import { openAccount, type StorageAccount } from './azurite.ts'
import { forward } from './front.ts'

/** Domains of a cloud in which this deployment has names of its own. */
export interface Domains {
  /** Of storage accounts: `core.windows.net`. */
  readonly storage: string
  /** Of vaults, and what tokens for them are for. */
  readonly vault: string
}

export const publicDomains: Domains = { storage: 'core.windows.net', vault: 'vault.azure.net' }

/** What happens to the calls of a host: it answers this status, closes every connection, or says nothing. */
type Trouble = number | 'closed' | 'silent'

/**
 * Every service that a deployment calls, behind TLS on one port of this machine: storage, Key Vault, Entra, Microsoft
 * Graph, the Bot Framework and the Bot Connector; and the managed identity. A process reaches them by their real names
 * once it loads `preload`, and reaches nothing else.
 */
export interface Azure {
  /** The environment of a process in this Azure, beside its settings. */
  readonly env: Readonly<Record<string, string>>
  /** What was called, as `GET https://host/path`, in order. */
  readonly calls: readonly string[]
  /** What tokens of the managed identity were asked for. */
  readonly resources: readonly string[]
  /** Troubles by the beginning of a host's name, from now on. */
  trouble(troubles: Readonly<Record<string, Trouble>>): void
  /** Signs a token as Entra, or as the Bot Framework does. */
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>
  close(): Promise<void>
}

/** Sends every TLS connection to this machine, whatever its host; the certificate is checked for that host's name. */
const preload = `
const tls = require('node:tls')
const { connect } = tls
tls.connect = (options, ...more) => connect({ ...options, servername: options.servername || options.host,
  host: '127.0.0.1', port: Number(process.env.AZURE_DOUBLE_PORT) }, ...more)
`

/** Names for a certificate: of whatever hosts any cloud has. */
const certified = [
  ...['*.table.core.windows.net', '*.blob.core.windows.net', '*.vault.azure.net'],
  ...['*.table.core.usgovcloudapi.net', '*.blob.core.usgovcloudapi.net', '*.vault.usgovcloudapi.net'],
  ...['login.microsoftonline.com', 'login.microsoftonline.us', 'graph.microsoft.com', 'graph.microsoft.us'],
  ...['dod-graph.microsoft.us', 'login.botframework.com', 'login.botframework.azure.us', 'smba.trafficmanager.net'],
  ...['smba.infra.gcc.teams.microsoft.com', 'smba.infra.gov.teams.microsoft.us', 'smba.infra.dod.teams.microsoft.us'],
]

export async function startAzure(): Promise<Azure> {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-azure-'))
  const azurite = await openAccount()
  const keys = { rsa: generateKeyPairSync('rsa', { modulusLength: 2048 }), ec: new Map<string, JsonWebKey>() }
  const calls: string[] = []
  const resources: string[] = []
  let troubles: Readonly<Record<string, Trouble>> = {}
  const world: World = { azurite, publicKey: keys.rsa.publicKey, ec: keys.ec }

  const server = createServer(certificate(folder), (req, res) => {
    const { host = '', ...headers } = req.headers
    calls.push(`${req.method ?? ''} https://${host}${(req.url ?? '').split('?')[0] ?? ''}`)
    const [, trouble] = Object.entries(troubles).find(([name]) => host.startsWith(name)) ?? []
    if (trouble === 'silent') return
    if (trouble === 'closed') return void req.socket.destroy()
    if (trouble !== undefined) return send(res, trouble, { error: { code: 'AuthorizationPermissionMismatch' } })
    answer(world, req, res, { host, authorization: headers.authorization })
  })
  const identity = createHttpServer((req, res) => {
    const resource = new URL(req.url ?? '/', 'http://identity').searchParams.get('resource') ?? ''
    resources.push(resource)
    const expires = Math.floor(Date.now() / 1000) + 86_400
    send(res, 200, {
      access_token: 'token-of-the-identity',
      expires_on: String(expires),
      resource,
      token_type: 'Bearer',
    })
  })
  const [port, identityPort] = await Promise.all([listening(server), listening(identity)])
  writeFileSync(join(folder, 'preload.cjs'), preload)

  return {
    env: {
      PATH: process.env['PATH'] ?? '',
      NODE_OPTIONS: `--require=${join(folder, 'preload.cjs')}`,
      NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem'),
      AZURE_DOUBLE_PORT: String(port),
      IDENTITY_ENDPOINT: `http://127.0.0.1:${identityPort}/msi/token`,
      IDENTITY_HEADER: 'secret',
    },
    calls,
    resources,
    trouble: (next) => void (troubles = next),
    sign: (claims) =>
      new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: 'one' })
        .setIssuedAt()
        .setNotBefore('-10 s')
        .setExpirationTime('1 h')
        .sign(keys.rsa.privateKey),
    async close() {
      for (const one of [server, identity]) one.close().closeAllConnections()
      await azurite.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Settings of a deployment in the public cloud, or in another one. */
export const settingsIn = ({ storage, vault }: Domains = publicDomains) => ({
  COUNTERSIGN_BASE_URL: 'https://countersign.contoso.example',
  COUNTERSIGN_ORIGIN: 'countersign.contoso.example/evidence',
  COUNTERSIGN_TENANT_ID: tenantId,
  COUNTERSIGN_API_APP_ID: apiAppId,
  COUNTERSIGN_CLIENTS: `cli=${signInAppId}`,
  COUNTERSIGN_TABLES_URL: `https://contoso.table.${storage}`,
  COUNTERSIGN_BLOBS_URL: `https://contoso.blob.${storage}`,
  COUNTERSIGN_GRANT_KEY: `https://contoso.${vault}/keys/grant`,
  COUNTERSIGN_LOG_KEY: `https://contoso.${vault}/keys/log`,
  COUNTERSIGN_LEDGER_KEY: `https://contoso.${vault}/secrets/ledger`,
  COUNTERSIGN_POLICY: 'policy',
  AZURE_CLIENT_ID: '66666666-6666-4666-8666-666666666666',
  BOT_APP_ID: botAppId,
  BOT_APP_TYPE: 'UserAssignedMsi',
  BOT_TENANT_ID: tenantId,
  BOT_SERVICE_URL: 'https://smba.trafficmanager.net/teams',
})

interface World {
  readonly azurite: StorageAccount
  readonly publicKey: KeyObject
  /** Keys of the vault by name, made when they are first asked for. */
  readonly ec: Map<string, JsonWebKey>
}

interface Asked {
  readonly host: string
  readonly authorization: string | undefined
}

function answer(world: World, req: IncomingMessage, res: ServerResponse, asked: Asked): void {
  const url = new URL(req.url ?? '/', `https://${asked.host}`)
  const { azurite } = world
  if (/\.table\./.test(asked.host)) return forward(req, res, { ...azurite, url: azurite.tablesUrl })
  if (/\.blob\./.test(asked.host)) return forward(req, res, { ...azurite, url: azurite.blobsUrl })
  if (/\.vault\./.test(asked.host)) return answerVault(world, res, url, asked)
  if (/graph\.microsoft\./.test(asked.host)) return answerGraph(req, res, url)
  if (url.pathname.endsWith('/keys')) return send(res, 200, { keys: [published(world.publicKey)] })
  if (url.pathname.endsWith('/oauth2/v2.0/token'))
    return send(res, 200, { access_token: 'token-of-the-bot', token_type: 'Bearer', expires_in: 3600 })
  if (req.method === 'POST' && url.pathname.endsWith('/v3/conversations'))
    return send(res, 201, { id: '19:approvals@thread.tacv2;messageid=1', activityId: '1' })
  if (/\/v3\/conversations\/.+\/activities/.test(url.pathname)) return send(res, 201, { id: '2' })
  send(res, 404, { error: { code: 'NotFound' } })
}

/** As https://learn.microsoft.com/rest/api/keyvault: keys `grant` and `log`, and the secret `ledger`. */
function answerVault({ ec }: World, res: ServerResponse, { origin, pathname }: URL, asked: Asked): void {
  if (asked.authorization === undefined) {
    const authority = `https://login.example/${tenantId}`
    const resource = `https://${asked.host.split('.').slice(1).join('.')}`
    res.setHeader('www-authenticate', `Bearer authorization="${authority}", resource="${resource}"`)
    return send(res, 401, { error: { code: 'Unauthorized' } })
  }
  const [, kind = '', name = '', version = ''] = pathname.split('/')
  const id = `${origin}/${kind}/${name}/v1`
  const attributes = { enabled: true, created: 1_700_000_000, updated: 1_700_000_000 }
  const named = kind === 'keys' ? { kid: id } : { id }
  if (version === 'versions') return send(res, 200, { value: [{ ...named, attributes }], nextLink: null })
  if (kind === 'secrets') return send(res, 200, { ...named, value: Buffer.alloc(32, 7).toString('base64'), attributes })
  send(res, 200, { key: { ...named, ...keyIn(ec, name), key_ops: ['sign', 'verify'] }, attributes })
}

function keyIn(ec: World['ec'], name: string): JsonWebKey {
  const known = ec.get(name) ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  ec.set(name, known)
  return known
}

/** One key for Entra and the Bot Framework, which name what it may be used for. */
const published = (key: KeyObject) => ({
  ...key.export({ format: 'jwk' }),
  ...{ kid: 'one', use: 'sig', endorsements: ['msteams'] },
})

/** @throws {Error} without OpenSSL, which makes what Node cannot: a certificate. */
function certificate(folder: string): { cert: Buffer; key: Buffer } {
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const names = certified.map((name) => `DNS:${name}`).join(',')
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=azure', '-addext', `subjectAltName=${names}`, '-keyout', keyFile, '-out', certFile],
  ])
  if (made.status !== 0)
    throw new Error(`OpenSSL made no certificate: ${made.error?.message ?? made.stderr.toString()}`)
  return { cert: readFileSync(certFile), key: readFileSync(keyFile) }
}

const listening = (server: Server): Promise<number> =>
  new Promise((done) => server.listen(0, '127.0.0.1', () => done((server.address() as AddressInfo).port)))

function send(res: ServerResponse, status: number, body: object): void {
  res
    .writeHead(status, { 'content-type': 'application/json', date: new Date().toUTCString() })
    .end(JSON.stringify(body))
}
