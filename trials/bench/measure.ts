import { spawn } from 'node:child_process'

/** A Node program and its arguments. */
export interface Command {
  readonly program: string
  readonly args: readonly string[]
}

/** What a process took. */
export interface Measured {
  readonly seconds: number
  /** Seconds that processors worked for it, in all its threads. */
  readonly processor: number
  /** The most memory that it had at any moment. */
  readonly megabytes: number
}

/** Says in the end, to whoever started it, what the process used: kilobytes at most, and microseconds of processors. */
const confession = `
import { writeSync } from 'node:fs'
process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  writeSync(3, JSON.stringify([maxRSS, userCPUTime + systemCPUTime]))
})
`

/** Runs a Node program to its end. @throws {Error} with what it said, if it fails */
export function measured({ program, args }: Command): Promise<Measured> {
  const first = `data:text/javascript,${encodeURIComponent(confession)}`
  const started = performance.now()
  const child = spawn(process.execPath, ['--import', first, program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  let said = ''
  let confessed = ''
  for (const output of [child.stdout, child.stderr]) output?.on('data', (data: Buffer) => (said += data.toString()))
  child.stdio[3]?.on('data', (data: Buffer) => (confessed += data.toString()))
  return new Promise((done, failed) => {
    child.once('error', failed)
    child.once('close', (code) => {
      const seconds = (performance.now() - started) / 1000
      if (code === 0) {
        const [kilobytes = Number.NaN, microseconds = Number.NaN] = JSON.parse(confessed) as readonly number[]
        done({ seconds, processor: microseconds / 1e6, megabytes: kilobytes / 1024 })
      } else failed(new Error(`${program} ended with ${code}: ${said}`))
    })
  })
}
