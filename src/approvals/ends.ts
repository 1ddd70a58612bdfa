import { setTimeout as timer } from 'node:timers/promises'
import type { RequestId } from '../core/data/id.ts'
import { plusSeconds } from '../core/data/instant.ts'
import { evidenceBroken, Problem } from '../core/data/problem.ts'
import { authenticatedEnd, type End, endPath, formatEnd, isSameEnd, parseEnd } from '../core/log/end.ts'
import { endingOf } from '../core/request/ending.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Archive } from '../ports/archive.ts'
import type { Clock } from '../ports/clock.ts'
import type { Macs } from '../runtime/macs.ts'
import { remember } from '../runtime/remember.ts'

export interface EndsParts {
  readonly archive: Pick<Archive, 'createOrRead'>
  readonly macs: Pick<Macs, 'origin' | 'rows' | 'isAuthentic'>
  readonly clock: Clock
  /** Is called with errors of work whose result is not awaited. Must not throw. */
  readonly failed: (cause: unknown) => void
  /** Waits so many milliseconds without keeping the process alive; by a timer, unless given. */
  readonly pause?: (ms: number) => Promise<unknown>
}

/** The end of a request as its file has it. */
export interface Ended {
  readonly end: End
  /** Whether this call made the file. */
  readonly isNew: boolean
}

/** Milliseconds that an answer waits for the file. Teams expects the answer within five seconds. */
const patience = 2_000

/** Seconds after the file was written in which a repeated redemption may execute: the first answer may be lost. */
const repeatWithin = 120

/** The most ends that a process remembers. */
const remembered = 10_000

/**
 * Writes a file into the write-once archive for every request whose approval was used up or taken away. Rows of tables
 * can be put back to an older version, in which all events are true. These files cannot, and each request has one name
 * for its file. So an approval is used only once, whatever happens to the tables.
 */
export class Ends {
  readonly #parts: EndsParts
  /** Ends whose files agree with the ledger. */
  readonly #known = new Map<RequestId, End>()
  /** Files that are being written. A redemption and the delivery that it causes share one write. */
  readonly #making = new Map<RequestId, Promise<Ended>>()

  constructor(parts: EndsParts) {
    this.#parts = parts
  }

  /**
   * Writes the file, or checks that the existing file agrees with the request. Reads nothing if this process knows the
   * file.
   *
   * @returns `null` for a request that needs none
   * @throws {Problem} `evidence-broken` if the file has another end, or was not written by the service; `unavailable`
   *   while the archive does not answer
   */
  async leave(request: ApprovalRequest): Promise<Ended | null> {
    const ending = endingOf(request)
    if (ending === null) return null
    const known = this.#known.get(request.id)
    const ended = known === undefined ? await this.#made(ending) : { end: known, isNew: false }
    if (!isSameEnd(ended.end, ending)) throw this.#broken(ending, 'end')
    this.#remember(ended.end)
    return ended
  }

  /**
   * As {@link leave}, but waits only a short time: the ledger has the change, and deliveries go on trying.
   *
   * @throws {Problem} `evidence-broken`
   */
  async leaveSoon(request: ApprovalRequest): Promise<void> {
    const { pause = unreferenced, failed } = this.#parts
    let isAnswered = false
    const leaving = this.leave(request).catch((cause: unknown) => {
      if (isPassing(cause)) return
      if (!isAnswered) throw cause
      failed(cause)
    })
    try {
      await Promise.race([leaving, pause(patience)])
    } finally {
      isAnswered = true
    }
  }

  /**
   * Decides what the executor of a redeemed request does next. It executes if this call wrote the file, or if the file
   * was written shortly before. Later the action may have been carried out, and only its outcome is missing.
   *
   * @throws {Problem} as {@link leave}
   */
  async next(request: ApprovalRequest): Promise<'execute' | 'report'> {
    const ended = await this.leave(request)
    if (ended === null) throw new Error('A redeemed request has ended.')
    const isSoon = this.#parts.clock.now() < plusSeconds(ended.end.at, repeatWithin)
    return ended.isNew || isSoon ? 'execute' : 'report'
  }

  #made(ending: Omit<End, 'at'>): Promise<Ended> {
    const { request } = ending
    const making = this.#making.get(request) ?? this.#createOrRead({ ...ending, at: this.#parts.clock.now() })
    this.#making.set(request, making)
    return making.finally(() => this.#making.delete(request))
  }

  async #createOrRead(end: End): Promise<Ended> {
    const { archive, macs } = this.#parts
    const { sign } = await macs.rows()
    const text = formatEnd(end, sign(authenticatedEnd(macs.origin, end)))
    const standing = await archive.createOrRead(endPath(end.request), Buffer.from(text), 'application/json', text)
    const found = Buffer.from(standing).toString('utf8')
    if (found === text) return { end, isNew: true }
    const read = parseEnd(found)
    if (read === null || !(await macs.isAuthentic(authenticatedEnd(macs.origin, read.end), read.mac)))
      throw this.#broken(end, 'mac')
    return { end: read.end, isNew: false }
  }

  #broken({ request, shard }: Omit<End, 'at'>, check: 'mac' | 'end'): Problem {
    return evidenceBroken({ shard, row: endPath(request), request, check })
  }

  #remember(end: End): void {
    remember(this.#known, end.request, end, remembered)
  }
}

const isPassing = (cause: unknown): boolean =>
  cause instanceof Problem && (cause.code === 'unavailable' || cause.code === 'busy')

const unreferenced = (ms: number): Promise<unknown> => timer(ms, undefined, { ref: false })
