import { type RequestId, type Shard, shardOf } from '../../../src/core/data/id.ts'
import { leafHash } from '../../../src/core/log/merkle.ts'
import type { SurveyedRow } from '../../../src/core/record/chainSurvey.ts'
import type { Leaf } from '../../../src/core/request/event.ts'
import { type ApprovalRequest, due } from '../../../src/core/request/request.ts'
import { rowKey } from '../../../src/azure/rowKey.ts'
import type { Change, Loaded } from '../../../src/ports/ledger.ts'
import { Conflict } from '../../../src/ports/ledger.ts'
import type { BegunRepair, Repairs, SurveyedHead, SurveyedRequest } from '../../../src/ports/repairs.ts'
import type { MemoryLedger } from './ledger.ts'

/**
 * Repairs of the ledger in memory. There a leaf counts as the service's if the hash that was kept with it is its own; what
 * `tamper` changes without the hash is not.
 */
export class MemoryRepairs implements Repairs {
  readonly #ledger: MemoryLedger
  readonly #begun = new Map<Shard, BegunRepair>()
  /** What was taken out, as it lay there. */
  readonly kept: string[] = []

  constructor(ledger: MemoryLedger) {
    this.#ledger = ledger
  }

  async *survey(shard: Shard, after: number): AsyncGenerator<readonly SurveyedRow[], void, undefined> {
    const { leaves } = this.#ledger.lying(shard)
    yield leaves.flatMap((text, i) => (text === null || i < after ? [] : [surveyed(i + 1, text)]))
  }

  async head(shard: Shard): Promise<SurveyedHead> {
    const { head } = this.#ledger.lying(shard)
    return head.recordedAt === null
      ? { head: null, check: 'missing', version: head }
      : { head, check: null, version: head }
  }

  async begun(shard: Shard): Promise<BegunRepair | null> {
    return this.#begun.get(shard) ?? null
  }

  async begin(shard: Shard, repair: BegunRepair): Promise<void> {
    this.#begun.set(shard, repair)
  }

  async mend(shard: Shard, rows: readonly SurveyedRow[]): Promise<void> {
    for (const { seq, version } of rows) {
      if (this.#ledger.lying(shard).leaves[(seq ?? 0) - 1] !== version) throw new Conflict()
      this.#ledger.tamper(shard, seq ?? 0, (leaf) => ({ ...leaf, hash: leafHash(leaf.text) }))
    }
  }

  async finish(head: SurveyedHead, loaded: Loaded, rows: readonly SurveyedRow[], change: Change): Promise<void> {
    const shard = this.#ledger.lying(loaded.shard)
    if (shard.head !== head.version) throw new Conflict()
    for (const { version } of rows) if (!this.kept.includes(String(version))) this.kept.push(String(version))
    shard.leaves.length = loaded.head.seq
    shard.leaves.push(...change.leaves.map((leaf) => JSON.stringify({ ...leaf, trace: change.trace })))
    const { seq = 0, hash = loaded.head.hash } = change.leaves.at(-1) ?? {}
    const { policy = loaded.head.policy, logKey = loaded.head.logKey } = change
    shard.head = Object.freeze({ seq, hash, recordedAt: change.at, policy, logKey })
    this.#begun.delete(loaded.shard)
  }

  async named(shard: Shard): Promise<readonly RequestId[]> {
    const ids = this.kept.flatMap((text) => (JSON.parse(text) as Leaf).request ?? [])
    return [...new Set(ids)].filter((id) => shardOf(id) === shard)
  }

  async due(shard: Shard): Promise<readonly RequestId[]> {
    const { requests } = this.#ledger.lying(shard)
    return [...requests].flatMap(([id, { text }]) => (due(JSON.parse(text) as ApprovalRequest) === null ? [] : [id]))
  }

  async request(id: RequestId): Promise<SurveyedRequest> {
    const kept = this.#ledger.lying(shardOf(id)).requests.get(id)
    return kept
      ? { id, request: JSON.parse(kept.text) as ApprovalRequest, check: null, version: kept.version }
      : { id, request: null, check: 'missing', version: null }
  }

  async prepare({ id, version }: SurveyedRequest, request: ApprovalRequest): Promise<Loaded> {
    const loaded = await this.#ledger.load(shardOf(id), { request: id })
    if ((this.#ledger.lying(shardOf(id)).requests.get(id)?.version ?? null) !== version) throw new Conflict()
    return { ...loaded, request }
  }

  async remove({ id }: SurveyedRequest): Promise<void> {
    this.#ledger.forge(id, null)
  }
}

function surveyed(seq: number, kept: string): SurveyedRow {
  const { text, hash } = JSON.parse(kept) as Leaf
  const { prev } = JSON.parse(text) as { readonly prev: SurveyedRow['prev'] }
  const isOwn = leafHash(text) === hash
  return {
    ...{ key: rowKey.event(seq), seq, hash: leafHash(text), prev },
    ...{ check: isOwn ? null : 'mac', isWhole: true, version: kept },
  }
}
