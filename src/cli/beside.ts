import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Exit, exits } from './exit.ts'

/** Lists the files that have to lie beside this program's file, and do not. */
export const missingBeside = (script: string, files: readonly string[]): readonly string[] =>
  files.filter((file) => !existsSync(join(dirname(script), file)))

/**
 * Loads a program of its own, so that the command stays small for those who do not need it.
 *
 * @param script this program's file
 * @param files the program, then what it needs beside it
 * @throws {Exit} 78 if one of them is not installed
 */
export function loadBeside(script: string, files: readonly [string, ...string[]]): unknown {
  const missing = missingBeside(script, files)
  if (missing.length > 0)
    throw new Exit(exits.usage, `Not installed: ${missing.join(' and ')}. Copy it from dist/ to ${dirname(script)}.`)
  return createRequire(script)(join(dirname(script), files[0]))
}
