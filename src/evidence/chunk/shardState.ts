import { type Day, startOf } from '../../core/data/day.ts'
import { type Digest, type Hex, idSlack, type RequestId, type Shard, timeOf } from '../../core/data/id.ts'
import { plusSeconds } from '../../core/data/instant.ts'
import type { ChainHead } from '../../core/request/event.ts'
import type { Status } from '../../core/request/request.ts'
import type { LogEvent } from '../../core/record/eventType.ts'
import { laterHolds } from '../../core/record/knownHolds.ts'
import { readRecord } from '../../core/record/record.ts'
import { type Replay, replay } from '../../core/record/replay.ts'
import type { Collected } from '../../ports/seals.ts'
import { abreast } from '../../runtime/concurrency.ts'
import type { CarriedEvent, CarriedEvents } from '../seal/carriedEvents.ts'
import type { Checked } from '../seal/eventCheck.ts'
import { goesOn, inflatedPiece, parseLives, parseRow, parseRows } from './chunkContent.ts'
import { chainFrom, type ChunkFilesParts, chunksIn, type KeptChunk, readParts } from './chunkFiles.ts'

/** What a shard's day begins with. */
export interface ShardStart {
  readonly date: Day
  readonly shard: Shard
  readonly tool: string
  /** The last event before the day. */
  readonly from: ChainHead
  /** The policy version in force before the day, if an event had named one. */
  readonly policy: Digest | undefined
}

/** Lookups at the same time. */
const atOnce = 8

/** How far a shard's day is collected, and the state of its requests there. */
export class ShardState {
  readonly start: ShardStart
  readonly rules: Replay
  readonly #parts: ChunkFilesParts
  readonly #chain: KeptChunk[]
  /** The chunk with the newest state of each request that goes on. */
  readonly #places: Map<RequestId, KeptChunk>
  /** Requests that began on an earlier day and are in one of the chunks. */
  readonly #carried: Set<RequestId>

  private constructor(
    parts: ChunkFilesParts,
    start: ShardStart,
    known: { chain: readonly KeptChunk[]; rules: Replay; places: Map<RequestId, KeptChunk>; carried: Set<RequestId> },
  ) {
    this.#parts = parts
    this.start = start
    this.rules = known.rules
    this.#chain = [...known.chain]
    this.#places = known.places
    this.#carried = known.carried
  }

  /**
   * Reads the state from the chunks of the archive.
   *
   * @param shortcut tells where the requests are that go on. Without it, all chunks of the shard's day are read
   * @throws {Broken} `broken-chain`, `missing-member`
   */
  static async read(parts: ChunkFilesParts, start: ShardStart, shortcut: Collected | undefined): Promise<ShardState> {
    const { date, shard, tool, from, policy } = start
    const chain = chainFrom(await chunksIn(parts, date, shard), from, tool)
    const last = chain.at(-1)
    const facts = last && parseRows((await readParts(parts, last, ['rows'])).rows).facts
    const rules = replay({
      ...{ policy: facts ? facts.policy : policy, holds: laterHolds },
      ...(facts && { told: facts.told, since: facts.at }),
    })
    const places = placesIn(chain, shortcut) ?? (await placesOf(parts, chain))
    return new ShardState(parts, start, { chain, rules, ...places })
  }

  get chain(): readonly KeptChunk[] {
    return this.#chain
  }

  /** The last event that is collected. */
  get end(): ChainHead {
    return this.#chain.at(-1)?.to ?? this.start.from
  }

  /** What identifies the state: the newest chunk; `undefined` before the first. */
  get newest(): Hex | undefined {
    return this.#chain.at(-1)?.digest
  }

