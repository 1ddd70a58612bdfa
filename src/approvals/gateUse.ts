import { keyHash, type ObjectId, type RequestId, sha256, shardOfKey } from '../core/data/id.ts'
import { plusSeconds } from '../core/data/instant.ts'
import { Problem } from '../core/data/problem.ts'
import { redeem } from '../core/request/redemption.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { believed, change, type ChangeParts } from './commit.ts'
import type { Ends } from './ends.ts'
import { forbidden, type ObjectionParts, objectionByPolicy, unregistered } from './objection.ts'
import type { Policy } from '../ports/policy.ts'

type GateUseParts = ChangeParts & {
  readonly policy: ObjectionParts['policy'] & Pick<Policy, 'agent' | 'ref'>
  readonly ends: Pick<Ends, 'leaveSoon' | 'next'>
}

/**
 * The redemption with which the service uses up an approval for a gate. It follows from the request, so that another process
 * that goes on after a crash repeats it, and no second one can come about. A uuid of version 8 (RFC 9562 section 5.8).
 */
function gateRedemption(id: RequestId): string {
  const hex = sha256(`gate ${id}`)
  const variant = ((Number.parseInt(hex.charAt(16), 16) % 4) + 8).toString(16)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-')
}

/** Whether an approval was used up for a gate, and not by a program that redeemed it. */
export const isUsedByGate = (request: ApprovalRequest): boolean =>
  'redemption' in request && request.redemption === gateRedemption(request.id)

/** People look at each deployment: a standing approval opens no gate, and neither does a use of one. */
function checkOpensGate({ under, standing }: ApprovalRequest): void {
  if (under !== undefined || standing !== undefined)
    throw new Problem('not-redeemable', 'A standing approval opens no gate: each deployment is asked for by itself.')
}

/**
 * Uses up an approval for a gate, before the gate is told of it: as an executor's redemption, without a grant, because the
 * service itself carries the decision out. The policy in force judges the action again. Repeated, it changes nothing, but
 * makes sure that the archive has the file of the end.
 *
 * @throws {Problem} `already-redeemed`, `not-redeemable`, `forbidden-by-policy`, `not-permitted` for an agent that is not
 *   registered any more, `evidence-broken`, `busy`, `unavailable`
 */
export async function useForGate(parts: GateUseParts, id: RequestId): Promise<ApprovalRequest> {
  const redemption = gateRedemption(id)
  const used = await change(parts, id, (request, at) => {
    checkOpensGate(request)
    // There is no grant that could expire: only the approval can lapse.
    const grantExpiresAt = plusSeconds(at, 1)
    const step = redeem(request, { redemption, digest: request.digest, grantExpiresAt, at })
    if (step.events.length === 0) return step
    // A pipeline runs what it was started with. No other digest comes from it that could be compared.
    if (request.narrowed)
      throw new Problem('not-redeemable', 'Less was approved than the pipeline would run: start it anew with that.')
    if (unregistered(parts, request))
      throw new Problem('not-permitted', 'The agent that asked, or the executor, is not registered any more.')
    return forbidden(parts, request, at) ?? step
  })
  if (used.status === 'revoked') {
    await parts.ends.leaveSoon(used)
    throw new Problem('forbidden-by-policy', objectionByPolicy(parts, used))
  }
  await parts.ends.next(used)
  return used
}

/** Finds the request that an agent's idempotency key made; `null` if it made none. @throws {Problem} `evidence-broken`, `unavailable` */
export async function ofKey(parts: GateUseParts, agent: ObjectId, key: string): Promise<ApprovalRequest | null> {
  const { ledger } = parts
  const used = await ledger.findKey(shardOfKey(agent, key), keyHash(agent, key))
  const found = used && (await ledger.find(used.request))
  // The row of a key is not trusted: whose request it is, the request says.
  return found?.agent.id === agent ? believed(parts, found) : null
}
