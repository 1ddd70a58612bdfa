import { writeFileSync } from 'node:fs'
import type { JsonObject } from '../core/data/json.ts'
import { visible } from '../core/data/text.ts'
import { Exit, exits } from './exit.ts'
import { type Line, layOut } from './layout.ts'
import type { Environment } from './environment.ts'

/** Output for people and for programs. Everything for people goes through `layOut` here. */
export interface Screen {
  /** Reports what happens, on standard error; silent with `--json`. */
  readonly say: (line: string) => void
  /** Warns on standard error, also with `--json`. */
  readonly warn: (line: string) => void
  /** Shows an address on standard error, in one row so that it can be clicked; also with `--json`. */
  readonly address: (line: string, url: URL) => void
  /** Shows progress in one line of a terminal, which the next call overwrites; `null` clears it. */
  readonly progress: (line: string | null) => void
  readonly show: (lines: readonly Line[], to: 'stdout' | 'stderr') => void
  /** Writes the document for programs as one line of ASCII. */
  readonly record: (document: JsonObject, to: 'stdout' | 'stderr' | { readonly file: string }) => void
}

export function screen({ json, environment }: { readonly json: boolean; readonly environment: Environment }): Screen {
  // A reader that closes the pipe, as `head` does, must not end this program while a command runs.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const show: Screen['show'] = (lines, to) => {
    const stream = process[to]
    // A file has no width, and some terminals do not say theirs.
    const terminal = {
      columns: stream.isTTY ? stream.columns || 80 : Infinity,
      colours: stream.isTTY && !environment['NO_COLOR'],
    }
    stream.write(lines.map((line) => layOut(line, terminal)).join(''))
  }
  const warn = (line: string): void => show([['countersign:', line]], 'stderr')
  return {
    say: (line) => (json ? undefined : warn(line)),
    warn,
    address: (line, { href }) => {
      warn(`${line}:`)
      // An href is ASCII without control characters, so that a terminal only shows it.
      process.stderr.write(`\n  ${href}\n\n`)
    },
    progress: json || !process.stderr.isTTY ? () => undefined : progress(),
    show,
    record: (document, to) => {
      const text = `${ascii(JSON.stringify(document))}\n`
      if (typeof to === 'string') process[to].write(text)
      else if (!isWritten(to.file, text)) warn(`${to.file} could not be written.`)
    },
  }
}

/** Milliseconds between two lines of progress. */
const between = 100

function progress(): Screen['progress'] {
  let shownAt = 0
  return (line) => {
    const now = Date.now()
    if (line !== null && now - shownAt < between) return
    shownAt = now
    // Goes to the beginning of the line, and clears it (ECMA-48: EL).
    process.stderr.write(line === null ? '\r\u001b[K' : `\r\u001b[K${visible(line)}`)
  }
}

/**
 * Empties the file first: this shows that it can be written, and no older result can pass for this one.
 *
 * @throws {Exit} 78 if it cannot be written
 */
export function claimFile(file: string): void {
  if (!isWritten(file, '')) throw new Exit(exits.usage, `--result: ${file} cannot be written.`)
}

function isWritten(file: string, text: string): boolean {
  try {
    writeFileSync(file, text)
    return true
  } catch {
    return false
  }
}

/** Escapes all but ASCII. JSON itself escapes only characters below U+0020, but terminals act on others too. */
const ascii = (json: string): string =>
  json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
