import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'

/** A Node program that runs beside us. It ends when we do, also if we are killed. */
export interface Child {
  readonly pid: number
  /** Its standard output, line by line. */
  readonly output: Interface
  /** Resolves when it has ended: to the reason, or to `null` if `close` asked for it. */
  readonly ended: Promise<Error | null>
  /**
   * Waits for what shows that it is ready.
   *
   * @throws {Error} that says why, in its own words, if it ends before.
   */
  readonly started: <T>(ready: Promise<T>) => Promise<T>
  readonly close: () => Promise<void>
}

export interface ChildOptions {
  /** As in "Azurite, the local storage". */
  readonly name: string
  readonly program: string
  readonly args: readonly string[]
  readonly folder?: string
  readonly env?: NodeJS.ProcessEnv
  /** Text of a module that runs in it before the program. */
  readonly first?: string
  /** What it says when it ends unasked; otherwise the last lines of its standard error. */
  readonly words?: () => Promise<string>
  /** Milliseconds for a start; and for an end, after which it is killed. */
  readonly patience: { readonly start: number; readonly stop: number }
}

export function startChild(options: ChildOptions): Child {
  const { name, patience } = options
  const child = launch(options)
  const last = lastLines(child)
  let asked = false
  let late = ''
  const closed = new Promise<string>((done) => {
    child.once('error', (cause) => done(cause.message))
    child.once('close', (code, signal) => done(last.join('\n') || `exit code ${code ?? signal}`))
  })
  const why = closed.then(async (lines) => late || (await options.words?.().catch(() => '')) || lines)

  return {
    pid: child.pid ?? 0,
    output: createInterface({ input: child.stdout }),
    ended: why.then((reason) => (asked ? null : new Error(`${name}, ended: ${reason}`))),
    async started(ready) {
      const slow = setTimeout(() => {
        late = `it does not listen after ${patience.start / 1000} seconds`
        child.kill('SIGKILL')
      }, patience.start)
      const failed = why.then((reason) => {
        throw new Error(`${name}, did not start: ${reason}`)
      })
      return Promise.race([ready, failed]).finally(() => clearTimeout(slow))
    },
    async close() {
      asked = true
      child.stdin.end()
      const kill = setTimeout(() => child.kill('SIGKILL'), patience.stop)
      await closed
      clearTimeout(kill)
    },
  }
}

/**
 * Ctrl-C in a terminal goes to everybody in the foreground, so the program has a session of its own and is told by
 * closing the pipe that is its standard input: which happens too if we are killed. Then nobody reads its output any
 * more, and what it says at the end must not end it before it has saved.
 */
const stopWithUs = `
process.stdin.once('close', () => process.kill(process.pid, 'SIGTERM')).resume()
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined)
`

function launch({ program, args, folder, env, first = '' }: ChildOptions): ChildProcessWithoutNullStreams {
  const before = `data:text/javascript,${encodeURIComponent(stopWithUs + first)}`
  return spawn(process.execPath, ['--import', before, program, ...args], {
    detached: true,
    ...(folder !== undefined && { cwd: folder }),
    ...(env && { env }),
  })
}

/** Keeps the last lines of standard error: the reason, if it ends. */
function lastLines(child: ChildProcessWithoutNullStreams): string[] {
  const lines: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line.replace(/^Exit due to unhandled error: /, ''))
    if (lines.length > 20) lines.shift()
  })
  return lines
}
