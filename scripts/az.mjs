// Calls the Azure CLI (https://learn.microsoft.com/cli/azure/reference-index#az-rest), and names each failure in one
// word.
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

/**
 * A call that failed. `kind`: `missing` (there is no `az`), `signed-out`, `refused` (no right), `absent` (not found),
 * `conflict`, `busy` (throttled, or out of reach: worth another try), `failed` (anything else). `code` is Azure's word.
 */
export class AzFault extends Error {
  constructor(kind, message, code = '') {
    super(message)
    this.name = 'AzFault'
    this.kind = kind
    this.code = code
  }
}

/**
 * Runs `az` and returns the JSON that it prints; `null` if it prints nothing.
 *
 * `secret` is a text that the CLI's messages may repeat; it is kept out of the error. `signal` ends the program.
 *
 * @throws {AzFault}
 */
export async function az(args, { secret, signal } = {}) {
  const child = start([...args, '--output', 'json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...quiet },
    signal,
  })
  const ended = new Promise((done, fail) => {
    child.on('error', fail)
    child.on('close', done)
  })
  const [code, out, errors] = await Promise.all([ended, text(child.stdout), text(child.stderr)]).catch((cause) => {
    if (cause.code === 'ENOENT') throw new AzFault('missing', 'the Azure CLI (az) is not installed, or not on the PATH')
    throw cause
  })
  if (code !== 0) throw faultFrom(hidden(errors, secret))
  return parsed(out)
}

/** On Windows, `az` is a script of the shell. No argument here has a quote or a percent sign, which quotes do not hold. */
const start = (args, options) =>
  process.platform === 'win32'
    ? spawn(
        'az',
        args.map((arg) => `"${arg}"`),
        { ...options, shell: true },
      )
    : spawn('az', args, options)

/**
 * With its log file, the CLI writes down the bodies of requests, whatever is in them. Warnings and colours would only
 * stand between an error and its reader.
 */
const quiet = {
  AZURE_LOGGING_ENABLE_LOG_FILE: 'no',
  AZURE_CORE_ONLY_SHOW_ERRORS: 'yes',
  AZURE_CORE_NO_COLOR: 'yes',
}

const hidden = (words, secret) => (secret === undefined ? words : words.replaceAll(secret, '(hidden)'))

function parsed(out) {
  if (out.trim() === '') return null
  try {
    return JSON.parse(out)
  } catch {
    throw new AzFault('failed', 'the Azure CLI printed something that is not JSON')
  }
}

/** `az rest` prints the status in words, then the body: `ERROR: Not Found({"error":{"code":…,"message":…}})`. */
function faultFrom(errors) {
  const [, reason = '', body = ''] = /ERROR:\s*([A-Za-z ]*?)\s*\((\{.*\})\)\s*$/s.exec(errors) ?? []
  const { code = '', message = '' } = errorIn(body)
  const words = message === '' ? lastLine(errors) : `${code}: ${firstLine(message)}`
  if (/az login|AADSTS\d+/.test(errors) && body === '')
    return new AzFault('signed-out', 'the Azure CLI is not signed in: az login', code)
  return new AzFault(kindOf(reason, code, errors), words, code)
}

function errorIn(body) {
  try {
    return JSON.parse(body).error ?? {}
  } catch {
    return {}
  }
}

const reasons = {
  Unauthorized: 'refused',
  Forbidden: 'refused',
  'Not Found': 'absent',
  Conflict: 'conflict',
  'Request Timeout': 'busy',
  'Too Many Requests': 'busy',
  'Internal Server Error': 'busy',
  'Bad Gateway': 'busy',
  'Service Unavailable': 'busy',
  'Gateway Timeout': 'busy',
}

/** For output without a status. */
const codes = { AuthorizationFailed: 'refused', ResourceNotFound: 'absent', TooManyRequests: 'busy' }

function kindOf(reason, code, errors) {
  const known = reasons[reason] ?? codes[code]
  if (known !== undefined) return known
  return /Connection(Error| aborted| reset)|Max retries exceeded|timed out|Name or service not known/.test(errors)
    ? 'busy'
    : 'failed'
}

const longest = 400
const firstLine = (words) => words.split('\n')[0].slice(0, longest)
const lastLine = (words) => firstLine(words.trim().split('\n').at(-1) ?? '') || 'the Azure CLI failed without a word'
