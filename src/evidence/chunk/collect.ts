import { type Shard, shards } from '../../core/data/id.ts'
import type { Problem } from '../../core/data/problem.ts'
import type { ChainHead } from '../../core/request/event.ts'
import type { Clock } from '../../ports/clock.ts'
import type { KeptEvent, Ledger } from '../../ports/ledger.ts'
import type { Archive } from '../../ports/archive.ts'
import type { Collected, Seals } from '../../ports/seals.ts'
import { abreast } from '../../runtime/concurrency.ts'
import type { PoliciesInForce } from '../seal/attest.ts'
import { ArchivedVersions } from '../seal/archivedVersions.ts'
import { CarriedEvents, type CarryingParts } from '../seal/carriedEvents.ts'
import { brokenEvent, check, type Checked, eventAt, placeIn } from '../seal/eventCheck.ts'
import { cutOf, type DayCuts } from '../seal/plan.ts'
import type { Witnesses } from '../seal/witnesses.ts'
import { ChunkDraft, usualEvents } from './chunkDraft.ts'
import { type ChunkFilesParts, keepChunk, type KeptChunk, saysOtherwise } from './chunkFiles.ts'
import { ShardState } from './shardState.ts'

export type CollectingParts = CarryingParts &
  ChunkFilesParts & {
    readonly ledger: Pick<Ledger, 'stream' | 'find' | 'events' | 'news'>
    readonly archive: Pick<Archive, 'list' | 'open' | 'read' | 'write'>
    readonly seals: Pick<Seals, 'collected' | 'keepCollected'>
    readonly clock: Clock
    /** Name and version of the program. */
    readonly tool: string
    /** Events from which on a chunk ends; {@link usualEvents} if absent. */
    readonly chunkEvents?: number
  }

/** A day whose events are collected. */
export interface CollectedDay {
  /** `to` is how far the shards are collected now. */
  readonly cuts: DayCuts
  /** The root of the log before the day. */
  readonly root: Uint8Array
  /** The policy version that each shard had in force before the day. */
  readonly policies: PoliciesInForce
  readonly witnesses: Witnesses
}

/** Shards that are collected at the same time. */
const atOnce = 4

/**
 * Collects the events of a day in chunks: checks and replays them, and stores them in the archive. Remembers the state
 * of each shard from one run to the next, unless another process has gone on.
 */
export class Collecting {
  readonly #parts: CollectingParts
  readonly #versions: ArchivedVersions
  readonly #states = new Map<Shard, ShardState>()

  constructor(parts: CollectingParts) {
    this.#parts = parts
    this.#versions = new ArchivedVersions(parts.archive)
  }

  /**
   * Collects what is new. A crash leaves whole chunks, and the next run goes on behind the last.
   *
   * @returns the chunks of each shard, in the order of their events
   * @throws {Broken} for the first check that fails; `broken-chain` if the ledger has another event than a chunk, or none
   */
  async collect(day: CollectedDay): Promise<ReadonlyMap<Shard, readonly KeptChunk[]>> {
    const { seals, failed } = this.#parts
    const rows = await seals.collected((forged: Problem) => failed(forged))
    const chains = await abreast(atOnce, shards, async (shard) => {
      const known = this.#states.get(shard)
      // After an error in the middle of a chunk the rules are ahead of the chunks.
      this.#states.delete(shard)
      const state = await this.#stateOf(day, shard, known, rows.get(shard))
      await this.#collectShard(day, state)
      await this.#shorten(state, newestIn(rows.get(shard), day.cuts.date, this.#parts.tool))
      this.#states.set(shard, state)
      return [shard, state.chain] as const
    })
    return new Map(chains)
  }

