import { bundleFiles } from '../../core/log/bundleFiles.ts'
import { join } from 'node:path'
import { decode64 } from '../../core/data/base64.ts'
import type { ChainHead } from '../../core/request/event.ts'
import { type Digest, type RequestId, type Shard, shards } from '../../core/data/id.ts'
import type { Manifest, ShardCut } from '../../core/log/manifest.ts'
import type { Frontier } from '../../core/log/merkle.ts'
import type { Exceptional } from '../../core/record/auditException.ts'
import { exceptionLine, exceptionsHeader, requestLine, requestsHeader } from '../../core/record/tables.ts'
import type { ApprovalRequest } from '../../core/request/request.ts'
import { KnownHolds } from '../../core/record/knownHolds.ts'
import type { LogEvent } from '../../core/record/eventType.ts'
import { beginOf, metricLine, Metrics, metricsHeader } from '../../core/record/metrics.ts'
import type { Instant } from '../../core/data/instant.ts'
import { controlsOf } from '../../core/policy/controls.ts'
import { lateSeal } from '../../core/record/lateSeal.ts'
import { policyIn } from '../../core/record/record.ts'
import { type Replay, replay } from '../../core/record/replay.ts'
import type { KeptEvent, Ledger } from '../../ports/ledger.ts'
import type { Archive } from '../../ports/archive.ts'
import type { Plan } from '../../ports/seals.ts'
import { ArchivedVersions } from './archivedVersions.ts'
import type { Member } from './bundleZip.ts'
import { type CarriedEvent, CarriedEvents, type CarryingParts } from './carriedEvents.ts'
import { brokenEvent, check, type Checked, eventAt, placeIn } from './eventCheck.ts'
import { abreast } from '../../runtime/concurrency.ts'
import type { PoliciesInForce } from './attest.ts'
import { TileWriter } from '../log/tileWriter.ts'
import { cutOf, type Standing } from './plan.ts'
import { openAfter } from './openRequests.ts'
import { Spool, type Spooled } from './spool.ts'
import { Witnesses, type WitnessesParts } from './witnesses.ts'

export interface GatheringParts extends CarryingParts, Omit<WitnessesParts, 'archive'> {
  readonly ledger: Pick<Ledger, 'stream' | 'find' | 'events' | 'news'>
  readonly archive: Archive
}

/** The content of a day, checked. */
export interface Gathered {
  readonly to: Frontier
  readonly files: Readonly<Record<Table, Spooled>>
  readonly counts: Manifest['counts']
  /** The rules and card templates of the policy versions that were in force, or that events name; each sorted by name. */
  readonly policies: readonly Member[]
  readonly cards: readonly Member[]
  /** The policy versions that were in force before and after the day. */
  readonly inForce: ReadonlyMap<Shard, InForce>
  /** The key that `key-rotated` names (SPKI, base64); `null` on other days. */
  readonly newKey: string | null
  /** Requests that are open after the day. */
  readonly open: readonly RequestId[]
}

type InForce = Pick<ShardCut, 'policyFrom' | 'policyTo'>

/** What a day continues. */
export interface Continuing extends Standing {
  readonly policies: PoliciesInForce
}

type Table = 'records' | 'carried' | 'requests' | 'exceptions' | 'metrics'

/** Requests that are looked up at the same time. */
const atOnce = 8

/** Rows that are added before waiting for room. */
const someRows = 1_000

/**
 * Reads the planned day from the ledger, and writes tiles and temporary files. Checks every event and every rule, and
 * that no event is missing that a file of the archive names. Keeps in memory the requests of one shard, the ids of open
 * requests, and the hashes that files name.
 *
 * @param open requests that were open when the day began
 * @throws {Broken} for the first check that fails; `missing-member`, `wrong-digest` for a policy version that is missing or
 *   changed in the archive
 */
export async function gather(
  parts: GatheringParts,
  plan: Plan,
  from: Continuing,
  open: readonly RequestId[],
  folder: string,
): Promise<Gathered> {
  const witnesses = await Witnesses.read(parts, plan, open)
  const day = await Gathering.open(parts, plan, from, folder)
  for (const shard of shards)
    await gatherShard(parts, { day, plan, shard, witnesses, policy: from.policies.get(shard) })
  day.late(lateSeal(plan))
  return day.end(open)
}

