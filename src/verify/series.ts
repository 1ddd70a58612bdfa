import { bundleFiles } from '../core/log/bundleFiles.ts'
import { join } from 'node:path'
import { type Day, nextDay } from '../core/data/day.ts'
import type { Hex } from '../core/data/id.ts'
import type { Manifest, ShardCut } from '../core/log/manifest.ts'
import type { Tallies } from '../core/record/metrics.ts'
import { emptyChain } from '../core/request/event.ts'
import { type LogStanding, type BundleVerdict, type Verifying, verifyBundle } from './bundle.ts'
import { Continuity } from './continuity.ts'
import type { SaidOfDay } from './examination.ts'
import { withDay } from './day.ts'
import { namesIn } from './folder.ts'
import { BrokenAt, type Finding, findingOf, Unreadable } from './finding.ts'
import type { JudgedCount } from './policyCheck.ts'
import { checkBegin, checkEnd, type KnownEnds } from './seriesEnds.ts'
import { type SaidFolder, saidFilesIn } from './saidFolder.ts'
import { saidName, type SaidOfSeries, SaidSeries } from './saidSeries.ts'

/** The result of verifying all bundles in a folder. */
export interface SeriesVerdict {
  /** The bundles that hold and continue each other, in order. */
  readonly bundles: readonly SeriesBundle[]
  /** What the said files beside the bundles have; absent if there are none, or after a problem with a bundle. */
  readonly said?: SaidOfSeries
  /** Said files that belong to no bundle of the series. Nothing in them was looked at. */
  readonly unused: readonly string[]
  /** The first problem, and its file. */
  readonly problem?: Finding & { readonly file: string }
}

/** A bundle that holds, and continues the one before it. */
export interface SeriesBundle {
  readonly file: string
  readonly manifest: Manifest
  /** SHA-256 of the manifest's file. The next manifest names it. */
  readonly manifestHash: Hex
  readonly judged: JudgedCount
}

/** A bundle that holds, and the state at its end. */
interface Link {
  readonly manifest: Manifest
  readonly standing: LogStanding
  readonly said?: SaidOfDay
  readonly judged: JudgedCount
  readonly tallies?: Tallies
}

/** Options of verifying a series. */
export interface VerifyingSeries extends Omit<Verifying, 'said'> {
  /** The folder with the said files (default: that of the bundles). */
  readonly said?: string | undefined
  readonly started?: (file: string, place: number, of: number) => void
  /** Whether missing texts, and missing said files, are only counted. */
  readonly allowUnexplained?: boolean
  readonly ends?: KnownEnds
  /** Takes what the requests of each day that holds come to. */
  readonly counted?: (tallies: Tallies) => void
}

/**
 * Verifies every `countersign-evidence-*.zip` in a folder, in the order of their numbers. Checks that each continues
 * the one before it without leaving out events of its requests.
 *
 * Each `said-DATE.jsonl` in the folder, or in that of `said`, is verified with its bundle. If there is one, all texts of the series have to be
 * there, or an event of the series has to say that they were erased.
 *
 * `ends` is compared with the first day, and with the last once all days hold.
 *
 * After a key rotation, the new key is trusted for the following days, and the old key no longer.
 *
 * @throws {Unreadable} if a folder cannot be read or has no such file
 */
export async function verifySeries(
  folder: string,
  { started, allowUnexplained, ends = {}, counted, said: saidFolder, ...options }: VerifyingSeries,
): Promise<SeriesVerdict> {
  const bundles: SeriesBundle[] = []
  const texts = new SaidSeries()
  let [at, saidAt] = ['', '']
  let said: SaidFolder | null = null
  try {
    const names = await namesIn(folder)
    said = await saidFilesIn(saidFolder, { folder, names })
    const found: Numbered[] = []
    for (const file of bundlesIn(folder, names)) {
      at = file
      found.push({ file, ...(await numberOf(join(folder, file))) })
    }
    const requests = new Continuity()
    let before: Link | null = null
    for (const [place, { file, number, date }] of inOrder(found).entries()) {
      at = file
      started?.(file, place, found.length)
      saidAt = saidName(date)
      before = await verifyNext(join(folder, file), number, before, {
        ...options,
        said: said.of(date),
        isCounted: counted !== undefined,
      })
      if (before.tallies) counted?.(before.tallies)
      texts.take(before.manifest, before.said, before.standing.erasures)
      if (before.standing.continued) requests.take(before.manifest, before.standing.continued)
      const bundle = { manifest: before.manifest, manifestHash: before.standing.manifestHash, judged: before.judged }
      if (place === 0) await checkBegin({ path: join(folder, file), ...bundle }, ends)
      bundles.push({ file, ...bundle })
    }
    for (const { file } of requests.isSearched() ? bundles : []) {
      at = file
      await withDay(join(folder, file), async (day) => {
        for await (const row of day.requests()) requests.row(row)
      })
    }
    checkEnd(
      bundles.map(({ manifest }) => manifest),
      ends,
    )
    saidAt = texts.first() ?? ''
    if (!allowUnexplained) texts.check()
    return { bundles, unused: said.unused(), ...saidOf(texts) }
  } catch (cause) {
    const finding = findingOf(cause)
    return {
      bundles,
      unused: said?.unused() ?? [],
      ...(isOfTexts(finding) && saidOf(texts)),
      problem: { ...finding, file: finding.check === 'said' ? saidAt : at },
    }
  }
}

