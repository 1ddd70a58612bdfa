import { decodeHash } from '../core/data/base64.ts'
import { parseSize } from '../core/log/checkpoint.ts'
import type { Manifest } from '../core/log/manifest.ts'
import { isKeyName } from '../core/log/note.ts'
import { BrokenAt } from './finding.ts'

/** The three lines of a checkpoint that somebody kept: origin, size and root of the log. */
export interface KeptCheckpoint {
  /** Where it was found, for people. */
  readonly place: string
  readonly origin: string
  readonly size: number
  /** In base64. */
  readonly root: string
}

/**
 * Finds the checkpoints in a text: a signed note, its three lines alone, or messages that have them, one or several.
 * Signatures are not looked at: the text counts because of where it was kept.
 *
 * @param name of the file, for people
 */
export function keptCheckpointsIn(text: string, name: string): readonly KeptCheckpoint[] {
  const lines = text
    .split('\n')
    .flatMap((line, i) => (line.trim() === '' ? [] : [{ text: line.trim(), number: i + 1 }]))
  return lines.flatMap(({ text: origin, number }, i): readonly KeptCheckpoint[] => {
    const [size, root] = [parseSize(lines[i + 1]?.text ?? ''), lines[i + 2]?.text ?? '']
    if (!isKeyName(origin) || size === null || decodeHash(root) === null) return []
    return [{ place: `${name}, line ${number}`, origin, size, root }]
  })
}

/**
 * Compares kept checkpoints with the log before and after each of these days, which continue each other.
 *
 * @throws {BrokenAt} `another-history` if the log had another name or root at that size, or no day ends at it;
 *   `late-start` and `early-end` if it is of an earlier or a later day than these
 */
export function checkKept(days: readonly Manifest[], kept: readonly KeptCheckpoint[]): void {
  const [first, last] = [days[0], days.at(-1)]
  if (!first || !last) return
  const roots = new Map(days.map(({ log }) => [log.to.size, log.to.root]))
  roots.set(first.log.from.size, first.log.from.root)
  const { origin } = last.log
  for (const one of kept) {
    const about = `${one.place}: the kept checkpoint is of size ${one.size}`
    const root = roots.get(one.size)
    if (one.origin !== origin)
      throw refuted('another-history', `${one.place}: the kept checkpoint is of another log, “${one.origin}”.`)
    if (one.size > last.log.to.size)
      throw refuted('early-end', `${about}, and the log ends here at size ${last.log.to.size} (${last.date}).`)
    if (one.size < first.log.from.size)
      throw refuted('late-start', `${about}, and the log begins here at size ${first.log.from.size} (${first.date}).`)
    if (root === undefined)
      throw refuted('another-history', `${about}, at which no day ends here: this is another history.`)
    if (root !== one.root)
      throw refuted(
        'another-history',
        `${about} and root ${one.root}; here the root is ${root}: this is another history.`,
      )
  }
}

const refuted = (code: 'another-history' | 'late-start' | 'early-end', what: string): BrokenAt =>
  new BrokenAt({ check: 'checkpoints' }, code, what)
