import { createWriteStream } from 'node:fs'
import { join } from 'node:path'

/** Writes a log entry of a function: one structured line, or words. */
export type Log = (level: string, name: string, text: string) => void

/** Appends to `log.jsonl`, one line an entry. Errors also go to standard error. */
export function openLog(folder: string): Log {
  const file = createWriteStream(join(folder, 'log.jsonl'), { flags: 'a', mode: 0o600 })
  return (level, name, text) => {
    file.write(`${JSON.stringify({ ...fieldsOf(text), at: new Date().toISOString(), level, name })}\n`)
    if (level === 'error' || level === 'critical') process.stderr.write(`${name}: ${text}\n`)
  }
}

function fieldsOf(text: string): object {
  try {
    return text.startsWith('{') ? (JSON.parse(text) as object) : { text }
  } catch {
    return { text }
  }
}
