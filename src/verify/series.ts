import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { nextDay } from '../core/day.ts'
import type { Manifest } from '../core/manifest.ts'
import { parseBundle, parseStatement } from '../core/statement.ts'
import { emptyChain } from '../core/event.ts'
import { extentOf } from './attested.ts'
import { type Standing, type Verdict, type Verifying, verifyBundle } from './bundle.ts'
import { bytesOf } from './content.ts'
import { directory } from './directory.ts'
import { reasonOf, withFile } from './file.ts'
import { BrokenAt, type Finding, findings, placed, Unreadable } from './finding.ts'
import { manifestName } from './names.ts'

/** What became of the verification of all bundles in a folder. */
export interface SeriesVerdict {
  /** Those that hold and fit, in order. */
  readonly bundles: readonly { readonly file: string; readonly manifest: Manifest }[]
  /** The first thing that does not, and in which file. */
  readonly problem?: Finding & { readonly file: string }
}

/** A bundle that holds, and where it ends. */
interface Link {
  readonly manifest: Manifest
  readonly standing: Standing
}

/**
 * Verifies every `countersign-evidence-*.zip` in a folder, in the order of their numbers, and that each continues the
 * one before it. A key that the log changed to is trusted for the days after the change, and the older one no more.
 *
 * @throws {Unreadable} if the folder cannot be read or has no such file
 */
export async function verifySeries(
  folder: string,
  { told, ...options }: Omit<Verifying, 'said'> & { readonly told?: (file: string, place: number, of: number) => void },
): Promise<SeriesVerdict> {
  const files = await bundlesIn(folder)
  const numbered: { readonly file: string; readonly number: number }[] = []
  const found = findings()
  const bundles: { readonly file: string; readonly manifest: Manifest }[] = []
  const end = (file: string, problem = found.first()): SeriesVerdict =>
    problem ? { bundles, problem: { ...problem, file } } : { bundles }
  for (const file of files) {
    try {
      numbered.push({ file, number: await numberOf(join(folder, file)) })
    } catch (cause) {
      found.caught(cause)
      return end(file)
    }
  }
  numbered.sort((a, b) => a.number - b.number)
  let before: Link | null = null
  for (const [place, { file, number }] of numbered.entries()) {
    told?.(file, place, numbered.length)
    const keys: readonly Uint8Array[] = before === null ? options.keys : before.standing.signers.slice(-1)
    let manifest: Manifest
    try {
      // First, since a day that is missing may be the one on which the key changed.
      if (before) checkNumber(before.manifest, number)
      const verdict: Verdict = await verifyBundle(join(folder, file), { ...options, keys })
      if (verdict.problem || !verdict.manifest || !verdict.standing) return end(file, verdict.problem)
      const next: Link = { manifest: verdict.manifest, standing: verdict.standing }
      if (before) checkLink(before, next)
      before = next
      manifest = next.manifest
    } catch (cause) {
      found.caught(cause)
      return end(file)
    }
    bundles.push({ file, manifest })
  }
  return { bundles }
}

async function bundlesIn(folder: string): Promise<readonly string[]> {
  let names: readonly string[]
  try {
    names = await readdir(folder)
  } catch (cause) {
    throw new Unreadable(`${folder} cannot be read: ${reasonOf(cause)}.`, { cause })
  }
  const files = names.filter((name) => /^countersign-evidence-.*\.zip$/.test(name)).sort()
  if (files.length === 0) throw new Unreadable(`${folder} has no file countersign-evidence-*.zip.`)
  return files
}

/** What a bundle says its number is: only to put them in order, as it is not verified yet. */
function numberOf(path: string): Promise<number> {
  return withFile(path, async (opened) => {
    const { fd } = opened
    const members = await directory(opened)
    const bytes = await bytesOf(fd, extentOf(members, manifestName))
    const place = { check: 'manifest', member: manifestName } as const
    const { payload } = placed(place, () => parseBundle(bytes.toString('utf8')))
    return placed(place, () => parseStatement(payload)).manifest.number
  })
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
      'checkpoint.prev',
    )
  if (now.previousManifest !== before.standing.manifestHash)
    throw broken(`The manifest of ${now.date} does not continue that of ${old.date}.`, manifestName)
  const [signer, expected] = [after.standing.signers[0], before.standing.signers.at(-1)]
  if (!signer || !expected || Buffer.compare(signer, expected) !== 0)
    throw broken(`${now.date} begins with another key than ${old.date} ended with.`, manifestName)
  for (const [shard, cut] of Object.entries(now.shards)) {
    const sealed = old.shards[shard] ?? { to: 0, head: emptyChain.hash }
    const link = cut.to > cut.from ? (after.standing.links[shard] ?? emptyChain.hash) : cut.head
    if (cut.from !== sealed.to || link !== sealed.head)
      throw broken(`Shard ${shard} does not continue on ${now.date} where it ended on ${old.date}.`, 'records.jsonl')
  }
}

const broken = (what: string, member?: string): BrokenAt =>
  new BrokenAt({ check: 'manifest', ...(member !== undefined && { member }) }, 'broken-series', what)
