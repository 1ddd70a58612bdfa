import { type Erased, type Erasure, erase } from '../core/request/erasure.ts'
import { type RequestId, shardOf } from '../core/data/id.ts'
import { noSuchRequest } from '../core/data/problem.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { applyDeadline, type ChangeParts, record, retrying, timeOf } from '../approvals/commit.ts'
import { recollectionOf } from '../approvals/recollection.ts'
import type { Change, Ledger } from '../ports/ledger.ts'

/** {@link eraseAll}, bound to its parts. */
export type Erasures = (id: RequestId, erasure: Erasure) => Promise<readonly Erased[]>

/**
 * Erases these texts from every event of the request, and returns what was erased from which event. The leaves stay as
 * they are, and so do all proofs. Records nothing if no such text is left.
 *
 * @throws {Problem} `not-found`, `still-open`, `evidence-broken`, `busy`, `unavailable`; after the last two, call it
 *   again
 */
export async function eraseAll(parts: ChangeParts, id: RequestId, erasure: Erasure): Promise<readonly Erased[]> {
  await applyDeadline(parts, id)
  const erased: Erased[] = []
  for (;;) {
    const some = await retrying(parts, () => eraseSome(parts, id, erasure))
    if (some.length === 0) return erased
    erased.push(...some)
  }
}

/** Erases in one transaction, so that texts are gone exactly if the ledger records their erasure. */
function eraseSome(parts: ChangeParts, id: RequestId, erasure: Erasure): Promise<readonly Erased[]> {
  const { ledger, clock } = parts
  return ledger.inTurn(shardOf(id), async () => {
    const loaded = await ledger.load(shardOf(id), { request: id })
    if (!loaded.request) throw noSuchRequest()
    await recollectionOf(ledger).check(loaded.request)
    const { erased, ...step } = erase(loaded.request, erasure)
    if (erased.length === 0) return erased
    const cleared = await rest(ledger, loaded.request, erased)
    await record(parts, loaded, step, timeOf(clock, loaded), { cleared })
    return erased
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
