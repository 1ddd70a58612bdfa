import { createHash } from 'node:crypto'
import type { Day } from '../core/data/day.ts'
import type { Hex } from '../core/data/id.ts'
import type { Manifest } from '../core/log/manifest.ts'
import { storedOf } from './content.ts'
import { withFile } from './file.ts'
import { BrokenAt } from './finding.ts'
import { checkKept, type KeptCheckpoint } from './keptCheckpoints.ts'

/** What somebody knows from elsewhere about where a series begins and ends. */
export interface KnownEnds {
  /** A day that has to be there, with all days after it. */
  readonly from?: Day | undefined
  /** A day that has to be there, with all days before it. */
  readonly through?: Day | undefined
  /** The first bundle: its number, or the SHA-256 of its manifest or of its file. */
  readonly first?: number | Hex | undefined
  readonly checkpoints?: readonly KeptCheckpoint[] | undefined
}

/** A bundle of a series. */
interface Bundle {
  readonly path: string
  readonly manifest: Manifest
  /** SHA-256 of the manifest's file. */
  readonly manifestHash: Hex
}

/**
 * Checks that a series begins where it is known to begin.
 *
 * @throws {BrokenAt} `late-start` if it begins with a later day or number; `another-history` if its first bundle is
 *   another than the known one
 */
export async function checkBegin({ path, manifest, manifestHash }: Bundle, { from, first }: KnownEnds): Promise<void> {
  const { number, date } = manifest
  const begins = `The series begins with bundle ${number} of ${date}`
  if (from !== undefined && date > from)
    throw ended('late-start', `${begins}, and has to begin with ${from} at the latest.`)
  if (typeof first === 'number' && number > first)
    throw ended('late-start', `${begins}, and is known to begin with bundle ${first}: bundles are missing before it.`)
  if (typeof first === 'number' && number < first)
    throw ended('another-history', `${begins}, and is known to begin with bundle ${first}.`)
  if (typeof first === 'string' && first !== manifestHash && first !== (await fileHash(path)))
    throw ended(
      'another-history',
      `${begins}. Neither its manifest nor its file has the SHA-256 of the known first bundle: bundles are missing before ` +
        'it, or this is another history.',
    )
}

/**
 * Checks that a series goes as far as it is known to go, and that it is the log of which checkpoints were kept.
 *
 * @throws {BrokenAt} `early-end`, and as {@link checkKept}
 */
export function checkEnd(days: readonly Manifest[], { through, checkpoints = [] }: KnownEnds): void {
  const last = days.at(-1)
  if (last && through !== undefined && last.date < through)
    throw ended(
      'early-end',
      `The series ends with bundle ${last.number} of ${last.date}, and has to go through ${through}: days are missing at the end.`,
    )
  checkKept(days, checkpoints)
}

function fileHash(path: string): Promise<Hex> {
  return withFile(path, async ({ fd, size }) => {
    const hash = createHash('sha256')
    for await (const piece of storedOf(fd, { start: 0, size })) hash.update(piece)
    return hash.digest('hex') as Hex
  })
}

const ended = (code: 'late-start' | 'early-end' | 'another-history', what: string): BrokenAt =>
  new BrokenAt({ check: 'manifest' }, code, what)
