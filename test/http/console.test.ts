import { createHash } from 'node:crypto'
import { brotliCompressSync } from 'node:zlib'
import { HttpRequest, type HttpResponseInit } from '@azure/functions'
import type { ConsoleSettings } from '../../src/contract/serviceAnswers.ts'
import { consolePages } from '../../src/http/console.ts'
import { codeOf } from '../support/build.ts'

const settings: ConsoleSettings = {
  authority: 'https://login.example/tenant/v2.0',
  clientId: '66666666-6666-4666-8666-666666666666',
  scope: 'api/access_as_user',
  hosts: ['https://teams.example'],
}

const compressed = brotliCompressSync('script')

const files = new Map<string, Uint8Array>([
  ['index.html', Buffer.from('<!doctype html>pages')],
  ['verify.html', Buffer.from('<!doctype html>verifier')],
  ['verify.html.br', compressed],
  ['assets/app-1.js', Buffer.from('script')],
  ['assets/app-1.js.br', compressed],
])

const pages = consolePages({ files: () => files, settings })

async function sent(path: string, headers: Record<string, string> = {}, from = pages) {
  const url = `https://countersign.example/console/${path}`
  const answering = await from(new HttpRequest({ method: 'GET', url, params: { path }, headers }))
  const { response } = await answering.answer
  return { ...response, headers: new Headers(response.headers) } as HttpResponseInit & { headers: Headers }
}

const textOf = ({ body }: HttpResponseInit): string => Buffer.from(body as Uint8Array).toString()

test.each(['', 'requests', 'requests/01m8m4p5w65wb1c2cs17t1qj8v-0e', 'evidence'])(
  'the address of a page gets the program that draws it: /console/%s',
  async (path) => {
    const answer = await sent(path)
    expect(textOf(answer)).toContain('pages')
    expect(answer.headers.get('cache-control')).toBe('no-cache')
  },
)

test('a page loads only its own files, reaches only the service and the issuer, and is framed only by Teams', async () => {
  const { headers } = await sent('')
  expect(headers.get('content-security-policy')?.split('; ')).toEqual([
    ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'"],
    ...["connect-src 'self' https://login.example", "worker-src 'self'", "base-uri 'none'", "form-action 'none'"],
    ...["frame-ancestors 'self' https://teams.example", "require-trusted-types-for 'script'", 'trusted-types verifier'],
  ])
  expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
  expect(headers.get('referrer-policy')).toBe('no-referrer')
  expect(headers.get('x-content-type-options')).toBe('nosniff')
})

test('a browser connects to the issuer while it reads the page', async () => {
  expect((await sent('')).headers.get('link')).toBe('<https://login.example>; rel=preconnect; crossorigin')
  for (const path of ['verify.html', 'assets/app-1.js']) expect((await sent(path)).headers.get('link')).toBeNull()
})

test('no answer lets another origin read it', async () => {
  for (const path of ['', 'verify.html', 'assets/app-1.js'])
    expect(String([...(await sent(path)).headers.keys()])).not.toContain('access-control')
})

test('an asset is kept for good, by the hash in its name, and compressed for browsers that take it', async () => {
  const plain = await sent('assets/app-1.js')
  expect(textOf(plain)).toBe('script')
  expect(plain.headers.get('cache-control')).toContain('immutable')
  expect(plain.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
  const small = await sent('assets/app-1.js', { 'accept-encoding': 'gzip, deflate, br' })
  expect(small.headers.get('content-encoding')).toBe('br')
  expect(small.body).toBe(compressed)
  for (const accepted of ['gzip', 'brave', 'br;q=0', 'br; q=0.000, gzip'])
    expect((await sent('assets/app-1.js', { 'accept-encoding': accepted })).headers.get('content-encoding')).toBeNull()
})

test('a file that is no page may load and reach nothing, whoever starts it', async () => {
  const { headers } = await sent('assets/app-1.js')
  expect(headers.get('content-security-policy')).toBe("default-src 'none'")
})

test('what a browser has is not sent again', async () => {
  const { headers } = await sent('')
  const again = await sent('', { 'if-none-match': headers.get('etag') ?? '' })
  expect(again.status).toBe(304)
  expect(again.body).toBeUndefined()
  expect(
    createHash('sha256')
      .update(files.get('index.html') ?? '')
      .digest('hex'),
  ).toContain((headers.get('etag') ?? '').replaceAll('"', ''))
})

test('the page that verifies says itself what it may load, and is never framed', async () => {
  const answer = await sent('verify.html')
  expect(textOf(answer)).toContain('verifier')
  expect(answer.headers.get('content-security-policy')).toBe("frame-ancestors 'none'")
  expect((await sent('verify.html', { 'accept-encoding': 'br;q=0.5' })).body).toBe(compressed)
})

test('a missing file is not found, and neither is a page without settings; the verifier still is there', async () => {
  expect(await codeOf(sent('assets/app-2.js'))).toBe('not-found')
  const without = consolePages({ files: () => files, settings: undefined })
  expect(await codeOf(sent('', {}, without))).toBe('not-found')
  await expect(sent('', {}, without)).rejects.toThrow('COUNTERSIGN_CONSOLE_APP_ID')
  expect(textOf(await sent('verify.html', {}, without))).toContain('verifier')
})
