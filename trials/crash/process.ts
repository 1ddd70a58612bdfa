import { spawn } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { quickCedar } from '../../test/support/quickCedar.ts'
import type { Given, Order, Report } from './app.ts'

/** The app, bundled into one file, because starting it takes most of the time of a crash. */
export interface Program {
  readonly file: string
  remove(): void
}

/** The storage took too long, and the caller tries again. */
export class Passing extends Error {}

export interface AppProcess {
  /**
   * Starts the app on this storage. Returns its address.
   *
   * @throws {Error} if the process ends before, or cannot start
   */
  open(given: Given): Promise<string>
  /** @throws {Error} if the process ends before it has carried the order out */
  order(order: Order): Promise<unknown>
  /** The errors that the app would have logged since it was opened, without passing ones, which are counted. */
  readonly errors: readonly string[]
  troubles(): number
  /** Sends SIGKILL. Resolves when the process has ended. */
  kill(): Promise<void>
}

export function buildApp(): Program {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-crash-'))
  const file = join(folder, 'app.cjs')
  buildSync({
    entryPoints: [join(process.cwd(), 'trials/crash/app.ts')],
    ...{
      outfile: file,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'cjs',
      logLevel: 'error',
      external: ['@azure/functions-core'],
    },
    define: { 'import.meta.url': '__moduleUrl' },
    banner: { js: "const __moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
  })
  const wasm = 'cedar_wasm_bg.wasm'
  copyFileSync(join(process.cwd(), 'node_modules/@cedar-policy/cedar-wasm/nodejs', wasm), join(folder, wasm))
  return { file, remove: () => rmSync(folder, { recursive: true }) }
}

export function startProcess({ file }: Program): AppProcess {
  const child = spawn(process.execPath, [quickCedar, file], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
  const errors: string[] = []
  const waiting = new Map<number, { done: (result: unknown) => void; fail: (cause: Error) => void }>()
  let last = ''
  let origin = ''
  let numbers = 0
  let troubles = 0
  const note = ({ error, isPassing }: Extract<Report, { error: string }>) => {
    if (isPassing) troubles += 1
    else errors.push(error)
  }
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    last = (last + text).slice(-4_000)
  })
  const ended = new Promise<Error>((done) => {
    child.once('close', (code, signal) => done(new Error(`The app ended with ${code ?? signal}. ${last}`)))
  })
  const abandon = async () => {
    const cause = await ended
    for (const { fail } of waiting.values()) fail(cause)
  }
  void abandon()
  child.on('message', (report: Report) => {
    if ('origin' in report) origin = report.origin
    else if ('error' in report) note(report)
    else if ('done' in report) waiting.get(report.done)?.done(report.result)
    else waiting.get(report.failed)?.fail(report.isPassing ? new Passing(report.words) : new Error(report.words))
  })
  async function order(given: Order): Promise<unknown> {
    const number = ++numbers
    const obeyed = new Promise<unknown>((done, fail) => waiting.set(number, { done, fail }))
    if (!child.connected) throw await ended
    child.send({ number, order: given }, () => undefined)
    return obeyed.finally(() => waiting.delete(number))
  }
  return {
    errors,
    troubles: () => troubles,
    order,
    async open(given) {
      errors.length = 0
      troubles = 0
      await order({ kind: 'open', given })
      return origin
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
