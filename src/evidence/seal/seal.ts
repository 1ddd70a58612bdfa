import { tmpdir } from 'node:os'
import { encode64 } from '../../core/data/base64.ts'
import { Broken } from '../../core/data/broken.ts'
import { type Day, endOf, nextDay } from '../../core/data/day.ts'
import { sha256, shards } from '../../core/data/id.ts'
import type { Manifest } from '../../core/log/manifest.ts'
import { rootOf } from '../../core/log/merkle.ts'
import { statementOf } from '../../core/log/statement.ts'
import type { Clock } from '../../ports/clock.ts'
import { Conflict, type Ledger } from '../../ports/ledger.ts'
import type { Signer } from '../../ports/signer.ts'
import type { Archive } from '../../ports/archive.ts'
import type { Plan, SealHead, Seals } from '../../ports/seals.ts'
import { type LogKey, settleManifest } from './attest.ts'
import { member, zipped } from './bundleZip.ts'
import { bundleOf, checkpointOf, fileOf } from '../read/bundles.ts'
import { type Gathered, gather } from './gather.ts'
import { membersOf, type MembersParts } from './bundleFiles.ts'
import { cutOf, planned, standing } from './plan.ts'
import { announceKey, type RotationParts } from './rotation.ts'
import { inFolder } from './spool.ts'

export type SealingParts = RotationParts &
  MembersParts & {
    readonly ledger: Ledger
    readonly seals: Seals
    readonly archive: Archive
    /** Holds the log's keys. */
    readonly signer: Signer
    readonly clock: Clock
    /** Name and version of the program. */
    readonly tool: string
    /** Hears of what went wrong in the background. Must not throw. */
    readonly failed: (cause: unknown) => void
    /** Folder for temporary files. */
    readonly spool?: string
  }

/**
 * Seals days: every event is then in exactly one bundle. Any of this may end half way, happen twice, or be done by
 * two at once: the plan that stands and the files that stand count, and the replaced head is the commit.
 */
export function sealing(parts: SealingParts) {
  let running: Promise<readonly Day[]> | null = null
  return {
    /**
     * Seals every finished day that is not sealed, oldest first; answers which. Evidence that does not hold stops it
     * and raises an alarm; passing faults are thrown, and what is left is found by the next run.
     */
    run: (): Promise<readonly Day[]> =>
      (running ??= sealAll(parts).finally(() => {
        running = null
      })),
  }
}

/** A finished day that is not sealed, and the head as it was read. */
interface Due {
  readonly date: Day
  readonly head: SealHead | null
  readonly version: unknown
}

async function sealAll(parts: SealingParts): Promise<readonly Day[]> {
  const days: Day[] = []
  for (let due = await nextDue(parts); due !== null; due = await nextDue(parts)) {
    try {
      if (await seal(parts, due)) days.push(due.date)
    } catch (cause) {
      if (!(cause instanceof Broken)) throw cause
      await alarm(parts, due.date, cause)
      break
    }
  }
  await publish(parts)
  await announceKey(parts)
  return days
}

async function nextDue({ seals, clock }: SealingParts): Promise<Due | null> {
  const { head, version } = await seals.head()
  const date = head === null ? await seals.first() : nextDay(head.date)
  return endOf(date) <= clock.now() ? { date, head, version } : null
}

/** `false` if somebody else sealed it first. */
async function seal(parts: SealingParts, { date, head, version }: Due): Promise<boolean> {
  const { seals, archive, spool = tmpdir() } = parts
  const plan = await planned(parts, date, head)
  const next = await inFolder(spool, async (folder) => {
    const day = await gather(parts, plan, standing(head), folder)
    const { members, keys } = await membersOf(parts, plan, head, day)
    const statement = statementOf(members, manifestOf(parts, plan, head, day))
    const manifest = await settleManifest(parts, date, statement, keys)
    const all = [...members, member('manifest.sigstore.json', manifest)]
    await archive.write(bundleOf(date), zipped(all), 'application/zip')
    return headAfter(plan, day, keys, manifest)
  })
  try {
    await seals.advance(version, next)
    return true
  } catch (cause) {
    const { head: found } = await seals.head()
    if (!(cause instanceof Conflict) || found === null || found.date < date) throw cause
    return false
  }
}

function manifestOf({ origin }: SealingParts, plan: Plan, head: SealHead | null, day: Gathered): Manifest {
  const { number, date, sealedAt, tool, size } = plan
  const { root, frontier } = standing(head)
  const range = shards.map((shard) => {
    const { seq, hash } = cutOf(plan.to, shard)
    return [shard, { from: cutOf(plan.from, shard).seq, to: seq, head: hash }] as const
  })
  return {
    ...{ number, date, sealedAt, tool },
    log: { origin, from: { size, root, frontier }, to: { size: day.to.size, root: encode64(rootOf(day.to)) } },
    shards: Object.fromEntries(range),
    counts: day.counts,
    ...(head !== null && { previousManifest: head.manifest }),
  }
}

function headAfter(plan: Plan, { to }: Gathered, keys: readonly LogKey[], manifest: Uint8Array): SealHead {
  const { number, date, to: cuts, key } = plan
  return {
    ...{ number, date, cuts, size: to.size, root: encode64(rootOf(to)), frontier: to.roots.map(encode64) },
    key: keys.at(-1)?.kid ?? key,
    manifest: sha256(manifest),
  }
}

/** Shows everybody the newest checkpoint; again if somebody sealed meanwhile, so that an older one never stays. */
async function publish({ seals, archive }: SealingParts): Promise<void> {
  for (let { head } = await seals.head(), shown: Day | null = null; head !== null && head.date !== shown; ) {
    shown = head.date
    await archive.publish(Buffer.from(await fileOf(archive, checkpointOf(shown))).toString('utf8'))
    ;({ head } = await seals.head())
  }
}

/** Says it once: runs that find the same again are silent. */
async function alarm({ seals, clock, failed }: SealingParts, date: Day, cause: Broken): Promise<void> {
  const { code, message: words } = cause
  const raised = await seals.alarm()
  if (raised?.date === date && raised.code === code && raised.words === words) return
  await seals.raise({ date, code, words, since: clock.now() })
  failed(cause)
}
