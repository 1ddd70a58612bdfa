import { checkMayDecide } from './decision.ts'
import { checkStandIn } from './deputy.ts'
import type { ObjectId } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import { Problem } from '../data/problem.ts'
import { type ApprovalRequest, closed, overdue, saidIn, type Step } from './request.ts'
import type { Facts } from './requirement.ts'

/**
 * Withdraws the agent's own request while it is pending or approved. The same reason again changes nothing.
 *
 * @throws {Problem} `already-redeemed`, `not-pending`
 */
export function cancel(request: ApprovalRequest, input: { readonly reason?: string; readonly at: Instant }): Step {
  if (request.status === 'cancelled' && isSaidAgain(request, input.reason)) return { request, events: [] }
  if (request.status === 'redeemed') throw new Problem('already-redeemed', 'This approval was already redeemed.')
  if (request.status !== 'pending' && request.status !== 'approved')
    throw new Problem('not-pending', `This request is already ${request.status}.`)
  if (overdue(request, input.at)) throw new Problem('not-pending', 'The deadline of this request has passed.')
  const actor = { kind: 'agent', id: request.agent.id } as const
  return {
    request: closed(request, 'cancelled', actor, input.at),
    events: [{ type: 'cancelled', actor, request: request.id, ...saying(input.reason) }],
  }
}

/**
 * Takes back an approval before it is redeemed. Every person who could deny the request may revoke it.
 *
 * @throws {Problem} `already-redeemed`, `not-redeemable`
 * @throws {Problem} `not-permitted`, `self-approval` for a person who could not have denied the request.
 */
export function revoke(
  request: ApprovalRequest,
  input: {
    readonly approver: ObjectId
    /** For display; an event commits to it. */
    readonly name?: string
    readonly reason?: string
    /** The application that the person used, for doors with tokens. */
    readonly client?: ObjectId
    readonly facts: Facts
    readonly at: Instant
  },
): Step {
  const { approver, name, reason, client, facts, at } = input
  const mine = request.status === 'revoked' && 'id' in request.closedBy && request.closedBy.id === approver
  if (mine && isSaidAgain(request, reason)) return { request, events: [] }
  if (request.status === 'redeemed') throw new Problem('already-redeemed', 'This approval was already redeemed.')
  if (request.status !== 'approved') throw new Problem('not-redeemable', `This request is ${request.status}.`)
  if (overdue(request, at)) throw new Problem('not-redeemable', 'This approval has lapsed.')
  checkMayDecide(request, facts, { verdict: 'deny' })
  checkStandIn(facts, at)
  const actor = { kind: 'person', id: approver } as const
  const data = { ...(client !== undefined && { client }), facts }
  return {
    request: closed(request, 'revoked', actor, at),
    events: [{ type: 'revoked', actor, request: request.id, data, ...saying(reason, name) }],
  }
}

/**
 * Takes back an unused approval, because the policy in force forbids the action.
 *
 * @param rules the names of the rules that forbid it
 */
export function forbid(
  request: ApprovalRequest,
  { rules, at }: { readonly rules: readonly string[]; at: Instant },
): Step {
  if (request.status !== 'approved') throw new Problem('not-redeemable', `This request is ${request.status}.`)
  if (overdue(request, at)) throw new Problem('not-redeemable', 'This approval has lapsed.')
  const actor = { kind: 'policy' } as const
  return {
    request: closed(request, 'revoked', actor, at),
    events: [{ type: 'revoked', actor, request: request.id, data: { rules } }],
  }
}

function saying(reason?: string, name?: string): { readonly said?: Readonly<Record<string, string>> } {
  const said = { ...(name && { name }), ...(reason && { reason }) }
  return Object.keys(said).length > 0 ? { said } : {}
}

const isSaidAgain = (request: ApprovalRequest, reason: string | undefined): boolean =>
  (saidIn(request, request.status === 'revoked' ? 'revoked' : 'cancelled', 'reason') ?? '') === (reason ?? '')
