import type { JsonObject } from '../core/data/json.ts'
import { type ExceptionKind, exceptionKinds } from '../core/record/eventType.ts'
import { type DayExceptions, exceptionsIn } from '../verify/exceptionTable.ts'
import { spoken } from '../words/spoken.ts'
import type { VerdictLine } from './verdict.ts'

/** How many exceptions of each kind there are. */
export type ExceptionCounts = DayExceptions['counts']

export const noExceptions: ExceptionCounts = new Map()

/** Counts the exceptions of bundles that hold. @throws {Unreadable} */
export async function kindsIn(files: readonly string[]): Promise<ExceptionCounts> {
  const all = new Map<ExceptionKind, number>()
  for (const file of files) {
    const { counts } = await exceptionsIn(file, 0)
    for (const [kind, count] of counts) all.set(kind, (all.get(kind) ?? 0) + count)
  }
  return all
}

/** Lists the kinds in the order of the documentation: `3 hasty: decided less than 5 s after the first look`. */
export const wordsOfKinds = (kinds: ExceptionCounts): readonly string[] =>
  exceptionKinds.flatMap((kind) => {
    const count = kinds.get(kind)
    return count === undefined ? [] : [`${count} ${kind}: ${spoken.exceptions[kind]}`]
  })

export const recordOfKinds = (kinds: ExceptionCounts): JsonObject => Object.fromEntries(kinds)

export function describeExceptions(kinds: ExceptionCounts): readonly VerdictLine[] {
  const all = [...kinds.values()].reduce((sum, count) => sum + count, 0)
  return [['exceptions', `${all}`], ...wordsOfKinds(kinds).map((words): VerdictLine => ['', words])]
}
