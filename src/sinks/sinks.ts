import { type Shard, shards } from '../core/data/id.ts'
import { type Instant, milliseconds, plusSeconds } from '../core/data/instant.ts'
import { type ChainHead, emptyChain } from '../core/request/event.ts'
import { Queue } from '../delivery/queue.ts'
import type { Clock } from '../ports/clock.ts'
import type { Ledger } from '../ports/ledger.ts'
import type { Sink, SinkCursors, SinkFault, SinkKind, StoredCursor } from '../ports/sinks.ts'
import { abreast } from '../runtime/concurrency.ts'
import { restOf } from './cursor.ts'
import { Feed } from './feed.ts'
import { isAt, pass, type PassEnd, type PassParts } from './pass.ts'
import { placesOf, progressOf, type SinkProgress } from './progress.ts'

export interface SinksParts {
  readonly sinks: readonly Sink[]
  readonly cursors: SinkCursors
  readonly ledger: Pick<Ledger, 'load' | 'stream' | 'find' | 'events'>
  readonly clock: Clock
  /** Gives so many random bytes. */
  readonly random: (bytes: number) => Uint8Array
  readonly pause: (ms: number) => Promise<unknown>
  /** Is called with errors of background work. Must not throw. */
  readonly failed: (cause: unknown) => void
  /** Is called when a sink is switched off, or has failed again and again. Must not throw. */
  readonly noticed?: (notice: SinkNotice) => void
}

export interface SinkNotice {
  readonly sink: string
  readonly why: SinkFault
  /** Whether nothing is sent any more until an administrator switches the sink on again. */
  readonly isOff: boolean
}

/** What health tells of a sink. */
export interface SinkState extends SinkProgress {
  readonly name: string
  readonly kind: SinkKind
}

/** Milliseconds after a commit, so that events of one call go together. */
const collectFor = 250

/** Milliseconds between two sends of a shard's events, while commits go on. */
const sendEvery = 5_000

/**
 * Milliseconds without a commit after which events are sent, and for how long that is waited for. Commits that follow one
 * another closely have callers who wait, and sending takes a part of the same processor.
 */
const quietFor = 20
const longestQuiet = 10_000

/** Seconds after which cursors are read again, though nothing tells that they changed: an administrator may have set them. */
const readAgainEvery = 3_600

/** Heads that are read at the same time. */
const headsAtOnce = 16

/** Seconds up to which this process comes back to a shard on its own, without waiting for the timer. */
const soonAgain = 30

/** The failed try of an event that is told of. Single ones are of no concern. */
const toldTry = 3

const keyOf = (sink: string, shard: Shard): string => `${shard} ${sink}`

/**
 * Sends all events of the log to every sink. Each sink has a cursor in each shard; commits know nothing of them. The timer
 * compares cursors with heads, and finds what a crash left; commits of this process are sent soon after. What becomes of one
 * sink or shard does not hold up another.
 */
export class Sinks {
  readonly #parts: SinksParts
  readonly #pass: PassParts
  readonly #feed: Feed
  readonly #runs: ReadonlyMap<string, Queue<Shard>>
  /** How far the chains go, as far as this process knows. */
  readonly #heads = new Map<Shard, ChainHead>()
  /** Cursors as this process last saw them. */
  readonly #known = new Map<string, StoredCursor>()
  /** Shards whose commits are about to be sent. */
  readonly #awaited = new Set<Shard>()
  /** When the events of a shard were last sent after a commit, in milliseconds. */
  readonly #sentAt = new Map<Shard, number>()
  /** The sinks that were told of, and how. */
  readonly #told = new Map<string, 'failing' | 'off'>()
  /** The newest commit of this process, in milliseconds. */
  #committedAt = Number.NEGATIVE_INFINITY
  /** What passes wait for; `null` unless one does. */
  #quiet: Promise<void> | null = null
  #sent = 0
  #readAgainAt: Instant

