import type { Day } from '../../core/data/day.ts'
import type { Hex } from '../../core/data/id.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Archive, ArchivedFile } from '../../ports/archive.ts'
import type { Plan, Seals } from '../../ports/seals.ts'
import { sealedDay } from './calendar.ts'
import { recordsOf } from '../log/logIndex.ts'

/** A sealed day, as lists show it. */
export interface SealedBundle {
  readonly date: Day
  readonly number: number
  /** Log sizes before and after the day. */
  readonly from: number
  readonly to: number
  /** Base64, of the log after the day. */
  readonly root: string
  readonly records: number
  /** The size of the zip. */
  readonly bytes: number
  readonly sha256?: Hex
}

export interface BundleFile extends ArchivedFile {
  /** Streams the bundle, or a range of its bytes. */
  open(range?: { readonly from: number; readonly size: number }): Promise<AsyncIterable<Uint8Array>>
}

/** Checkpoints that are read at once. */
const atOnce = 16

export interface BundlesParts {
  readonly seals: Seals
  readonly archive: Archive
  readonly clock: Clock
}

/** Lists and opens the bundles that compliance staff download. */
export class Bundles {
  readonly #parts: BundlesParts
  /** Roots that were read. They never change, since the days are sealed. */
  readonly #roots = new Map<Day, string>()

  constructor(parts: BundlesParts) {
    this.#parts = parts
  }

  /** Lists all sealed days, oldest first. */
  async list(): Promise<readonly SealedBundle[]> {
    const { seals, archive } = this.#parts
    const { head } = await seals.head()
    if (head === null) return []
    const [plans, files] = await Promise.all([seals.plans(), archive.list('bundles/')])
    const sealed = plans.filter(({ number }) => number <= head.number)
    const sizes = new Map(files.map((file) => [file.name, file]))
    for (let at = 0; at < sealed.length; at += atOnce)
      await Promise.all(sealed.slice(at, at + atOnce).map(({ date }) => this.#rootAfter(date)))
    return sealed.map((plan) => shown(plan, sizes.get(bundleOf(plan.date)), this.#roots.get(plan.date) ?? ''))
  }

  /** Finds a day's bundle. @throws {Problem} `not-found` for a day that is not sealed, saying when it will be */
  async find(date: Day): Promise<BundleFile> {
    const { seals, archive, clock } = this.#parts
    await sealedDay(seals, date, clock.now())
    const name = bundleOf(date)
    const file = await archive.find(name)
    if (file === null) throw missing(name)
    const open: BundleFile['open'] = async (range) => {
      const bytes = await archive.open(name, range)
      if (bytes === null) throw missing(name)
      return bytes
    }
    return { ...file, open }
  }

  /** Reads the newest signed checkpoint, to the byte; `null` before the first. */
  async checkpoint(): Promise<Uint8Array | null> {
    const { seals, archive } = this.#parts
    const { head } = await seals.head()
    return head && fileOf(archive, checkpointOf(head.date))
  }

  async #rootAfter(date: Day): Promise<string> {
    const known = this.#roots.get(date)
    if (known !== undefined) return known
    const root = rootIn(await fileOf(this.#parts.archive, checkpointOf(date)))
    this.#roots.set(date, root)
    return root
  }
}

export const bundleOf = (date: Day): string => `bundles/${date}.zip`

/** Names the checkpoint of the log after a day; `0` is the empty log. */
export const checkpointOf = (date: Day | '0'): string => `checkpoints/${date}`

/**
 * Reads a file that must be there because its day is sealed.
 *
 * @throws {Error} if it is missing
 */
export async function fileOf(archive: Archive, name: string): Promise<Uint8Array> {
  const bytes = await archive.read(name)
  if (bytes === null) throw missing(name)
  return bytes
}

/**
 * C2SP tlog-checkpoint: the lines are origin, size and root. This program wrote the note, so it is not parsed again.
 */
const rootIn = (checkpoint: Uint8Array): string => Buffer.from(checkpoint).toString('utf8').split('\n')[2] ?? ''

function shown(plan: Plan, file: ArchivedFile | undefined, root: string): SealedBundle {
  if (file === undefined) throw missing(bundleOf(plan.date))
  const { date, number, size } = plan
  const records = recordsOf(plan)
  const { size: bytes, sha256 } = file
  return { date, number, from: size, to: size + records, root, records, bytes, ...(sha256 && { sha256 }) }
}

const missing = (name: string) => new Error(`${name} is not in the archive, though its day is sealed.`)
