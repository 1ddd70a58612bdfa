import { type Shard, shardOf } from '../../core/data/id.ts'
import type { Instant } from '../../core/data/instant.ts'
import { formatProof } from '../../core/log/logProof.ts'
import { checkInclusion, hashLeaf } from '../../core/log/merkle.ts'
import type { ApprovalRequest } from '../../core/request/request.ts'
import type { KeptEvent, Ledger } from '../../ports/ledger.ts'
import type { Archive } from '../../ports/archive.ts'
import type { SealHead, Seals } from '../../ports/seals.ts'
import { bind } from '../../runtime/bind.ts'
import { checkpointOf, fileOf } from './bundles.ts'
import { LogIndex, type SealedPlace } from '../log/logIndex.ts'
import { LogTree } from '../log/tree.ts'

/** A proof that one event is in the log, as a C2SP tlog-proof. */
interface EventProof {
  readonly seq: number
  readonly text: string
}

export interface ProofParts {
  readonly ledger: Ledger
  readonly seals: Seals
  readonly archive: Archive
}

export type Proofs = ReturnType<typeof proofs>

/**
 * Proves single events against the newest checkpoint.
 *
 * @param noted is called with every error that a caller gets. Must not throw.
 */
export const proofs = (parts: ProofParts, noted?: (cause: unknown) => void) =>
  bind(parts, { places, of: proofsOf }, noted)

/** Finds the places of events of one shard; `null` for an event whose day is not sealed yet. */
async function places(
  { seals }: ProofParts,
  shard: Shard,
  events: readonly KeptEvent[],
): Promise<readonly (SealedPlace | null)[]> {
  const { head } = await seals.head()
  return placesAt(seals, head, shard, events)
}

/** Proves all sealed events of a request, and names those that are not sealed yet. */
async function proofsOf(
  { ledger, seals, archive }: ProofParts,
  request: ApprovalRequest,
): Promise<{ proofs: readonly EventProof[]; unsealed: readonly number[] }> {
  const [events, { head }] = await Promise.all([ledger.events(request), seals.head()])
  const places = await placesAt(seals, head, shardOf(request.id), events)
  const unsealed = events.filter((_event, i) => places[i] === null).map(({ seq }) => seq)
  if (head === null || unsealed.length === events.length) return { proofs: [], unsealed }
  const prover: Prover = {
    head,
    log: new LogTree(archive, head.size),
    checkpoint: fileOf(archive, checkpointOf(head.date)),
  }
  const proofs = events.map(async (event, i) => {
    const place = places[i] ?? null
    return place && { seq: event.seq, text: await prove(prover, event, place.index) }
  })
  return { proofs: (await Promise.all(proofs)).filter((proof) => proof !== null), unsealed }
}

async function placesAt(seals: Seals, head: SealHead | null, shard: Shard, events: readonly KeptEvent[]) {
  const cut = head?.cuts[shard]?.seq ?? 0
  const index = new LogIndex(seals)
  return Promise.all(
    events.map(async ({ seq, text }) => {
      if (seq > cut) return null
      const { at } = JSON.parse(text) as { readonly at: Instant }
      const found = await index.place(shard, { at, seq })
      if (found === null) throw new Error(`Event ${seq} of shard ${shard} is sealed and in no plan.`)
      return found
    }),
  )
}

/** The parts that the proofs of one request share. */
interface Prover {
  readonly head: SealHead
  readonly log: LogTree
  readonly checkpoint: Promise<Uint8Array>
}

/** Makes a proof from the archive's tiles. Checks it, so that no proof is handed out that does not hold. */
async function prove({ head, log, checkpoint }: Prover, { seq, text }: KeptEvent, index: number): Promise<string> {
  const [note, proof] = await Promise.all([checkpoint, log.inclusion(index)])
  const root = Buffer.from(head.root, 'base64')
  if (!checkInclusion({ index, size: head.size, leaf: hashLeaf(text), proof, root }))
    throw new Error(`The archive's tiles give no proof of event ${seq}, which has log index ${index}.`)
  return formatProof({ index, extra: Buffer.from(text), proof, checkpoint: Buffer.from(note).toString('utf8') })
}
