// Runs a command of the local stack, if it has been built.
import { existsSync } from 'node:fs'

const program = new URL('../dist/local/command.cjs', import.meta.url)
if (existsSync(program)) await import(program.href)
else {
  process.stderr.write('countersign: nothing is built yet. Start the local stack first: npm start\n')
  process.exitCode = 1
}
