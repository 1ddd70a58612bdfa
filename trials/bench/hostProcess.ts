import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { startHost } from '../../src/local/host.ts'
import { listen, loopback } from '../../src/local/port.ts'
import { captureFunctions, runStartHooks } from '../../src/local/worker.ts'

/** Serves a bundle's functions as the local stack does, and prints where. */
async function serve(app: string): Promise<void> {
  const functions = captureFunctions()
  createRequire(resolve('package.json'))(resolve(app))
  await runStartHooks()
  const server = createServer()
  const port = await listen(server, 0)
  await startHost({ functions, server, folder: process.cwd(), ticking: false, log: () => undefined })
  process.stdout.write(`http://${loopback}:${port}\n`)
}

void serve(process.argv[2] ?? '')
