import { type Stats, statSync } from 'node:fs'
import { type BoundProgram, changeOf, type RunChange } from './binding.ts'
import { codeOf } from './fileDigest.ts'

/** Looks out, while people decide, for changes of what a run is bound to. */
export interface ChangeWatch {
  /** Aborted by the first change. */
  readonly signal: AbortSignal
  /** The first change; `null` while there is none. */
  readonly found: () => RunChange | null
  readonly end: () => void
}

/** Milliseconds between two looks. */
const every = 1_000

/**
 * Watches the bound files and the working folder. A change ends the wait at once, so that nobody is asked any longer to
 * approve what cannot run any more. What counts is still compared before the start, by its contents.
 */
export function watchChanges(command: BoundProgram): ChangeWatch {
  const controller = new AbortController()
  let first: RunChange | null = null
  let before = tracesOf(command)
  const timer = setInterval(() => {
    const now = tracesOf(command)
    if (now === before) return
    before = now
    first = changeOf(command)
    if (first === null) return
    clearInterval(timer)
    controller.abort()
  }, every)
  timer.unref()
  return { signal: controller.signal, found: () => first, end: () => clearInterval(timer) }
}

/** What the file system says of each file, which differs after every change of its contents. */
const tracesOf = ({ cwd, files }: BoundProgram): string =>
  [folderTrace(cwd), ...files.map(({ path }) => fileTrace(path))].join('\n')

const folderTrace = (path: string): string => traceOf(path, ({ ino }) => [ino])

const fileTrace = (path: string): string =>
  traceOf(path, ({ ino, size, mtimeMs, ctimeMs }) => [ino, size, mtimeMs, ctimeMs])

function traceOf(path: string, members: (stats: Stats) => readonly number[]): string {
  try {
    return members(statSync(path)).join(' ')
  } catch (cause) {
    return codeOf(cause) ?? 'unknown fault'
  }
}
