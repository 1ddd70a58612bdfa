import type { LogEvent } from '../core/record/eventType.ts'
import { storedOf } from './content.ts'
import { withFile } from './file.ts'
import { holds, lineIn, linesIn, refuted } from './saidReader.ts'

/** A text of a said file, as its line stands there. */
export interface ChosenText {
  readonly index: number
  readonly name: string
  readonly text: string
  /** The whole line, with the salt. */
  readonly line: string
}

/**
 * Finds the texts of some events in said files, each checked to be what its event commits to. Other lines are passed
 * over.
 *
 * @param events by their place in the log
 * @returns in the order of the log
 * @throws {BrokenAt} `bad-said` for a text that its event does not commit to
 */
export async function textsOf(
  files: readonly string[],
  events: ReadonlyMap<number, LogEvent>,
): Promise<readonly ChosenText[]> {
  const found: ChosenText[] = []
  for (const file of files)
    await withFile(file, async ({ fd }) => {
      const lines = linesIn(storedOf(fd, { start: 0, size: Infinity }))
      for (let next = await lines.peek(); next !== null; next = await lines.peek()) {
        const line = lineIn(next.text, next.line)
        const event = events.get(line.index)
        if (event && !holds(line, event)) throw refuted(line)
        if (event) found.push({ index: line.index, name: line.name, text: line.text, line: next.text })
        lines.skip()
      }
    })
  return found.toSorted((a, b) => a.index - b.index)
}
