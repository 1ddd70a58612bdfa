import { confirmationOf, doorsBeside } from '../core/request/decision.ts'
import type { Hex, ObjectId } from '../core/data/id.ts'
import { type ApprovalRequest, currentVotes, type Decision } from '../core/request/request.ts'
import { viewOf } from '../core/request/view.ts'
import { text } from '../words/run.ts'
import type { Words } from '../words/words.ts'
import type { CardReader, TypedForm } from './cardReader.ts'
import { formFaces, furtherForms, noForm } from './furtherForm.ts'
import { lessFaces, takesLess } from './lessForm.ts'
import type { Manner } from './paramRows.ts'
import { exactText, lineOf, type RunLine } from './textRun.ts'

/** Says what the reader can do on this page. A page number of 0 means that there is no such page. */
export function buttons(
  request: ApprovalRequest,
  reader: CardReader,
  { page, last, template }: { readonly page: number; readonly last: boolean; readonly template: Hex },
  manner: Manner,
) {
  const { words } = manner
  const { approver, via, excludedBy, form, decides = true } = reader
  const view = viewOf(request, template)
  const own = ownDecision(request, approver)
  const votes = request.status === 'pending' && view !== null && decides
  const mayApprove = votes && !own && excludedBy === undefined && doorsBeside(request, via) === null
  const approves = mayApprove && last
  const high = request.requirement?.tier === 'high'
  const further = furtherForms(request, reader, last)
  const can: Readonly<Record<TypedForm['act'], boolean>> = {
    approve: approves,
    deny: votes && (!own || own.approver === approver),
    revoke: request.status === 'approved' && decides,
    narrow: takesLess(request, reader, last),
    ...further,
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
    forms: offered ? formFaces(further, words) : [],
    less: offered && can.narrow ? lessFaces(request, null, manner) : [],
    openLess: open?.act === 'narrow' ? lessFaces(request, open, manner) : [],
    openForms: open ? formFaces({ ...noForm, ...(open.act in noForm && { [open.act]: true }) }, words) : [],
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
  currentVotes(request).findLast(({ facts }) => facts.accounts.includes(approver))
