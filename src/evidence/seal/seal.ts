import { bundleFiles } from '../../core/log/bundleFiles.ts'
import { tmpdir } from 'node:os'
import { decode64, encode64 } from '../../core/data/base64.ts'
import { Broken, type BrokenCode } from '../../core/data/broken.ts'
import { type BrokenRow, eventRow, evidenceBroken, isBroken, type Problem } from '../../core/data/problem.ts'
import { type Day, dayOf, endOf, nextDay, startOf } from '../../core/data/day.ts'
import { sha256, shards } from '../../core/data/id.ts'
import type { Manifest } from '../../core/log/manifest.ts'
import { rootOf } from '../../core/log/merkle.ts'
import { statementOf } from '../../core/log/statement.ts'
import type { Clock } from '../../ports/clock.ts'
import { Conflict, type Ledger } from '../../ports/ledger.ts'
import type { Signer } from '../../ports/signer.ts'
import type { Archive } from '../../ports/archive.ts'
import type { Plan, SealHead, Seals } from '../../ports/seals.ts'
import { checkHead, checkNewest, createOrReadManifest, type LogKey, type PoliciesInForce } from './attest.ts'
import { member, zipped } from './bundleZip.ts'
import { bundleOf, checkpointOf, fileOf } from '../read/bundles.ts'
import { type Gathered, gather } from './gather.ts'
import { checkpointMembers, keysFor, membersOf, type MembersParts } from './bundleMembers.ts'
import { Collecting } from '../chunk/collect.ts'
import { cutOf, dayUntilNow, planned as planOf, standing } from './plan.ts'
import { Witnesses } from './witnesses.ts'
import { announceKey, type RotationParts } from './rotation.ts'
import { keepOpen, openBefore } from './openRequests.ts'
import { inFolder } from './spool.ts'
import { layTables } from './tableCopies.ts'
import { type RosterParts, Rosters } from '../rosters.ts'
import type { Macs } from '../../runtime/macs.ts'

export type SealingParts = RotationParts &
  RosterParts &
  MembersParts & {
    readonly ledger: Ledger
    readonly seals: Seals
    readonly archive: Archive
    /** Signs with the log's keys. */
    readonly signer: Signer
    readonly clock: Clock
    /** Authenticates files of the archive that are not signed. */
    readonly macs: Macs
    /** Name and version of the program. */
    readonly tool: string
    /** Is called with errors of background work. Must not throw. */
    readonly failed: (cause: unknown) => void
    /** Folder for temporary files. */
    readonly spool?: string
    /** As {@link Collecting} takes it. */
    readonly chunkEvents?: number
  }

/**
 * Seals days, so that every event is in exactly one bundle. A run may end anywhere, be repeated, or overlap with that
 * of another process: existing plans and files are kept, and replacing the head is the commit.
 *
 * These are the durable steps, each with what a crash leaves and how the next run goes on.
 *
 * 0. **Rosters**: an event in the ledger for each group that may approve, for the day that has begun. A crash leaves some of
 *    them. The next run of the day records the others. A directory that is away stops no seal.
 * 1. **Fence** each shard of the ledger: no further event of the day can be written. A crash leaves some shards fenced,
 *    whose new events belong to the next day. The next run fences all shards; for a fenced one this changes nothing.
 * 2. **Plan** the day: from each shard, up to which event. A crash leaves the plan. The next run, or a second sealer,
 *    resumes it, so that both seal the same events with the same date and number.
 * 3. **Chunks** of the events that no chunk has yet, and rows that say how far each shard is collected. A crash leaves
 *    whole chunks, and perhaps an older row. The next run goes on behind the last chunk.
 * 4. **Tiles** of the log, the list of open requests, and temporary files. A crash leaves some tiles, perhaps the list,
 *    and perhaps a folder of temporary files that no program reads. The next run computes all tiles again: an existing
 *    tile must be equal, otherwise the run stops with an alarm. An existing list counts.
 * 5. **Checkpoint** of the log after the day; on the first day also that of the empty log. A crash leaves a signed note
 *    that is not public. The next run checks that it is this checkpoint, signed by these keys, and keeps it, because a
 *    second signature would have other bytes.
 * 6. **Manifest**. A crash leaves it. The next run keeps it after the same check.
 * 7. **Bundle**. A crash during the upload leaves blocks without a file, which the storage drops. A later crash leaves
 *    a bundle that is not offered for download, since its day is not sealed. The next run keeps it.
 * 8. **Tables** that lie beside the bundle, too (`exceptions.csv`, `metrics.csv`). A crash leaves one of them, or both, which
 *    are not answered, since their day is not sealed. The next run keeps them; it tells of a file that is another.
 * 9. **Head**: the commit. One transaction moves the head, makes the day's announcement due, and ends an alarm. A crash
 *    leaves a sealed day. The next run goes on with the next day.
 * 10. **Public checkpoint**. A crash leaves an older one public. Every run publishes the newest, also if no day is due.
 * 11. **New key**, if the signer has one: an event in the ledger. After a crash before it, the next run records the
 *    event. After a later crash, the next run finds the event and does not record it again.
 * 12. **Chunks** of the day that is not over, as in step 3.
 *
 * {@link announce} makes the announcement of step 9. {@link archivePolicy} has stored the policy files before.
 */
