import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface, type Interface } from 'node:readline'

/** A Node program as a child process. It ends with this process, also if this one is killed. */
export interface Child {
  readonly pid: number
  /** Standard output, line by line. */
  readonly output: Interface
  /** Resolves when the child has ended: to the reason, or to `null` after `close`. */
  readonly ended: Promise<Error | null>
  /**
   * Waits for the promise that shows that the child is ready.
   *
   * @throws {Error} with the child's own words, if it ends before
   */
  readonly started: <T>(ready: Promise<T>) => Promise<T>
  readonly close: () => Promise<void>
}

export interface ChildOptions {
  /** A name for messages, as in "Azurite, the local storage". */
  readonly name: string
  readonly program: string
  readonly args: readonly string[]
  readonly folder?: string
  readonly env?: NodeJS.ProcessEnv
  /** The text of a module that runs in the child before the program. */
  readonly first?: string
  /** Reads the reason when the child ends by itself. Without this, the reason is the end of its standard error. */
  readonly words?: () => Promise<string>
  /** Milliseconds for a start, and for an end, after which the child is killed. */
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
 * Runs in the child. A terminal sends Ctrl-C to all processes in the foreground, so the child has a session of its own
 * and ends when its standard input is closed. The system closes it also if this process is killed. Output to a closed
 * pipe is then ignored, since that error would end the child before it has saved its data. On Windows a signal would end
 * the process at once, so the program's own listeners are called instead.
 */
const stopWithUs = `
const end = () => process.platform === 'win32' ? process.emit('SIGTERM', 'SIGTERM') || process.exit() : process.kill(process.pid, 'SIGTERM')
process.stdin.once('close', end).resume()
for (const output of [process.stdout, process.stderr]) output.on('error', () => undefined)
`

function launch({ program, args, folder, env, first = '' }: ChildOptions): ChildProcessWithoutNullStreams {
  const before = `data:text/javascript,${encodeURIComponent(stopWithUs + first)}`
  return spawn(process.execPath, ['--import', before, program, ...args], {
    detached: true,
    windowsHide: true,
    ...(folder !== undefined && { cwd: folder }),
    ...(env && { env }),
  })
}

/** Keeps the last lines of standard error, which say why the child ended. */
function lastLines(child: ChildProcessWithoutNullStreams): string[] {
  const lines: string[] = []
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line.replace(/^Exit due to unhandled error: /, ''))
    if (lines.length > 20) lines.shift()
  })
  return lines
}
