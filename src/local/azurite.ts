import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { loopback } from './port.ts'

export interface Azurite {
  readonly tablesUrl: string
  readonly blobsUrl: string
  readonly account: string
  readonly key: string
  readonly pid: number
  /** Resolves when it has ended: to the reason, or to `null` if `close` asked for it. */
  readonly ended: Promise<Error | null>
  /** Stops it; it saves its data first. */
  close(): Promise<void>
}

export interface AzuriteOptions {
  /** 0 is a port that the system chooses. */
  readonly ports: { readonly blobs: number; readonly queues: number; readonly tables: number }
  /** Where it keeps its data; `null` is in memory alone. */
  readonly folder: string | null
}

/** The account that Azurite always has. https://learn.microsoft.com/azure/storage/common/storage-connect-azurite */
const account = 'devstoreaccount1'
const key = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='

/** Long enough for a large store to be read. */
const startPatience = 60_000

/** Azurite waits for open connections; meanwhile it saves every 5 seconds, so it may be killed after some rounds. */
const stopPatience = 20_000

/**
 * Starts Azurite as a child process and waits until it listens.
 *
 * @throws {Error} that says why, in Azurite's words, if it ends before.
 */
export async function startAzurite(options: AzuriteOptions): Promise<Azurite> {
  const child = launch(options)
  const words = collect(child)
  const ended = new Promise<string>((done) => {
    child.once('error', (cause) => done(cause.message))
    child.once('close', (code, signal) => done(words.join('\n') || `exit code ${code ?? signal}`))
  })
  const addresses = await ready(child, ended, words)
  let asked = false

  return {
    tablesUrl: `${addresses.Table}/${account}`,
    blobsUrl: `${addresses.Blob}/${account}`,
    account,
    key,
    pid: child.pid ?? 0,
    ended: ended.then((why) => (asked ? null : new Error(`Azurite, the local storage, ended: ${why}`))),
    async close() {
      asked = true
      child.stdin.end()
      const late = setTimeout(() => child.kill('SIGKILL'), stopPatience)
      await ended
      clearTimeout(late)
    },
  }
}

/**
 * Azurite saves its data on SIGTERM. Ctrl-C in a terminal goes to everybody in the foreground, so it has a session of
 * its own and is told by closing the pipe that is its standard input: which happens too if we are killed.
 */
const stopWithUs = 'process.stdin.once("close", () => process.kill(process.pid, "SIGTERM")).resume()'

function launch({ ports, folder }: AzuriteOptions): ChildProcessWithoutNullStreams {
  const program = createRequire(import.meta.url).resolve('azurite/dist/src/azurite.js')
  const addresses = Object.entries({ blob: ports.blobs, queue: ports.queues, table: ports.tables }).flatMap(
    ([service, port]) => [`--${service}Host`, loopback, `--${service}Port`, String(port)],
  )
  const place = folder === null ? ['--inMemoryPersistence'] : ['--location', folder]
  return spawn(
    process.execPath,
    [
      ...['--import', `data:text/javascript,${encodeURIComponent(stopWithUs)}`, program, ...addresses, ...place],
      ...['--silent', '--disableTelemetry', '--skipApiVersionCheck'],
    ],
    { detached: true },
  )
}

interface Addresses {
  readonly Blob: string
  readonly Table: string
}

async function ready(
  child: ChildProcessWithoutNullStreams,
  ended: Promise<string>,
  words: string[],
): Promise<Addresses> {
  const slow = setTimeout(() => {
    words.push(`it does not listen after ${startPatience / 1000} seconds`)
    child.kill('SIGKILL')
  }, startPatience)
  const failed = ended.then((why) => {
    throw new Error(`Azurite, the local storage, did not start: ${why}`)
  })
  return Promise.race([listening(child), failed]).finally(() => clearTimeout(slow))
}

/** Its standard output is read, not its ports: somebody else may answer there. Tables are the last to listen. */
function listening(child: ChildProcessWithoutNullStreams): Promise<Addresses> {
  let Blob = ''
  return new Promise((done) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, service, address] = /^Azurite (Blob|Table) service is successfully listening at (\S+)$/.exec(line) ?? []
      if (address === undefined) return
      if (service === 'Blob') Blob = address
      else done({ Blob, Table: address })
    })
  })
}

/** Keeps the last lines of standard error: the reason, if it ends. */
function collect(child: ChildProcessWithoutNullStreams): string[] {
  const words: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => {
    words.push(line.replace(/^Exit due to unhandled error: /, ''))
    if (words.length > 20) words.shift()
  })
  return words
}
