// `npm start`: installs what is missing, builds, and becomes the local stack. Without a shell, so that it runs on every
// system, and in one process in the end, so that Ctrl-C and signals reach the stack itself.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

for (const step of [['ready.mjs'], ['build.mjs', '--quiet']]) {
  const [script, ...args] = step
  const path = fileURLToPath(new URL(script, import.meta.url))
  const { status } = spawnSync(process.execPath, [path, ...args], { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) process.exit(status ?? 1)
}
await import(new URL('../dist/local/start.cjs', import.meta.url).href)
