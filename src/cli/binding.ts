import { existsSync, readSync, realpathSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { BoundFile } from '../core/action/run.ts'
import type { Environment } from './environment.ts'
import { findExecutable, findFile, isFolder, type Program } from './executable.ts'
import { Exit, exits } from './exit.ts'
import { codeOf, hashRegular, withFile } from './fileDigest.ts'
import { interpreters, plainName, prefixes } from './interpreters.ts'
import { readInterpreter, readPrefix } from './reading.ts'

/** A program with what the approval of its run binds. */
export interface BoundProgram extends Program {
  readonly files: readonly BoundFile[]
  readonly unbound: readonly string[]
}

/** At most so many programs start one another: env, sudo, an interpreter of an interpreter. */
const mostPrograms = 8

/** At most so many arguments are listed as files that are not bound. */
const mostNamed = 20

/**
 * Binds what will run by SHA-256: the executable, the interpreter in its first line, the script operand of a known
 * interpreter, the program behind a known prefix, and the files that the agent names. Lists in words what is not bound.
 *
 * @param named the values of --bind
 * @throws {Exit} 78 if a named file cannot be bound
 */
export function bindRun(program: Program, named: readonly string[], environment: Environment): BoundProgram {
  const bound = new Binding()
  const place = { cwd: program.cwd, path: environment['PATH'] ?? '' }
  bound.start({ name: program.path, args: program.args, ...place })
  for (const file of named) bound.require(resolve(program.cwd, file), file)
  const variables = loading.filter((name) => environment[name])
  for (const name of variables) bound.unbound.add(`code that the environment variable ${name} may load`)
  const others = program.args.flatMap((arg) => namedBy(arg, program.cwd)).filter(({ path }) => !bound.files.has(path))
  for (const { shown } of others.slice(0, mostNamed)) bound.unbound.add(`${shown}, which an argument names`)
  if (others.length > mostNamed) bound.unbound.add(`${others.length - mostNamed} more files that arguments name`)
  bound.unbound.add(always)
  return { ...program, files: [...bound.files.values()], unbound: [...bound.unbound] }
}

const always = 'environment variables, standard input, libraries, and what the program opens or starts by itself'

/** Variables that make an interpreter, or the system, run code from elsewhere. */
const loading = [
  ...['LD_PRELOAD', 'LD_LIBRARY_PATH', 'LD_AUDIT', 'DYLD_INSERT_LIBRARIES', 'DYLD_LIBRARY_PATH', 'BASH_ENV', 'ENV'],
  ...['NODE_OPTIONS', 'NODE_PATH', 'PYTHONPATH', 'PYTHONHOME', 'PYTHONSTARTUP', 'PERL5OPT', 'PERL5LIB', 'RUBYOPT'],
  ...['RUBYLIB', 'JAVA_TOOL_OPTIONS'],
]

/** What is about to be started: a program as it is written, where it is looked up, and what its words call it. */
interface Start {
  readonly name: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly path: string
  /** The name of the program that looks it up, if another PATH than ours may lead elsewhere. */
  readonly by?: string
}

/** Collects files and words while it follows programs that start one another. */
class Binding {
  readonly files = new Map<string, BoundFile>()
  readonly unbound = new Set<string>()

  start(started: Start, depth = 0): void {
    const { name, args, cwd, path, by } = started
    if (depth >= mostPrograms) {
      this.unbound.add(`${name}, and what it starts`)
      return
    }
    const file = findExecutable(name, path, cwd)
    if (by !== undefined && !name.includes('/')) this.unbound.add(`${name}, which ${by} looks up on a PATH of its own`)
    if (file === undefined) this.unbound.add(`${name}, which is looked up when it is started`)
    else if (this.#bind(file, name)) {
      const first = firstLine(file)
      if (first !== null) {
        this.start({ name: first.name, args: [...first.args, file, ...args], cwd, path }, depth + 1)
        return
      }
    }
    const called = namesOf(file ?? name)
    const known = called.find((one) => Object.hasOwn(prefixes, one))
    if (known !== undefined) this.#follow(started, known, depth)
    else this.#interpret(started, called)
  }

  #follow({ args, cwd, path }: Start, prefix: string, depth: number): void {
    const known = prefixes[prefix] ?? {}
    if (known.adds !== undefined) this.unbound.add(known.adds)
    const next = readPrefix(args, known)
    if (next === null) {
      this.unbound.add(`the program that ${prefix} starts`)
      return
    }
    const { name, args: rest, folder, path: given } = next
    const place = { cwd: folder === undefined ? cwd : resolve(cwd, folder), path: given ?? path }
    this.start({ name, args: rest, ...place, ...(known.ownPath && { by: prefix }) }, depth + 1)
  }

  #interpret({ args, cwd, path }: Start, called: readonly string[]): void {
    const name = called.find((one) => Object.hasOwn(interpreters, one))
    const known = name === undefined ? undefined : interpreters[name]
    if (name === undefined || known === undefined) return
    const { files, unbound } = readInterpreter(name, args, known)
    for (const file of files) {
      const found = findFile(file, { cwd, path: known.searches ? path : '', suffixes: known.suffixes ?? [] })
      if (found === null) this.unbound.add(`${file}, which ${name} looks up`)
      else if (this.#bind(found, file)) this.unbound.add(`programs and files that ${file} uses`)
    }
    for (const words of unbound) this.unbound.add(words)
  }

  /** Binds a file if it is a regular one that can be read, and otherwise lists it. */
  #bind(path: string, shown: string): boolean {
    if (this.files.has(path)) return true
    try {
      const entry = statSync(path)
      // What /dev and /proc show is another file for each process.
      const digest = entry.isFile() && !/^\/(?:dev|proc)\//.test(path) ? hashRegular(path) : null
      if (digest !== null) this.files.set(path, { path, ...digest })
      else this.unbound.add(`${shown}, which is ${entry.isDirectory() ? 'a folder' : 'a device or pipe'}`)
      return digest !== null
    } catch (cause) {
      this.unbound.add(`${shown}, which cannot be read (${codeOf(cause) ?? 'unknown fault'})`)
      return false
    }
  }

  /** Binds a file that the agent names. @throws {Exit} 78 if it is no regular file that can be read */
  require(path: string, shown: string): void {
    if (this.files.has(path)) return
    try {
      const digest = statSync(path).isFile() ? hashRegular(path) : null
      if (digest === null)
        throw new Exit(exits.usage, `--bind: ${shown} is no file: name each file that is to be bound.`)
      this.files.set(path, { path, ...digest })
    } catch (cause) {
      if (cause instanceof Exit) throw cause
      throw new Exit(exits.usage, `--bind: ${shown} cannot be read (${codeOf(cause) ?? 'unknown fault'}).`)
    }
  }
}

