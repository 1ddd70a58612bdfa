import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { root } from '../support/root.ts'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Starts a program of `scripts/`, with no variable of the person who runs the tests. */
export function runScript(
  script: string,
  args: readonly string[],
  {
    env,
    started,
  }: { readonly env?: Readonly<Record<string, string>>; readonly started?: (child: ChildProcess) => void } = {},
): Promise<Ended> {
  const child = spawn(process.execPath, [join(root, 'scripts', script), ...args], {
    cwd: root,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const output = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text
    })
  started?.(child)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, ...output }))
  })
}

/** Runs a program of `scripts/` again and again in one process, so that its packages are loaded once. */
export function repeatedScript(script: string) {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'repeating.mjs')], {
    ...{ cwd: root, env: { PATH: process.env['PATH'] }, stdio: ['pipe', 'pipe', 'inherit'] },
  })
  const answers = createInterface(child.stdout)[Symbol.asyncIterator]()
  return {
    /** Answers come in the order of the calls. */
    run: async (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ended> => {
      child.stdin.write(`${JSON.stringify({ script: join(root, 'scripts', script), args, env })}\n`)
      const { value, done } = await answers.next()
      if (done) throw new Error(`The process that repeats ${script} ended.`)
      return JSON.parse(value) as Ended
    },
    end: () => child.stdin.end(),
  }
}
