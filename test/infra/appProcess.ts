/**
 * Serves a package as the platform does: started in its folder, which has nothing else. packaged.ts bundles and forks it,
 * and talks to it by IPC. It ends with its parent.
 */
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { startHost } from '../../src/local/host.ts'
import { listen } from '../../src/local/port.ts'
import { captureFunctions, runStartHooks } from '../../src/local/worker.ts'

/** What the process says. */
export type AppTold =
  | { readonly what: 'ready'; readonly origin: string; readonly functions: readonly string[] }
  | { readonly what: 'log'; readonly line: string }
  | { readonly what: 'ran'; readonly error: string | null }

const tell = (told: AppTold): void => void process.send?.(told)

process.once('disconnect', () => process.exit(0))

async function main(): Promise<void> {
  const functions = captureFunctions()
  const { main: entry } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly main: string }
  createRequire(resolve('package.json'))(resolve(entry))
  await runStartHooks()
  const server = createServer()
  await listen(server, 0)
  const log = (_level: string, _name: string, line: string) => tell({ what: 'log', line })
  const host = await startHost({ functions, server, folder: process.cwd(), ticking: false, log })
  process.on('message', (timer: string) => {
    host.runTimer(timer).then(
      () => tell({ what: 'ran', error: null }),
      (cause: unknown) => tell({ what: 'ran', error: String(cause) }),
    )
  })
  tell({ what: 'ready', origin: host.origin, functions: [...functions.keys()] })
}

main().catch((cause: unknown) => {
  process.stderr.write(`${cause instanceof Error ? cause.message : String(cause)}\n`)
  process.exit(1)
})
