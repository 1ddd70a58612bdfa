import { type IncomingHttpHeaders, type IncomingMessage, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { TLSSocket } from 'node:tls'

export interface ProbeAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The first megabyte. */
  readonly text: string
  /** When the certificate of the address ends; absent without TLS. */
  readonly certified?: { readonly until: Date; readonly protocol: string }
}

/** The reason for a missing answer, and what to do. */
export interface Unreached {
  readonly fault: string
  readonly remedy: string
}

export interface Call {
  readonly method?: 'GET' | 'POST'
  readonly body?: string
  readonly token?: string
}

/** Milliseconds for a call. The service answers each within eight seconds. */
const patience = 15_000

const largest = 1024 * 1024

/** Calls an address once, and follows no redirect: a token must not go to an address that was not asked for. */
export async function probe(url: string, { method = 'GET', body, token }: Call = {}): Promise<ProbeAnswer | Unreached> {
  const address = new URL(url)
  const headers = {
    accept: 'application/json',
    ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  }
  const signal = AbortSignal.timeout(patience)
  const send = address.protocol === 'https:' ? httpsRequest : httpRequest
  try {
    return await new Promise<ProbeAnswer>((resolve, reject) => {
      const sent = send(address, { method, headers, signal, agent: false }, (response) => {
        replyOf(response).then(resolve, reject)
      })
      sent.on('error', reject)
      sent.end(body)
    })
  } catch (cause) {
    return unreached(cause)
  }
}

async function replyOf(response: IncomingMessage): Promise<ProbeAnswer> {
  const certified = certificateOf(response)
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response) {
    chunks.push(chunk as Buffer)
    size += (chunk as Buffer).length
    if (size > largest) break
  }
  const text = Buffer.concat(chunks).toString('utf8').slice(0, largest)
  return { status: response.statusCode ?? 0, headers: response.headers, text, ...(certified && { certified }) }
}

function certificateOf({ socket }: IncomingMessage): ProbeAnswer['certified'] {
  if (!('getPeerCertificate' in socket)) return undefined
  const secured = socket as TLSSocket
  return { until: new Date(secured.getPeerCertificate().valid_to), protocol: secured.getProtocol() ?? 'unknown' }
}

const faults: Readonly<Record<string, Unreached>> = {
  ENOTFOUND: {
    fault: 'no host has this name',
    remedy: 'Check the address, and the DNS record of a domain of your own.',
  },
  EAI_AGAIN: { fault: 'the name server does not answer', remedy: 'Check the network of this machine.' },
  ECONNREFUSED: { fault: 'the host refuses the connection', remedy: 'Check the address and the port.' },
  CERT_HAS_EXPIRED: { fault: 'the certificate has expired', remedy: 'Renew the certificate of the domain.' },
  ERR_TLS_CERT_ALTNAME_INVALID: {
    fault: 'the certificate is for another name',
    remedy: 'Bind a certificate for this name to the site, or ask the address that the certificate names.',
  },
  EPROTO: { fault: 'the host does not speak TLS here', remedy: 'Check the port.' },
}

const untrusted: Unreached = {
  fault: 'this machine does not trust the certificate',
  remedy: 'Give the site a certificate of a public authority, or name yours in NODE_EXTRA_CA_CERTS.',
}

function unreached(cause: unknown): Unreached {
  const { code, name } = cause as { readonly code?: unknown; readonly name?: unknown }
  if (name === 'TimeoutError' || name === 'AbortError')
    return { fault: `no answer within ${patience / 1000} seconds`, remedy: 'Check that the site runs.' }
  const known = typeof code === 'string' ? faults[code] : undefined
  if (known) return known
  if (typeof code === 'string' && /SELF_SIGNED|UNABLE_TO|CERT|ISSUER/.test(code)) return untrusted
  if (code === 'HPE_INVALID_CONSTANT') return { fault: 'the host does not speak HTTP', remedy: 'Check the port.' }
  return { fault: `the connection failed (${String(code ?? name)})`, remedy: 'Check the network, and try again.' }
}

/** Reads an answer as a JSON object; `null` if it is anything else. */
export function documentIn({ text }: ProbeAnswer): Readonly<Record<string, unknown>> | null {
  try {
    const found: unknown = JSON.parse(text)
    return typeof found === 'object' && found !== null && !Array.isArray(found)
      ? (found as Readonly<Record<string, unknown>>)
      : null
  } catch {
    return null
  }
}
