import * as childProcess from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { compileFunction } from 'node:vm'

/** A bundled program that is called in this process. */
export type Callable = (args: readonly string[], options: CallOptions) => Promise<Ended>

export interface CallOptions {
  /** All variables but the PATH. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd: string
  /** What a person types. */
  readonly input?: string
  /** Gets what the program shows, while it runs. */
  readonly started?: (shown: { readonly stdout: Readable; readonly stderr: Readable }) => void
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What a bundle is called with, as Node calls it; the process is a parameter, too. */
type Bundle = (
  module: { exports: { ended?: Promise<void> } },
  exports: object,
  require: (name: string) => unknown,
  filename: string,
  dirname: string,
  process: NodeJS.Process,
) => void

/**
 * Loads the bundled program, to be called in this process. Each call begins anew: the bundle runs from its first line, with
 * a process object of its own.
 */
export function callable(file: string): Callable {
  const names = ['module', 'exports', 'require', '__filename', '__dirname', 'process']
  const code = readFileSync(file, 'utf8').replace(/^#!.*/, '')
  const bundle = compileFunction(code, names, { filename: file }) as Bundle
  const load = createRequire(file)
  let last = Promise.resolve()

  async function call(args: readonly string[], { env = {}, cwd, input, started }: CallOptions): Promise<Ended> {
    const streams = {
      stdin: Readable.from(input === undefined ? [] : [input]),
      stdout: new PassThrough(),
      stderr: new PassThrough(),
    }
    const { own, exited } = processOf({ ...streams, args: [process.execPath, file, ...args], env })
    const output = { stdout: '', stderr: '' }
    for (const name of ['stdout', 'stderr'] as const)
      streams[name].setEncoding('utf8').on('data', (text: string) => (output[name] += text))
    required(env['NODE_OPTIONS'], own)
    started?.(streams)
    const children = new Children(own)
    const module: Parameters<Bundle>[0] = { exports: {} }
    const require = (name: string): unknown =>
      name === 'node:child_process' ? { ...childProcess, spawn: children.spawn } : load(name)
    const before = process.cwd()
    process.chdir(cwd)
    try {
      bundle(module, module.exports, require, file, dirname(file), own)
      const { ended } = module.exports
      if (ended === undefined) throw new Error(`${file} does not say when it has ended.`)
      await Promise.race([exited, ended])
      await children.ended()
    } finally {
      process.chdir(before)
    }
    for (const stream of [streams.stdout, streams.stderr]) await finished(stream.end())
    return { code: Number(own.exitCode ?? 0), ...output }
  }

  // One after the other, because the working folder is that of the whole process.
  return (args, options) => {
    const mine = last.then(() => call(args, options))
    last = mine.then(
      () => undefined,
      () => undefined,
    )
    return mine
  }
}

interface ProcessParts {
  readonly stdin: Readable
  readonly stdout: PassThrough
  readonly stderr: PassThrough
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** Makes what the program takes for its process. Everything that is not named here is that of this process. */
function processOf({ args, env, ...streams }: ProcessParts) {
  const events = new EventEmitter()
  let exit = (): void => undefined
  const exited = new Promise<void>((done) => (exit = done))
  const own: Partial<Record<keyof NodeJS.Process, unknown>> = {
    ...streams,
    argv: args,
    // No variable of whoever runs the tests reaches the program.
    env: { PATH: process.env['PATH'], ...env },
    exitCode: undefined,
    platform: process.platform,
    exit: (code?: number) => {
      if (code !== undefined) made.exitCode = code
      exit()
    },
    on: events.on.bind(events),
    once: events.once.bind(events),
    off: events.off.bind(events),
  }
  const properties = Object.entries(own).map(([name, value]) => [name, { value, writable: true, configurable: true }])
  const made = Object.create(process, Object.fromEntries(properties) as PropertyDescriptorMap) as NodeJS.Process
  return { own: made, exited }
}

/** Runs the file that `--require=FILE` names, as Node does before the program. */
function required(options: string | undefined, own: NodeJS.Process): void {
  const [, file] = /^--require=(\S+)$/.exec(options ?? '') ?? []
  if (file !== undefined) compileFunction(readFileSync(file, 'utf8'), ['process'], { filename: file })(own)
}

/** The processes that the program starts. What they write to its streams by inheritance becomes its output. */
class Children {
  readonly #own: NodeJS.Process
  readonly #ends: Promise<unknown>[] = []

  constructor(own: NodeJS.Process) {
    this.#own = own
  }

  readonly spawn = (path: string, ...rest: readonly unknown[]): ChildProcess => {
    const [args, options] = (Array.isArray(rest[0]) ? rest : [[], rest[0]]) as [string[], SpawnOptions]
    const { stdio = 'pipe' } = options
    const wanted = Array.isArray(stdio) ? stdio : [stdio, stdio, stdio]
    const inherits = [1, 2].map((at) => wanted[at] === 'inherit')
    const given = wanted.map((one, at) => (one !== 'inherit' ? one : at === 0 ? 'ignore' : 'pipe'))
    const child = childProcess.spawn(path, args, { ...options, stdio: given })
    if (inherits[0]) child.stdout?.pipe(this.#own.stdout, { end: false })
    if (inherits[1]) child.stderr?.pipe(this.#own.stderr, { end: false })
    if (inherits.some(Boolean) && child.pid !== undefined)
      this.#ends.push(new Promise((done) => child.once('close', done)))
    return child
  }

  async ended(): Promise<void> {
    await Promise.all(this.#ends)
  }
}
