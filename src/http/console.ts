import { createHash } from 'node:crypto'
import type { ConsoleSettings } from '../contract/serviceAnswers.ts'
import { Problem } from '../core/data/problem.ts'
import type { Handler } from './boundary.ts'
import { noConsole } from './wellKnown.ts'

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
}

/** The page that verifies evidence. It is one file, which says itself what it may load, and has no use for a frame. */
const verifier = 'verify.html'

export interface ConsolePagesParts {
  /** Reads the files of the console as the build left them, by path below it; at the first call. None if it was not built. */
  readonly files: () => ReadonlyMap<string, Uint8Array>
  /** How people sign in. Without it there is only the page that verifies, which nobody signs in to. */
  readonly settings: ConsoleSettings | undefined
}

/** A file as it is sent. */
interface Sent {
  readonly bytes: Uint8Array
  /** The same, compressed (RFC 7932); absent if the build made none. */
  readonly brotli: Uint8Array | undefined
  readonly etag: string
  readonly headers: Readonly<Record<string, string>>
}

/**
 * Serves the pages of the console. Each address without a file is a page, and answered with the program that draws it: the
 * pages hold no data, and the calls that they make need a token.
 *
 * @throws {Problem} `not-found` for a file that does not exist
 */
export function consolePages({ files, settings }: ConsolePagesParts): Handler {
  // Not at the start, which most processes need for the API alone.
  let served: ReadonlyMap<string, Sent> | undefined
  return async (req) => {
    const path = req.params['path'] ?? ''
    served ??= servedOf(files(), settings)
    const found = served.get(path) ?? (path.startsWith('assets/') ? undefined : served.get('index.html'))
    if (settings === undefined && found === undefined) throw noConsole()
    if (found === undefined) throw new Problem('not-found', 'The console has no such file.')
    return { answer: Promise.resolve({ response: responseOf(found, req.headers) }) }
  }
}

/** Whether an `Accept-Encoding` header names Brotli, and not with weight 0, which refuses it (RFC 9110 section 12.5.3). */
const takesBrotli = (accepted: string): boolean =>
  accepted.split(',').some((coding) => /^\s*br\s*(;(?!\s*q=0(\.0*)?\s*$)|$)/i.test(coding))

function servedOf(
  files: ReadonlyMap<string, Uint8Array>,
  settings: ConsoleSettings | undefined,
): ReadonlyMap<string, Sent> {
  const paths = [...files.keys()].filter((path) => settings !== undefined || path === verifier)
  return new Map(paths.map((path) => [path, fileOf(files, path, settings)]))
}

function responseOf({ bytes, brotli, etag, headers }: Sent, asked: Headers) {
  const shared = { ...headers, etag, vary: 'accept-encoding' }
  if (asked.get('if-none-match') === etag) return { status: 304, headers: shared }
  if (brotli === undefined || !takesBrotli(asked.get('accept-encoding') ?? '')) return { body: bytes, headers: shared }
  return { body: brotli, headers: { ...shared, 'content-encoding': 'br' } }
}

/**
 * What a file may load that is no page. Browsers hold a worker's script to it, so the one that verifies evidence reaches
 * nothing and nobody: it has what the page hands it.
 */
const nothing = "default-src 'none'"

function fileOf(files: ReadonlyMap<string, Uint8Array>, path: string, settings?: ConsoleSettings): Sent {
  const bytes = files.get(path) ?? new Uint8Array()
  return {
    bytes,
    brotli: files.get(`${path}.br`),
    etag: `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`,
    headers: {
      'content-type': types[path.split('.').at(-1) ?? ''] ?? 'application/octet-stream',
      // The names of assets hold a hash of what is in them.
      'cache-control': path.startsWith('assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-resource-policy': 'same-origin',
      ...limitsOf(path, settings),
    },
  }
}

/** Headers that say what a file may do. */
function limitsOf(path: string, settings: ConsoleSettings | undefined): Readonly<Record<string, string>> {
  if (!path.endsWith('.html')) return { 'content-security-policy': nothing }
  const isolated = {
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  }
  if (path === verifier || !settings) return { ...isolated, 'content-security-policy': "frame-ancestors 'none'" }
  return {
    ...isolated,
    'content-security-policy': policyOf(settings),
    // The program asks the issuer for a token as soon as it runs.
    link: `<${new URL(settings.authority).origin}>; rel=preconnect; crossorigin`,
  }
}

/** What a page may load and reach, and who may frame it (CSP level 3, Trusted Types). */
const policyOf = ({ authority, hosts }: ConsoleSettings): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self' ${new URL(authority).origin}`,
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    `frame-ancestors 'self' ${hosts.join(' ')}`,
    "require-trusted-types-for 'script'",
    // The one policy makes the address of the worker that verifies evidence.
    'trusted-types verifier',
  ].join('; ')
