import { isArray, isObject, type Json, type JsonObject } from '../data/json.ts'

/** The param into which `countersign run` binds what it will run. No other program may send it. */
export const runKey = 'countersign.run'

/** Paths that mean the same file from wherever they are read: of POSIX, and of Windows with a drive or a host. */
const absolute = /^(?:\/|[A-Za-z]:[\\/]|\\\\)/

const members: Readonly<Record<string, (value: Json) => string | null>> = {
  path: (value) => absolutePath(value, 'the program that will run'),
  args: (value) =>
    isArray(value) && value.every((item) => typeof item === 'string') ? null : 'is an array of texts: its arguments',
  cwd: (value) => absolutePath(value, 'the working directory'),
}

/**
 * Says why a value is not what `countersign run` binds, and which member is wrong; `null` if it is.
 *
 * The form alone tells a run from another sender: exactly `{ "path", "args", "cwd" }`, with absolute paths. So whatever
 * approvers are shown under this key is a program that could be started, and never words that pass for one.
 */
export function flawInRun(value: Json): { readonly path: readonly string[]; readonly rule: string } | null {
  if (!isObject(value)) return { path: [], rule: 'is an object with path, args and cwd' }
  const extra = Object.keys(value).find((key) => !Object.hasOwn(members, key))
  if (extra !== undefined) return { path: [extra], rule: 'is not a member: there are path, args and cwd' }
  for (const [name, flawIn] of Object.entries(members)) {
    const rule = Object.hasOwn(value, name) ? flawIn(value[name] ?? null) : 'is missing'
    if (rule !== null) return { path: [name], rule }
  }
  return null
}

const absolutePath = (value: Json, what: string): string | null =>
  typeof value === 'string' && absolute.test(value) ? null : `is an absolute path: ${what}`

/** What a run binds, for {@link runKey}. */
export interface RunBinding {
  readonly path: string
  readonly args: readonly string[]
  readonly cwd: string
}

/** Adds to params what a run binds. */
export const withRun = (params: JsonObject, { path, args, cwd }: RunBinding): JsonObject => ({
  ...params,
  [runKey]: { path, args, cwd },
})
