import { HttpRequest } from '@azure/functions'
import { bodyBytes } from '../../src/http/input.ts'
import { codeOf } from '../support/world.ts'

const most = 1000

/** A body of ten times what is allowed, that tells how many of its chunks were asked for. */
function large(length?: number) {
  const pulled = { chunks: 0 }
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulled.chunks += 1
        if (pulled.chunks <= 100) controller.enqueue(new Uint8Array(most / 10))
        else controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  const headers = new Headers(length === undefined ? {} : { 'content-length': String(length) })
  const init: RequestInit & { duplex: 'half' } = { method: 'POST', headers, body: stream, duplex: 'half' }
  const url = 'https://a.example/'
  const native = { url, method: 'POST', headers: Object.fromEntries(headers), params: {} }
  return { req: new HttpRequest({ ...native, nativeRequest: new Request(url, init) } as never), pulled }
}

test('a body with too large a length is refused without being read', async () => {
  const { req, pulled } = large(10 * most)
  expect(await codeOf(bodyBytes(req, most))).toBe('too-large')
  expect(pulled.chunks).toBe(0)
})

test.each([undefined, 5])('a body is read up to the limit, whatever length it declares: %p', async (length) => {
  const { req, pulled } = large(length)
  expect(await codeOf(bodyBytes(req, most))).toBe('too-large')
  expect(pulled.chunks).toBeLessThan(20)
})

test('a body of the limit is read whole', async () => {
  const url = 'https://a.example/'
  const nativeRequest = new Request(url, { method: 'POST', body: new Uint8Array(most) })
  const req = new HttpRequest({ url, method: 'POST', params: {}, nativeRequest } as never)
  expect(await bodyBytes(req, most)).toHaveLength(most)
})
