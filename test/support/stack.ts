import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { AzureNamedKeyCredential } from '@azure/data-tables'
import { callStack } from '../../src/local/control.ts'
import type { LocalStorage } from '../../src/local/azurite.ts'
import { callable } from './called.ts'
import { checkDocumented } from './documented.ts'
import { borrow, lender } from './lent.ts'
import { quickCedar } from './quickCedar.ts'
import { root } from './root.ts'

const program = join(root, 'dist/local/start.cjs')

/** A local stack in a process of its own, on ports that the system chose, with an empty data folder. */
export interface Stack {
  readonly api: string
  readonly identity: string
  /** The address of the storage's tables. */
  readonly storage: string
  /** The address of the Teams client; empty without it. */
  readonly client: string
  readonly data: string
  /** Reads the key of the storage, as a person with access to this machine can. */
  storageCredential(): Promise<AzureNamedKeyCredential>
  readonly process: ChildProcess
  /** Gets an access token of the running stack. */
  token(who: string): Promise<string>
  /** Moves the clock, and lets passed deadlines take effect, as `npm run local -- advance` does. */
  advance(seconds: number): Promise<void>
  /** Runs `npm run local -- …`. */
  local(...args: readonly string[]): Promise<string>
  /** Calls the API with JSON. @throws {Error} for an answer that is not in the contract */
  call(
    who: string | null,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
    method?: Method,
  ): Promise<Answer>
  /** All calls so far, for checks of every answer. */
  readonly seen: readonly Seen[]
  stop(): Promise<number | null>
}

type Method = 'GET' | 'POST' | 'DELETE'

/** A call that was answered. */
export interface Seen {
  readonly method: Lowercase<Method>
  readonly path: string
  readonly status: number
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // oxlint-disable-next-line typescript/no-explicit-any -- tests reach into answers and fail where these differ
  readonly body: any
}

const agents = ['deploy-bot', 'other-bot']

export interface StackOptions {
  readonly data?: string
  readonly env?: Record<string, string>
  readonly args?: readonly string[]
  /** Whether the stack starts its own storage in its data folder. Otherwise it has an account that is lent in a run of jest. */
  readonly ownStorage?: boolean
  /** Whether the Teams client is started, which few tests need. */
  readonly client?: boolean
}

export async function startStack(options: StackOptions = {}): Promise<Stack> {
  if (!existsSync(program)) throw new Error('Build first: npm run build')
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'countersign-')))
  const lent = options.ownStorage ? null : await accountFor(data)
  const env = {
    ...process.env,
    COUNTERSIGN_PORT: '0',
    COUNTERSIGN_IDENTITY_PORT: '0',
    COUNTERSIGN_STORAGE_PORT: '0',
    COUNTERSIGN_PLAYGROUND_PORT: '0',
    COUNTERSIGN_DATA: data,
    ...(lent && { COUNTERSIGN_STORAGE: connectionTo(lent) }),
    ...options.env,
  }
  const args = [...(options.client ? [] : ['--no-playground']), ...(options.args ?? [])]
  const child = spawn(process.execPath, [quickCedar, program, ...args], { cwd: root, env })
  const ended = new Promise<number | null>((done) => child.once('exit', done))
  const output = await ready(child, ended)
  const [api = '', identity = '', storage = '', client = ''] = ['API', 'sign-in', 'storage', 'Teams client'].map(
    (name) => new RegExp(`^  ${name} +(\\S+)`, 'm').exec(output)?.[1],
  )
  const call = callable(join(root, 'dist/local/command.cjs'))
  const command = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await call(args, { cwd: root, env: { COUNTERSIGN_DATA: data } })
    if (code !== 0) throw Object.assign(new Error(`npm run ${args.join(' ')}: ${stderr}`), { code, stdout, stderr })
    return stdout.trim()
  }
  const seen: Seen[] = []
  const tokens = new Map<string, Promise<string>>()
  const token = (who: string): Promise<string> => {
    const known = tokens.get(who) ?? tokenOf(data, who)
    tokens.set(who, known)
    return known
  }

  const stack: Stack = {
    api,
    seen,
    identity,
    storage,
    client,
    data,
    storageCredential: async () =>
      lent
        ? new AzureNamedKeyCredential(lent.account, lent.key)
        : new AzureNamedKeyCredential('devstoreaccount1', await readFile(join(data, 'storage-key.txt'), 'utf8')),
    process: child,
    token,
    advance: (seconds) => callStack(data, `advance?seconds=${seconds}`),
    local: (...args) => command('local', ...args),
    async call(who, path, body, headers = {}, method = body === undefined ? 'GET' : 'POST') {
      const authorization = who === null ? {} : { authorization: `Bearer ${await token(who)}` }
      const answer = await fetch(api + path, {
        method,
        headers: { ...authorization, ...headers },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      })
      const text = await answer.text()
      const called = method.toLowerCase() as Lowercase<Method>
      seen.push({ method: called, path: path.replace(/[?].*/, ''), status: answer.status })
      const type = answer.headers.get('content-type')
      const isJson = (type ?? '').includes('json') && !text.includes('\n{')
      const { status } = answer
      const found = isJson && text ? JSON.parse(text) : text
      checkDocumented({ method: called, path, status, type, body: found })
      return { status, headers: answer.headers, body: found }
    },
    async stop() {
      child.kill('SIGTERM')
      const code = await ended
      if (options.data === undefined) await rm(data, { recursive: true, force: true })
      return code
    },
  }
  return stack
}

