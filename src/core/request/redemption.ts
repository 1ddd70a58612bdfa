import type { Draft, Output } from './event.ts'
import type { Digest, ObjectId } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import { changed } from '../data/changed.ts'
import { Problem } from '../data/problem.ts'
import { type ApprovalRequest, isStanding, saidIn, type Step } from './request.ts'

/**
 * Claims an approved request for execution, once.
 *
 * The grant must have been checked before (core/request/grant.ts). The same redemption by the same executor gets the
 * same answer, so that an executor whose answer was lost can ask again.
 *
 * @throws {Problem} `grant-invalid` if the grant has expired.
 * @throws {Problem} `forbidden-by-policy` if policy revoked it.
 * @throws {Problem} `already-redeemed`, `not-redeemable` if the request is not approved, or has lapsed.
 */
export function redeem(
  request: ApprovalRequest,
  input: {
    readonly redemption: string
    readonly digest: Digest
    readonly grantExpiresAt: Instant
    readonly at: Instant
  },
): Step {
  const { redemption, digest, at } = input
  if (request.status === 'redeemed' && request.redemption === redemption) return { request, events: [] }
  if (at >= input.grantExpiresAt) throw new Problem('grant-invalid', 'The grant has expired: read the request again.')
  if (request.status === 'revoked' && request.closedBy.kind === 'policy')
    throw new Problem('forbidden-by-policy', 'The policy in force forbids this action.')
  if (request.status === 'redeemed') throw new Problem('already-redeemed', 'This approval was already redeemed.')
  if (request.status !== 'approved') throw new Problem('not-redeemable', `This request is ${request.status}.`)
  if (isStanding(request))
    throw new Problem('not-redeemable', 'A standing approval approves nothing to run: ask for each use under it.')
  if (at >= request.lapsesAt) throw new Problem('not-redeemable', 'This approval has lapsed.')
  if (digest !== request.digest) throw new Problem('digest-mismatch', 'This is not the action that was approved.')
  const actor = { kind: 'agent', id: request.executor } as const
  return {
    request: changed(request, { status: 'redeemed' as const, redeemedAt: at, redemption, unreported: false }),
    events: [{ type: 'redeemed', actor, request: request.id, data: { redemption, digest } }],
  }
}

/** How an execution ended. */
export const results = ['succeeded', 'failed'] as const

/** An executor's report of the outcome. */
export interface Report {
  readonly executor: ObjectId
  readonly result: (typeof results)[number]
  readonly summary?: string
  readonly output?: Output
  readonly at: Instant
}

/**
 * Records the outcome of a redeemed request, once. The same report again changes nothing.
 *
 * @throws {Problem} `not-redeemed`, `already-reported`
 */
export function report(request: ApprovalRequest, { executor, result, summary, output, at }: Report): Step {
  if (request.status === 'succeeded' || request.status === 'failed') {
    const same =
      request.status === result &&
      (saidIn(request, result, 'summary') ?? '') === (summary ?? '') &&
      request.output?.sha256 === output?.sha256 &&
      request.output?.size === output?.size
    if (same) return { request, events: [] }
    throw new Problem('already-reported', `This request was already reported as ${request.status}.`)
  }
  if (request.status !== 'redeemed') throw new Problem('not-redeemed', `This request is ${request.status}.`)
  const reported = changed(request, { status: result, closedAt: at })
  const draft: Draft = {
    type: result,
    actor: { kind: 'agent', id: executor },
    request: request.id,
    ...(output && { data: { output } }),
    ...(summary !== undefined && summary !== '' && { said: { summary } }),
  }
  return { request: output ? { ...reported, output } : reported, events: [draft] }
}