/** What is read beside the events of the day. */
interface Inputs {
  readonly earlier: CarriedEvents
  readonly versions: ArchivedVersions
}

/** The files that are written while a day is read. */
interface Outputs {
  readonly tiles: TileWriter
  readonly spools: Readonly<Record<Table, Spool>>
}

/** Writes and counts the content of a day. */
class Gathering {
  readonly earlier: CarriedEvents
  /** The changes of policy that a row tells of: see {@link replay}. */
  readonly changes = new Set<string>()
  /** The holds of the day. */
  readonly holds: KnownHolds
  readonly #size: number
  readonly #tiles: TileWriter
  readonly #spools: Outputs['spools']
  readonly #counts = { records: 0, carried: 0, requests: 0, exceptions: 0, types: new Map<string, number>() }
  readonly #policies = new Set<Digest>()
  readonly #inForce = new Map<Shard, InForce>()
  readonly #states: Pick<ApprovalRequest, 'id' | 'status'>[] = []
  readonly #metrics = new Metrics()
  readonly #begin: Instant | null
  readonly #versions: ArchivedVersions
  #newKey: string | null = null

  private constructor(inputs: Inputs, plan: Plan, { tiles, spools }: Outputs) {
    this.earlier = inputs.earlier
    this.#versions = inputs.versions
    this.#size = plan.size
    this.holds = new KnownHolds(plan.size === 0)
    this.#begin = beginOf(plan)
    this.#tiles = tiles
    this.#spools = spools
    spools.requests.add(requestsHeader)
    spools.exceptions.add(exceptionsHeader)
    spools.metrics.add(metricsHeader)
  }

  static async open(parts: GatheringParts, plan: Plan, from: Standing, folder: string): Promise<Gathering> {
    const [tiles, records, carried, requests, exceptions, metrics] = await Promise.all([
      TileWriter.open(parts.archive, from),
      Spool.open(join(folder, bundleFiles.records.name)),
      Spool.open(join(folder, bundleFiles.carried.name)),
      Spool.open(join(folder, bundleFiles.requests.name)),
      Spool.open(join(folder, bundleFiles.exceptions.name)),
      Spool.open(join(folder, bundleFiles.metrics.name)),
    ])
    const root = decode64(from.root) ?? new Uint8Array()
    const spools = { records, carried, requests, exceptions, metrics }
    const inputs = { earlier: new CarriedEvents(parts, plan, root), versions: new ArchivedVersions(parts.archive) }
    return new Gathering(inputs, plan, { tiles, spools })
  }

