import { mkdtemp } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { type Azurite, startAzurite } from '../../src/local/azurite.ts'
import type { StorageAccount } from './azurite.ts'
import { lender } from './lent.ts'
import { makePackageFiles, type PackageFiles } from './packageFiles.ts'
import { root } from './root.ts'

/** More than there are test files. */
const most = 400

/** Short: the environment has to hold it once for each account. */
const key = 'dGVzdA=='

interface Lending {
  readonly server: Server
  azurite?: Promise<Azurite>
  /** The file of the bundled command, in a folder of its own. */
  program?: Promise<string>
  package?: Promise<PackageFiles>
}

/** The end of a run of jest is another module, which shares nothing with this one but the process. */
export const lent = globalThis as { countersignLending?: Lending }

/**
 * Lends storage accounts, the bundled command and a deployment's package to test files, which run in processes of their
 * own. Azurite starts, and the others are made, when the first file asks for it.
 */
export default async function startLending(): Promise<void> {
  const names = Array.from({ length: most }, (_, i) => `test${i}`)
  const env = { ...process.env, AZURITE_ACCOUNTS: names.map((name) => `${name}:${key}`).join(';') }
  const next = async (): Promise<Omit<StorageAccount, 'close'>> => {
    lending.azurite ??= startAzurite({ ports: { blobs: 0, queues: 0, tables: 0 }, folder: null, env })
    const { tablesUrl, blobsUrl } = await lending.azurite
    const account = names.shift()
    if (account === undefined) throw new Error(`All ${most} accounts are lent.`)
    const urlOf = (url: string) => `${new URL(url).origin}/${account}`
    return { tablesUrl: urlOf(tablesUrl), blobsUrl: urlOf(blobsUrl), account, key }
  }
  const program = (): Promise<string> => (lending.program ??= bundled())
  const lend = (url = ''): Promise<unknown> => {
    if (url === '/program') return program()
    return url === '/package' ? (lending.package ??= makePackageFiles()) : next()
  }
  const server = createServer(({ url }, res) => {
    // A file that is busy for a while would send its next call on a connection that this end has closed.
    res.setHeader('connection', 'close')
    lend(url).then(
      (one) => res.writeHead(200).end(JSON.stringify(one)),
      (cause: unknown) => res.writeHead(500).end(String(cause)),
    )
  })
  const lending: Lending = { server }
  lent.countersignLending = lending
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  process.env[lender] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function bundled(): Promise<string> {
  const outfile = join(await mkdtemp(join(tmpdir(), 'countersign-program-')), 'countersign.cjs')
  const entryPoints = [join(root, 'src/cli/main.ts')]
  await build({ entryPoints, outfile, bundle: true, platform: 'node', target: 'node20', format: 'cjs' })
  return outfile
}
