import { decide, type Seen, show } from '../request/decision.ts'
import { undeliverable } from '../request/delivery.ts'
import type { Draft } from '../request/event.ts'
import type { Hex, ObjectId } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import type { LogEvent } from './record.ts'
import { redeem, report } from '../request/redemption.ts'
import { type ApprovalRequest, overdue, type Step } from '../request/request.ts'
import { begin } from '../request/submission.ts'
import { cancel, revoke } from '../request/withdrawal.ts'

/** What the rules gave; or why they give nothing, in words. */
export type Given = Step | string

/** Stands for a text that the leaf commits to: that there was one is all the rules need. */
const written = 'written'

/** The grant is no part of the log; that the approval had not lapsed is checked without it. */
const always = '9999-12-31T23:59:59.999Z' as Instant

/**
 * Opens the request that a `requested` event records.
 *
 * @param hash the event's: what approvers are shown commits to it
 */
export function opened(event: LogEvent & { readonly type: 'requested' }, hash: Hex): Given {
  const { at, actor, request: id, data, seq, type } = event
  if (id === undefined || actor.kind !== 'agent') return 'only an agent asks'
  if (data.expiresAt !== undefined && data.expiresAt <= at) return 'its deadline is not after its beginning'
  const { excluded, onBehalfOf } = data
  if (excluded && onBehalfOf !== undefined && !excluded.includes(onBehalfOf)) return 'whom it is for could decide'
  const { request, events } = begin({ id, at, agent: actor.id, data })
  const requested: Draft = { type, actor, request: id, data, said: event.said ?? {} }
  return { request: { ...request, events: [{ seq, type, hash }] }, events: [requested, ...events] }
}

/**
 * Commands anew what an event records.
 *
 * What people typed is unknown, and so is the action's target: as the request has no action, to confirm is to type
 * nothing.
 *
 * @throws {Problem} where the rules refuse it
 */
export function commanded(request: ApprovalRequest, event: LogEvent): Given {
  const { at } = event
  const person = ('id' in event.actor ? event.actor.id : '') as ObjectId
  const reason = event.said?.['reason'] === undefined ? {} : { reason: written }
  switch (event.type) {
    case 'shown':
      return show(request, { approver: person, ...event.data })
    case 'decided': {
      const { verdict, via, view, client, proved, facts } = event.data
      if (!facts.accounts.includes(person)) return 'the facts it rests on are about somebody else'
      // The content is not passed on: the rules give it, and another one in the event is refused.
      const seen: Seen = {
        via,
        ...(view === undefined ? { digest: request.digest } : { view }),
        ...(client !== undefined && { client }),
        ...(proved !== undefined && { proved }),
      }
      return decide(request, { approver: person, name: written, verdict, seen, confirm: '', facts, at, ...reason })
    }
    case 'revoked': {
      const { facts } = event.data
      if (!facts.accounts.includes(person)) return 'the facts it rests on are about somebody else'
      const name = event.said?.['name'] === undefined ? {} : { name: written }
      return revoke(request, { approver: person, facts, at, ...name, ...reason })
    }
    case 'cancelled':
      return cancel(request, { at, ...reason })
    case 'redeemed':
      return redeem(request, { ...event.data, grantExpiresAt: always, at })
    case 'succeeded':
    case 'failed': {
      const summary = event.said?.['summary'] === undefined ? {} : { summary: written }
      return report(request, { executor: request.executor, result: event.type, at, ...event.data, ...summary })
    }
    case 'expired':
    case 'lapsed':
    case 'unreported':
      return overdue(request, at) ?? 'no deadline of the request had passed'
    case 'undeliverable':
      return undeliverable(request)
    case 'requested':
      return 'the request was opened before'
    case 'approved':
    case 'denied':
      return 'no vote or rule leads to it'
    case 'erased':
    case 'policy-changed':
    case 'key-rotated':
      return 'it does not change a request'
  }
}
