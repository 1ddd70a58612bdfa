import { renameSync, writeFileSync } from 'node:fs'
import * as z from 'zod'
import { type Digest, digestOf } from '../core/data/id.ts'
import { canonical, type Json } from '../core/data/json.ts'
import { Exit, exits } from '../cli/exit.ts'
import { readRuleFile, refusal, systemCode } from '../toolCall/ruleFile.ts'

/** The digests of the tools that people have looked at, by `server/tool`. */
export type Pins = ReadonlyMap<string, Digest>

/** What a model is told of a tool, and so decides by. */
const told = ['name', 'title', 'description', 'inputSchema', 'outputSchema', 'annotations'] as const

/** What a pin covers of a tool. */
export type PinnedTool = Readonly<Partial<Record<(typeof told)[number], unknown>>>

/**
 * Digests what a tool says of itself: its name, title, description, schemas and annotations, in canonical form (RFC
 * 8785).
 *
 * @throws {TypeError} for a text or a number without a canonical form
 */
export const pinOf = (tool: PinnedTool): Digest =>
  digestOf(
    canonical(Object.fromEntries(told.flatMap((key) => (tool[key] === undefined ? [] : [[key, tool[key] as Json]])))),
  )

const form = z.record(z.string(), z.string().regex(/^sha256:[0-9a-f]{64}$/, 'is sha256: and 64 lower-case hex digits'))

/** @throws {Exit} 78, naming the file, for pins that cannot be read */
export function readPins(file: string): Pins {
  const parsed = form.safeParse(readRuleFile(file))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw refusal(file, issue?.path ?? [], issue?.message ?? 'is not a file of pins')
  }
  return new Map(Object.entries(parsed.data) as [string, Digest][])
}

/** Writes pins, sorted by name. The file is there whole or not at all. @throws {Exit} 78, naming the file */
export function writePins(file: string, pins: Pins): void {
  const sorted = Object.fromEntries([...pins].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  try {
    writeFileSync(`${file}.new`, `${JSON.stringify(sorted, null, 2)}\n`)
    renameSync(`${file}.new`, file)
  } catch (cause) {
    throw new Exit(exits.usage, `${file} cannot be written (${systemCode(cause)}).`)
  }
}

/** What changed between two sets of pins, one line a tool, for those who review. */
export function differences(before: Pins, now: Pins): readonly (readonly [how: string, tool: string])[] {
  const names = [...new Set([...before.keys(), ...now.keys()])].toSorted()
  return names.flatMap((name) => {
    const [old, fresh] = [before.get(name), now.get(name)]
    if (old === fresh) return []
    return [[old === undefined ? 'new' : fresh === undefined ? 'gone' : 'changed', name] as const]
  })
}
