import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import { constants as os } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { Exit, exits } from './exit.ts'
import type { Environment } from './environment.ts'

/** The program to run. The params bind it as `countersign.run`. */
export interface Program {
  readonly path: string
  readonly args: readonly string[]
  readonly cwd: string
}

/**
 * Finds the program as a shell does: a path is taken as it is, a name is looked up on the PATH.
 *
 * @throws {Exit} 78 if there is no such executable file
 */
export function resolveCommand([name = '', ...args]: readonly string[], path = '', cwd = currentFolder()): Program {
  if (name === '') throw new Exit(exits.usage, 'The command to run is missing: it comes after --.')
  const found = findExecutable(name, path, cwd)
  if (found === undefined) throw new Exit(exits.usage, `${name}: there is no such executable file.`)
  return { path: found, args, cwd }
}

/**
 * Gives the path of the current folder.
 *
 * @throws {Exit} 78 if the folder is gone, or its path is no UTF-8 and so would mean another folder
 */
function currentFolder(): string {
  try {
    const path = process.cwd()
    const [here, there] = [statSync('.'), statSync(path)]
    if (here.ino === there.ino && here.dev === there.dev) return path
  } catch {
    // The sentence below says both.
  }
  throw new Exit(exits.usage, 'The working folder is gone, or its path is no text in UTF-8: change to another folder.')
}

/**
 * Finds an executable file: a path is taken as it is, a name is looked up on the PATH. On Windows a program may be named
 * without its suffix, and scripts of the shell are no programs: they do not start without a shell.
 */
export function findExecutable(
  name: string,
  path = '',
  cwd = process.cwd(),
  platform: NodeJS.Platform = process.platform,
): string | undefined {
  const isWindows = platform === 'win32'
  const suffixes = !isWindows || /\.(exe|com)$/i.test(name) ? [''] : ['.exe', '.com']
  const isPath = name.includes('/') || (isWindows && name.includes('\\'))
  // An empty entry of the PATH is the current directory.
  const folders = isPath ? [''] : path.split(isWindows ? ';' : delimiter)
  return folders
    .flatMap((folder) => suffixes.map((suffix) => resolve(cwd, join(folder, name + suffix))))
    .find(isExecutable)
}

/** Where an interpreter looks for a script: in the folder, with these suffixes, and then on the PATH, if it has one. */
interface Places {
  readonly cwd: string
  readonly path: string
  readonly suffixes: readonly string[]
}

/** Finds a script as its interpreter does. A folder is found, too; `null` if there is nothing of this name. */
export function findFile(name: string, { cwd, path, suffixes }: Places): string | null {
  const own = resolve(cwd, name)
  const others =
    name.includes('/') || path === '' ? [] : path.split(delimiter).map((folder) => resolve(cwd, folder, name))
  return [own, ...suffixes.map((suffix) => own + suffix), ...others].find((file) => existsSync(file)) ?? null
}

export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

export type Ending =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'not-started'; readonly fault: string }

/** Runs the command without a shell, on this program's standard streams. `started` gets the process, for signals. */
export function execute(
  { path, args, cwd }: Program,
  env: Environment,
  started: (child: ChildProcess) => void,
): Promise<Ending> {
  return new Promise((ended) => {
    const failed = (cause: unknown): void => {
      const fault = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown fault'
      ended({ kind: 'not-started', fault })
    }
    try {
      const child = spawn(path, args, { cwd, env, stdio: 'inherit', shell: false })
      child.on('error', (cause) => {
        // If the process runs, a signal could not be sent; the start did not fail.
        if (child.pid === undefined) failed(cause)
      })
      child.on('exit', (code, signal) =>
        ended(signal ? { kind: 'signal', signal } : { kind: 'exit', code: code ?? exits.fault }),
      )
      started(child)
    } catch (cause) {
      failed(cause)
    }
  })
}

/** Gives the exit code that shells give: 128 and the signal's number, 127 if not found, 126 if not startable. */
export function exitCodeOf(ending: Ending): number {
  switch (ending.kind) {
    case 'exit':
      return ending.code
    case 'signal':
      return 128 + os.signals[ending.signal]
    case 'not-started':
      return ending.fault === 'ENOENT' ? 127 : 126
  }
}

export function summaryOf(ending: Ending): string {
  switch (ending.kind) {
    case 'exit':
      return `exit code ${ending.code}`
    case 'signal':
      return `signal ${ending.signal}`
    case 'not-started':
      return `could not be started: ${ending.fault}`
  }
}
