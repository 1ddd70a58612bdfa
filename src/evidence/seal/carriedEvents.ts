import { encode64 } from '../../core/data/base64.ts'
import { Broken } from '../../core/data/broken.ts'
import { evidenceBroken } from '../../core/data/problem.ts'
import { type RequestId, shardOf } from '../../core/data/id.ts'
import { checkInclusion, hashLeaf } from '../../core/log/merkle.ts'
import type { LogEvent } from '../../core/record/eventType.ts'
import { readRecord } from '../../core/record/record.ts'
import { checkRow, retell } from '../../core/record/retelling.ts'
import type { ApprovalRequest } from '../../core/request/request.ts'
import type { KeptEvent, Ledger } from '../../ports/ledger.ts'
import type { Archive } from '../../ports/archive.ts'
import type { Seals } from '../../ports/seals.ts'
import { LogIndex } from '../log/logIndex.ts'
import { LogTree } from '../log/tree.ts'
import type { DayCuts } from './plan.ts'

export interface CarryingParts {
  readonly ledger: Pick<Ledger, 'find' | 'events'>
  readonly seals: Pick<Seals, 'first' | 'plan'>
  readonly archive: Pick<Archive, 'read'>
}

/** An event of an earlier day, and its line in `carried.jsonl`. */
export interface CarriedEvent {
  readonly event: LogEvent
  readonly line: string
}

/** Reads carried events of requests, each with the proof that the log had it before the planned day. */
export class CarriedEvents {
  readonly #ledger: CarryingParts['ledger']
  readonly #plan: DayCuts
  readonly #root: Uint8Array
  readonly #log: LogTree
  readonly #index: LogIndex

  /** @param root the log's root before the day */
  constructor({ ledger, seals, archive }: CarryingParts, plan: DayCuts, root: Uint8Array) {
    this.#ledger = ledger
    this.#plan = plan
    this.#root = root
    this.#log = new LogTree(archive, plan.size)
    this.#index = new LogIndex(seals)
  }

  /**
   * Reads the request's row for the numbers of its events alone, and finds that they are all: the row has to say what they
   * say, replayed.
   *
   * @throws {Broken} `bad-carried` if the ledger does not have the request's events as they were sealed
   * @throws {Problem} `evidence-broken` if its row is not what its events say
   */
  async of(id: RequestId): Promise<readonly CarriedEvent[]> {
    const request = await this.#ledger.find(id)
    if (request === null)
      throw new Broken('bad-carried', `The ledger has events of ${id}, and no such request.`, {
        event: { shard: shardOf(id), request: id },
      })
    const events = await this.#ledger.events(request)
    if (!events.every(isAmong(request.events)))
      throw new Broken('bad-carried', `The events of ${id} are not those that it names.`, {
        event: { shard: shardOf(id), request: id },
      })
    checkTold(request, events)
    const sealed = this.#plan.from[shardOf(id)]?.seq ?? 0
    return Promise.all(events.filter(({ seq }) => seq <= sealed).map((event) => this.#proven(id, event)))
  }

  async #proven(id: RequestId, { seq, text }: KeptEvent): Promise<CarriedEvent> {
    const event = readRecord(text)
    const { size } = this.#plan
    const index = await this.#index.of(shardOf(id), event)
    const proof = index === null || index >= size ? null : await this.#log.inclusion(index)
    const leaf = { leaf: hashLeaf(text), size, root: this.#root }
    if (index === null || proof === null || !checkInclusion({ ...leaf, index, proof }))
      throw new Broken('bad-carried', `Event ${seq} of shard ${shardOf(id)} is not in the log as it was sealed.`, {
        event: { shard: shardOf(id), seq, request: id },
      })
    // These members are in canonical order.
    return { event, line: `${JSON.stringify({ index, leaf: text, proof: proof.map(encode64) })}\n` }
  }
}

const isAmong = (events: ApprovalRequest['events']) => {
  const hashes = new Map(events.map(({ seq, hash }) => [seq, hash]))
  return ({ seq, hash }: KeptEvent): boolean => hashes.get(seq) === hash
}

function checkTold(request: ApprovalRequest, events: readonly KeptEvent[]): void {
  try {
    checkRow(request, retell(request, undefined, events))
  } catch (cause) {
    if (!(cause instanceof Broken) || cause.code === 'newer-format') throw cause
    const { id } = request
    throw evidenceBroken({ shard: shardOf(id), row: 'request', request: id, check: 'events' }, cause)
  }
}
