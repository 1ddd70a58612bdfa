import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { borrow } from '../support/lent.ts'
import type { PackageFiles } from '../support/packageFiles.ts'
import { quickCedar } from '../support/quickCedar.ts'
import { root } from '../support/root.ts'
import type { AppTold } from './appProcess.ts'

/** What `npm run package` was told, and what came of it. */
export interface Packaging {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the program on what is built. */
export function runPackage(args: readonly string[], env: Readonly<Record<string, string>> = {}): Packaging {
  const script = join(root, 'scripts/package.mjs')
  return spawnSync(process.execPath, [quickCedar, script, '--built', ...args], {
    ...{ cwd: root, encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '', ...env } },
  })
}

/** A package, of which each start is in a folder of its own. */
export interface Packaged {
  readonly folder: string
  /** Copies the package into a folder of its own, and starts it there. */
  start(env: Readonly<Record<string, string>>): Promise<RunningApp>
  /**
   * Starts it where it cannot start, and gives what it says and how it ends. A slow start that finds out too late serves,
   * and is ended once it has said the words: its code is then `null`.
   */
  refusedStart(
    env: Readonly<Record<string, string>>,
    words: RegExp,
  ): Promise<{ readonly code: number | null; readonly said: string }>
  end(): void
}

export interface RunningApp {
  readonly origin: string
  readonly functions: readonly string[]
  /** What the functions logged, and what the process wrote, line by line. */
  readonly lines: readonly string[]
  call(path: string, init?: RequestInit): Promise<{ readonly status: number; readonly body: Json }>
  /** Runs a timer; the error that it ended with, or `null`. */
  run(timer: string): Promise<string | null>
  stop(): Promise<void>
}

type Json = Readonly<Record<string, never>>

/** Starts programs from the package that the test files of a run share. */
export async function startable(): Promise<Packaged> {
  const { app, program } = await borrow<PackageFiles>('package')
  const folder = mkdtempSync(join(tmpdir(), 'countersign-app-'))
  let copies = 0
  const launch = (env: Readonly<Record<string, string>>): ChildProcess => {
    const place = join(folder, `place-${copies++}`)
    cpSync(app, place, { recursive: true })
    return fork(program, [], {
      ...{ cwd: place, env: { ...env }, execArgv: [quickCedar], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
    })
  }
  return {
    folder: app,
    start: (env) => started(launch(env)),
    refusedStart: (env, words) => refused(launch(env), words),
    end: () => rmSync(folder, { recursive: true, force: true }),
  }
}

async function started(child: ChildProcess): Promise<RunningApp> {
  const lines: string[] = []
  let ran: (error: string | null) => void = () => undefined
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => lines.push(...chunk.toString().split('\n').filter(Boolean)))
  const ended = new Promise<number | null>((done) => child.once('exit', done))
  const { origin, functions } = await new Promise<AppTold & { what: 'ready' }>((done, fail) => {
    child.on('message', (told: AppTold) => {
      if (told.what === 'ready') done(told)
      if (told.what === 'log') lines.push(told.line)
      if (told.what === 'ran') ran(told.error)
    })
    void ended.then((code) => fail(new Error(`It ended with ${code}: ${lines.join('\n')}`)))
  })
  return {
    ...{ origin, functions, lines },
    async call(path, init) {
      const answer = await fetch(`${origin}${path}`, init)
      return { status: answer.status, body: (await answer.json().catch(() => null)) as Json }
    },
    run: (timer) =>
      new Promise((done) => {
        ran = done
        child.send(timer)
      }),
    async stop() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

async function refused(child: ChildProcess, words: RegExp): Promise<{ code: number | null; said: string }> {
  let said = ''
  let isServing = false
  const end = () => isServing && words.test(said) && child.kill('SIGKILL')
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk.toString()
    end()
  })
  child.once('message', () => {
    isServing = true
    end()
  })
  const code = await new Promise<number | null>((done) => child.once('close', done))
  return { code, said }
}
