import { writeFileSync } from 'node:fs'
import type { JsonObject } from '../core/data/json.ts'
import { visible } from '../core/data/text.ts'
import { Exit, exits } from './exit.ts'
import { type Line, layOut } from './layout.ts'
import type { Environment } from './environment.ts'

/** What people and machines get to see. Everything for people goes through `layOut` here, at the last moment. */
export interface Screen {
  /** Tells how things go, on standard error; machines are spared it. */
  readonly say: (line: string) => void
  /** Warns on standard error, machines too. */
  readonly warn: (line: string) => void
  /** Shows an address on standard error in one row, however long, so that it can be clicked; machines are shown it too. */
  readonly address: (line: string, url: URL) => void
  /** Tells how far it is, in one line of a terminal that is written over; `null` clears it. Nobody else sees it. */
  readonly progress: (line: string | null) => void
  readonly show: (lines: readonly Line[], to: 'stdout' | 'stderr') => void
  /** Writes the one document for machines as one line of ASCII. */
  readonly record: (document: JsonObject, to: 'stdout' | 'stderr' | { readonly file: string }) => void
}

export function screen({ json, environment }: { readonly json: boolean; readonly environment: Environment }): Screen {
  // Whoever stops reading, as `head` does, has seen enough; a command that runs is not to be left for that.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
  const show: Screen['show'] = (lines, to) => {
    const stream = process[to]
    // What is no terminal has no width, and some terminals do not tell theirs.
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
      // an href is ASCII, and everything that a terminal would obey is escaped in it
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

/** Ten times a second is enough for a person. */
const between = 100

function progress(): Screen['progress'] {
  let told = 0
  return (line) => {
    const now = Date.now()
    if (line !== null && now - told < between) return
    told = now
    // To the line's beginning, and clear it (ECMA-48: EL).
    process.stderr.write(line === null ? '\r\u001b[K' : `\r\u001b[K${visible(line)}`)
  }
}

/**
 * Empties the file before anything happens: it can be written, and what it held does not pass for this result.
 *
 * @throws {Exit} 78 if it cannot be written.
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

/** JSON escapes below U+0020 only; a terminal obeys more than those. */
const ascii = (json: string): string =>
  json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
