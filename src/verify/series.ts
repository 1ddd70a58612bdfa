import { join } from 'node:path'
import type { Hex } from '../core/data/id.ts'
import type { Manifest } from '../core/log/manifest.ts'
import type { Tallies } from '../core/record/metrics.ts'
import type { Verifying } from './bundle.ts'
import { bundlesIn, type NumberedBundle, numberOf } from './bundleFolder.ts'
import { Continuity } from './continuity.ts'
import { withDay } from './day.ts'
import { type Finding, findingOf } from './finding.ts'
import { namesIn } from './folder.ts'
import type { JudgedCount } from './policyCheck.ts'
import { type SaidFolder, saidFilesIn } from './saidFolder.ts'
import { saidName, type SaidOfSeries, SaidSeries } from './saidSeries.ts'
import { checkBegin, checkEnd, type KnownEnds } from './seriesEnds.ts'
import { type SeriesLink, verifyNext } from './seriesLink.ts'

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
    const found: NumberedBundle[] = []
    for (const file of bundlesIn(folder, names)) {
      at = file
      found.push({ file, ...(await numberOf(join(folder, file))) })
    }
    const requests = new Continuity()
    let before: SeriesLink | null = null
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

const isOfTexts = ({ code }: Finding): boolean => code === 'withheld' || code === 'unexplained'

function saidOf(texts: SaidSeries): Pick<SeriesVerdict, 'said'> {
  const said = texts.result()
  return said ? { said } : {}
}

/**
 * Orders bundles by number. Those of a later format, which have none, go where a number is missing, or to the end:
 * verifying the first of them says whether it is signed, which a claim to be of a later format must be.
 */
function inOrder(bundles: readonly NumberedBundle[]): readonly NumberedBundle[] {
  const later = bundles.filter(({ number }) => number === null)
  const known = bundles.filter(({ number }) => number !== null).sort((a, b) => Number(a.number) - Number(b.number))
  const gap = known.findIndex(({ number }, i) => Number(known[i + 1]?.number) - Number(number) > 1)
  return gap < 0 ? [...known, ...later] : known.toSpliced(gap + 1, 0, ...later)
}
