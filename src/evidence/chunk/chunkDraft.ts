import { controlsOf } from '../../core/policy/controls.ts'
import type { Digest, Hex, RequestId } from '../../core/data/id.ts'
import type { Instant } from '../../core/data/instant.ts'
import type { WitnessedHead } from '../../core/log/witness.ts'
import type { LogEvent } from '../../core/record/eventType.ts'
import { type DeputyFact, deputyFactOf } from '../../core/record/knownDeputies.ts'
import { lifeFacts } from '../../core/record/metrics.ts'
import { policyIn } from '../../core/record/record.ts'
import { type HoldFact, holdFactOf, policyChange, type Replay } from '../../core/record/replay.ts'
import type { Life } from '../../core/record/replayedRequest.ts'
import { furtherLine, requestLine } from '../../core/record/tables.ts'
import type { ArchivedVersions } from '../seal/archivedVersions.ts'
import type { CarriedEvent } from '../seal/carriedEvents.ts'
import type { Checked } from '../seal/eventCheck.ts'
import {
  type ChunkBytes,
  type ChunkException,
  type ChunkFacts,
  type ChunkRow,
  deflatedPiece,
  formatLives,
  formatRows,
} from './chunkContent.ts'

/** Events of a chunk, and bytes of its leaves, from which on it ends with the next whole command. */
export const usualEvents = 4_096
const mostBytes = 4 * 1024 * 1024

/** A finished chunk, without its place. */
export interface FinishedChunk {
  readonly to: WitnessedHead
  readonly bytes: number
  readonly content: ChunkBytes
  /** The requests that it is about, as the last event left them. */
  readonly lives: readonly Life[]
}

/** A chunk that is being filled. */
export class ChunkDraft {
  readonly #rules: Replay
  readonly #mostEvents: number
  readonly #leaves: string[] = []
  readonly #hashes: Hex[] = []
  readonly #types = new Map<string, number>()
  readonly #policies = new Set<Digest>()
  readonly #requests = new Set<RequestId>()
  readonly #carried: { request: RequestId; lines: readonly string[] }[] = []
  readonly #exceptions: ChunkException[] = []
  readonly #holds: HoldFact[] = []
  readonly #deputies: DeputyFact[] = []
  #newKey: string | null = null
  #bytes = 0
  #at: Instant | null = null
  #last: WitnessedHead | null = null

  constructor(rules: Replay, mostEvents: number) {
    this.#rules = rules
    this.#mostEvents = mostEvents
  }

  get isEmpty(): boolean {
    return this.#leaves.length === 0
  }

  /** Whether the chunk is large enough, and may end here. */
  get isFull(): boolean {
    return (this.#leaves.length >= this.#mostEvents || this.#bytes >= mostBytes) && this.#rules.isWhole()
  }

  /** Takes the events of earlier days, of a request whose first event of the day comes next. */
  carry(request: RequestId, events: readonly CarriedEvent[]): void {
    for (const { event } of events) {
      this.#rules.carry(event)
      this.#note(event)
    }
    this.#carried.push({ request, lines: events.map(({ line }) => line) })
  }

  /** Lists the requests that were carried into the chunk. */
  carried(): readonly RequestId[] {
    return this.#carried.map(({ request }) => request)
  }

  take({ event, text, hash }: Checked): void {
    const { seq, at, type, request } = event
    for (const row of this.#rules.take(event, seq, hash)) {
      const change = policyChange(event)
      this.#exceptions.push({ row, ...(change !== null && { change }) })
    }
    this.#note(event)
    if (event.type === 'key-rotated') this.#newKey = event.data.key
    const hold = holdFactOf(event, request && this.#rules.life(request)?.request)
    if (hold) this.#holds.push(hold)
    const deputy = deputyFactOf(event, hash)
    if (deputy) this.#deputies.push(deputy)
    if (request !== undefined) this.#requests.add(request)
    this.#types.set(type, (this.#types.get(type) ?? 0) + 1)
    this.#leaves.push(text)
    this.#hashes.push(hash)
    this.#bytes += Buffer.byteLength(text) + 1
    this.#at = at
    this.#last = { seq, hash }
  }

  /**
   * Ends the chunk with the newest event.
   *
   * @throws {Broken} `illegal-event` if its command lacks an event
   */
  async end(versions: ArchivedVersions): Promise<FinishedChunk> {
    this.#rules.checkWhole(this.#requests)
    const lives = [...this.#requests].flatMap((id) => this.#rules.life(id) ?? [])
    const rows = new Map<RequestId, ChunkRow>()
    for (const life of lives) {
      const { version, rules } = life.request.policy
      const { controls } = versions.known(version) ?? (await versions.of(version))
      const line = requestLine(life, controlsOf(controls, rules))
      const further = furtherLine(life)
      rows.set(life.request.id, { line, ...(further !== null && { further }), facts: lifeFacts(life) })
    }
    if (this.#last === null || this.#at === null) throw new Error('A chunk has an event.')
    const content = {
      hashes: Buffer.from(this.#hashes.join(''), 'hex'),
      rows: formatRows(this.#facts(this.#at), rows),
      leaves: deflatedPiece(Buffer.from(this.#leaves.map((leaf) => `${leaf}\n`).join(''))),
      lives: formatLives(lives),
    }
    return { to: this.#last, bytes: this.#bytes, content, lives }
  }

  #facts(at: Instant): ChunkFacts {
    const policy = this.#rules.policy()
    return {
      types: Object.fromEntries(this.#types),
      policies: [...this.#policies],
      ...(policy !== undefined && { policy }),
      ...(this.#newKey !== null && { newKey: this.#newKey }),
      at,
      told: this.#rules.told(),
      carried: this.#carried,
      exceptions: this.#exceptions,
      holds: this.#holds,
      ...(this.#deputies.length > 0 && { deputies: this.#deputies }),
    }
  }

  #note(event: LogEvent): void {
    const policy = policyIn(event)
    if (policy !== null) this.#policies.add(policy)
  }
}
