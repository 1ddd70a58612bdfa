import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Answer } from './double.ts'

/** A call as it arrived, with its body as bytes. */
interface BinaryReceived {
  readonly method: string
  /** With its query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** Like `Double`, for bodies that are no texts. */
export interface BinaryDouble {
  readonly origin: string
  /** All calls, oldest first. */
  readonly received: readonly BinaryReceived[]
  /** What a call is answered; 204, unless a test says otherwise. */
  answer: (call: BinaryReceived) => Answer
  close(): Promise<void>
}

export async function startBinaryDouble(): Promise<BinaryDouble> {
  const received: BinaryReceived[] = []
  const server = createServer((req, res) => {
    const chunks: Buffer[] = []
    req.on('data', (chunk: Buffer) => chunks.push(chunk))
    req.on('end', () => {
      const { method = '', url: path = '', headers } = req
      const call = { method, path, headers, body: Buffer.concat(chunks) }
      received.push(call)
      const answer = double.answer(call)
      if (answer === 'hang') return
      if (answer === 'reset') return void res.destroy()
      res.writeHead(answer.status, answer.headers).end(typeof answer.body === 'string' ? answer.body : undefined)
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const double: BinaryDouble = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    answer: () => ({ status: 204 }),
    async close() {
      const closed = new Promise((done) => server.close(done))
      server.closeAllConnections()
      await closed
    },
  }
  return double
}
