import { Broken } from '../core/data/broken.ts'
import { type RequestId, shardOf } from '../core/data/id.ts'
import { evidenceBroken, Problem } from '../core/data/problem.ts'
import { checkRow, retell, type Retelling, type ToldEvent } from '../core/record/retelling.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { Conflict, type Ledger } from '../ports/ledger.ts'
import { remember } from '../runtime/remember.ts'

/** The most requests that one process remembers. */
const mostRemembered = 10_000

/**
 * Checks requests against their events, and remembers what this process has replayed itself.
 *
 * A request's row is a cache, and an operator of the storage can write it. Events cannot be forged without the ledger key.
 * So a request is checked against its events before a person or an agent relies on it.
 */
export class Recollection {
  readonly #ledger: Pick<Ledger, 'events' | 'find'>
  readonly #most: number
  /** The least recently used first. */
  readonly #known = new Map<RequestId, Retelling>()
  /** Checked requests, each with the retelling that it agrees with. */
  readonly #checked = new WeakMap<ApprovalRequest, Retelling>()

  constructor(ledger: Pick<Ledger, 'events' | 'find'>, most = mostRemembered) {
    this.#ledger = ledger
    this.#most = most
  }

  /**
   * Checks a request against its events. Reads the events that are not remembered, all at once.
   *
   * @throws {Problem} `evidence-broken`, `newer-format`, `unavailable`
   * @throws {Conflict} if the request changed since it was read
   */
  async check(request: ApprovalRequest): Promise<void> {
    const remembered = this.#known.get(request.id)
    // A request is a value: without a newer retelling a second check would have the same result.
    if (remembered && this.#checked.get(request) === remembered) return this.#remember(request.id, remembered)
    // What is remembered stays until all events were found to say the same as the row.
    const known = remembered && isRepaired(request, remembered) ? undefined : remembered
    if (known && isBefore(request, known)) await this.#refuseOlder(request)
    const events = request.events.slice(known?.events.length ?? 0)
    const told = events.length > 0 ? await this.#ledger.events({ ...request, events }) : []
    // Another check of this request has ended meanwhile, and may know more, which must not be forgotten.
    if (this.#known.get(request.id) !== remembered) return this.check(request)
    this.#take(request, known, told)
  }

  /**
   * Remembers a commit of this process. If a read of the same events was checked before, or earlier events are not
   * remembered, what is remembered stays: forgetting it would let an older row pass.
   *
   * @param leaves the newest events of the request
   */
  keep(request: ApprovalRequest, leaves: readonly ToldEvent[]): void {
    const known = this.#known.get(request.id)
    const isComplete = (known?.events.length ?? 0) + leaves.length === request.events.length
    if (isComplete) this.#take(request, known, leaves)
  }

  /** Whether this process knows later events than those of a request that was read. */
  knowsLater(request: ApprovalRequest): boolean {
    const known = this.#known.get(request.id)
    return known !== undefined && isBefore(request, known)
  }

  /** Forgets a request whose row is about to be made anew. */
  forget(id: RequestId): void {
    this.#known.delete(id)
  }

  #take(request: ApprovalRequest, known: Retelling | undefined, told: readonly ToldEvent[]): void {
    const { id } = request
    try {
      if (known && !isContinued(request, known)) throw new Broken('broken-chain', 'Earlier events were replaced.')
      const retelling = retell(request, known, told)
      checkRow(request, retelling)
      this.#remember(id, retelling)
      this.#checked.set(request, retelling)
    } catch (cause) {
      if (!(cause instanceof Broken)) throw cause
      if (cause.code === 'newer-format')
        throw new Problem('newer-format', 'A newer version of the service wrote an event of this request.', { cause })
      throw evidenceBroken({ shard: shardOf(id), row: 'request', request: id, check: 'events' }, cause)
    }
  }

  #remember(id: RequestId, retelling: Retelling): void {
    remember(this.#known, id, retelling, this.#most)
  }

  /** A row may be out of date because it was read before a commit. If it is still older now, it was put back. */
  async #refuseOlder({ id }: ApprovalRequest): Promise<never> {
    const now = await this.#ledger.find(id)
    const known = this.#known.get(id)
    if (now === null || (known && isBefore(now, known)))
      throw evidenceBroken({ shard: shardOf(id), row: 'request', request: id, check: 'events' })
    throw new Conflict()
  }
}

const isBefore = ({ events }: ApprovalRequest, known: Retelling): boolean => events.length < known.events.length

const isContinued = ({ events }: ApprovalRequest, known: Retelling): boolean =>
  known.events.every(({ seq, hash }, i) => events[i]?.seq === seq && events[i].hash === hash)

/**
 * Tells whether a repair has taken events out of the log that this process knows. The row says so by an event that this
 * process has not seen, and only the service can make that; a request that was open has ended by it.
 */
const isRepaired = (request: ApprovalRequest, known: Retelling): boolean =>
  !isContinued(request, known) &&
  request.events.some(({ type, hash }) => type === 'tampered' && known.events.every((event) => event.hash !== hash))

const recollections = new WeakMap<object, Recollection>()

/** Returns this process's recollection of a ledger's requests. */
export function recollectionOf(ledger: Pick<Ledger, 'events' | 'find'>): Recollection {
  const known = recollections.get(ledger)
  if (known) return known
  const made = new Recollection(ledger)
  recollections.set(ledger, made)
  return made
}
