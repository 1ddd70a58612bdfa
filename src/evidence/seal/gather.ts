import { join } from 'node:path'
import { bundleFiles } from '../../core/log/bundleFiles.ts'
import { type Digest, type RequestId, type Shard, shards } from '../../core/data/id.ts'
import type { Instant } from '../../core/data/instant.ts'
import type { Manifest, ShardCut } from '../../core/log/manifest.ts'
import type { Frontier } from '../../core/log/merkle.ts'
import type { Exceptional } from '../../core/record/auditException.ts'
import { KnownDeputies } from '../../core/record/knownDeputies.ts'
import { KnownHolds } from '../../core/record/knownHolds.ts'
import { lateSeal } from '../../core/record/lateSeal.ts'
import { beginOf, metricLine, Metrics, metricsHeader } from '../../core/record/metrics.ts'
import { judgeHolds } from '../../core/record/replay.ts'
import { exceptionLine, exceptionsHeader, furtherHeader, requestsHeader } from '../../core/record/tables.ts'
import { type ApprovalRequest, isOpen } from '../../core/request/request.ts'
import type { Archive } from '../../ports/archive.ts'
import type { Plan } from '../../ports/seals.ts'
import { ahead } from '../../runtime/concurrency.ts'
import { type ChunkFacts, inflatedPiece, parseRow, parseRows } from '../chunk/chunkContent.ts'
import { type ChunkFilesParts, type KeptChunk, readParts } from '../chunk/chunkFiles.ts'
import { TileWriter } from '../log/tileWriter.ts'
import { ArchivedVersions } from './archivedVersions.ts'
import type { PoliciesInForce } from './attest.ts'
import type { Member } from './bundleZip.ts'
import { NewestRows } from './newestRows.ts'
import { openAfter } from './openRequests.ts'
import type { Standing } from './plan.ts'
import { type Packed, Packing, Spool } from './spool.ts'
import type { Witnesses } from './witnesses.ts'

export type GatheringParts = ChunkFilesParts & { readonly archive: Archive }

/** The content of a day, checked. */
export interface Gathered {
  readonly to: Frontier
  readonly files: Readonly<Record<Table, Packed>>
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
interface Continuing extends Standing {
  readonly policies: PoliciesInForce
}

type Table = 'records' | 'carried' | 'requests' | 'exceptions' | 'further' | 'metrics'

/** A day that is planned, and collected up to its cuts. */
export interface PlannedDay {
  readonly plan: Plan
  readonly from: Continuing
  /** Requests that were open when the day began. */
  readonly open: readonly RequestId[]
  /** The chunks of each shard, in the order of their events. */
  readonly chunks: ReadonlyMap<Shard, readonly KeptChunk[]>
  readonly witnesses: Witnesses
}

/** Chunks that are read at the same time. */
const atOnce = 8

/** Rows, or leaves, that are added before waiting for room. */
const some = 1_000

/**
 * Puts a day together from its chunks: writes tiles, and temporary files with the tables. Checks that no event is missing
 * that a file of the archive names. Keeps in memory the table rows of one shard, some chunks, the ids of open requests,
 * and the hashes that files name.
 *
 * @throws {Broken} for the first check that fails; `missing-member`, `wrong-digest` for a policy version that is missing or
 *   changed in the archive
 */
export async function gather(parts: GatheringParts, planned: PlannedDay, folder: string): Promise<Gathered> {
  const { plan, from, open } = planned
  const day = await Gathering.open(parts, planned, folder)
  const rows = new NewestRows()
  for (const shard of shards) await gatherShard(parts, day, planned, { shard, policy: from.policies.get(shard), rows })
  day.late(lateSeal(plan))
  return day.end(open)
}

/** The files that are written while a day is gathered. */
interface Outputs {
  readonly tiles: TileWriter
  readonly spools: Readonly<Record<Exclude<Table, 'records'>, Spool>>
}

/** A chunk, and those of its parts that a day needs. */
interface ReadChunk {
  readonly chunk: KeptChunk
  readonly hashes: Buffer
  readonly leaves: Buffer
  readonly facts: ChunkFacts
}

/** Writes and counts the content of a day. */
class Gathering {
  readonly #parts: GatheringParts
  readonly #plan: Plan
  readonly #chunks: readonly KeptChunk[]
  readonly #tiles: TileWriter
  readonly #spools: Outputs['spools']
  readonly #records = new Packing()
  readonly #counts = { records: 0, carried: 0, requests: 0, exceptions: 0, types: new Map<string, number>() }
  /** The changes of policy that a row tells of: several shards record the same. */
  readonly #changes = new Set<string>()
  readonly #holds: KnownHolds
  readonly #deputies: KnownDeputies
  readonly #policies = new Set<Digest>()
  readonly #inForce = new Map<Shard, InForce>()
  readonly #before: ReadonlySet<RequestId>
  /** Requests of the day that are open after it, or were open before. */
  readonly #states: Pick<ApprovalRequest, 'id' | 'status'>[] = []
  readonly #metrics = new Metrics()
  readonly #begin: Instant | null
  #newKey: string | null = null
  #hasFurther = false

