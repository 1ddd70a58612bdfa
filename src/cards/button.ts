import { confirmationOf, doorsBeside } from '../core/request/decision.ts'
import type { Hex, ObjectId } from '../core/data/id.ts'
import type { ApprovalRequest, Decision } from '../core/request/request.ts'
import { viewOf } from '../core/request/view.ts'
import { text } from '../words/run.ts'
import type { Words } from '../words/words.ts'
import type { Manner } from './paramRows.ts'
import { exactText, lineOf, type RunLine } from './textRun.ts'

/** The person who looks at a request, and the page. `notice` tells them what became of their last click. */
export interface CardReader {
  readonly approver: ObjectId
  readonly page: number
  /** Present for a person who may not approve: whether the agent's own word alone excludes them, or policy does. */
  readonly excludedBy?: 'agent' | 'policy'
  /** The name of the door through which the person looks. */
  readonly via: string
  readonly notice?: string
  /** The form whose words could not be taken: it is drawn open, with what the person typed. */
  readonly form?: TypedForm
}

/** What a person typed into a form, and what is wrong with it. */
interface TypedForm {
  readonly act: 'approve' | 'deny' | 'revoke'
  readonly fault: string
  readonly words?: string
  readonly confirm?: string
}

/** Says what the reader can do on this page. A page number of 0 means that there is no such page. */
export function buttons(
  request: ApprovalRequest,
  { approver, via, excludedBy, form }: CardReader,
  { page, last, template }: { readonly page: number; readonly last: boolean; readonly template: Hex },
  { words }: Manner,
) {
  const view = viewOf(request, template)
  const own = ownDecision(request, approver)
  const votes = request.status === 'pending' && view !== null
  const mayApprove = votes && !own && excludedBy === undefined && doorsBeside(request, via) === null
  const approves = mayApprove && last
  const high = request.requirement?.tier === 'high'
  const can = {
    approve: approves,
    deny: votes && (!own || own.approver === approver),
    revoke: request.status === 'approved',
  }
  const open = form && can[form.act] ? form : null
  const offered = open === null
  return {
    previous: offered ? page - 1 : 0,
    next: last || !offered ? 0 : page + 1,
    view: view ?? '-',
    at: page,
    approves: approves && !high && offered,
    confirms: approves && high && offered,
    confirmation: exactText(lastOf(request), 10_000, words),
    confirmNow: words.buttons.confirm(confirmed(request)),
    denies: can.deny && offered,
    waits: mayApprove && !last && offered,
    revokes: can.revoke && offered,
    back: !offered,
    opened: open === null ? [] : [{ text: open.fault }],
    opensNote: open?.act === 'approve' && !high,
    opensConfirm: open?.act === 'approve' && high,
    opensDeny: open?.act === 'deny',
    opensRevoke: open?.act === 'revoke',
    typed: { words: open?.words ?? '', confirm: open?.confirm ?? '' },
  }
}

const lastOf = ({ action }: ApprovalRequest): string => confirmationOf(action?.target ?? '-')

/** Letters that mean nothing on a button but themselves, and too few to hide the others. */
const onButton = /^[\w@.:=+-]{1,40}$/

/** Names what a confirmation approves: the end of the verb, and of the target if its letters are plain. */
function confirmed(request: ApprovalRequest): string {
  const last = lastOf(request)
  return [
    request.verb.split(/[.:/]/).findLast((part) => part !== '') ?? '',
    ...(onButton.test(last) ? [last] : []),
  ].join(' ')
}

/** Says that the reader voted with another account. Their own vote stands among the others. */
export function mine(request: ApprovalRequest, { approver }: CardReader, words: Words): readonly RunLine[] {
  const own = ownDecision(request, approver)
  if (request.status !== 'pending' || !own || own.approver === approver) return []
  return [lineOf([text(words.bot.yourOtherAccount)], words)]
}

/** The newest decision of this person that counts, with whichever account. */
const ownDecision = (request: ApprovalRequest, approver: ObjectId): Decision | undefined =>
  request.decisions.findLast((decision) => !decision.void && decision.facts.accounts.includes(approver))