interface Numbered {
  readonly file: string
  readonly number: number | null
  /** Not verified. */
  readonly date: Day
}

const isOfTexts = ({ code }: Finding): boolean => code === 'withheld' || code === 'unexplained'

function saidOf(texts: SaidSeries): Pick<SeriesVerdict, 'said'> {
  const said = texts.result()
  return said ? { said } : {}
}

/** @throws {BrokenAt} if the bundle does not hold, or does not continue the one before it */
async function verifyNext(path: string, number: number | null, before: Link | null, options: Verifying): Promise<Link> {
  // This check comes first: after a missing day the key may be another, and `wrong-key` would mislead.
  if (before && number !== null) checkNumber(before.manifest, number)
  const keys = before === null ? options.keys : before.standing.signers.slice(-1)
  const { problem, manifest, standing, judged, said, tallies }: BundleVerdict = await verifyBundle(path, {
    ...options,
    keys,
    isFollowed: true,
  })
  if (problem) throw new BrokenAt(problem, problem.code, problem.words)
  if (!manifest || !standing || !judged) throw new Error('A bundle that holds has a manifest, and a standing.')
  const next = { manifest, standing, judged, ...(said && { said }), ...(tallies && { tallies }) }
  if (before) checkLink(before, next)
  return next
}

function bundlesIn(folder: string, names: readonly string[]): readonly string[] {
  const files = names.filter((name) => /^countersign-evidence-.*\.zip$/.test(name)).sort()
  if (files.length === 0) throw new Unreadable(`${folder} has no file countersign-evidence-*.zip.`)
  return files
}

/**
 * Reads number and date of a bundle that is not verified yet. Used only to put bundles in order, and to find files.
 *
 * @returns `null` as the number of a bundle of a later format
 */
async function numberOf(path: string): Promise<Omit<Numbered, 'file'>> {
  try {
    return await withDay(path, async ({ manifest: { number, date } }) => ({ number, date }))
  } catch (cause) {
    if (cause instanceof BrokenAt && cause.code === 'newer-format') return { number: null, date: '' as Day }
    throw cause
  }
}

/**
 * Orders bundles by number. Those of a later format, which have none, go where a number is missing, or to the end:
 * verifying the first of them says whether it is signed, which a claim to be of a later format must be.
 */
function inOrder(bundles: readonly Numbered[]): readonly Numbered[] {
  const later = bundles.filter(({ number }) => number === null)
  const known = bundles.filter(({ number }) => number !== null).sort((a, b) => Number(a.number) - Number(b.number))
  const gap = known.findIndex(({ number }, i) => Number(known[i + 1]?.number) - Number(number) > 1)
  return gap < 0 ? [...known, ...later] : known.toSpliced(gap + 1, 0, ...later)
}

/** @throws {BrokenAt} `broken-series` */
function checkNumber({ number, date }: Manifest, next: number): void {
  if (next === number) throw broken(`Two bundles have number ${next}.`)
  if (next !== number + 1)
    throw broken(`Bundle ${number + 1} is missing: after bundle ${number} (${date}) comes ${next}.`)
}

/** @throws {BrokenAt} `broken-series` */
function checkLink(before: Link, after: Link): void {
  const [old, now] = [before.manifest, after.manifest]
  if (now.date !== nextDay(old.date)) throw broken(`After ${old.date} comes ${now.date}: a day is missing.`)
  if (!after.standing.checkpoints.before.equals(before.standing.checkpoints.after))
    throw broken(
      `The log before ${now.date} is not the log after ${old.date}: one of the days was changed.`,
      bundleFiles.checkpointBefore.name,
    )
  if (now.previousManifest !== before.standing.manifestHash)
    throw broken(`The manifest of ${now.date} does not continue that of ${old.date}.`, bundleFiles.manifest.name)
  const [signer, expected] = [after.standing.signers[0], before.standing.signers.at(-1)]
  if (!signer || !expected || Buffer.compare(signer, expected) !== 0)
    throw broken(`${now.date} begins with another key than ${old.date} ended with.`, bundleFiles.manifest.name)
  for (const [shard, cut] of Object.entries(now.shards)) {
    const sealed: Partial<ShardCut> = old.shards[shard] ?? { to: 0, head: emptyChain.hash }
    if (cut.policyFrom !== sealed.policyTo)
      throw broken(
        `Shard ${shard} begins ${now.date} under another policy than it ended ${old.date} with.`,
        bundleFiles.manifest.name,
      )
    const link = cut.to > cut.from ? (after.standing.links[shard] ?? emptyChain.hash) : cut.head
    if (cut.from !== sealed.to || link !== sealed.head)
      throw broken(
        `Shard ${shard} does not continue on ${now.date} where it ended on ${old.date}.`,
        bundleFiles.records.name,
      )
  }
}

const broken = (what: string, member?: string): BrokenAt =>
  new BrokenAt({ check: 'manifest', ...(member !== undefined && { member }) }, 'broken-series', what)
