// Says how far sinks were told of events, and sets where they go on (docs/operate/sinks.md), if the program has been built.
import { existsSync } from 'node:fs'

const program = new URL('../dist/operate/sinks.cjs', import.meta.url)
if (existsSync(program)) await import(program.href)
else {
  process.stderr.write('countersign: nothing is built yet. Build first: npm ci --ignore-scripts && npm run build\n')
  process.exitCode = 1
}
