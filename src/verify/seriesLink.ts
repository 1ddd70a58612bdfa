import { bundleFiles } from '../core/log/bundleFiles.ts'
import { bounds } from '../core/data/bound.ts'
import { nextDay, startOf } from '../core/data/day.ts'
import { type RequestId, timeOf } from '../core/data/id.ts'
import { plusSeconds } from '../core/data/instant.ts'
import type { Manifest, ShardCut } from '../core/log/manifest.ts'
import type { Tallies } from '../core/record/metrics.ts'
import { emptyChain } from '../core/request/event.ts'
import { type LogStanding, type BundleVerdict, type Verifying, verifyBundle } from './bundle.ts'
import type { SaidOfDay } from './examination.ts'
import { BrokenAt } from './finding.ts'
import type { JudgedCount } from './policyCheck.ts'

/** A bundle that holds, and the state at its end. */
export interface SeriesLink {
  readonly manifest: Manifest
  readonly standing: LogStanding
  readonly said?: SaidOfDay
  readonly judged: JudgedCount
  readonly tallies?: Tallies
}

/** Seconds from the ask for a standing approval until its last use can still be redeemed: a week to decide, and a day. */
const longest = bounds.expiresIn.most + bounds.standing.seconds + 86_400

/**
 * Verifies a bundle that comes after another one.
 *
 * @param number as the bundle says it, not verified; `null` if it is of a later format
 * @param before absent for the first bundle, which the keys of the options verify; the others are verified by the newest key
 * @throws {BrokenAt} if it does not hold, or does not continue the one before it
 */
export async function verifyNext(
  path: string,
  number: number | null,
  before: SeriesLink | null,
  options: Verifying,
): Promise<SeriesLink> {
  // This check comes first: after a missing day the key may be another, and `wrong-key` would mislead.
  if (before && number !== null) checkNumber(before.manifest, number)
  const keys = before === null ? options.keys : before.standing.signers.slice(-1)
  const { problem, manifest, standing, judged, said, tallies }: BundleVerdict = await verifyBundle(path, {
    ...options,
    keys,
    isFollowed: true,
    scopes: before?.standing.scopes.filter(isRecent(before.manifest)),
    narrowable: before?.standing.narrowable.filter(isRecent(before.manifest)),
  })
  if (problem) throw new BrokenAt(problem, problem.code, problem.words)
  if (!manifest || !standing || !judged) throw new Error('A bundle that holds has a manifest, and a standing.')
  const next = { manifest, standing, judged, ...(said && { said }), ...(tallies && { tallies }) }
  if (before) checkLink(before, next)
  return next
}

/** Whether something can still follow from what was asked for, after a day. */
const isRecent =
  ({ date }: Manifest) =>
  ([id]: readonly [RequestId, ...unknown[]]): boolean =>
    timeOf(id) > plusSeconds(startOf(date), -longest)

/** @throws {BrokenAt} `broken-series` */
function checkNumber({ number, date }: Manifest, next: number): void {
  if (next === number) throw broken(`Two bundles have number ${next}.`)
  if (next !== number + 1)
    throw broken(`Bundle ${number + 1} is missing: after bundle ${number} (${date}) comes ${next}.`)
}

/** @throws {BrokenAt} `broken-series` */
function checkLink(before: SeriesLink, after: SeriesLink): void {
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
