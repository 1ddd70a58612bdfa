import { type ChildProcess, spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Callable, callable, type CallOptions, type Ended } from '../support/called.ts'
import { borrow } from '../support/lent.ts'
import { quickCedar } from '../support/quickCedar.ts'

/** The program as it is installed: bundled. */
export interface Program {
  /** A folder for this test file; gone with `end`. */
  readonly folder: string
  /**
   * Calls the bundle in this process, with arguments, variables and streams of its own. This takes a fraction of the time
   * in which a process starts. Signals are for {@link start}.
   */
  readonly run: (args: readonly string[], options?: RunOptions) => Promise<Ended>
  /** Runs the bundle as a process of its own. */
  readonly start: (args: readonly string[], options?: StartOptions) => Promise<Ended>
  readonly end: () => void
}

export type { Ended } from '../support/called.ts'

/** Without a folder, the program runs in its own. */
export type RunOptions = Omit<CallOptions, 'cwd'> & Partial<Pick<CallOptions, 'cwd'>>

export interface StartOptions extends Omit<RunOptions, 'started'> {
  /** The program to start instead, with these arguments. */
  readonly instead?: string
  readonly started?: (process: ChildProcess) => void
}

/** Puts the rows of each text together again. */
export const joined = (shown: string): string => shown.replace(/\n +\| /g, '')

export async function buildProgram(): Promise<Program> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'countersign-cli-')))
  const file = join(folder, 'countersign.cjs')
  copyFileSync(await borrow<string>('program'), file)
  let called: Callable | undefined
  return {
    folder,
    run: (args, options = {}) => (called ??= callable(file))(args, { cwd: folder, ...options }),
    start: (args, options = {}) => start(file, args, { cwd: folder, ...options }),
    end: () => rmSync(folder, { recursive: true }),
  }
}

export function start(
  file: string,
  args: readonly string[],
  { env, cwd, input, started, instead }: StartOptions,
): Promise<Ended> {
  const child = spawn(instead ?? process.execPath, instead === undefined ? [quickCedar, file, ...args] : [...args], {
    // No variable of whoever runs the tests reaches the program.
    env: { PATH: process.env['PATH'], ...env },
    cwd,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  child.stdin?.end(input)
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  started?.(child)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...output }))
  })
}
