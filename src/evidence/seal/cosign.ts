import { Broken } from '../../core/data/broken.ts'
import { type Day, nextDay } from '../../core/data/day.ts'
import { type Instant, plusSeconds } from '../../core/data/instant.ts'
import { evidenceBroken, isBroken } from '../../core/data/problem.ts'
import { formatAdd, parseCheckpoint } from '../../core/log/checkpoint.ts'
import {
  cosignaturePath,
  cosignaturesIn,
  type CosignatureRule,
  cosigningTimes,
  hexOf,
  readCosignatureLines,
} from '../../core/log/cosignature.ts'
import { formatSignatures, type NoteSignature, parseNote } from '../../core/log/note.ts'
import type { Archive } from '../../ports/archive.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Cosigner } from '../../ports/cosigner.ts'
import type { Cosigning, CosigningFault, CosigningFaultCode, Seals } from '../../ports/seals.ts'
import { verifyEd25519 } from '../../verify/ed25519.ts'
import { LogTree } from '../log/tree.ts'
import { checkpointOf, fileOf } from '../read/bundles.ts'

export interface CosigningParts {
  /** The witnesses; empty without any. */
  readonly cosigners: readonly Cosigner[]
  readonly seals: Pick<Seals, 'first' | 'head' | 'plan' | 'cosigning' | 'keepCosigning'>
  readonly archive: Archive
  readonly clock: Clock
  /** Gives as many random bytes. */
  readonly random: (bytes: number) => Uint8Array
  /** Is called with errors of background work. Must not throw. */
  readonly failed: (cause: unknown) => void
}

/** Sealed days for which one run asks a witness, and seconds after which it asks for no further one. */
const most = { days: 64, seconds: 60 } as const

/** Questions about one day in one run: a witness that has another size each time is asked again with the next run. */
const mostQuestions = 3

/**
 * Has the checkpoints of sealed days cosigned by each witness, oldest first, and keeps the cosignatures in the archive. A day
 * that a witness does not cosign holds up its later days, and nothing else; the next run asks again. Never throws.
 *
 * These are the durable steps for a day, each with what a crash leaves and how the next run goes on.
 *
 * 1. **The witness** remembers the size that it has cosigned. After a crash the next run asks for the same day. The witness answers
 *    with that size, and cosigns once more when asked without a proof.
 * 2. **The file** in the archive. A crash leaves it; the next run finds it, and keeps it if it holds.
 * 3. **The row** that says how far the days are cosigned. Without it a witness is asked from the first day on, and its size leads to
 *    the day that is next.
 *
 * @returns the names of new files
 */
export async function cosign(parts: CosigningParts): Promise<readonly string[]> {
  const made = parts.cosigners.map(async (cosigner) => {
    const files: string[] = []
    try {
      await new CosigningRun(parts, cosigner).run((file) => files.push(file))
    } catch (cause) {
      parts.failed(cause)
    }
    return files
  })
  return (await Promise.all(made)).flat()
}

/** What came of asking about one day. */
type Asked =
  /** Lines of cosignatures that hold, and the key of the first. */
  | { readonly lines: string; readonly keyId: Uint8Array }
  /** The witness has cosigned this longer log. */
  | { readonly ahead: number }
  | { readonly fault: CosigningFaultCode }

/** A sealed day, with the note of its checkpoint. */
interface CosignedDay {
  readonly date: Day
  readonly note: string
  /** The signed text of the note. */
  readonly text: string
  /** Sizes of the log before and after the day. */
  readonly from: number
  readonly to: number
}

/** One witness, in one run. */
class CosigningRun {
  readonly #parts: CosigningParts
  readonly #cosigner: Cosigner

  constructor(parts: CosigningParts, cosigner: Cosigner) {
    this.#parts = parts
    this.#cosigner = cosigner
  }

