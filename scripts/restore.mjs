// Restores a ledger from a snapshot (docs/operate/backup.md), if the program has been built.
import { existsSync } from 'node:fs'

const program = new URL('../dist/operate/restore.cjs', import.meta.url)
if (existsSync(program)) await import(program.href)
else {
  process.stderr.write('countersign: nothing is built yet. Build first: npm ci --ignore-scripts && npm run build\n')
  process.exitCode = 1
}
