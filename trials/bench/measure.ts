import { spawn } from 'node:child_process'

/** A Node program and its arguments. */
export interface Command {
  readonly program: string
  readonly args: readonly string[]
}

/** What a process took. */
export interface Measured {
  readonly seconds: number
  /** The most memory that it had at any moment. */
  readonly megabytes: number
}

/** Says in the end, to whoever started it, how much memory the process had at most. */
const confession = `
import { writeSync } from 'node:fs'
process.on('exit', () => writeSync(3, String(process.resourceUsage().maxRSS)))
`

/** Runs a Node program to its end. @throws {Error} with what it said, if it fails */
export function measured({ program, args }: Command): Promise<Measured> {
  const first = `data:text/javascript,${encodeURIComponent(confession)}`
  const started = performance.now()
  const child = spawn(process.execPath, ['--import', first, program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  let said = ''
  let kilobytes = ''
  for (const output of [child.stdout, child.stderr]) output?.on('data', (data: Buffer) => (said += data.toString()))
  child.stdio[3]?.on('data', (data: Buffer) => (kilobytes += data.toString()))
  return new Promise((done, failed) => {
    child.once('error', failed)
    child.once('close', (code) => {
      const seconds = (performance.now() - started) / 1000
      if (code === 0) done({ seconds, megabytes: Number(kilobytes) / 1024 })
      else failed(new Error(`${program} ended with ${code}: ${said}`))
    })
  })
}
