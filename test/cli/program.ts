import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { quickCedar } from '../support/quickCedar.ts'

/** The program as it is installed: bundled, run as a process of its own. */
export interface Program {
  /** A folder for this test file; gone with `end`. */
  readonly folder: string
  readonly run: (args: readonly string[], options?: RunOptions) => Promise<Ended>
  readonly end: () => void
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** What a person types. */
  readonly input?: string
  /** The program to start instead, with these arguments. */
  readonly instead?: string
  readonly started?: (process: ChildProcess) => void
}

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Puts the rows of each text together again. */
export const joined = (shown: string): string => shown.replace(/\n +\| /g, '')

export function buildProgram(): Program {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'countersign-cli-')))
  const outfile = join(folder, 'countersign.cjs')
  const entryPoints = [join(__dirname, '../../src/cli/main.ts')]
  buildSync({ entryPoints, outfile, bundle: true, platform: 'node', target: 'node20', format: 'cjs' })
  return {
    folder,
    run: (args, options = {}) => start(outfile, args, { cwd: folder, ...options }),
    end: () => rmSync(folder, { recursive: true }),
  }
}

export function start(
  file: string,
  args: readonly string[],
  { env, cwd, input, started, instead }: RunOptions,
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
