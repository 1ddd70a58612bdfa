import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { findExecutable } from './executable.ts'
import { Exit, exits } from './exit.ts'
import type { Environment } from './environment.ts'

/** An access token, and when it expires, in seconds since 1970. */
export interface Kept {
  readonly token: string
  readonly expiresAt: number
}

/** The system's store for the user's secrets: one sign-in for each service. */
export interface Keyring {
  /** The program that is called. */
  readonly name: string
  /** `null` if nothing is kept. @throws {Exit} 69 if the keyring does not answer as it should */
  read(service: string): Promise<Kept | null>
  /** @throws {Exit} 69 unless it can be read back */
  store(service: string, kept: Kept): Promise<void>
  /** Whether there was something to forget. @throws {Exit} 69 */
  forget(service: string): Promise<boolean>
}

/** The calls in which keyring programs differ. */
interface Calls {
  readonly name: string
  readonly read: (service: string) => Promise<Called>
  readonly store: (service: string, secret: string) => Promise<Called>
  readonly forget: (service: string) => Promise<Called>
  /** Whether an answer says that nothing is kept. */
  readonly isNothing: (answer: Called) => boolean
}

/** Finds the system's keyring; `null` if this program can use none. */
export function findKeyring(environment: Environment, platform: NodeJS.Platform = process.platform): Keyring | null {
  const name = platform === 'darwin' ? 'security' : 'secret-tool'
  if (platform === 'win32' || (platform !== 'darwin' && !hasSessionBus(environment))) return null
  const path = findExecutable(name, environment['PATH'])
  if (path === undefined) return null
  const call: Call = (args, input) => run(path, args, { environment, input })
  return keyring(platform === 'darwin' ? security(call) : secretTool(call))
}

/** `secret-tool` reaches the Secret Service over the session bus. Without a bus it would hang or fail. */
function hasSessionBus(environment: Environment): boolean {
  const folder = environment['XDG_RUNTIME_DIR']
  return Boolean(environment['DBUS_SESSION_BUS_ADDRESS']) || (Boolean(folder) && existsSync(join(folder ?? '', 'bus')))
}

function keyring(calls: Calls): Keyring {
  const { name, isNothing } = calls
  async function read(service: string): Promise<Kept | null> {
    const answer = await calls.read(service)
    if (answer.code === 0) return parse(answer.output)
    if (isNothing(answer)) return null
    throw failed(name, answer)
  }
  return {
    name,
    read,
    async store(service, kept) {
      const answer = await calls.store(service, `${kept.expiresAt}:${kept.token}`)
      if (answer.code !== 0) throw failed(name, answer)
      // Not every failure shows in the exit code, so the token is read back.
      if ((await read(service))?.token !== kept.token)
        throw failed(name, { ...answer, errors: 'it does not keep the token' })
    },
    async forget(service) {
      if ((await read(service)) === null) return false
      const answer = await calls.forget(service)
      if (answer.code !== 0 && !isNothing(answer)) throw failed(name, answer)
      return true
    },
  }
}

/** Reads an entry; `null` if another program or version wrote it. The person then signs in again. */
function parse(text: string): Kept | null {
  const [, expiresAt = '', token = ''] = /^(\d{1,12}):([\x21-\x7e]+)$/.exec(text.trim()) ?? []
  return token === '' ? null : { token, expiresAt: Number(expiresAt) }
}

/** libsecret's secret-tool(1). The secret goes to standard input, because other users can read a command line. */
function secretTool(call: Call): Calls {
  const named = (service: string) => ['service', 'countersign', 'url', service]
  return {
    name: 'secret-tool',
    read: (service) => call(['lookup', ...named(service)]),
    store: (service, secret) => call(['store', `--label=Countersign: ${service}`, ...named(service)], secret),
    forget: (service) => call(['clear', ...named(service)]),
    isNothing: ({ code, errors }) => code === 1 && errors === '',
  }
}

/** security(1) of macOS. The command with the secret goes to standard input: other users can read a command line. */
function security(call: Call): Calls {
  const named = (service: string) => ['-s', 'countersign', '-a', service]
  return {
    name: 'security',
    read: (service) => call(['find-generic-password', ...named(service), '-w']),
    async store(service, secret) {
      // Neither addresses nor tokens contain a quote.
      const line = `add-generic-password -U -s countersign -a "${service}" -w "${secret}"\n`
      // A longer line would be cut, and its end run as another command.
      if (line.length >= longestLine) return { code: 1, output: '', errors: 'the token is too long for it' }
      return call(['-i'], line)
    },
    forget: (service) => call(['delete-generic-password', ...named(service)]),
    // errSecItemNotFound
    isNothing: ({ code }) => code === 44,
  }
}

/** Bytes of a line that `security -i` reads. */
const longestLine = 4096

interface Called {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

type Call = (args: readonly string[], input?: string) => Promise<Called>

/** Milliseconds. People may have to unlock the keyring first. */
const patience = 120_000

function run(
  path: string,
  args: readonly string[],
  { environment, input = '' }: { readonly environment: Environment; readonly input: string | undefined },
): Promise<Called> {
  return new Promise((done) => {
    const child = spawn(path, args, { env: environment, timeout: patience, stdio: 'pipe' })
    const text = { output: '', errors: '' }
    child.stdout.setEncoding('utf8').on('data', (more: string) => (text.output += more))
    child.stderr.setEncoding('utf8').on('data', (more: string) => (text.errors += more))
    child.on('error', ({ message }) => done({ code: null, output: '', errors: message }))
    child.on('close', (code) => done({ code, ...text }))
    // If the program ends without reading, its exit code says why.
    child.stdin.on('error', () => undefined).end(input)
  })
}

function failed(name: string, { code, errors }: Called): Exit {
  const words = errors.trim().split('\n')[0] ?? ''
  const how = words || (code === null ? 'it did not end' : `exit code ${code}`)
  const instead = 'countersign login -- COMMAND signs in for one command, without a keyring'
  return new Exit(exits.unreachable, `The keyring (${name}) does not work: ${how}. ${instead}.`)
}
