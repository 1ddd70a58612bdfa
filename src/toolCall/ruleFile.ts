import { readFileSync } from 'node:fs'
import type { z } from 'zod'
import { type Json, type JsonLimits, readJson } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import { Exit, exits } from '../cli/exit.ts'

/** A file that people write is small. */
const limits: JsonLimits = { bytes: 1_048_576, depth: 12, nodes: 20_000 }

/**
 * Reads a JSON file strictly.
 *
 * @throws {Exit} 78, naming the file
 */
export function readRuleFile(file: string): Json {
  try {
    return readJson(readFileSync(file), limits)
  } catch (cause) {
    if (cause instanceof Problem) throw new Exit(exits.usage, `${file}: ${cause.message}`)
    throw new Exit(exits.usage, `${file} cannot be read (${systemCode(cause)}).`)
  }
}

/** The code of an error of the system, as ENOENT. */
export const systemCode = (cause: unknown): string =>
  typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : 'unknown'

/** Says what is wrong in a file: its name, the path of the member, the rule. */
export const refusal = (file: string, path: readonly PropertyKey[], rule: string): Exit =>
  new Exit(exits.usage, `${file}: ${path.length > 0 ? `${path.map(String).join('.')}: ` : ''}${rule}.`)

/** Says what is wrong by the form that a file has. */
export function wordsOf(issue: z.core.$ZodIssue | undefined): string {
  if (!issue) return 'this is no such file'
  if (issue.code === 'unrecognized_keys') return `there is no member ${issue.keys.join(', ')}`
  return issue.message
}