  private constructor(parts: GatheringParts, { plan, open, chunks }: PlannedDay, { tiles, spools }: Outputs) {
    this.#parts = parts
    this.#plan = plan
    this.#chunks = shards.flatMap((shard) => chunks.get(shard) ?? [])
    this.#before = new Set(open)
    this.#holds = new KnownHolds(plan.size === 0)
    this.#deputies = new KnownDeputies(plan.size === 0)
    this.#begin = beginOf(plan)
    this.#tiles = tiles
    this.#spools = spools
    spools.requests.add(requestsHeader)
    spools.exceptions.add(exceptionsHeader)
    spools.metrics.add(metricsHeader)
  }

  static async open(parts: GatheringParts, planned: PlannedDay, folder: string): Promise<Gathering> {
    const [tiles, carried, requests, exceptions, further, metrics] = await Promise.all([
      TileWriter.open(parts.archive, planned.from),
      Spool.open(join(folder, bundleFiles.carried.name)),
      Spool.open(join(folder, bundleFiles.requests.name)),
      Spool.open(join(folder, bundleFiles.exceptions.name)),
      Spool.open(join(folder, bundleFiles.further.name)),
      Spool.open(join(folder, bundleFiles.metrics.name)),
    ])
    return new Gathering(parts, planned, { tiles, spools: { carried, requests, exceptions, further, metrics } })
  }

