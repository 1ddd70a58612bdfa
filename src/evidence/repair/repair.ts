import { retrying } from '../../approvals/commit.ts'
import { checkSecretIn } from '../../core/action/secret.ts'
import { Broken } from '../../core/data/broken.ts'
import type { ObjectId, RequestId, Shard } from '../../core/data/id.ts'
import { evidenceBroken, Problem } from '../../core/data/problem.ts'
import { type ChainParts, type RepairedChain, repairChain } from './chain.ts'
import { type KnownParts, knownOf } from './known.ts'
import { type RepairedRequest, repairRequests, type RequestRepairParts } from './requests.ts'

export type RepairParts = ChainParts &
  KnownParts &
  RequestRepairParts & {
    /** Requests of a shard that this process found broken. */
    readonly broken: (shard: Shard) => readonly RequestId[]
  }

/** A person's order to repair a shard. */
export interface RepairOrder {
  readonly shard: Shard
  readonly why: string
  readonly by: ObjectId
  /** The application that the person used. */
  readonly client?: ObjectId
  /** Requests to check in addition. */
  readonly requests: readonly RequestId[]
}

/** The result of a repair. */
export interface RepairResult {
  readonly shard: Shard
  /** `null` for a chain that held. */
  readonly chain: RepairedChain | null
  readonly requests: readonly RepairedRequest[]
}

/** Repairs shards, each once at a time in this process: a call that comes while a repair is under way shares its result. */
export class Repairing {
  readonly #parts: RepairParts
  readonly #running = new Map<Shard, Promise<RepairResult>>()

  constructor(parts: RepairParts) {
    this.#parts = parts
  }

  /**
   * Takes out of a shard what the service did not write, puts right what can be put right, and records that. A shard that
   * holds is left as it is. After `busy` or `unavailable`, or a crash, the next call goes on.
   *
   * @throws {Problem} `not-repairable`, `evidence-broken`, `secret-in-params`, `newer-format`, `busy`, `unavailable`
   */
  repair(order: RepairOrder): Promise<RepairResult> {
    const { shard } = order
    const running = this.#running.get(shard) ?? repair(this.#parts, order).finally(() => this.#running.delete(shard))
    this.#running.set(shard, running)
    return running
  }
}

async function repair(parts: RepairParts, { shard, requests, client, ...about }: RepairOrder): Promise<RepairResult> {
  checkSecretIn(about.why, '/why')
  const person = { ...about, ...(client !== undefined && { client }) }
  try {
    const known = await knownOf(parts, shard)
    const chain = await retrying(parts, () => repairChain(parts, shard, known, person))
    const named = [...requests, ...parts.broken(shard)]
    return { shard, chain, requests: await repairRequests(parts, shard, known, { named }, person) }
  } catch (cause) {
    if (!(cause instanceof Broken)) throw cause
    if (cause.code === 'newer-format')
      throw new Problem('newer-format', 'A newer version of the service wrote an event of this shard.', { cause })
    throw evidenceBroken({ shard: cause.event?.shard ?? 'seal', row: cause.code, check: 'log' }, cause)
  }
}
