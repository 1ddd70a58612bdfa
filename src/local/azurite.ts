import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { type Child, startChild } from './child.ts'
import { loopback } from './port.ts'
import { makeSecretFile } from './secretFile.ts'

/** An account of a storage on this machine. */
export interface LocalStorage {
  readonly tablesUrl: string
  readonly blobsUrl: string
  readonly account: string
  readonly key: string
}

export interface Azurite extends LocalStorage, Pick<Child, 'pid' | 'ended'> {
  /** Stops Azurite, which saves its data first. */
  close(): Promise<void>
}

export interface AzuriteOptions {
  /** The system chooses a port for 0. */
  readonly ports: { readonly blobs: number; readonly queues: number; readonly tables: number }
  /** The folder of the data; `null` keeps them in memory. */
  readonly folder: string | null
  /** Environment variables beside this process's, for example with other accounts. */
  readonly env?: NodeJS.ProcessEnv
}

/** The name of Azurite's usual account. Its usual key is published, so every program on the machine would know it. */
const account = 'devstoreaccount1'

/** The file of the account's key, beside the data. */
const keyFileIn = (folder: string): string => `${folder}-key.txt`

/** Reads the key of a data folder, and makes it at the first start. Data in memory have a key for this process alone. */
async function keyFor(folder: string | null): Promise<string> {
  const made = () => randomBytes(64).toString('base64')
  if (folder === null) return made()
  try {
    await makeSecretFile(keyFileIn(folder), made)
    return await readFile(keyFileIn(folder), 'utf8')
  } catch (cause) {
    throw new Error(`${name} did not start: ${String(cause)}`, { cause })
  }
}

const name = 'Azurite, the local storage,'

/**
 * Milliseconds. To start, Azurite reads the whole store. To stop, it waits for open connections and saves every 5
 * seconds meanwhile, so that it may be killed after a few of these rounds.
 */
const patience = { start: 60_000, stop: 20_000 }

/**
 * Starts Azurite as a child process and waits until it listens.
 *
 * @throws {Error} with Azurite's own words, if it ends before
 */
export async function startAzurite({ ports, folder, env }: AzuriteOptions): Promise<Azurite> {
  const addresses = Object.entries({ blob: ports.blobs, queue: ports.queues, table: ports.tables }).flatMap(
    ([service, port]) => [`--${service}Host`, loopback, `--${service}Port`, String(port)],
  )
  const place = folder === null ? ['--inMemoryPersistence'] : ['--location', folder]
  const key = await keyFor(folder)
  const { pid, ended, close, started, output } = startChild({
    name: 'Azurite, the local storage',
    program: createRequire(import.meta.url).resolve('azurite/dist/src/azurite.js'),
    args: [...addresses, ...place, '--silent', '--disableTelemetry', '--skipApiVersionCheck'],
    patience,
    env: { ...process.env, AZURITE_ACCOUNTS: `${account}:${key}`, ...env },
  })
  const { Blob, Table } = await started(listening(output))
  return { tablesUrl: `${Table}/${account}`, blobsUrl: `${Blob}/${account}`, account, key, pid, ended, close }
}

interface Addresses {
  readonly Blob: string
  readonly Table: string
}

/** Reads standard output, because another program may answer at the ports. The table service is the last to listen. */
function listening(output: Child['output']): Promise<Addresses> {
  let Blob = ''
  return new Promise((done) => {
    output.on('line', (line) => {
      const [, service, address] = /^Azurite (Blob|Table) service is successfully listening at (\S+)$/.exec(line) ?? []
      if (address === undefined) return
      if (service === 'Blob') Blob = address
      else done({ Blob, Table: address })
    })
  })
}
