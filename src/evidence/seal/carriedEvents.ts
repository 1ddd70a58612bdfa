import { encode64 } from '../../core/data/base64.ts'
import { Broken } from '../../core/data/broken.ts'
import { type RequestId, shardOf } from '../../core/data/id.ts'
import { checkInclusion, hashLeaf } from '../../core/log/merkle.ts'
import { type LogEvent, readRecord } from '../../core/record/record.ts'
import type { ApprovalRequest } from '../../core/request/request.ts'
import type { KeptEvent, Ledger } from '../../ports/ledger.ts'
import type { Archive } from '../../ports/archive.ts'
import type { Plan, Seals } from '../../ports/seals.ts'
import { placing } from '../log/logIndex.ts'
import { tree } from '../log/tree.ts'

export interface CarryingParts {
  readonly ledger: Pick<Ledger, 'find' | 'events'>
  readonly seals: Pick<Seals, 'first' | 'plan'>
  readonly archive: Pick<Archive, 'read'>
}

/** An event of an earlier day, and its line in `carried.jsonl`. */
export interface Carried {
  readonly event: LogEvent
  readonly line: string
}

/**
 * Answers with what a request brings from earlier days: each event, and the proof that the log had it before the
 * planned day.
 *
 * @param root the log's root before the day
 */
export function carrying({ ledger, seals, archive }: CarryingParts, plan: Plan, root: Uint8Array) {
  const log = tree(archive, plan.size)
  const indexOf = placing(seals)

  async function proven(id: RequestId, { seq, text }: KeptEvent): Promise<Carried> {
    const event = readRecord(text)
    const { size } = plan
    const index = await indexOf(shardOf(id), event)
    const proof = index === null || index >= size ? null : await log.inclusion(index)
    if (index === null || proof === null || !checkInclusion({ index, size, leaf: hashLeaf(text), proof, root }))
      throw new Broken('bad-carried', `Event ${seq} of shard ${shardOf(id)} is not in the log as it was sealed.`)
    // Written in this order, the members are in the canonical one.
    return { event, line: `${JSON.stringify({ index, leaf: text, proof: proof.map(encode64) })}\n` }
  }

  /** @throws {Broken} `bad-carried` if the ledger does not have it as it was sealed */
  return async function carried(id: RequestId): Promise<readonly Carried[]> {
    const request = await ledger.find(id)
    if (request === null) throw new Broken('bad-carried', `The ledger has events of ${id}, and no such request.`)
    const sealed = plan.from[shardOf(id)]?.seq ?? 0
    const earlier = request.events.filter(({ seq }) => seq <= sealed)
    const events = await ledger.events({ ...request, events: earlier })
    if (!events.every(isAmong(earlier)))
      throw new Broken('bad-carried', `The earlier events of ${id} are not those that it names.`)
    return Promise.all(events.map((event) => proven(id, event)))
  }
}

const isAmong = (events: ApprovalRequest['events']) => {
  const hashes = new Map(events.map(({ seq, hash }) => [seq, hash]))
  return ({ seq, hash, text }: KeptEvent): boolean =>
    hashes.get(seq) === hash && Buffer.from(hashLeaf(text)).toString('hex') === hash
}
