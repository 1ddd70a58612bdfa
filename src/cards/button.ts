import { confirmationOf, doorsBeside } from '../core/request/decision.ts'
import type { Hex, ObjectId } from '../core/data/id.ts'
import type { ApprovalRequest, Decision } from '../core/request/request.ts'
import { viewOf } from '../core/request/view.ts'
import { text } from '../words/run.ts'
import type { Words } from '../words/words.ts'
import { lineOf, type RunLine, short } from './textRun.ts'

/** The person who looks at a request, and the page. `notice` tells them what became of their last click. */
export interface CardReader {
  readonly approver: ObjectId
  readonly page: number
  /** Present for a person who may not approve: whether the agent's own word alone excludes them, or policy does. */
  readonly excludedBy?: 'agent' | 'policy'
  /** The name of the door through which the person looks. */
  readonly via: string
  readonly notice?: string
}

/** Says what the reader can do on this page. A page number of 0 means that there is no such page. */
export function buttons(
  request: ApprovalRequest,
  { approver, via, excludedBy }: CardReader,
  { page, last, template }: { readonly page: number; readonly last: boolean; readonly template: Hex },
  words: Words,
) {
  const view = viewOf(request, template)
  const own = ownDecision(request, approver)
  const votes = request.status === 'pending' && view !== null
  const mayApprove = votes && !own && excludedBy === undefined && doorsBeside(request, via) === null
  const approves = mayApprove && last
  const high = request.requirement?.tier === 'high'
  return {
    previous: page - 1,
    next: last ? 0 : page + 1,
    view: view ?? '-',
    approves: approves && !high,
    confirms: approves && high,
    confirmation: short(confirmationOf(request.action?.target ?? '-'), 10_000, words),
    denies: votes && (!own || own.approver === approver),
    waits: mayApprove && !last,
    revokes: request.status === 'approved',
  }
}

/** Says what the reader did. What is still missing stands above it on the card. */
export function mine(request: ApprovalRequest, { approver }: CardReader, words: Words): readonly RunLine[] {
  const own = ownDecision(request, approver)
  if (request.status !== 'pending' || !own) return []
  const { youApproved, yourOtherAccount } = words.bot
  return [lineOf([text(own.approver === approver ? youApproved : yourOtherAccount)], words)]
}

/** The newest decision of this person that counts, with whichever account. */
const ownDecision = (request: ApprovalRequest, approver: ObjectId): Decision | undefined =>
  request.decisions.findLast((decision) => !decision.void && decision.facts.accounts.includes(approver))
