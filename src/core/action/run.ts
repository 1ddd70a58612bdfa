import { isArray, isObject, type Json, type JsonObject } from '../data/json.ts'

/** The param into which `countersign run` binds what it will run. No other program may send it. */
export const runKey = 'countersign.run'

/** Paths that mean the same file from wherever they are read: of POSIX, and of Windows with a drive or a host. */
const absolute = /^(?:\/|[A-Za-z]:[\\/]|\\\\)/

type Rule = (value: Json) => string | null

const members: Readonly<Record<string, Rule>> = {
  path: (value) => absolutePath(value, 'the program that will run'),
  args: (value) => (areTexts(value) ? null : 'is an array of texts: its arguments'),
  cwd: (value) => absolutePath(value, 'the working directory'),
}

/** What a run may leave out. `countersign run` always sends both. */
const optional: Readonly<Record<string, Rule>> = {
  files: (value) =>
    isArray(value) && value.every(isBoundFile)
      ? null
      : 'is an array of files, each with an absolute path, its size in bytes, and its sha256 in 64 lower-case hex digits',
  unbound: (value) => (areTexts(value) ? null : 'is an array of texts: what the run depends on, and is not bound'),
}

/**
 * Says why a value is not what `countersign run` binds, and which member is wrong; `null` if it is.
 *
 * The form alone tells a run from another sender: `{ "path", "args", "cwd", "files"?, "unbound"? }` and nothing else,
 * with absolute paths. So whatever approvers are shown under this key is a program that could be started, and never
 * words that pass for one.
 */
export function flawInRun(value: Json): { readonly path: readonly string[]; readonly rule: string } | null {
  if (!isObject(value)) return { path: [], rule: 'is an object with path, args and cwd' }
  const known = { ...members, ...optional }
  const extra = Object.keys(value).find((key) => !Object.hasOwn(known, key))
  if (extra !== undefined) return { path: [extra], rule: `is not a member: there are ${Object.keys(known).join(', ')}` }
  for (const [name, flawIn] of Object.entries(known)) {
    const given = Object.hasOwn(value, name)
    if (!given && Object.hasOwn(optional, name)) continue
    const rule = given ? flawIn(value[name] ?? null) : 'is missing'
    if (rule !== null) return { path: [name], rule }
  }
  return null
}

const areTexts = (value: Json): boolean => isArray(value) && value.every((item) => typeof item === 'string')

/** Whether a value is `{ "path", "size", "sha256" }`: SHA-256 (FIPS 180-4) as hex, the size in bytes. */
function isBoundFile(value: Json): boolean {
  if (!isObject(value) || Object.keys(value).sort().join() !== 'path,sha256,size') return false
  const { path, size, sha256 } = value
  if (typeof path !== 'string' || !absolute.test(path)) return false
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return false
  return typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)
}

const absolutePath = (value: Json, what: string): string | null =>
  typeof value === 'string' && absolute.test(value) ? null : `is an absolute path: ${what}`

/** What a run binds, for {@link runKey}. */
export interface RunBinding {
  readonly path: string
  readonly args: readonly string[]
  readonly cwd: string
  /** The files whose contents are bound: the program, its script, and those that the agent names. */
  readonly files?: readonly BoundFile[]
  /** What the run depends on and is not bound, in words. */
  readonly unbound?: readonly string[]
}

/** What a run binds among these params; `null` if they bind none. */
export function runIn(params: JsonObject): RunBinding | null {
  const value = Object.hasOwn(params, runKey) ? (params[runKey] ?? null) : null
  // The rules above have looked at every member.
  return flawInRun(value) === null ? (value as unknown as RunBinding) : null
}

/** Writes a program and its arguments as a shell would read them. Two different runs are never written alike. */
export const commandLine = ({ path, args }: Pick<RunBinding, 'path' | 'args'>): string =>
  [path, ...args].map(shellWord).join(' ')

/** Quotes a word, if it needs that, as POSIX.1-2017, Shell Command Language, section 2.2.2 (Single-Quotes) has it. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`

/** A file with the SHA-256 of its contents, in hex, and its size in bytes. */
export interface BoundFile {
  readonly path: string
  readonly size: number
  readonly sha256: string
}

/** Adds to params what a run binds. */
export const withRun = (params: JsonObject, { path, args, cwd, files, unbound }: RunBinding): JsonObject => ({
  ...params,
  [runKey]: {
    path,
    args,
    cwd,
    ...(files && { files: files.map((file) => ({ ...file })) }),
    ...(unbound && { unbound }),
  },
})
