import { bundleFiles } from '../core/log/bundleFiles.ts'
import { createHash } from 'node:crypto'
import { encode64 } from '../core/data/base64.ts'
import type { Hex } from '../core/data/id.ts'
import type { Manifest } from '../core/log/manifest.ts'
import { type Frontier, growing, rootOf } from '../core/log/merkle.ts'
import { extentOf } from './manifest.ts'
import { frontierOf } from './checkpoints.ts'
import { contentOf } from './content.ts'
import { ruleListsIn } from './controlLists.ts'
import type { ZipMembers } from './zip/centralDirectory.ts'
import { type Examined, type Examiner, RecordExaminer, type Subjects } from './examination.ts'
import { BrokenAt, type Findings } from './finding.ts'
import { mostRecord } from './recordChecks.ts'
import { hashAt, hashesOf, linesOf } from './lines.ts'
import type { LoadVersion } from './policyJudge.ts'
import type { KnownNarrowable } from './narrowingCheck.ts'
import type { KnownScopes } from './scopeCheck.ts'
import { ThreadedExaminer } from './thread.ts'
import type { VersionFiles } from './versionFiles.ts'

/** The thread that replays the rules while the next records are read. */
interface Thread {
  /** Calls `serveExamination`. */
  readonly script: string
  /** The number of records from which on a thread is started. Fewer are examined in this thread. */
  readonly from: number
}

/** Options of reading records. */
export interface Reading {
  readonly thread?: Thread | undefined
  readonly progress?: ((done: number, of: number) => void) | undefined
  /** Whether the bundle is one of a series. If so, the result also says which of its requests go on. */
  readonly isFollowed?: boolean | undefined
  /** Standing approvals of earlier days whose actions are known. */
  readonly scopes?: KnownScopes | undefined
  /** Requests of earlier days that approvers may make smaller, and whose actions are known. */
  readonly narrowable?: KnownNarrowable | undefined
  /** Whether the result says what the day's requests come to. */
  readonly isCounted?: boolean | undefined
  /** Loads policies with Cedar, if it is at hand. A thread has to bring its own. */
  readonly load?: LoadVersion | undefined
}

type Options = Reading & { readonly found: Findings }

/** What the records are examined with. */
interface Examining {
  readonly policies: readonly VersionFiles[]
  readonly saidFd?: number
}

/** The result of one pass over the records. */
export interface Pass {
  /** The SHA-256 of the member. */
  readonly digest: Hex
  /** The log after the day; `null` if the pass computed only the digest or broke off. */
  readonly grown: Frontier | null
  readonly examined: Examined | null
}

export const records = bundleFiles.records.name

/**
 * Reads the records once: computes their digest and hashes, and examines their content.
 *
 * @param digestOnly an earlier failure is known: compute only the digest
 */
export async function readRecords(
  fd: number,
  members: ZipMembers,
  manifest: Manifest,
  options: Options & Examining & { readonly digestOnly: boolean },
): Promise<Pass> {
  const { found, digestOnly } = options
  const hash = createHash('sha256')
  const source = hashed(contentOf(fd, extentOf(members, records)), hash)
  let pass: Omit<Pass, 'digest'> = { grown: null, examined: null }
  try {
    if (!digestOnly) pass = await examine(source, subjectsOf(fd, members, manifest, options), options)
  } catch (cause) {
    found.caught(cause)
  }
  await drained(source, found)
  return { digest: hash.digest('hex') as Hex, ...pass }
}

/** @throws {BrokenAt} `wrong-root` */
export function checkRoot({ grown }: Pass, { log }: Manifest): void {
  if (!grown || (grown.size === log.to.size && encode64(rootOf(grown)) === log.to.root)) return
  const what =
    'The log before the day and these records do not make the log after it: one was changed, added or left out.'
  throw new BrokenAt({ check: 'root', member: records }, 'wrong-root', what)
}

async function examine(
  source: AsyncIterator<Uint8Array>,
  subjects: Subjects,
  { thread, progress, found, load }: Options,
): Promise<Omit<Pass, 'digest'>> {
  const { manifest } = subjects
  const log = growing(frontierOf(manifest))
  const lines = linesOf(source, mostRecord, (line, what) => {
    const place = { check: 'records', member: records, line } as const
    return new BrokenAt(place, 'bad-record', `The record in line ${line} ${what}.`)
  })
  const isLarge = thread !== undefined && manifest.counts.records >= thread.from
  const threaded = isLarge ? new ThreadedExaminer(thread.script, subjects) : null
  const examiner: Examiner = threaded ?? new RecordExaminer(subjects, load)
  const ended = async (isWhole: boolean): Promise<Examined | null> => {
    const { found: all, examined } = await examiner.end(isWhole)
    for (const one of all) found.add(one)
    return examined
  }
  try {
    for await (const some of lines) {
      const hashes = hashesOf(some)
      for (let k = 0; k < some.ends.length; k++) log.add(hashAt(hashes, k))
      // The log keeps hashes, so the examiner gets others.
      await examiner.take({ ...some, hashes: new Uint8Array(hashes) })
      progress?.(log.frontier().size - manifest.log.from.size, manifest.counts.records)
    }
    return { grown: log.frontier(), examined: await ended(true) }
  } catch (cause) {
    // What is wrong with a record before was found first.
    if (cause instanceof BrokenAt) await ended(false)
    throw cause
  } finally {
    await threaded?.close()
  }
}

function subjectsOf(
  fd: number,
  members: ZipMembers,
  manifest: Manifest,
  { saidFd, policies, scopes, narrowable, isFollowed = false, isCounted = false }: Reading & Examining,
): Subjects {
  const along = {
    carried: extentOf(members, bundleFiles.carried.name),
    requests: extentOf(members, bundleFiles.requests.name),
    exceptions: extentOf(members, bundleFiles.exceptions.name),
  }
  const metrics = members.get(bundleFiles.metrics.name)
  const further = members.get(bundleFiles.further.name)
  const more = { ...(further && { further }), ...(metrics && { metrics }), ruleLists: ruleListsIn(members) }
  return {
    manifest,
    fd,
    ...along,
    ...more,
    policies,
    isFollowed,
    isCounted,
    ...(saidFd !== undefined && { said: saidFd }),
    ...(scopes && { scopes }),
    ...(narrowable && { narrowable }),
  }
}

/** Hashes everything that is read. Has no `return`: when a reader stops early, the rest can still be hashed. */
function hashed(source: AsyncIterator<Uint8Array>, hash: ReturnType<typeof createHash>): AsyncIterator<Uint8Array> {
  return {
    async next() {
      const next = await source.next()
      if (next.done !== true) hash.update(next.value)
      return next
    },
  }
}

async function drained(source: AsyncIterator<Uint8Array>, found: Findings): Promise<void> {
  try {
    for (let next = await source.next(); next.done !== true; ) next = await source.next()
  } catch (cause) {
    found.caught(cause)
  }
}
