import { Broken } from '../../core/data/broken.ts'
import { type Day, dayBefore, dayOf, nextDay } from '../../core/data/day.ts'
import { type Hex, sha256 } from '../../core/data/id.ts'
import { type Instant, plusSeconds } from '../../core/data/instant.ts'
import { type Manifest, parseBundle, parseStatement } from '../../core/log/statement.ts'
import { sealWithin } from '../../core/record/lateSeal.ts'
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
  /** How many requests and exceptions the day has, as its manifest says; absent without a manifest that is believed. */
  readonly requests?: number
  readonly exceptions?: number
  /** The size of the zip. */
  readonly bytes: number
  readonly sha256?: Hex
}

/**
 * A file of a sealed day that the archive lacks, or that is not the sealed one; `seal` for a day that should be sealed by
 * now. A manifest is known by the one of the next day, so that one without it takes all before it along.
 */
interface MissingPart {
  readonly date: Day
  readonly what: 'seal' | 'bundle' | 'checkpoint' | 'manifest'
}

/** All days that have ended: what there is of each, and what there is not. */
interface SealedDays {
  readonly bundles: readonly SealedBundle[]
  readonly missing: readonly MissingPart[]
}

export interface BundleFile extends ArchivedFile {
  /** Streams the bundle, or a range of its bytes. */
  open(range?: { readonly from: number; readonly size: number }): Promise<AsyncIterable<Uint8Array>>
}

/** Days whose files are read at once. */
const atOnce = 16

export interface BundlesParts {
  readonly seals: Seals
  readonly archive: Archive
  readonly clock: Clock
}

/** Lists and opens the bundles that compliance staff download. */
export class Bundles {
  readonly #parts: BundlesParts
  /** What was read beside the bundles. It never changes, since the days are sealed. */
  readonly #beside = new Map<Day, Beside>()

  constructor(parts: BundlesParts) {
    this.#parts = parts
  }

  /** Lists all sealed days, oldest first, and what is missing of them. No bundle is opened for that. */
  async list(): Promise<SealedDays> {
    const { seals, archive, clock } = this.#parts
    const [first, { head }] = await Promise.all([seals.first(), seals.head()])
    const late = lateDays(head ? nextDay(head.date) : first, clock.now()).map(
      (date) => ({ date, what: 'seal' }) as const,
    )
    if (head === null) return { bundles: [], missing: late }
    const [plans, files] = await Promise.all([seals.plans(), archive.list('bundles/')])
    const sealed = plans.filter(({ number }) => number <= head.number)
    const zips = new Map(files.map((file) => [file.name, file]))
    const days: SealedFiles[] = []
    for (let at = 0; at < sealed.length; at += atOnce) {
      const read = sealed.slice(at, at + atOnce).map(async (plan) => {
        const beside = await this.#besideOf(plan.date)
        return { plan, zip: zips.get(bundleOf(plan.date)), beside }
      })
      days.push(...(await Promise.all(read)))
    }
    const counts = believed(days, head.manifest)
    return {
      bundles: days.flatMap(({ plan, zip, beside }) => (zip ? [shown(plan, zip, beside, counts.get(plan.date))] : [])),
      missing: [...days.flatMap((day) => lacking(day, counts)), ...late],
    }
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

  /** Reads what lies beside a day's bundle. What is missing is looked for again: it may come back from a backup. */
  async #besideOf(date: Day): Promise<Beside> {
    const known = this.#beside.get(date)
    if (known !== undefined) return known
    const { archive } = this.#parts
    const [note, manifest] = await Promise.all([archive.read(checkpointOf(date)), archive.read(manifestOf(date))])
    const read = manifest && manifestIn(manifest)
    const beside: Beside = { ...(note && { root: rootIn(note) }), ...(read && { manifest: read }) }
    if (note && read) this.#beside.set(date, beside)
    return beside
  }
}

/** What is known of a day without its bundle. */
interface Beside {
  readonly root?: string
  readonly manifest?: Pick<Manifest, 'counts' | 'previousManifest'> & { readonly hash: Hex }
}

/** A sealed day, with what the archive has of it. */
interface SealedFiles {
  readonly plan: Plan
  readonly zip: ArchivedFile | undefined
  readonly beside: Beside
}

type Counts = Manifest['counts']

/**
 * The counts of those days whose manifests are the sealed ones: the head of the log, which is authenticated, names the
 * newest by its hash, and each names the one before it. So no signature has to be checked, nor a key be had.
 */
function believed(days: readonly SealedFiles[], newest: Hex): ReadonlyMap<Day, Counts> {
  const found = new Map<Day, Counts>()
  let expected: Hex | undefined = newest
  for (const { plan, beside } of days.toReversed()) {
    const { manifest } = beside
    if (manifest === undefined || manifest.hash !== expected) break
    found.set(plan.date, manifest.counts)
    expected = manifest.previousManifest
  }
  return found
}

/** Reads a manifest; `null` if it is none. */
function manifestIn(bytes: Uint8Array): Beside['manifest'] | null {
  try {
    const { counts, previousManifest } = parseStatement(
      parseBundle(Buffer.from(bytes).toString('utf8')).payload,
    ).manifest
    return { hash: sha256(bytes), counts, ...(previousManifest !== undefined && { previousManifest }) }
  } catch (cause) {
    if (cause instanceof Broken) return null
    throw cause
  }
}

const lacking = (
  { plan: { date }, zip, beside: { root } }: SealedFiles,
  counts: ReadonlyMap<Day, Counts>,
): readonly MissingPart[] => [
  ...(zip ? [] : [{ date, what: 'bundle' } as const]),
  ...(root === undefined ? [{ date, what: 'checkpoint' } as const] : []),
  ...(counts.has(date) ? [] : [{ date, what: 'manifest' } as const]),
]

/** The days from this one on that should be sealed by now. */
function lateDays(from: Day, now: Instant): readonly Day[] {
  const newest = dayBefore(dayOf(plusSeconds(now, -sealWithin)))
  const days: Day[] = []
  for (let day = from; day <= newest && days.length < mostLate; day = nextDay(day)) days.push(day)
  return days
}

/** Days without a seal that a list names. */
const mostLate = 400

export const bundleOf = (date: Day): string => `bundles/${date}.zip`

export const manifestsPrefix = 'manifests/'

export const manifestOf = (date: Day): string => `${manifestsPrefix}${date}`

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

function shown(plan: Plan, file: ArchivedFile, { root = '' }: Beside, counts: Counts | undefined): SealedBundle {
  const { date, number, size } = plan
  const records = recordsOf(plan)
  const { size: bytes, sha256 } = file
  return {
    ...{ date, number, from: size, to: size + records, root, records },
    ...(counts && { requests: counts.requests, exceptions: counts.exceptions }),
    bytes,
    ...(sha256 && { sha256 }),
  }
}

const missing = (name: string) => new Error(`${name} is not in the archive, though its day is sealed.`)
