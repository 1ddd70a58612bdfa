import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Azurite, startAzurite } from '../../src/local/azurite.ts'
import { lender, type StorageAccount } from './azurite.ts'

/** More than there are test files. */
const most = 400

/** Short: the environment has to hold it once for each account. */
const key = 'dGVzdA=='

interface Lending {
  readonly server: Server
  azurite?: Promise<Azurite>
}

/** The end of a run of jest is another module, which shares nothing with this one but the process. */
export const lent = globalThis as { countersignLending?: Lending }

/** Lends storage accounts to test files, which run in processes of their own. Azurite starts when the first is asked for. */
export default async function lendAccounts(): Promise<void> {
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
  const server = createServer((_req, res) => {
    next().then(
      (account) => res.writeHead(200).end(JSON.stringify(account)),
      (cause: unknown) => res.writeHead(500).end(String(cause)),
    )
  })
  const lending: Lending = { server }
  lent.countersignLending = lending
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  process.env[lender] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
