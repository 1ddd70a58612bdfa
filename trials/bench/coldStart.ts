import { spawn, spawnSync } from 'node:child_process'
import { readFileSync, mkdtempSync, rmSync } from 'node:fs'
import { type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { tenantId } from '../../src/local/accounts.ts'
import { type Azurite, startAzurite } from '../../src/local/azurite.ts'
import { botAppId } from '../../src/local/bot.ts'
import { startConnector } from '../../test/support/connector.ts'
import { type Bench, figure, inTurns } from './figure.ts'
import { forward } from '../../test/support/front.ts'

/** An app of one function that does nothing. */
const empty = 'dist/bench/empty.cjs'

/** Makes what is deployed, from what is built, and with the example policy. Returns its program. */
function packaged(folder: string): string {
  const out = join(folder, 'app')
  const args = ['scripts/package.mjs', '--policy', 'policy', '--example', '--built', '--out', out]
  const made = spawnSync(process.execPath, args)
  if (made.status !== 0) throw new Error(`Nothing was packaged: ${made.stderr.toString()}`)
  return join(out, 'main.cjs')
}

/** Milliseconds that each call to storage and vault takes longer than on this machine, as it would in a region. */
const distance = 10

export const coldStart: Bench = {
  about: 'the deployed bundle on one core, 10 ms from its storage: from start to first answer, beside an empty app',
  async measure(means) {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
    const azurite = await startAzurite({ ports: { blobs: 0, queues: 0, tables: 0 }, folder: null })
    const connector = await startConnector()
    const pair = certificate(folder)
    const deployed = packaged(folder)
    const servers = [...fronts(pair, azurite), createServer(pair, vault)]
    try {
      const [tables = '', blobs = '', secrets = ''] = await Promise.all(servers.map(listening))
      const env = {
        ...settings,
        COUNTERSIGN_TABLES_URL: tables,
        COUNTERSIGN_BLOBS_URL: blobs,
        COUNTERSIGN_POLICY: join(dirname(deployed), 'policy'),
        COUNTERSIGN_LEDGER_KEY: `${secrets}${ledgerKey}`,
      }
      const identity = { IDENTITY_ENDPOINT: connector.tokens, IDENTITY_HEADER: 'bench' }
      const trust = { NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem') }
      const ours: number[] = []
      const floor: number[] = []
      await inTurns(means, async (counts) => {
        const took = await firstAnswer(deployed, { ...env, ...identity, ...trust })
        const tookEmpty = await firstAnswer(empty, trust)
        if (!counts) return
        ours.push(took)
        floor.push(tookEmpty)
      })
      const goal = { of: 'ratio', most: 3 } as const
      return [figure({ name: 'cold start to first answer, one core', unit: 'ms', ours, floor, goal })]
    } finally {
      for (const server of servers) server.close().closeAllConnections()
      await Promise.all([connector.close(), azurite.close()])
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

/** Milliseconds from the start of the process. */
async function firstAnswer(app: string, env: Record<string, string>): Promise<number> {
  const began = performance.now()
  const program = resolve('dist/bench/hostProcess.cjs')
  const child = spawn('taskset', ['--cpu-list', '0', process.execPath, program, resolve(app)], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (data: Buffer) => (said += data.toString()))
  const ended = new Promise<never>((_, failed) => {
    child.once('exit', (code) => failed(new Error(`${app} ended with ${code}: ${said.slice(0, 2_000)}`)))
  })
  ended.catch(() => undefined)
  try {
    const origin = new Promise<string>((done) => createInterface({ input: child.stdout }).once('line', done))
    const answer = await fetch(`${await Promise.race([origin, ended])}/api/openapi.json`)
    const text = await answer.text()
    if (answer.status !== 200) throw new Error(`${app} answered ${answer.status}: ${text.slice(0, 500)} ${said}`)
    return performance.now() - began
  } finally {
    child.kill('SIGKILL')
    await ended.catch(() => undefined)
  }
}

/** The storage, behind TLS and without a path, as it is in Azure. */
function fronts({ cert, key }: { cert: Buffer; key: Buffer }, azurite: Azurite): readonly Server[] {
  return [azurite.tablesUrl, azurite.blobsUrl].map((url) =>
    createServer({ cert, key }, (req, res) => {
      setTimeout(() => forward(req, res, { ...azurite, url }), distance)
    }),
  )
}

/** The path of the ledger key's secret. */
const ledgerKey = '/secrets/ledger-key'

/** Answers as Key Vault does for a secret of one version. */
function vault(req: IncomingMessage, res: ServerResponse): void {
  const id = `https://${req.headers.host}${ledgerKey}/0`
  const versions = { value: [{ id, attributes: { enabled: true, created: 0 } }], nextLink: null }
  const isList = req.url?.startsWith(`${ledgerKey}/versions?`) === true
  res.setHeader('content-type', 'application/json')
  const answer = JSON.stringify(isList ? versions : { id, value: Buffer.alloc(32, 7).toString('base64') })
  setTimeout(() => res.end(answer), distance)
}

function listening(server: Server): Promise<string> {
  return new Promise((done) =>
    server.listen(0, '127.0.0.1', () => done(`https://127.0.0.1:${(server.address() as AddressInfo).port}`)),
  )
}

/** @throws {Error} without OpenSSL, which makes what Node cannot: a certificate. */
function certificate(folder: string): { cert: Buffer; key: Buffer } {
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const made = spawnSync('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', keyFile, '-out', certFile],
  ])
  if (made.status !== 0)
    throw new Error(`OpenSSL made no certificate: ${made.error?.message ?? made.stderr.toString()}`)
  return { cert: readFileSync(certFile), key: readFileSync(keyFile) }
}

const settings = {
  COUNTERSIGN_BASE_URL: 'https://countersign.example',
  COUNTERSIGN_ORIGIN: 'countersign.example/bench',
  COUNTERSIGN_TENANT_ID: tenantId,
  COUNTERSIGN_API_APP_ID: tenantId,
  COUNTERSIGN_GRANT_KEY: 'https://vault.example/keys/grant',
  COUNTERSIGN_LOG_KEY: 'https://vault.example/keys/log',
  AZURE_CLIENT_ID: tenantId,
  BOT_APP_ID: botAppId,
  BOT_APP_TYPE: 'SingleTenant',
  BOT_TENANT_ID: tenantId,
  BOT_SERVICE_URL: 'https://smba.trafficmanager.net/emea',
}