  /**
   * Gives the rules the state of all requests of these events that they do not know.
   *
   * @returns the events of earlier days, of requests that no chunk has
   */
  async prepare(
    events: readonly Checked[],
    earlier: CarriedEvents,
  ): Promise<ReadonlyMap<RequestId, readonly CarriedEvent[]>> {
    const { asked, wanted } = this.#neededBy(events)
    const carried = await this.#known(wanted, earlier)
    // Which standing approval a use is of, only its own events tell.
    const uses = events.flatMap(({ event }) => (event.type === 'redeemed' && event.request ? [event.request] : []))
    const standing = uses.flatMap(
      (id) => asked.get(id) ?? this.rules.life(id)?.request.under ?? underIn(carried.get(id)),
    )
    const left = standing.filter((id) => !asked.has(id) && !carried.has(id) && this.rules.life(id) === undefined)
    return new Map([...carried, ...(await this.#known(new Set(left), earlier))])
  }

  /** What events of a page need: the requests that the page opens, each with the standing approval that it is a use of. */
  #neededBy(events: readonly Checked[]) {
    const asked = new Map<RequestId, RequestId | undefined>()
    const wanted = new Set<RequestId>()
    for (const { event } of events) {
      if (event.request === undefined) continue
      if (event.type === 'requested') asked.set(event.request, event.data.under)
      const isOfPage = asked.has(event.request) && event.type !== 'requested'
      const missing = isOfPage ? null : this.rules.missing(event)
      if (missing !== null && !asked.has(missing)) wanted.add(missing)
    }
    return { asked, wanted }
  }

  /** Resumes requests. Returns the events of earlier days of those that no chunk has. */
  async #known(
    wanted: ReadonlySet<RequestId>,
    earlier: CarriedEvents,
  ): Promise<ReadonlyMap<RequestId, readonly CarriedEvent[]>> {
    await this.#resume(wanted)
    const left = [...wanted].filter((id) => this.rules.life(id) === undefined)
    return new Map(await abreast(atOnce, left, async (id) => [id, await earlier.of(id)] as const))
  }

  /** Notes a new chunk, with the requests that it is about and those of them that an earlier day had. */
  add(chunk: KeptChunk, about: Iterable<readonly [RequestId, Status]>, carried: Iterable<RequestId>): void {
    this.#chain.push(chunk)
    for (const id of carried) this.#carried.add(id)
    for (const [id, status] of about) {
      if (goesOn(status)) this.#places.set(id, chunk)
      else {
        this.#places.delete(id)
        this.rules.forget(id)
      }
    }
  }

  /** Writes down where the requests are: a shortcut for {@link ShardState.read}. */
  shortcut(): Collected | null {
    const { date, tool } = this.start
    if (this.newest === undefined) return null
    const open: Record<Hex, RequestId[]> = {}
    for (const [id, { digest }] of this.#places) (open[digest] ??= []).push(id)
    return { date, tool, chunk: this.newest, open, carried: [...this.#carried] }
  }

  /** Reads the state of requests from the chunks that have them. */
  async #resume(wanted: ReadonlySet<RequestId>): Promise<void> {
    const chunks = new Set([...wanted].flatMap((id) => this.#places.get(id) ?? []))
    for (const chunk of chunks) await this.#resumeFrom(chunk, wanted)
    const closed = new Set([...wanted].filter((id) => !this.#places.has(id) && this.#mayBeIn(id)))
    for (const [id, events] of await this.#eventsOf(closed)) {
      const past = replay({ holds: laterHolds })
      for (const event of events) past.carry(event)
      const life = past.life(id)
      if (life) this.rules.resume(life)
    }
  }

  /** Reads all events of requests from the chunks, also those of earlier days that were carried into them. */
  async #eventsOf(wanted: ReadonlySet<RequestId>): Promise<ReadonlyMap<RequestId, readonly LogEvent[]>> {
    const found = new Map<RequestId, LogEvent[]>()
    const take = (leaf: string): void => {
      const event = readRecord(leaf)
      const { request } = event
      if (request !== undefined && wanted.has(request)) found.set(request, [...(found.get(request) ?? []), event])
    }
    for (const chunk of wanted.size === 0 ? [] : this.#chain) {
      const { facts, rows } = parseRows((await readParts(this.#parts, chunk, ['rows'])).rows)
      for (const { request, lines } of facts.carried)
        if (wanted.has(request)) for (const line of lines) take((JSON.parse(line) as { readonly leaf: string }).leaf)
      if (!rows.some(([id]) => wanted.has(id))) continue
      const { leaves } = await readParts(this.#parts, chunk, ['leaves'])
      for (const leaf of inflatedPiece(leaves, chunk.bytes).toString('utf8').split('\n'))
        if ([...wanted].some((id) => leaf.includes(id))) take(leaf)
    }
    return found
  }

  async #resumeFrom(chunk: KeptChunk, wanted: ReadonlySet<RequestId>): Promise<void> {
    const { lives } = await readParts(this.#parts, chunk, ['lives'])
    for (const life of parseLives(lives)) {
      const { id } = life.request
      if (wanted.has(id) && this.#places.get(id) === chunk) this.rules.resume(life)
    }
  }

  /** Whether a request may have events in the chunks: it began on this day, or was carried into it. */
  #mayBeIn(id: RequestId): boolean {
    return this.#carried.has(id) || timeOf(id) >= plusSeconds(startOf(this.start.date), -idSlack)
  }
}

/** The standing approval that the carried events of a use name. */
function underIn(carried: readonly CarriedEvent[] = []): RequestId | [] {
  for (const { event } of carried) if (event.type === 'requested') return event.data.under ?? []
  return []
}

interface Places {
  readonly places: Map<RequestId, KeptChunk>
  readonly carried: Set<RequestId>
}

/** Finds where requests are by the row of an earlier run; `null` if it is not about the end of this chain. */
function placesIn(chain: readonly KeptChunk[], shortcut: Collected | undefined): Places | null {
  const { chunk, open, carried } = shortcut ?? {}
  if (!open || !carried || chunk !== chain.at(-1)?.digest) return null
  const places = new Map<RequestId, KeptChunk>()
  for (const one of chain) for (const id of open[one.digest] ?? []) places.set(id, one)
  return { places, carried: new Set(carried) }
}

/** Finds where requests are by reading all chunks. */
async function placesOf(parts: ChunkFilesParts, chain: readonly KeptChunk[]): Promise<Places> {
  const places = new Map<RequestId, KeptChunk>()
  const carried = new Set<RequestId>()
  for (const chunk of chain) {
    const { facts, rows } = parseRows((await readParts(parts, chunk, ['rows'])).rows)
    for (const { request } of facts.carried) carried.add(request)
    for (const [id, text] of rows)
      if (goesOn(parseRow(text).facts.status)) places.set(id, chunk)
      else places.delete(id)
  }
  return { places, carried }
}
