// Runs scripts one after the other in one process, each anew but with the packages that are loaded already. Reads a call
// from each line of standard input, as JSON, and writes a line with what came of it.
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'

const answer = process.stdout.write.bind(process.stdout)
const own = { ...process.env }
const said = { stdout: '', stderr: '' }
for (const name of ['stdout', 'stderr'])
  process[name].write = (text) => {
    said[name] += text
    return true
  }

let calls = 0
for await (const line of createInterface({ input: process.stdin })) {
  const { script, args, env } = JSON.parse(line)
  Object.assign(said, { stdout: '', stderr: '' })
  process.argv.splice(1, process.argv.length, script, ...args)
  for (const name of Object.keys(process.env)) if (!(name in own)) delete process.env[name]
  Object.assign(process.env, own, env)
  process.exitCode = 0
  try {
    await import(`${pathToFileURL(script).href}?${calls++}`)
  } catch (cause) {
    process.exitCode = 1
    said.stderr += cause.stack
  }
  answer(`${JSON.stringify({ code: process.exitCode, ...said })}\n`)
}
