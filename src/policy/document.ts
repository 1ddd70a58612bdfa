import type { z } from 'zod'
import { readJson } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import { BadPolicy, type Flaw, lineAt, lineOfMember } from './flaw.ts'
import { isTypographic, strange } from './hint.ts'
import { sizes } from '../core/policy/sizes.ts'

/** The place of a value in a JSON document. */
export type Path = readonly PropertyKey[]

/** Notes a flaw at a place, so that all flaws can be reported together. */
export type Complain = (path: Path, reason: string) => void

/** A JSON file of the policy, as bytes and as text. */
export interface Source {
  readonly file: string
  readonly bytes: Uint8Array
  readonly text: string
}

/** Reads a JSON file that must have this form. @throws {BadPolicy} with the line of each flaw. */
export function readDocument<Form extends z.ZodType>(source: Source, form: Form): z.output<Form> {
  const parsed = form.safeParse(json(source), { reportInput: false })
  if (parsed.success) return parsed.data
  throw new BadPolicy(
    parsed.error.issues.flatMap((issue) => pathsOf(issue).map((path) => flawAt(source, path, reasonOf(issue)))),
  )
}

export const flawAt = ({ file, text }: Source, path: Path, reason: string): Flaw => ({
  file,
  line: lineOfMember(text, path),
  reason: path.length ? `${path.join('.')}: ${reason}` : reason,
})

const pathsOf = (issue: z.core.$ZodIssue): readonly Path[] =>
  issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path]

/** The rule that an issue violates. For a bad key of a record zod nests the key's own issue. */
const reasonOf = (issue: z.core.$ZodIssue): string =>
  (issue.code === 'invalid_key' ? issue.issues[0]?.message : undefined) ?? issue.message

function json({ file, bytes, text }: Source) {
  try {
    return readJson(bytes, { bytes: sizes.file, depth: 8, nodes: 20_000 })
  } catch (cause) {
    if (!(cause instanceof Problem)) throw cause
    const at = Number(/at character (\d+)/.exec(cause.message)?.[1] ?? 0)
    const character = text.charAt(at)
    const hint = isTypographic(character) ? `; ${strange(character)}` : ''
    throw new BadPolicy([{ file, line: lineAt(text, at), reason: `${cause.message}${hint}` }], { cause })
  }
}
