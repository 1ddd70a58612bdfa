import { dirname, join } from 'node:path'
import { decode64 } from '../core/data/base64.ts'
import { Broken } from '../core/data/broken.ts'
import { type Instant, instant, later } from '../core/data/instant.ts'
import {
  type Cosignature,
  type CosignatureRule,
  cosignaturesIn,
  cosignaturesName,
  cosigningTimes,
  hexOf,
  type WitnessKey,
} from '../core/log/cosignature.ts'
import { formatCheckpoint } from '../core/log/checkpoint.ts'
import type { Manifest } from '../core/log/manifest.ts'
import { parseNote } from '../core/log/note.ts'
import { storedOf } from './content.ts'
import { verifyEd25519 } from './ed25519.ts'
import { withFile } from './file.ts'
import { BrokenAt } from './finding.ts'
import { namesIn } from './folder.ts'

/** The witnesses that must have cosigned each day. */
export interface WitnessDemand {
  /** Their keys. Of keys with one name, any counts: a witness keeps its name when it changes its key. */
  readonly keys: readonly WitnessKey[]
  /** The present time: no cosignature is of a later one, unless the day is said to be sealed later. */
  readonly now: Instant
}

/** Who cosigned a day, and when. */
export interface CosignedBy {
  readonly witness: string
  /** 8 hex digits. */
  readonly keyId: string
  /** By the clock of the witness. */
  readonly at: Instant
}

/** Bytes of a note. */
const most = 262_144

/**
 * Checks that each of the witnesses has cosigned the checkpoint of a day. The file `cosignatures-DATE.txt` beside the bundle has the
 * cosignatures.
 *
 * @param bundle the path of the day's bundle
 * @param manifest as it was verified: its log after the day is what the checkpoint says
 * @returns one for each witness, in the order of the keys; of several that hold, the first
 * @throws {BrokenAt} `not-cosigned` if the file, or the cosignature of a witness, is not there; `bad-cosignature` if one does not hold
 * @throws {Unreadable} if the file cannot be read
 */
export async function checkCosigned(
  bundle: string,
  { date, sealedAt, log }: Pick<Manifest, 'date' | 'sealedAt' | 'log'>,
  { keys, now }: WitnessDemand,
): Promise<readonly CosignedBy[]> {
  // Nobody cosigns an empty log.
  if (log.to.size === 0) return []
  const folder = dirname(bundle)
  const member = cosignaturesName(date)
  const witnesses = [...new Set(keys.map(({ name }) => name))]
  const place = { check: 'checkpoints', member } as const
  if (!(await namesIn(folder)).includes(member))
    throw new BrokenAt(
      place,
      'not-cosigned',
      `${member} is not beside the bundle, so nothing shows that ${witnesses.join(' and ')} cosigned ${date}. A download of the day brings it, once a witness has cosigned.`,
    )
  const note = await noteIn(join(folder, member))
  let found: readonly Cosignature[]
  try {
    found = holdingIn(note, textOf(log), { keys, verify: verifyEd25519, ...cosigningTimes(date, later(now, sealedAt)) })
  } catch (cause) {
    if (!(cause instanceof Broken)) throw cause
    throw new BrokenAt(place, 'bad-cosignature', cause.message, { cause })
  }
  return witnesses.map((witness) => {
    const one = found.find(({ key }) => key.name === witness)
    if (one) return { witness, keyId: hexOf(one.key.keyId), at: instant(one.time * 1000) }
    throw new BrokenAt(
      place,
      'not-cosigned',
      `${witness} has not cosigned the checkpoint of ${date}: ${member} has no line of its key.`,
    )
  })
}

/** @throws {Broken} */
function holdingIn(note: string, checkpoint: string, rule: CosignatureRule): readonly Cosignature[] {
  const { text, signatures } = parseNote(note)
  if (text !== checkpoint)
    throw new Broken('bad-cosignature', 'The cosignatures are of another checkpoint than that of the bundle.')
  return cosignaturesIn(text, signatures, rule)
}

const textOf = ({ origin, to }: Manifest['log']): string =>
  formatCheckpoint({ origin, size: to.size, root: decode64(to.root) ?? new Uint8Array() })

async function noteIn(path: string): Promise<string> {
  return withFile(path, async ({ fd, size }) => {
    const pieces: Uint8Array[] = []
    for await (const piece of storedOf(fd, { start: 0, size: Math.min(size, most + 1) })) pieces.push(piece)
    return Buffer.concat(pieces).toString('utf8')
  })
}
