import type { Hex } from '../core/data/id.ts'
import type { Manifest } from '../core/log/manifest.ts'
import type { Tallies } from '../core/record/metrics.ts'
import { attested, type Attested, checkDigest, checkDigests, checkKnown, keysIn } from './manifest.ts'
import { checkBounds } from './memberSizes.ts'
import type { Links } from './chains.ts'
import { type Checkpoints, checkCheckpoints, checkGrowth, checkpointsIn } from './checkpoints.ts'
import { type ZipMembers, directory } from './zip/centralDirectory.ts'
import { type OpenFile, withFile } from './file.ts'
import type { Continued } from './continuity.ts'
import type { SaidOfDay } from './examination.ts'
import { type Check, checks, type Finding, Findings } from './finding.ts'
import { checkKeys } from './keyRotation.ts'
import type { TextErasure } from './missingTexts.ts'
import { checkPolicies } from './policyFiles.ts'
import type { JudgedCount } from './policyCheck.ts'
import { checkRoot, readRecords, type Reading, records } from './records.ts'
import type { KnownNarrowable } from './narrowingCheck.ts'
import type { KnownScopes } from './scopeCheck.ts'
import { type VersionFiles, versionsIn } from './versionFiles.ts'

export interface Verifying extends Reading {
  /** The keys to trust (SPKI). */
  readonly keys: readonly Uint8Array[]
  /** The path of the said file. */
  readonly said?: string | undefined
}

/** The result of verifying a bundle. */
export interface BundleVerdict {
  /** The bundle's manifest; absent if no trusted key signed one that can be read. */
  readonly manifest?: Manifest
  /** The state that the next bundle of the series must continue; absent after a problem. */
  readonly standing?: LogStanding
  readonly said?: SaidOfDay
  readonly judged?: JudgedCount
  /** What the day's requests come to, if it was asked for; absent after a problem. */
  readonly tallies?: Tallies
  /** The checks that passed, in order. */
  readonly held: readonly Check[]
  /** The first problem, in the order of the checks. */
  readonly problem?: Finding
}

/** Where a bundle begins and ends. */
export interface LogStanding {
  /** SHA-256 of the manifest's file. */
  readonly manifestHash: Hex
  readonly checkpoints: Checkpoints
  readonly links: Links
  /** Keys that signed (SPKI), the older first. */
  readonly signers: readonly Uint8Array[]
  readonly continued?: Continued
  /** What was erased of earlier days, or of this one if its texts were not given. */
  readonly erasures: readonly TextErasure[]
  /** Standing approvals whose actions are known, for the uses of later days. */
  readonly scopes: KnownScopes
  /** Requests that approvers may make smaller, and whose actions are known. */
  readonly narrowable: KnownNarrowable
}

/**
 * Verifies a bundle in one pass, in constant memory.
 *
 * @throws {Unreadable} if a file cannot be read, or is not a zip
 */
export function verifyBundle(path: string, options: Verifying): Promise<BundleVerdict> {
  return withFile(path, async (file) => {
    const { said } = options
    if (said === undefined) return verifyOpen(file, options)
    return withFile(said, ({ fd: saidFd }) => verifyOpen(file, { ...options, saidFd }))
  })
}

type Opened = Verifying & { readonly saidFd?: number }

async function verifyOpen(file: OpenFile, options: Opened): Promise<BundleVerdict> {
  const { fd } = file
  const found = new Findings()
  let manifest: Manifest | undefined
  let rest: (Pick<BundleVerdict, 'judged' | 'said' | 'tallies'> & { readonly standing: LogStanding }) | undefined
  try {
    const members = await directory(file)
    const statement = await attested(fd, members, options.keys)
    manifest = statement.manifest
    checkBounds(members, manifest)
    await checkDigests(fd, members, statement, records)
    await found.attempt(() => checkKnown(members))
    rest = await verifyRecords(fd, members, statement, { ...options, found })
  } catch (cause) {
    found.caught(cause)
  }
  const problem = found.first()
  const all = options.saidFd === undefined ? checks.slice(0, -1) : checks
  const held = problem ? all.slice(0, all.indexOf(problem.check)) : all
  return { ...(manifest && { manifest }), held, ...(problem ? { problem } : rest) }
}

async function verifyRecords(
  fd: number,
  members: ZipMembers,
  statement: Attested,
  { found, ...options }: Opened & { readonly found: Findings },
) {
  const { manifest, hash: manifestHash, digests } = statement
  const checkpoints = await checkpointsIn(fd, members)
  let signers: readonly Uint8Array[] = []
  await found.attempt(async () => {
    signers = await keysIn(fd, members, statement)
    checkCheckpoints(checkpoints, manifest, signers)
  })
  // Of all that reading the records can find, only a wrong digest outranks a problem with the checkpoints.
  const digestOnly = found.isOutranked('records')
  let policies: readonly VersionFiles[] = []
  if (!digestOnly)
    await found.attempt(async () => {
      policies = await versionsIn(fd, members)
    })
  const pass = await readRecords(fd, members, manifest, { ...options, found, digestOnly, policies })
  const { examined } = pass
  await found.attempt(() => checkDigest(records, pass.digest, digests))
  await found.attempt(() => checkRoot(pass, manifest))
  await found.attempt(() => checkGrowth(checkpoints, manifest))
  // The keys and policy versions that the records name are known only if all records were read.
  if (!examined || found.isOutranked('rules')) return undefined
  await found.attempt(() => checkKeys(examined.read.rotations, manifest, signers))
  await found.attempt(() => checkPolicies(fd, examined, members, { digests, read: policies }))
  if (found.first()) return undefined
  const { continued, erasures, tallies, scopes, narrowable } = examined
  const standing = {
    manifestHash,
    checkpoints,
    links: examined.read.links,
    signers,
    erasures,
    scopes,
    narrowable,
    ...(continued && { continued }),
  }
  const more = { ...(examined.said && { said: examined.said }), ...(tallies && { tallies }) }
  return { standing, judged: examined.judged, ...more }
}
