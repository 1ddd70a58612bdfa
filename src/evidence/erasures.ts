import { type Erased, type Erasure, erase } from '../core/request/erasure.ts'
import { type RequestId, shardOf } from '../core/data/id.ts'
import { noSuchRequest } from '../core/data/problem.ts'
import type { ApprovalRequest, ErasureAsk } from '../core/request/request.ts'
import { applyDeadline, type ChangeParts, record, retrying, timeOf } from '../approvals/commit.ts'
import { recollectionOf } from '../approvals/recollection.ts'
import type { Change, Ledger } from '../ports/ledger.ts'
import type { Policy } from '../ports/policy.ts'
import type { Holds } from './holds.ts'

/** {@link eraseAll}, bound to its parts. */
export type Erasures = (id: RequestId, order: ErasureOrder) => Promise<ErasureResult>

/** What a person orders, before their accounts and the time are known. */
export type ErasureOrder = Omit<Erasure, 'accounts' | 'at'>

export interface ErasureResult {
  /** What was erased from which event. */
  readonly erased: readonly Erased[]
  /** The ask that waits for another person. */
  readonly waits: ErasureAsk | null
}

export type ErasingParts = ChangeParts & {
  readonly policy: Pick<Policy, 'version' | 'ref' | 'accounts'>
  /** Refuses what is on hold. */
  readonly holds: Pick<Holds, 'check'>
}

/**
 * Erases these texts from every event of the request, if another person has asked for the same in the last seven days.
 * Otherwise records that this person asks for it. The leaves stay as they are, and so do all proofs. Records nothing if
 * no such text is left, or for the same ask again.
 *
 * Holds are read before each transaction, which cannot span them: a hold of the same second may come too late.
 *
 * @throws {Problem} `not-found`, `still-open`, `on-hold`, `evidence-broken`, `busy`, `unavailable`; after the last two,
 *   call it again
 */
export async function eraseAll(parts: ErasingParts, id: RequestId, order: ErasureOrder): Promise<ErasureResult> {
  await applyDeadline(parts, id)
  const erased: Erased[] = []
  for (;;) {
    const { erased: some, waits } = await retrying(parts, () => eraseSome(parts, id, order))
    erased.push(...some)
    if (some.length === 0) return { erased, waits }
  }
}

/** Erases in one transaction, so that texts are gone exactly if the ledger records their erasure. */
function eraseSome(parts: ErasingParts, id: RequestId, order: ErasureOrder): Promise<ErasureResult> {
  const { ledger, clock, policy, holds } = parts
  return ledger.inTurn(shardOf(id), async () => {
    const loaded = await ledger.load(shardOf(id), { request: id })
    if (!loaded.request) throw noSuchRequest()
    await recollectionOf(ledger).check(loaded.request)
    await holds.check(loaded.request)
    // A verifier compares this time with those of holds, so it is taken after they were read.
    const at = timeOf(clock, loaded)
    const { erased, waits, ...step } = erase(loaded.request, { ...order, accounts: policy.accounts(order.by), at })
    if (step.events.length === 0) return { erased, waits }
    const cleared = erased.length > 0 ? await rest(ledger, loaded.request, erased) : []
    await record(parts, loaded, step, at, { cleared })
    return { erased, waits }
  })
}

/** Lists the texts of these events that remain. */
async function rest(ledger: Ledger, request: ApprovalRequest, erased: readonly Erased[]) {
  const gone = new Map(erased.map(({ seq, names }) => [seq, new Set<string>(names)]))
  const kept = await ledger.events({ ...request, events: request.events.filter(({ seq }) => gone.has(seq)) })
  return kept
    .map(({ seq, said }) => ({
      seq,
      before: said,
      said: Object.fromEntries(Object.entries(said).filter(([name]) => gone.get(seq)?.has(name) === false)),
    }))
    .filter(({ said, before }) => Object.keys(said).length < Object.keys(before).length)
    .map(({ seq, said }): NonNullable<Change['cleared']>[number] => ({ seq, said }))
}