export class Sealing {
  readonly #parts: SealingParts
  readonly #rosters: Rosters
  readonly #collecting: Collecting
  #running: Promise<readonly Day[]> | null = null

  constructor(parts: SealingParts) {
    this.#parts = parts
    this.#rosters = new Rosters(parts)
    this.#collecting = new Collecting(parts)
  }

  /**
   * Records who may approve today, then seals every finished day that is not sealed, oldest first, and returns these days.
   * Then collects the events of the day that is not over. Stops and raises an alarm if evidence does not hold. Calls during a run share its result.
   *
   * @throws {Problem} `unavailable`, `busy`: passing faults, after which the next run goes on
   */
  run(): Promise<readonly Day[]> {
    this.#running ??= this.#run().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #run(): Promise<readonly Day[]> {
    await this.#rosters.record() // 0
    const { days, isBroken } = await sealAll(this.#parts, this.#collecting)
    if (!isBroken) await collectToday(this.#parts, this.#collecting) // 12
    return days
  }
}

/** A finished day that is not sealed, and the head as it was read. */
interface Due {
  readonly date: Day
  readonly head: SealHead | null
  readonly version: unknown
}

interface Sealed {
  readonly days: readonly Day[]
  /** Whether evidence does not hold, so that no later day can be sealed. */
  readonly isBroken: boolean
}

async function sealAll(parts: SealingParts, collecting: Collecting): Promise<Sealed> {
  const days: Day[] = []
  let isBroken = false
  for (;;) {
    let due: Due | null = null
    try {
      due = await nextDue(parts)
      if (due === null) break
      if (await seal(parts, due, collecting)) days.push(due.date)
    } catch (cause) {
      if (!isBrokenEvidence(cause)) throw cause
      await alarm(parts, due?.date ?? dayOf(parts.clock.now()), cause)
      isBroken = true
      // The head could not be read, so there is no checkpoint to publish.
      if (due === null) return { days, isBroken }
      break
    }
  }
  await publish(parts) // 10
  await announceKey(parts) // 11
  return { days, isBroken }
}

/** Collects the day that is not over yet. Raises an alarm if evidence does not hold, and ends it when it does again. */
async function collectToday(parts: SealingParts, collecting: Collecting): Promise<void> {
  const { ledger, seals, archive, clock } = parts
  const { head } = await seals.head()
  const date = dayAfter(head, await seals.first())
  if (startOf(date) > clock.now()) return
  try {
    const policies = head === null ? none : await checkHead(archive, head)
    const cuts = await dayUntilNow(ledger, date, head)
    const witnesses = await Witnesses.readHeads(parts, cuts)
    await collecting.collect({ cuts, root: rootBefore(head), policies, witnesses })
    if ((await seals.alarm())?.date === date) await seals.clear()
  } catch (cause) {
    if (!isBrokenEvidence(cause)) throw cause
    await alarm(parts, date, cause)
  }
}

const isBrokenEvidence = (cause: unknown): cause is Broken | Problem => cause instanceof Broken || isBroken(cause)

/** The first day that is not sealed. */
const dayAfter = (head: SealHead | null, first: Day): Day => (head === null ? first : nextDay(head.date))

/** The root of the log after the newest seal. */
const rootBefore = (head: SealHead | null): Uint8Array => decode64(standing(head).root) ?? new Uint8Array()

async function nextDue({ seals, clock }: SealingParts): Promise<Due | null> {
  const { head, version } = await seals.head()
  const date = dayAfter(head, await seals.first())
  return endOf(date) <= clock.now() ? { date, head, version } : null
}

const none: PoliciesInForce = new Map()

/** Takes steps 1 to 9 for one day. Returns `false` if another sealer was first. */
async function seal(parts: SealingParts, { date, head, version }: Due, collecting: Collecting): Promise<boolean> {
  const { seals, archive, signer, spool = tmpdir() } = parts
  const policies = head === null ? none : await checkHead(archive, head)
  await checkNewest(parts, date, parts.failed)
  const plan = await planOf(parts, date, head) // 1, 2
  const open = await openBefore(parts, head)
  const witnesses = await Witnesses.read(parts, plan, open)
  const chunks = await collecting.collect({ cuts: plan, root: rootBefore(head), policies, witnesses }) // 3
  const planned = { plan, from: { ...standing(head), policies }, open, chunks, witnesses }
  const next = await inFolder(spool, async (folder) => {
    const day = await gather(parts, planned, folder) // 4
    await keepOpen(parts, date, day.open) // 4
    const keys = await keysFor(signer, plan, day)
    const checkpoints = await checkpointMembers(parts, plan, head, day.to, keys) // 5
    const members = membersOf(parts, day, keys, checkpoints)
    const statement = statementOf(members, manifestOf(parts, plan, head, day))
    const manifest = await createOrReadManifest(parts, date, statement, keys) // 6
    const all = [...members, member(bundleFiles.manifest.name, manifest)]
    await archive.write(bundleOf(date), zipped(all), 'application/zip') // 7
    await layTables(parts, date, day.files) // 8
    return headAfter(plan, day, keys, manifest)
  })
  return isAdvanced(seals, version, next) // 9
}

/** Replaces the head. Returns `false` if another sealer did that for this day, or for a later one. */
async function isAdvanced(seals: SealingParts['seals'], version: unknown, next: SealHead): Promise<boolean> {
  try {
    await seals.advance(version, next)
    return true
  } catch (cause) {
    const { head: found } = await seals.head()
    if (!(cause instanceof Conflict) || found === null || found.date < next.date) throw cause
    return false
  }
}

function manifestOf({ origin }: SealingParts, plan: Plan, head: SealHead | null, day: Gathered): Manifest {
  const { number, date, sealedAt, tool, size } = plan
  const { root, frontier } = standing(head)
  const range = shards.map((shard) => {
    const { seq, hash } = cutOf(plan.to, shard)
    return [shard, { from: cutOf(plan.from, shard).seq, to: seq, head: hash, ...day.inForce.get(shard) }] as const
  })
  return {
    number,
    date,
    sealedAt,
    tool,
    log: { origin, from: { size, root, frontier }, to: { size: day.to.size, root: encode64(rootOf(day.to)) } },
    shards: Object.fromEntries(range),
    counts: day.counts,
    ...(head !== null && { previousManifest: head.manifest }),
  }
}

function headAfter(plan: Plan, { to }: Gathered, keys: readonly LogKey[], manifest: Uint8Array): SealHead {
  const { number, date, to: cuts, key } = plan
  return {
    number,
    date,
    cuts,
    size: to.size,
    root: encode64(rootOf(to)),
    frontier: to.roots.map(encode64),
    key: keys.at(-1)?.kid ?? key,
    manifest: sha256(manifest),
  }
}

/** Publishes the newest checkpoint, and again if another sealer was faster, so that no older one stays public. */
async function publish({ seals, archive }: SealingParts): Promise<void> {
  for (let { head } = await seals.head(), shown: Day | null = null; head !== null && head.date !== shown; ) {
    shown = head.date
    await archive.publish(Buffer.from(await fileOf(archive, checkpointOf(shown))).toString('utf8'))
    ;({ head } = await seals.head())
  }
}

/** Raises an alarm once. Runs that find the same problem again do not report it again. */
async function alarm({ seals, clock, failed }: SealingParts, date: Day, cause: Broken | Problem): Promise<void> {
  const { code, words, broken } = reasonOf(cause, date)
  const raised = await seals.alarm()
  if (raised?.date === date && raised.code === code && raised.words === words) return
  await seals.raise({ date, code, words, broken, since: clock.now() })
  failed(cause instanceof Broken ? evidenceBroken(broken, cause) : cause)
}

function reasonOf(
  cause: Broken | Problem,
  date: Day,
): { readonly code: string; readonly words: string; readonly broken: BrokenRow } {
  if (cause instanceof Broken) return { code: cause.code, words: cause.message, broken: rowOf(cause, date) }
  const { broken = { shard: 'seal', row: date, check: 'log' } as const } = cause.details
  const { shard, row, check } = broken
  return { code: cause.code, words: `Row ${row} of shard ${shard} is not as the service wrote it (${check}).`, broken }
}

/** Names the row of the event that does not hold; the day, for what is about no single event. */
function rowOf({ code, event }: Broken, date: Day): BrokenRow {
  const check = checks[code] ?? 'log'
  if (event === undefined) return { shard: 'seal', row: date, check }
  const { shard, seq, request } = event
  const row = seq === undefined ? 'request' : eventRow(seq)
  return { shard, row, ...(request !== undefined && { request }), check }
}

const checks: Readonly<Partial<Record<BrokenCode, BrokenRow['check']>>> = {
  'bad-record': 'form',
  'broken-chain': 'chain',
  'bad-carried': 'chain',
  'illegal-event': 'rules',
}
