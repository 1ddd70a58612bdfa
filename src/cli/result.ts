import type { JsonObject } from '../core/data/json.ts'
import type { Answer } from './answer.ts'
import { Exit, exits } from './exit.ts'
import type { Line } from './layout.ts'
import type { Screen } from './screen.ts'

/** The result of a command: for the shell, for people and for programs. */
export interface Result {
  readonly exit: number
  readonly lines: readonly Line[]
  /** A document for standard output, unchanged, so that it can be redirected to a file. */
  readonly text?: string
  readonly to: 'stdout' | 'stderr'
  readonly record: JsonObject
}

/** Makes the result of a command about a request. */
export const resultOf = (exit: number, lines: readonly Line[], { document }: Answer): Result => ({
  exit,
  lines,
  to: 'stdout',
  record: { exit, request: document },
})

/** Makes the result of a command that failed. */
export function failed(cause: unknown): Result {
  if (!(cause instanceof Exit)) {
    const words = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
    const record = { exit: exits.fault, error: { words } }
    const lines = words.split('\n').map((line) => ['countersign:', line.trim()] as const)
    return { exit: exits.fault, lines, to: 'stderr', record }
  }
  const { status: exit, message: words, problem, request } = cause
  const error = { words, ...(problem && { problem }) }
  const record = { exit, error, ...(request && { request }) }
  return { exit, lines: [['countersign:', words]], to: 'stderr', record }
}

/** Writes the result, and returns the exit code. Standard output of `run` belongs to its command. */
export function finish(
  { exit, lines, text, to, record }: Result,
  form: { readonly json: boolean; readonly isRun: boolean; readonly file: string | undefined },
  screen: Screen,
): number {
  if (form.file !== undefined) screen.record(record, { file: form.file })
  else if (form.json) screen.record(record, form.isRun ? 'stderr' : 'stdout')
  if (!form.json) screen.show(lines, to)
  if (!form.json && text !== undefined) process.stdout.write(text)
  return exit
}