const accounts = new Map<string, Promise<LocalStorage>>()

/** An account that is lent in a run of jest; the same one for a stack that starts again on its data. */
async function accountFor(data: string): Promise<LocalStorage | null> {
  if (process.env[lender] === undefined) return null
  const account = accounts.get(data) ?? borrow<LocalStorage>('account')
  accounts.set(data, account)
  return account
}

const connectionTo = ({ account, key, tablesUrl, blobsUrl }: LocalStorage): string =>
  `AccountName=${account};AccountKey=${key};TableEndpoint=${tablesUrl};BlobEndpoint=${blobsUrl}`

async function tokenOf(data: string, who: string): Promise<string> {
  const { token } = await callStack<{ token: string | null }>(
    data,
    `token?${agents.includes(who) ? 'agent' : 'user'}=${who}`,
  )
  if (token === null) throw new Error(`There is no account ${who}.`)
  return token
}

/** Resolves to the output before `ready`. */
async function ready(child: ReturnType<typeof spawn>, ended: Promise<number | null>): Promise<string> {
  const lines: string[] = []
  const errors: string[] = []
  const { stdout, stderr } = child
  if (!stdout || !stderr) throw new Error('The stack has no output.')
  createInterface({ input: stderr }).on('line', (line) => errors.push(line))
  const isReady = new Promise<string>((done) => {
    createInterface({ input: stdout }).on('line', (line) =>
      line === 'ready' ? done(lines.join('\n')) : lines.push(line),
    )
  })
  const failed = ended.then((code) => {
    throw new Error(`The stack ended with ${code}: ${errors.join('\n')}`)
  })
  return Promise.race([isReady, failed])
}

let number = 0

/** Makes a body of an ask for the example policy, with a new action in each call by default. */
export function wish(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    action: 'db.export',
    target: `prod/postgres/customers-${++number}`,
    environment: 'production',
    params: { rows: 1200 },
    reason: 'Quarterly churn report',
    ...more,
  }
}

/** The answers that the document of the API does not name. */
export function undocumented(stack: Stack, document: Answer['body']): Seen[] {
  return stack.seen.filter(({ method, path, status }) => {
    const known = path
      .replace(/^\/api\/requests\/[^/]+/, '/api/requests/{id}')
      .replace(/\/views\/[^/]+$/, '/views/{view}')
      .replace(/^\/api\/evidence\/(bundles|said|cosignatures)\/[^/]+/, '/api/evidence/$1/{date}')
      .replace(/^\/api\/evidence\/holds\/[^/]+/, '/api/evidence/holds/{hold}')
      .replace(/^\/api\/delegations\/[^/]+/, '/api/delegations/{event}')
      .replace(/\/views\/[^/]+$/, '/views/{view}')
    return status === 500 || !(status in (document.paths[known]?.[method]?.responses ?? {}))
  })
}
