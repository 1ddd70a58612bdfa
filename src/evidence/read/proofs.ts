import { type Shard, shardOf } from '../../core/data/id.ts'
import type { Instant } from '../../core/data/instant.ts'
import { formatProof } from '../../core/log/logProof.ts'
import { checkInclusion, hashLeaf } from '../../core/log/merkle.ts'
import type { ApprovalRequest } from '../../core/request/request.ts'
import type { KeptEvent, Ledger } from '../../ports/ledger.ts'
import type { Archive } from '../../ports/archive.ts'
import type { SealHead, Seals } from '../../ports/seals.ts'
import { checkpointOf, fileOf } from './bundles.ts'
import { placing } from '../log/logIndex.ts'
import { tree } from '../log/tree.ts'

/** That one event is in the log, as a C2SP tlog-proof. */
export interface EventProof {
  readonly seq: number
  readonly text: string
}

export type Proofs = ReturnType<typeof proofs>

/** Proves single events against the newest checkpoint. */
export function proofs({ ledger, seals, archive }: { ledger: Ledger; seals: Seals; archive: Archive }) {
  return {
    /** The log index of each of these events of one shard; `null` where its day is not sealed yet. */
    async indices(shard: Shard, events: readonly KeptEvent[]): Promise<readonly (number | null)[]> {
      const { head } = await seals.head()
      return indices(seals, head, shard, events)
    },

    async of(request: ApprovalRequest): Promise<{ proofs: readonly EventProof[]; unsealed: readonly number[] }> {
      const [events, { head }] = await Promise.all([ledger.events(request), seals.head()])
      const places = await indices(seals, head, shardOf(request.id), events)
      const unsealed = events.filter((_event, i) => places[i] === null).map(({ seq }) => seq)
      if (head === null || unsealed.length === events.length) return { proofs: [], unsealed }
      const prove = prover(archive, head)
      const proofs = events.map(async (event, i) => {
        const index = places[i] ?? null
        return index === null ? null : { seq: event.seq, text: await prove(event, index) }
      })
      return { proofs: (await Promise.all(proofs)).filter((proof) => proof !== null), unsealed }
    },
  }
}

async function indices(seals: Seals, head: SealHead | null, shard: Shard, events: readonly KeptEvent[]) {
  const cut = head?.cuts[shard]?.seq ?? 0
  const indexOf = placing(seals)
  return Promise.all(
    events.map(async ({ seq, text }) => {
      if (seq > cut) return null
      const { at } = JSON.parse(text) as { readonly at: Instant }
      const index = await indexOf(shard, { at, seq })
      if (index === null) throw new Error(`Event ${seq} of shard ${shard} is sealed and in no plan.`)
      return index
    }),
  )
}

/** Makes proofs from the archive's tiles. No proof leaves that does not hold. */
function prover(archive: Archive, { size, ...head }: SealHead) {
  const log = tree(archive, size)
  const root = Buffer.from(head.root, 'base64')
  const checkpoint = fileOf(archive, checkpointOf(head.date))

  return async ({ seq, text }: KeptEvent, index: number): Promise<string> => {
    const [note, proof] = await Promise.all([checkpoint, log.inclusion(index)])
    if (!checkInclusion({ index, size, leaf: hashLeaf(text), proof, root }))
      throw new Error(`The archive's tiles give no proof of event ${seq}, which has log index ${index}.`)
    return formatProof({ index, extra: Buffer.from(text), proof, checkpoint: Buffer.from(note).toString('utf8') })
  }
}