/** The interpreter that the first line of a script names, and its argument, as the system reads them: execve(2). */
function firstLine(file: string): { readonly name: string; readonly args: readonly string[] } | null {
  const start = Buffer.alloc(256)
  const size = withFile(file, (descriptor) => readSync(descriptor, start))
  const line = /^#![ \t]*([^ \t\r\n]+)[ \t]*([^\r\n]*)/.exec(start.subarray(0, size).toString('utf8'))
  const [, name, rest = ''] = line ?? []
  const argument = rest.trimEnd()
  return name === undefined ? null : { name, args: argument === '' ? [] : [argument] }
}

/** The names by which a program may be known: as it is called, and as the file is called to which links lead. */
function namesOf(file: string): readonly string[] {
  try {
    return [plainName(file), plainName(realpathSync(file))]
  } catch {
    return [plainName(file)]
  }
}

/** The files and folders that exist under the name of an argument, as `x`, `--file=x` or `@x`. */
function namedBy(arg: string, cwd: string): readonly { readonly path: string; readonly shown: string }[] {
  const names = [arg, arg.replace(/^[^=@]*[=@]/, '')].filter((name) => name !== '' && !name.startsWith('-'))
  return [...new Set(names)]
    .map((shown) => ({ path: resolve(cwd, shown), shown }))
    .filter(({ path }) => existsSync(path))
}

/** What is not as it was bound. The fault is for programs and the record, and names no path. */
export interface RunChange {
  readonly words: string
  readonly fault: string
}

/** Finds what is no longer as it was bound, the working folder included; `null` if all is. */
export function changeOf({ cwd, files }: BoundProgram): RunChange | null {
  if (!isFolder(cwd)) return { words: `the working folder ${cwd} is gone`, fault: 'no working folder' }
  for (const { path, size, sha256 } of files) {
    try {
      const now = hashRegular(path)
      if (now?.sha256 !== sha256 || now.size !== size)
        return { words: `${path} is not what it was when approval was asked for`, fault: 'changed' }
    } catch (cause) {
      const fault = codeOf(cause) ?? 'unknown fault'
      return { words: `${path} cannot be read any more (${fault})`, fault }
    }
  }
  return null
}