  /** Takes the next chunk in the order of the log. */
  async take({ chunk, hashes, leaves, facts }: ReadChunk): Promise<void> {
    this.#records.add(leaves, chunk.parts.leaves.size)
    const index = this.#plan.size + this.#counts.records
    for (const { row, change } of facts.exceptions) {
      if (change !== undefined && this.#changes.has(change)) continue
      if (change !== undefined) this.#changes.add(change)
      this.#except({ ...row, index: index + (row.index ?? 0) - chunk.from.seq - 1 })
    }
    for (const fact of facts.holds) judgeHolds(fact, this.#holds)
    for (const fact of facts.deputies ?? []) this.#deputies.take(fact)
    for (const { lines } of facts.carried)
      for (const line of lines) {
        this.#spools.carried.add(line)
        this.#counts.carried += 1
      }
    for (const policy of facts.policies) this.#policies.add(policy)
    const { types } = this.#counts
    for (const [type, count] of Object.entries(facts.types)) types.set(type, (types.get(type) ?? 0) + count)
    this.#newKey = facts.newKey ?? this.#newKey
    await this.#grow(leaves, hashes)
    await this.#spools.carried.room()
    await this.#spools.exceptions.room()
  }

  /** Notes which policy was in force in a shard before and after the day. */
  govern(shard: Shard, policyFrom: Digest | undefined, policyTo: Digest | undefined): void {
    this.#inForce.set(shard, { ...(policyFrom && { policyFrom }), ...(policyTo && { policyTo }) })
    for (const version of [policyFrom, policyTo]) if (version !== undefined) this.#policies.add(version)
  }

  /** Takes the requests of a shard, each as the newest chunk has it. */
  async rows(rows: NewestRows): Promise<void> {
    const { requests } = this.#spools
    for (const [id, row] of rows.all()) {
      const { line, further, facts } = parseRow(row)
      if (further !== undefined) this.#addFurther(further)
      const state = { id, status: facts.status }
      if (this.#before.has(id) || isOpen(state)) this.#states.push(state)
      requests.add(line)
      this.#metrics.takeFacts(facts, this.#begin)
      this.#counts.requests += 1
      if (this.#counts.requests % some === 0) await requests.room()
    }
  }

  /** Adds the row of a day that is sealed late; after the last event. */
  late(row: Exceptional | null): void {
    if (row !== null) this.#except(row)
  }

  /** @param before requests that were open when the day began */
  async end(before: readonly RequestId[]): Promise<Gathered> {
    this.#deputies.judge()
    const { carried, requests, exceptions, further, metrics } = this.#spools
    const to = await this.#tiles.end()
    for (const row of this.#metrics.rows()) metrics.add(metricLine(row))
    const files = {
      records: this.#records.end(() => this.#leaves()),
      carried: await carried.end(),
      requests: await requests.end(),
      exceptions: await exceptions.end(),
      further: await further.end(),
      metrics: await metrics.end(),
    }
    const members = await new ArchivedVersions(this.#parts.archive).members(this.#policies)
    const counts = { ...this.#counts, types: Object.fromEntries(this.#counts.types) }
    const open = openAfter(before, this.#states)
    return { to, files, ...members, inForce: this.#inForce, newKey: this.#newKey, counts, open }
  }

  /** Streams the leaves of all chunks, deflated. */
  async *#leaves(): AsyncGenerator<Uint8Array> {
    const read = async (chunk: KeptChunk) => (await readParts(this.#parts, chunk, ['leaves'])).leaves
    for await (const piece of ahead(atOnce, this.#chunks, read)) yield piece
  }

  #addFurther(line: string): void {
    if (!this.#hasFurther) this.#spools.further.add(furtherHeader)
    this.#hasFurther = true
    this.#spools.further.add(line)
  }

  #except(row: Exceptional): void {
    this.#spools.exceptions.add(exceptionLine(row))
    this.#counts.exceptions += 1
  }

  async #grow(leaves: Buffer, hashes: Buffer): Promise<void> {
    let count = 0
    for (let from = 0, end = leaves.indexOf(newline); end >= 0; from = end + 1, end = leaves.indexOf(newline, from)) {
      this.#tiles.add(leaves.subarray(from, end), hashes.subarray(count * 32, (count + 1) * 32))
      count += 1
      if (count % some === 0) await this.#tiles.room()
    }
    if (count * 32 !== hashes.length) throw new Error('A chunk has as many leaves as hashes.')
    this.#counts.records += count
    await this.#tiles.room()
  }
}

const newline = 10

async function gatherShard(
  parts: GatheringParts,
  day: Gathering,
  { chunks, witnesses }: PlannedDay,
  { shard, policy, rows }: { readonly shard: Shard; readonly policy: Digest | undefined; readonly rows: NewestRows },
): Promise<void> {
  const chain = chunks.get(shard) ?? []
  await checkNewest(parts, witnesses, shard, chain)
  rows.clear()
  let inForce = policy
  for await (const read of ahead(atOnce, chain, (chunk) => readChunk(parts, chunk))) {
    await checkWitnessed(witnesses, read)
    await day.take(read)
    for (const [id, row] of read.rows) rows.put(id, row)
    inForce = read.facts.policy
  }
  await day.rows(rows)
  day.govern(shard, policy, inForce)
}

async function readChunk(parts: GatheringParts, chunk: KeptChunk) {
  const { hashes, rows, leaves } = await readParts(parts, chunk, ['hashes', 'rows', 'leaves'])
  return { chunk, hashes, ...parseRows(rows), leaves: inflatedPiece(leaves, chunk.bytes) }
}

/**
 * Checks the newest event that a file names, before any tile is written. A chain that was cut off and grew again is
 * thus found before its events are in the log, where they could not be replaced.
 */
async function checkNewest(
  parts: GatheringParts,
  witnesses: Witnesses,
  shard: Shard,
  chain: readonly KeptChunk[],
): Promise<void> {
  const seq = witnesses.newest(shard)
  const chunk = seq === null ? undefined : chain.find(({ from, to }) => from.seq < seq && seq <= to.seq)
  if (chunk) await checkWitnessed(witnesses, { chunk, ...(await readParts(parts, chunk, ['hashes'])) })
}

/** @throws {Broken} `broken-chain` for an event in whose place a file names another, unless a repair explains that */
async function checkWitnessed(
  witnesses: Witnesses,
  { chunk, hashes }: Pick<ReadChunk, 'chunk' | 'hashes'>,
): Promise<void> {
  for (const other of witnesses.contradictions(chunk.shard, chunk.from.seq, hashes)) await witnesses.explain(other)
}
