import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ReadableStream } from 'node:stream/web'
import { HttpRequest, HttpResponse, type HttpResponseInit } from '@azure/functions'

/** Makes the request that a function gets. Its body is a stream that is neither read nor bounded yet. */
export function toRequest(req: IncomingMessage, url: URL, params: Record<string, string>): HttpRequest {
  const { method = 'GET' } = req
  const headers = new Headers()
  for (let at = 0; at + 1 < req.rawHeaders.length; at += 2)
    headers.append(req.rawHeaders[at] ?? '', req.rawHeaders[at + 1] ?? '')
  // Keeps the socket when a function stops reading, so that it can still answer.
  const body = () => ReadableStream.from<Uint8Array>(req.iterator({ destroyOnReturn: false }))
  const bodiless = method === 'GET' || method === 'HEAD'
  const nativeRequest = new Request(url, { method, headers, ...(bodiless ? {} : { body: body(), duplex: 'half' }) })
  const init = { url: url.href, method, params, nativeRequest }
  return new HttpRequest(init)
}

/** Sends what a function returned. Returns `false` if the client left before the end. */
export async function send(result: unknown, res: ServerResponse): Promise<boolean> {
  if (!isResponse(result)) throw new Error('An HTTP function must return a response.')
  const response = result instanceof HttpResponse ? result : new HttpResponse(result)
  for (const [name, value] of response.headers) if (name !== 'set-cookie') res.setHeader(name, value)
  const cookies = response.headers.getSetCookie()
  if (cookies.length > 0) res.setHeader('set-cookie', cookies)
  res.writeHead(response.status)
  try {
    await pipeline(response.body === null ? Readable.from([]) : Readable.fromWeb(response.body), res)
    return true
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ERR_STREAM_PREMATURE_CLOSE') return false
    throw cause
  }
}

function isResponse(value: unknown): value is HttpResponse | HttpResponseInit {
  return typeof value === 'object' && value !== null
}