  take(rules: Replay, { event, text, hash }: Checked): void {
    const { records, exceptions } = this.#spools
    const counts = this.#counts
    for (const one of rules.take(event, this.#size + counts.records, hash)) {
      exceptions.add(exceptionLine(one))
      counts.exceptions += 1
    }
    this.#note(event)
    this.#tiles.add(text, Buffer.from(hash, 'hex'))
    records.add(text)
    records.add('\n')
    counts.records += 1
    counts.types.set(event.type, (counts.types.get(event.type) ?? 0) + 1)
  }

  carry(rules: Replay, { event, line }: CarriedEvent): void {
    rules.carry(event)
    this.#note(event)
    this.#spools.carried.add(line)
    this.#counts.carried += 1
  }

  /** Notes which policy was in force in a shard before and after the day. */
  govern(shard: Shard, policyFrom: Digest | undefined, policyTo: Digest | undefined): void {
    this.#inForce.set(shard, { ...(policyFrom && { policyFrom }), ...(policyTo && { policyTo }) })
    for (const version of [policyFrom, policyTo]) if (version !== undefined) this.#policies.add(version)
  }

  async rows(replayed: Replay): Promise<void> {
    const { requests } = this.#spools
    for (const row of replayed.rows()) {
      this.#states.push({ id: row.request.id, status: row.request.status })
      const { version, rules } = row.request.policy
      const { controls } = this.#versions.known(version) ?? (await this.#versions.of(version))
      requests.add(requestLine(row, controlsOf(controls, rules)))
      this.#metrics.take(row, this.#begin)
      this.#counts.requests += 1
      if (this.#counts.requests % someRows === 0) await requests.room()
    }
  }

  /** Adds the row of a day that is sealed late; after the last event. */
  late(row: Exceptional | null): void {
    if (row === null) return
    this.#spools.exceptions.add(exceptionLine(row))
    this.#counts.exceptions += 1
  }

  /** Resolves when more may be taken. */
  async room(): Promise<void> {
    const { records, carried, exceptions } = this.#spools
    await Promise.all([this.#tiles, records, carried, exceptions].map((file) => file.room()))
  }

  /** @param before requests that were open when the day began */
  async end(before: readonly RequestId[]): Promise<Gathered> {
    const { records, carried, requests, exceptions, metrics } = this.#spools
    const to = await this.#tiles.end()
    for (const row of this.#metrics.rows()) metrics.add(metricLine(row))
    const files = {
      records: await records.end(),
      carried: await carried.end(),
      requests: await requests.end(),
      exceptions: await exceptions.end(),
      metrics: await metrics.end(),
    }
    const members = await this.#versions.members(this.#policies)
    const counts = { ...this.#counts, types: Object.fromEntries(this.#counts.types) }
    const open = openAfter(before, this.#states)
    return { to, files, ...members, inForce: this.#inForce, newKey: this.#newKey, counts, open }
  }

  #note(event: LogEvent): void {
    const policy = policyIn(event)
    if (policy !== null) this.#policies.add(policy)
    if (event.type === 'key-rotated') this.#newKey = event.data.key
  }
}

/** One shard of a day. */
interface ShardOfDay {
  readonly day: Gathering
  readonly plan: Plan
  readonly shard: Shard
  readonly witnesses: Witnesses
  /** The policy version that was in force before the day, if an event had named one. */
  readonly policy: Digest | undefined
}

async function gatherShard({ ledger }: GatheringParts, of: ShardOfDay): Promise<void> {
  const { day, plan, shard } = of
  const rules = replay({ policy: of.policy, changes: day.changes, holds: day.holds })
  const from = cutOf(plan.from, shard)
  const to = cutOf(plan.to, shard)
  await checkNewest(ledger, of)
  let head = from
  for await (const page of ledger.stream(shard, from.seq, to.seq)) {
    head = await gatherPage(of, rules, page, head)
    await day.room()
  }
  if (head.seq !== to.seq) throw brokenEvent(head.seq + 1, shard, 'broken-chain', 'is missing')
  if (head.hash !== to.hash) throw brokenEvent(to.seq, shard, 'broken-chain', 'is not the one that was planned')
  await day.rows(rules)
  day.govern(shard, of.policy, rules.policy())
}

/**
 * Checks the newest event that a file names, before any tile is written. A chain that was cut off and grew again is
 * thus found before its events are in the archive, where they could not be replaced.
 */
async function checkNewest(ledger: Pick<Ledger, 'stream'>, { shard, witnesses }: ShardOfDay): Promise<void> {
  const seq = witnesses.newest(shard)
  if (seq === null) return
  const event = await eventAt(ledger, shard, seq)
  const other = event && witnesses.contradiction(shard, event)
  if (other) await witnesses.explain(other)
}

/**
 * Takes a page of a shard's events.
 *
 * @returns the last of them
 */
async function gatherPage(
  { day, plan, shard, witnesses }: ShardOfDay,
  rules: Replay,
  page: readonly KeptEvent[],
  before: ChainHead,
): Promise<ChainHead> {
  const place = placeIn(plan, shard)
  let head = before
  const events: Checked[] = []
  for (const kept of page) {
    events.push(check(kept, head, place))
    const other = witnesses.contradiction(shard, kept)
    if (other) await witnesses.explain(other)
    head = kept
  }
  const earlier = await earlierOf(day, rules, events)
  for (const checked of events) {
    const { request } = checked.event
    if (request !== undefined && rules.needsCarried(checked.event))
      for (const one of earlier.get(request) ?? []) day.carry(rules, one)
    day.take(rules, checked)
  }
  return head
}

/** Looks up the carried events of all requests of a page together. */
async function earlierOf(
  day: Gathering,
  rules: Replay,
  events: readonly Checked[],
): Promise<ReadonlyMap<RequestId, readonly CarriedEvent[]>> {
  const seen = new Set<RequestId>()
  const wanted = new Set<RequestId>()
  for (const { event } of events) {
    if (event.request === undefined || seen.has(event.request)) continue
    seen.add(event.request)
    if (rules.needsCarried(event)) wanted.add(event.request)
  }
  return new Map(await abreast(atOnce, [...wanted], async (id) => [id, await day.earlier.of(id)] as const))
}