  async #stateOf(
    { cuts, policies }: CollectedDay,
    shard: Shard,
    known: ShardState | undefined,
    row: Collected | undefined,
  ): Promise<ShardState> {
    const { date } = cuts
    const { tool } = this.#parts
    const from = cutOf(cuts.from, shard)
    if (known?.start.date === date && known.start.from.hash === from.hash && known.newest === newestIn(row, date, tool))
      return known
    return ShardState.read(this.#parts, { date, shard, tool, from, policy: policies.get(shard) }, row)
  }

  async #collectShard(day: CollectedDay, state: ShardState): Promise<void> {
    const { ledger, chunkEvents = usualEvents } = this.#parts
    const { shard } = state.start
    const to = cutOf(day.cuts.to, shard)
    await checkEnd(ledger, state, to)
    if (to.seq === state.end.seq) return
    const earlier = new CarriedEvents(this.#parts, day.cuts, day.root)
    let draft = new ChunkDraft(state.rules, chunkEvents)
    let head = state.end
    for await (const page of ledger.stream(shard, head.seq, to.seq)) {
      const events = await checkPage(day, shard, page, head)
      head = events.at(-1) ?? head
      for (let rest: readonly Checked[] = events; rest.length > 0; ) {
        rest = await this.#take(state, draft, rest, earlier)
        if (!draft.isFull) continue
        await this.#keep(day, state, draft)
        draft = new ChunkDraft(state.rules, chunkEvents)
      }
    }
    if (head.seq !== to.seq) throw brokenEvent(head.seq + 1, shard, 'broken-chain', 'is missing')
    if (head.hash !== to.hash) throw brokenEvent(to.seq, shard, 'broken-chain', 'is not the one that was planned')
    if (!draft.isEmpty) await this.#keep(day, state, draft)
  }

  /** Keeps how far the shard is collected, unless the row says so: a crash may have come between a chunk and its row. */
  async #shorten(state: ShardState, kept: ReturnType<typeof newestIn>): Promise<void> {
    const shortcut = state.newest === kept ? null : state.shortcut()
    if (shortcut) await this.#parts.seals.keepCollected(state.start.shard, shortcut)
  }

  /** Takes events until the chunk is full. Returns the others. */
  async #take(
    state: ShardState,
    draft: ChunkDraft,
    events: readonly Checked[],
    earlier: CarriedEvents,
  ): Promise<readonly Checked[]> {
    const { rules } = state
    const carried = await state.prepare(events, earlier)
    for (const [place, checked] of events.entries()) {
      for (let missing = rules.missing(checked.event); missing !== null; missing = rules.missing(checked.event)) {
        const events = carried.get(missing)
        // An event whose request is nowhere is refused by the rules.
        if (!events) break
        draft.carry(missing, events)
      }
      draft.take(checked)
      if (draft.isFull) return events.slice(place + 1)
    }
    return []
  }

  async #keep({ cuts }: CollectedDay, state: ShardState, draft: ChunkDraft): Promise<void> {
    const { clock, tool } = this.#parts
    const { to, bytes, content, lives } = await draft.end(this.#versions)
    const before = state.newest
    const about = {
      ...{ date: cuts.date, shard: state.start.shard, at: clock.now(), tool, from: state.end, to, bytes },
      ...(before !== undefined && { before }),
    }
    const chunk = await keepChunk(this.#parts, about, content)
    state.add(
      chunk,
      lives.map(({ request }) => [request.id, request.status] as const),
      draft.carried(),
    )
  }
}

const newestIn = (row: Collected | undefined, date: CollectedDay['cuts']['date'], tool: string) =>
  row?.date === date && row.tool === tool ? row.chunk : undefined

/**
 * Finds that the ledger still has the last event of the newest chunk.
 *
 * @throws {Broken} `broken-chain`
 */
async function checkEnd(ledger: Pick<Ledger, 'stream'>, { start, end }: ShardState, to: ChainHead): Promise<void> {
  const { shard, from } = start
  if (end.seq === from.seq) return
  const event = await eventAt(ledger, shard, end.seq)
  if (event === undefined || to.seq < end.seq)
    throw brokenEvent(end.seq, shard, 'broken-chain', 'is in a chunk of the archive, and is missing')
  if (event.hash !== end.hash || (to.seq === end.seq && to.hash !== end.hash)) throw saysOtherwise(end.seq, shard)
}

/** Checks events, also that none is another than a file of the archive names. */
async function checkPage(
  { cuts, witnesses }: CollectedDay,
  shard: Shard,
  page: readonly KeptEvent[],
  before: ChainHead,
): Promise<readonly (Checked & ChainHead)[]> {
  const place = placeIn(cuts, shard)
  const events: (Checked & ChainHead)[] = []
  let head = before
  for (const kept of page) {
    const checked = check(kept, head, place)
    const other = witnesses.contradiction(shard, kept)
    if (other) await witnesses.explain(other)
    events.push({ ...checked, seq: kept.seq })
    head = kept
  }
  return events
}