  constructor(parts: SinksParts) {
    const { sinks, cursors, ledger, clock, random, failed } = parts
    this.#parts = parts
    this.#readAgainAt = plusSeconds(clock.now(), readAgainEvery)
    this.#feed = new Feed({ ledger })
    const by = Buffer.from(random(16)).toString('hex')
    const giveWay = () => this.#giveWay()
    this.#pass = { cursors, feed: this.#feed, ledger, clock, random, by, giveWay, failed }
    this.#runs = new Map(
      sinks.map((sink) => {
        const size = { atOnce: sink.atOnce, longest: shards.length }
        return [sink.name, new Queue<Shard>(size, (shard) => this.#send(sink, shard))]
      }),
    )
  }

  /** Sends the events of a shard a moment after a commit of this process. Never throws. */
  committed(shard: Shard, head: ChainHead): void {
    this.#reached(shard, head)
    this.#committedAt = milliseconds(this.#parts.clock.now())
    if (this.#awaited.has(shard)) return
    this.#awaited.add(shard)
    void this.#afterCommits(shard).catch(this.#parts.failed)
  }

  /** Waits while callers wait for answers, but not for long. All passes wait together, since each look costs a timer. */
  #giveWay(): Promise<void> {
    this.#quiet ??= this.#untilQuiet().finally(() => {
      this.#quiet = null
    })
    return this.#quiet
  }

  async #untilQuiet(): Promise<void> {
    const { clock, pause } = this.#parts
    const end = milliseconds(clock.now()) + longestQuiet
    for (;;) {
      const now = milliseconds(clock.now())
      if (now >= end || now - this.#committedAt >= quietFor) return
      await pause(quietFor)
    }
  }

  async #afterCommits(shard: Shard): Promise<void> {
    const { clock, pause } = this.#parts
    const next = (this.#sentAt.get(shard) ?? Number.NEGATIVE_INFINITY) + sendEvery
    await pause(Math.max(collectFor, next - milliseconds(clock.now())))
    this.#awaited.delete(shard)
    this.#sentAt.set(shard, milliseconds(clock.now()))
    for (const sink of this.#parts.sinks) if (this.#isDue(sink, shard)) void this.#queue(sink).add(shard)
  }

  /**
   * Looks at the head of every chain, and sends what sinks were not sent. An idle sink costs no other read but that of its
   * cursors, once an hour.
   *
   * @returns the number of events that this process has sent since the last call
   * @throws the first failure to read a head, after all else is done
   */
  async sweep(): Promise<number> {
    const { sinks, failed } = this.#parts
    this.#feed.forget()
    this.#readAgain()
    const failures: unknown[] = []
    await abreast(headsAtOnce, shards, async (shard) => {
      try {
        const { head } = await this.#parts.ledger.load(shard, {})
        this.#heads.set(shard, { seq: head.seq, hash: head.hash })
      } catch (cause) {
        failures.push(cause)
      }
    })
    const runs = sinks.flatMap((sink) =>
      shards.filter((shard) => this.#isDueAgain(sink, shard)).map((shard) => this.#queue(sink).add(shard)),
    )
    await Promise.all(runs)
    for (const cause of failures.slice(1)) failed(cause)
    if (failures.length > 0) throw failures[0]
    const sent = this.#sent
    this.#sent = 0
    return sent
  }

  /** For health: how far each sink is, and what is wrong with it. @throws {Problem} `unavailable`, `evidence-broken` */
  async states(): Promise<readonly SinkState[]> {
    const { sinks, cursors, ledger } = this.#parts
    const found = await placesOf({ cursors, ledger })
    return sinks.map(({ name, kind }) => ({ name, kind, ...progressOf(found, name) }))
  }

  /** Resolves when nothing is under way in this process. */
  async idle(): Promise<void> {
    await Promise.all([...this.#runs.values()].map((queue) => queue.idle()))
  }

  #readAgain(): void {
    const now = this.#parts.clock.now()
    if (now < this.#readAgainAt) return
    this.#readAgainAt = plusSeconds(now, readAgainEvery)
    this.#known.clear()
  }

  #queue({ name }: Sink): Queue<Shard> {
    const queue = this.#runs.get(name)
    if (!queue) throw new Error(`There is no sink ${name}.`)
    return queue
  }

  #reached(shard: Shard, head: ChainHead): void {
    if (head.seq > (this.#heads.get(shard)?.seq ?? 0)) this.#heads.set(shard, { seq: head.seq, hash: head.hash })
  }

  /** Whether there is something to send that may be sent, as far as this process knows. */
  #isDue(sink: Sink, shard: Shard): boolean {
    const head = this.#heads.get(shard) ?? emptyChain
    const known = this.#known.get(keyOf(sink.name, shard))
    if (!known) return head.seq > 0
    return !isAt(known.cursor, head) && restOf(known.cursor, this.#pass.by, this.#parts.clock.now()) === null
  }

  /** Does what {@link Sinks.#isDue} does, but has a cursor read again that rests: an administrator may have changed it. */
  #isDueAgain(sink: Sink, shard: Shard): boolean {
    const known = this.#known.get(keyOf(sink.name, shard))
    if (known && restOf(known.cursor, this.#pass.by, this.#parts.clock.now()) !== null)
      this.#known.delete(keyOf(sink.name, shard))
    return this.#isDue(sink, shard)
  }

  /** Sends a shard's events to a sink. Never rejects. */
  async #send(sink: Sink, shard: Shard): Promise<void> {
    const key = keyOf(sink.name, shard)
    try {
      await this.#giveWay()
      const known = this.#known.get(key) ?? null
      const head = this.#heads.get(shard) ?? emptyChain
      const end = await pass(this.#pass, { sink, shard, head, known })
      this.#sent += end.sent
      if (end.stored) this.#known.set(key, end.stored)
      else this.#known.delete(key)
      this.#tell(sink, end)
      this.#again(sink, shard, end)
      if (end.off) await this.#switchOff(sink, shard, end.off)
    } catch (cause) {
      this.#known.delete(key)
      this.#parts.failed(cause)
    }
  }

  /** Comes back to what could not be sent, or was not sent because the pass took long. */
  #again(sink: Sink, shard: Shard, { stored, isCut }: PassEnd): void {
    const { clock, pause, failed } = this.#parts
    if (!stored) return
    if (isCut) void this.#queue(sink).add(shard)
    const rest = restOf(stored.cursor, this.#pass.by, clock.now())
    if (rest === null || rest === 'off' || rest === 'claimed') return
    if (rest > plusSeconds(clock.now(), soonAgain)) return
    void pause(milliseconds(rest) - milliseconds(clock.now()))
      .then(() => this.#queue(sink).add(shard))
      .catch(failed)
  }

  /** Tells of a sink once, whichever shard finds it first, until it takes events again. */
  #tell({ name: sink }: Sink, { stored, sent, off }: PassEnd): void {
    const failing = stored?.cursor.failing
    if (sent > 0) this.#told.delete(sink)
    const why = off ?? (failing?.tries === toldTry ? failing.why : undefined)
    const isOff = off !== undefined
    const before = this.#told.get(sink)
    if (why === undefined || before === 'off' || (before === 'failing' && !isOff)) return
    this.#told.set(sink, isOff ? 'off' : 'failing')
    this.#parts.noticed?.({ sink, why, isOff })
  }

  /** Switches a sink off in the other shards, too. After a crash in between, these find out by themselves. */
  async #switchOff(sink: Sink, from: Shard, why: SinkFault): Promise<void> {
    const { cursors, clock } = this.#parts
    for (const shard of shards) {
      if (shard === from) continue
      const place = { sink: sink.name, shard }
      const { cursor, version } = await cursors.read(place)
      // A process that sends meanwhile finds out by itself.
      const stored = cursor.off
        ? null
        : await cursors.write(place, version, { ...cursor, off: { at: clock.now(), why } })
      if (stored) this.#known.set(keyOf(sink.name, shard), stored)
    }
  }
}