  /** @param made is called with the name of each new file */
  async run(made: (file: string) => void): Promise<void> {
    const { seals, clock } = this.#parts
    const [known, { head }, first] = await Promise.all([this.#known(), seals.head(), seals.first()])
    if (head === null) return
    const end = plusSeconds(clock.now(), most.seconds)
    let { through } = known
    // Of an empty log there is nothing to cosign.
    let [asked, ahead] = [0, 1]
    while (through === null || through < head.date) {
      const day = await this.#day(through === null ? first : nextDay(through))
      // No witness goes back: the log of an earlier day is cosigned with that of a later one.
      if (day.to >= ahead) {
        if (asked++ === most.days || clock.now() > end) return
        const answer = await this.#ask(day)
        if ('fault' in answer) return this.#fail(known, through, { code: answer.fault, date: day.date })
        if ('lines' in answer) made(await this.#keep(day, answer))
        else ahead = answer.ahead
        if (ahead > head.size) return this.#fail(known, through, { code: 'stale-size', date: day.date })
      }
      through = day.date
      await seals.keepCosigning(witnessName(this.#cosigner), { through })
    }
  }

  /** Tells how far the days are cosigned. A row that the service did not write is reported, and tells nothing. */
  async #known(): Promise<Cosigning> {
    try {
      return (await this.#parts.seals.cosigning(witnessName(this.#cosigner))) ?? { through: null }
    } catch (cause) {
      if (!isBroken(cause)) throw cause
      this.#parts.failed(cause)
      return { through: null }
    }
  }

  async #day(date: Day): Promise<CosignedDay> {
    const { seals, archive } = this.#parts
    const [plan, bytes] = await Promise.all([seals.plan(date), fileOf(archive, checkpointOf(date))])
    if (plan === null) throw evidenceBroken({ shard: 'seal', row: `plan-${date}`, check: 'missing' })
    const note = textOf(bytes)
    const { text } = parseNote(note)
    return { date, note, text, from: plan.size, to: parseCheckpoint(text).size }
  }

  /** Asks for a cosignature: first with the bytes of `checkpoint.add`, then with a proof from the size that the witness names. */
  async #ask(day: CosignedDay): Promise<Asked> {
    const tree = new LogTree(this.#parts.archive, day.to)
    let { from } = day
    for (let question = 0; question < mostQuestions; question++) {
      const answer = await this.#cosigner.add(formatAdd(from, await tree.consistency(from), day.note))
      if ('refusal' in answer) return { fault: answer.refusal }
      if ('lines' in answer) return this.#read(day, answer.lines)
      const { size } = answer
      // Of the size that it was asked with, it has another root.
      if (size === null || size === from) return { fault: from === day.to ? 'fork' : 'unexpected' }
      if (size > day.to) return { ahead: size }
      from = size
    }
    return { fault: 'stale-size' }
  }

  #read(day: CosignedDay, lines: string): Asked {
    try {
      const signatures = this.#holding(day, lines)
      const [newest] = signatures
      if (newest) return { lines: formatSignatures(signatures), keyId: newest.keyId }
    } catch (cause) {
      if (!(cause instanceof Broken)) throw cause
    }
    return { fault: 'bad-cosignature' }
  }

  /** @throws {Broken} `bad-cosignature` */
  #holding({ date, text }: CosignedDay, lines: string): readonly NoteSignature[] {
    const times = cosigningTimes(date, this.#parts.clock.now())
    const rule: CosignatureRule = { keys: this.#cosigner.keys, verify: verifyEd25519, ...times }
    return cosignaturesIn(text, readCosignatureLines(text, lines), rule).map(({ line }) => line)
  }

  /** Keeps cosignatures, unless the archive has some of this day and key. Returns the name of the file. */
  async #keep(day: CosignedDay, { lines, keyId }: Extract<Asked, { readonly lines: string }>): Promise<string> {
    const { archive, random, failed } = this.#parts
    const create = (name: string) => archive.createOrRead(name, Buffer.from(lines), 'text/plain; charset=utf-8')
    const path = cosignaturePath(day.date, keyId)
    const standing = textOf(await create(path))
    // Of a crash, or of another process, which had a cosignature of another second.
    if (standing === lines || 'lines' in this.#read(day, standing)) return path
    failed(evidenceBroken({ shard: 'cosignatures', row: path, check: 'mac' }))
    const beside = `${path}.${Buffer.from(random(8)).toString('hex')}`
    await create(beside)
    return beside
  }

  /** Remembers why the next day is not cosigned, and reports it once. */
  async #fail(
    { fault: before }: Cosigning,
    through: Day | null,
    { code, date }: Pick<CosigningFault, 'code' | 'date'>,
  ): Promise<void> {
    const { seals, clock, failed } = this.#parts
    const isKnown = before?.code === code && before.date === date
    const since: Instant = isKnown ? before.since : clock.now()
    await seals.keepCosigning(witnessName(this.#cosigner), { through, fault: { code, date, since } })
    if (!isKnown) failed(new CheckpointNotCosigned(witnessName(this.#cosigner), code, date))
  }
}

/** What the service calls a witness: the id of its first key. */
export const witnessName = ({ keys: [{ keyId }] }: Pick<Cosigner, 'keys'>): string => hexOf(keyId)

/** A checkpoint that a witness does not cosign. The code has all of it, because logs show name and code but no message. */
class CheckpointNotCosigned extends Error {
  readonly code: string

  constructor(witness: string, fault: CosigningFaultCode, date: Day) {
    super(`The witness with the key ${witness} does not cosign the checkpoint of ${date}: ${fault}.`)
    this.name = 'CheckpointNotCosigned'
    this.code = `${fault}-${date}-${witness}`
  }
}

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('utf8')
