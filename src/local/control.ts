import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import type { Control, Identity } from './identity.ts'
import type { LocalClock } from './clock.ts'
import type { SealReport } from './sealing.ts'

/** The addresses of a running stack, and a secret that proves that the caller may read its data folder. */
export interface StackFile {
  readonly api: string
  readonly identity: string
  readonly secret: string
  readonly pid: number
}

const fileIn = (data: string): string => join(data, 'stack.json')

export async function writeStackFile(data: string, stack: StackFile): Promise<void> {
  await writeFile(`${fileIn(data)}.new`, JSON.stringify(stack, null, 2), { mode: 0o600 })
  await rename(`${fileIn(data)}.new`, fileIn(data))
}

export const removeStackFile = (data: string): Promise<void> => rm(fileIn(data), { force: true })

/** Reads where the stack of this folder is; `null` if none runs there. A stack that was killed may still be named. */
export const runningStack = (data: string): Promise<StackFile | null> =>
  readFile(fileIn(data), 'utf8').then(
    (text) => JSON.parse(text) as StackFile,
    () => null,
  )

/** @throws {Error} if no stack runs on this folder */
export async function readStackFile(data: string): Promise<StackFile> {
  const stack = await runningStack(data)
  if (stack === null) throw new Error(`No local stack runs on ${data}. Start one with: npm start`)
  return stack
}

/**
 * Calls the stack that runs on this data folder, on one of the paths of {@link control}.
 *
 * @throws {Error} if no stack runs there, or its answer is no success
 */
export async function callStack<T>(data: string, path: string): Promise<T> {
  const { identity, secret } = await readStackFile(data)
  const answer = await post(`${identity}/local/${path}`, secret).catch((cause: unknown) => {
    throw new Error('The local stack does not answer. Start it with: npm start', { cause })
  })
  if (answer.statusCode !== 200) throw new Error(`The local stack answered ${answer.statusCode}; see what it printed.`)
  return (await json(answer)) as T
}

/** Posts without a time limit. `fetch` gives up after five minutes, and a seal may take longer. */
const post = (url: string, secret: string): Promise<IncomingMessage> =>
  new Promise((answered, failed) => {
    const headers = { 'x-local-secret': secret }
    request(url, { method: 'POST', headers }).once('response', answered).once('error', failed).end()
  })

/** The parts of the stack that commands act on. */
export interface Controlled {
  readonly identity: () => Identity
  readonly clock: LocalClock
  readonly sweep: () => Promise<number>
  readonly seal: () => Promise<SealReport>
  /** Ends the stack as Ctrl-C does, after this call was answered. */
  readonly stop: () => void
}

/**
 * Answers the commands of `npm run local` and `npm run token`, below `/local/` of the identity provider.
 * A secret in the data folder keeps web pages out: they can reach loopback, but cannot read files.
 */
export function control(secret: string, stack: Controlled): Control {
  return async (req, res, url) => {
    if (req.method !== 'POST' || req.headers['x-local-secret'] !== secret) return false
    const answer = await act(url, stack)
    if (answer === null) return false
    if (url.pathname === '/local/stop') res.once('finish', stack.stop)
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
    return true
  }
}

async function act(url: URL, { identity, clock, sweep, seal }: Controlled): Promise<object | null> {
  const value = (name: string) => url.searchParams.get(name) ?? ''
  switch (url.pathname) {
    case '/local/token': {
      const [agent, user] = [value('agent'), value('user')]
      return { token: await identity().tokenFor(agent ? { agent } : { user }) }
    }
    case '/local/advance':
      await clock.advance(Number(value('seconds')))
      return { now: clock.now(), swept: await sweep() }
    case '/local/sweep':
      return { now: clock.now(), swept: await sweep() }
    case '/local/seal':
      return seal()
    case '/local/stop':
      return {}
    default:
      return null
  }
}
