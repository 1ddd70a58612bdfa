import type { JsonObject } from '../core/data/json.ts'
import type { Answer } from './answer.ts'
import { Exit, exits } from './exit.ts'
import type { Line } from './layout.ts'
import type { Screen } from './screen.ts'

/** What a command ends with: for the shell, for people, for machines. */
export interface Result {
  readonly exit: number
  readonly lines: readonly Line[]
  /** A document that goes to standard output as it is, for whoever redirects it. */
  readonly text?: string
  readonly to: 'stdout' | 'stderr'
  readonly record: JsonObject
}

/** Ends a command with a request. */
export const resultOf = (exit: number, lines: readonly Line[], { document }: Answer): Result => ({
  exit,
  lines,
  to: 'stdout',
  record: { exit, request: document },
})

/** Ends a command that could not do what it should. */
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

/** Tells the result, and gives the exit code. Standard output of `run` is its command's. */
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
