import { parseArgs } from 'node:util'
import packageJson from '../../package.json' with { type: 'json' }
import type { Az } from './azure.ts'
import type { Diagnosis, PartState } from './diagnosis.ts'
import { examine } from './examine.ts'

const help = `npm run doctor -- URL [options]
Asks a deployment about its parts, and says what is wrong and what to do. It changes nothing. Ends with 1 if something is
wrong; a warning, or a part that cannot be examined, is no reason to.

  --app NAME           the function app: its settings, and the immutability policy, are read with the Azure CLI
  --subscription ID    where the app is (the one that az is set to)
  --json               write one JSON document for machines
  --help               say how the command is used

COUNTERSIGN_TOKEN is the access token of a person with Evidence.Read. With it, broken rows are named.
`

/** A command line that is refused: a sentence that names the argument and its rule. */
class UsageError extends Error {}

/** Runs the program. Returns its exit code. */
export async function main(args: readonly string[], az: Az): Promise<number> {
  try {
    return await run(args, az)
  } catch (cause) {
    if (!(cause instanceof UsageError)) throw cause
    process.stderr.write(`doctor: ${cause.message}\n`)
    return 1
  }
}

async function run(args: readonly string[], az: Az): Promise<number> {
  const options = read(args)
  if (options === null) {
    process.stdout.write(help)
    return 0
  }
  const { url, app, subscription, json } = options
  const token = tokenIn(process.env['COUNTERSIGN_TOKEN'])
  const found = await examine({
    url,
    version: packageJson.version,
    ...(token !== undefined && { token }),
    ...(app !== undefined && { azure: { az, app, ...(subscription !== undefined && { subscription }) } }),
  })
  const ok = found.every(({ state }) => state !== 'wrong')
  process.stdout.write(json ? `${JSON.stringify({ url, ok, parts: found })}\n` : found.map(lineOf).join(''))
  if (!json) process.stderr.write(`doctor: ${summaryOf(found)}\n`)
  return ok ? 0 : 1
}

interface DoctorOptions {
  readonly url: string
  readonly app?: string
  readonly subscription?: string
  readonly json: boolean
}

/** Reads the command line; `null` where it asks for help. @throws {UsageError} */
function read(args: readonly string[]): DoctorOptions | null {
  const known = { app: 'string', subscription: 'string', json: 'boolean', help: 'boolean' } as const
  const options = Object.fromEntries(Object.entries(known).map(([name, type]) => [name, { type }] as const))
  const { tokens, values, positionals } = parseArgs({ args: [...args], options, strict: false, tokens: true })
  if (values['help'] === true) return null
  for (const token of tokens)
    if (token.kind === 'option' && (!Object.hasOwn(known, token.name) || !token.rawName.startsWith('--')))
      throw new UsageError(`unknown option ${token.rawName}; --help lists them`)
  const [url, more] = positionals
  if (url === undefined) throw new UsageError('URL is missing: it is the address of the deployment')
  if (more !== undefined) throw new UsageError(`unexpected "${more}": one deployment at a time`)
  const { app, subscription } = values
  if (app !== undefined && !/^[A-Za-z0-9][A-Za-z0-9-]{1,59}$/.test(String(app)))
    throw new UsageError('--app is malformed: it is the name of the function app')
  if (subscription !== undefined && !/^[0-9a-f-]{36}$/i.test(String(subscription)))
    throw new UsageError('--subscription is malformed: it is a GUID')
  return {
    url: addressIn(url),
    json: values['json'] === true,
    ...(app !== undefined && { app: String(app) }),
    ...(subscription !== undefined && { subscription: String(subscription) }),
  }
}

/** Refuses plain HTTP except on this machine, because a token is sent to this address. */
function addressIn(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null
  const here = url?.protocol === 'http:' && /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)
  if (!url || (url.protocol !== 'https:' && !here))
    throw new UsageError('URL is malformed: it starts with https:// (http:// only for localhost)')
  if (url.pathname !== '/' || url.search || url.hash || url.username || url.password)
    throw new UsageError('URL is malformed: it has no path, query or user')
  return url.origin
}

function tokenIn(given: string | undefined): string | undefined {
  if (given === undefined || given === '') return undefined
  if (!/^[\x21-\x7e]+$/.test(given))
    throw new UsageError('COUNTERSIGN_TOKEN is malformed: it has only visible ASCII characters')
  return given
}

const colours: Readonly<Record<PartState, number>> = { ok: 32, warning: 33, wrong: 31, unknown: 36 }

function lineOf({ part, state, says, remedy }: Diagnosis): string {
  const isColoured = process.stdout.isTTY && !process.env['NO_COLOR']
  const word = isColoured ? `\u001b[${colours[state]}m${state}\u001b[39m` : state
  const words = remedy === undefined ? says : `${says.replace(/\.$/, '')}. ${remedy}`
  return `${word}${' '.repeat(9 - state.length)}${part.padEnd(14)}${words}\n`
}

function summaryOf(found: readonly Diagnosis[]): string {
  const many = (state: PartState) => found.filter((one) => one.state === state).length
  const [bad, unsure, unseen] = [many('wrong'), many('warning'), many('unknown')]
  return `${bad} wrong, ${unsure} to look at, ${unseen} not examined, ${many('ok')} well`
}
