import { createServer } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { certificateFor } from '../../test/support/certificate.ts'

/** Receivers in a process of their own: one takes rows as Azure Monitor does, and one takes webhooks. */
const certificate = certificateFor('hooks.contoso.example')
let rows = 0
let hooks = 0

const monitor = createServer((req, res) => {
  const chunks: Buffer[] = []
  req.on('data', (chunk: Buffer) => chunks.push(chunk))
  req.on('end', () => {
    rows += (JSON.parse(gunzipSync(Buffer.concat(chunks)).toString()) as readonly unknown[]).length
    res.writeHead(204).end()
  })
})

const hook = createSecureServer(certificate, (req, res) => {
  req.on('data', () => undefined)
  req.on('end', () => {
    if (req.method === 'POST') hooks += 1
    res.writeHead(204, { 'webhook-allowed-origin': '*' }).end()
  })
})

const listening = [monitor, hook].map((server) => new Promise<void>((done) => server.listen(0, '127.0.0.1', done)))
await Promise.all(listening)
const [monitorPort, hookPort] = [monitor, hook].map((server) => (server.address() as AddressInfo).port)
process.send?.({ monitorPort, hookPort, ca: certificate.cert })
process.on('message', () => process.send?.({ rows, hooks }))
process.on('disconnect', () => process.exit())
