import { readFirst } from '../verdict/ends.ts'
import { type KeptCheckpoint, keptCheckpointsIn } from '../verify/keptCheckpoints.ts'
import type { KnownEnds } from '../verify/seriesEnds.ts'
import { readText } from './evidence.ts'
import { dayIn } from './dayOptions.ts'
import { Exit, exits } from './exit.ts'
import type { Options } from './options.ts'

/** Options about where a series begins and ends. */
const ofSeries = ['from', 'through', 'first'] as const

/** @throws {Exit} 78 for an option that only a series can have */
export function checkNoSeriesOptions(options: Options): void {
  const given = ofSeries.find((option) => options.one(option) !== undefined)
  if (given !== undefined)
    throw new Exit(exits.usage, `--${given} belongs to --chain, not to one bundle. See countersign help verify.`)
}

/** @throws {Exit} 78, naming the option and the rule; 2 for a file of checkpoints that has none */
export function readEnds(options: Options): KnownEnds {
  const [from, through] = [dayIn(options, 'from'), dayIn(options, 'through')]
  if (from !== undefined && through !== undefined && from > through)
    throw new Exit(exits.usage, `--from: ${from} is after --through, ${through}.`)
  return { from, through, first: firstIn(options), checkpoints: readCheckpoints(options) }
}

/** Reads the files of `--checkpoint`. @throws {Exit} 2 for a file that cannot be read, or has no checkpoint */
export function readCheckpoints(options: Options): readonly KeptCheckpoint[] {
  return options.many('checkpoint').flatMap((file) => {
    const found = keptCheckpointsIn(readText(file), file)
    if (found.length > 0) return found
    throw new Exit(
      exits.unreadable,
      `--checkpoint: ${file} has no checkpoint: a line with the log's name, one with its size, one with its root in base64.`,
    )
  })
}

function firstIn(options: Options): KnownEnds['first'] {
  const given = options.one('first')
  if (given === undefined) return undefined
  const first = readFirst(given)
  if (first !== null) return first
  throw new Exit(
    exits.usage,
    `--first: "${given}" is neither the number of a bundle nor the SHA-256 of its file or manifest, of 64 hex digits.`,
  )
}
