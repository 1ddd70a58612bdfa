import * as z from 'zod'
import type { Approvals, Reviewed } from '../approvals/approvals.ts'
import type { CardReader } from '../cards/cardReader.ts'
import type { SlackView } from '../cards/blockKit.ts'
import type { SlackCards } from '../cards/slackCards.ts'
import { controlCharacter } from '../core/action/action.ts'
import { bounds } from '../core/data/bound.ts'
import { type Digest, type ObjectId, parseDigest, parseRequestId, type RequestId } from '../core/data/id.ts'
import { Problem } from '../core/data/problem.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { mostViewPages } from '../core/request/viewPage.ts'
import { spoken } from '../words/spoken.ts'
import { type ConsoleLink, withLink, wordsView } from './blocks.ts'
import type { SlackPayload } from './payload.ts'

/** The name of this door. */
const via = 'slack'

export interface ActParts {
  readonly approvals: Pick<Approvals, 'review' | 'decide' | 'revoke' | 'askBack'>
  readonly cards: SlackCards
  /** Absent without a console. */
  readonly link?: ConsoleLink
}

/** What a person does in Slack with one request. A form whose words are not given yet is opened. */
export type SlackAct =
  | {
      readonly kind: 'review'
      readonly request: RequestId
      readonly page: number
      /** The button stands on a message that shows this request to a channel, so that message may be kept up to date. */
      readonly posted: boolean
    }
  | {
      readonly kind: FormName
      readonly request: RequestId
      readonly view: Digest
      readonly page: number
      /** Absent for a button: that of Approve acts, and the others open their form. */
      readonly words?: string
    }
  | { readonly kind: 'form'; readonly request: RequestId; readonly page: number; readonly form: FormName }

type FormName = 'approve' | 'deny' | 'revoke' | 'ask'

/** A modal, and the code of the problem that it speaks of, for the log. */
export interface DrawnAct {
  readonly view: SlackView
  readonly code?: string
}

/** Shows a person the request as it is, or does what they want and shows them what became of it. Problems become words. */
export async function actOn(parts: ActParts, act: SlackAct, who: ObjectId): Promise<DrawnAct> {
  try {
    return await done(parts, act, who)
  } catch (cause) {
    return refused(parts, act, who, cause).catch((other: unknown) => inWords(act, other))
  }
}

async function done(parts: ActParts, act: SlackAct, who: ObjectId): Promise<DrawnAct> {
  const { approvals } = parts
  const { request } = act
  switch (act.kind) {
    case 'review':
      return shown(parts, act, who)
    case 'form':
      return shown(parts, act, who, { form: { act: act.form, fault: '' } })
    case 'approve':
    case 'deny': {
      const reason = wordsIn(act)
      const seen = { via, view: act.view } as const
      return own(parts, await approvals.decide(request, { approver: who, verdict: act.kind, seen, ...reason }), who)
    }
    case 'revoke':
      return own(parts, await approvals.revoke(request, who, wordsIn(act)), who)
    case 'ask': {
      const { reason: question = '' } = wordsIn(act)
      await approvals.askBack(request, { approver: who, question, seen: { via, view: act.view } })
      return shown(parts, act, who)
    }
  }
}

/** @throws {Problem} `invalid-input` for words that the API does not take either */
function wordsIn({ kind, words = '' }: Extract<SlackAct, { words?: string }>): { readonly reason?: string } {
  const reason = words.replaceAll('\r\n', '\n').trim()
  const { inputs } = spoken.clicks
  const name = kind === 'ask' ? inputs.question : inputs.reason
  const fault = (why: string) => new Problem('invalid-input', why, { pointer: '/words' })
  if ([...reason].length > bounds.text.words) throw fault(spoken.clicks.tooLong(name, bounds.text.words))
  if (controlCharacter.test(reason.replace(/[\n\t]/g, ' '))) throw fault(spoken.clicks.invisible(name))
  return reason === '' ? {} : { reason }
}

async function shown(
  { approvals, cards, link }: ActParts,
  { request: id, page: wanted }: Pick<SlackAct, 'request' | 'page'>,
  who: ObjectId,
  about: Pick<CardReader, 'notice' | 'form'> = {},
): Promise<DrawnAct> {
  const reviewed = await approvals.review(id, who, { page: wanted, template: cards.template, via })
  const { request, page, refusal, exclusion, stranger } = reviewed
  const notice = [about.notice, ...elsewhere(reviewed)].filter((words) => words !== undefined).join(' ')
  if (refusal) {
    const why = [refusal.message, notice].filter((words) => words !== '').join(' ')
    return { view: linked(cards.refused(request, why, { stranger }), request, link), code: refusal.code }
  }
  const reader: CardReader = {
    ...{ approver: who, page, via },
    ...(reviewed.mayAsk && { may: ['ask'] as const }),
    ...(about.form && { form: about.form }),
    ...(notice !== '' && { notice }),
    ...(exclusion !== null && { excludedBy: exclusion }),
  }
  return { view: linked(cards.review(request, reader), request, link) }
}

/** What this person may do in another door alone: Slack is not where the tenant's people sign in. */
const elsewhere = ({ mayNarrow, mayBreak, mayReview, mayAnswer }: Reviewed): readonly string[] => [
  ...(mayBreak || mayReview ? [spoken.slack.emergency] : []),
  ...(mayAnswer ? [spoken.slack.answer] : []),
  ...(mayNarrow ? [spoken.slack.narrow] : []),
]

const linked = (view: SlackView, { id }: ApprovalRequest, link: ConsoleLink | undefined): SlackView =>
  link ? withLink(view, spoken.buttons.openStory, link(id)) : view

/** Shows this person the request as it is after their own act. */
const own = ({ cards, link }: ActParts, request: ApprovalRequest, who: ObjectId): DrawnAct => ({
  view: linked(cards.review(request, { approver: who, page: 1, via }), request, link),
})

/** Says why nothing was counted, with the request as it is now. */
async function refused(parts: ActParts, act: SlackAct, who: ObjectId, cause: unknown): Promise<DrawnAct> {
  if (!(cause instanceof Problem)) throw cause
  const { code } = cause
  const typed = 'words' in act && act.words !== undefined && act.words !== '' ? act.words : undefined
  const notice = (why: string) => (typed === undefined ? why : `${why} ${spoken.bot.typed(typed)}`)
  const first = { request: act.request, page: 1 }
  switch (code) {
    case 'digest-mismatch':
      return { ...(await shown(parts, first, who, { notice: notice(spoken.bot.outOfDate) })), code }
    case 'not-pending':
    case 'not-redeemable':
    case 'already-redeemed':
    case 'already-decided':
    case 'self-approval':
    case 'not-permitted':
    case 'too-many':
      return { ...(await shown(parts, first, who, { notice: notice(cause.message) })), code }
    case 'invalid-input':
    case 'secret-in-params': {
      if (act.kind === 'review' || act.kind === 'form') throw cause
      const form = { act: act.kind, fault: faultIn(act.kind, cause), ...(typed !== undefined && { words: typed }) }
      return { ...(await shown(parts, act, who, { form })), code }
    }
    default:
      throw cause
  }
}

/** What a form lacks. A text that holds a secret is refused by its field in the API, which nobody sees here. */
function faultIn(form: FormName, { code, message, details: { pointer } }: Problem): string {
  if (code === 'secret-in-params') return message.replace(/^\/\w+: (.)/, (_, first: string) => first.toUpperCase())
  if (pointer === '/question') return spoken.card.questionMissing
  return pointer === '/reason' && form === 'deny' ? spoken.card.reasonMissing : message
}

/** @throws the cause, if it is a bug. */
function inWords({ request }: SlackAct, cause: unknown): DrawnAct {
  if (!(cause instanceof Problem)) throw cause
  const { code, message } = cause
  const view = code === 'not-found' ? wordsView(spoken.bot.notFound, spoken) : wordsView(message, spoken, request)
  return { view, code }
}

const parsed = <T>(parse: (text: string) => T) =>
  z.string().transform((text, context): T => {
    try {
      return parse(text)
    } catch (cause) {
      if (!(cause instanceof Problem)) throw cause
      context.addIssue('not ours')
      return z.NEVER
    }
  })

const request = parsed(parseRequestId)
const about = z.strictObject({
  request,
  page: z.int().min(1).max(mostViewPages),
  view: parsed((text) => parseDigest(text)),
})

const forms: ReadonlyMap<string, FormName> = new Map([
  ['note', 'approve'],
  ['deny', 'deny'],
  ['revoke', 'revoke'],
  ['ask', 'ask'],
])

/** Buttons below messages: on the message of a request, and in a list or a notice, which are no messages of a request. */
const opening: ReadonlySet<string> = new Set(['review', 'look'])

/** Reads what a button or a form of ours stands for; `null` for anything else. Its values are text of the sender's client. */
export function actOf(payload: Extract<SlackPayload, { kind: 'click' | 'form' }>): SlackAct | null {
  if (payload.kind === 'form') {
    const { data } = about.safeParse(jsonIn(payload.about))
    const kind = [...forms.values()].find((one) => one === payload.act)
    return data && kind ? { kind, ...data, words: payload.words } : null
  }
  const { action, value } = payload
  if (opening.has(action)) {
    const { data } = request.safeParse(value)
    return data === undefined ? null : { kind: 'review', request: data, page: 1, posted: action === 'review' }
  }
  const { data } = about.safeParse(jsonIn(value))
  if (!data) return null
  if (action === 'approve') return { kind: 'approve', ...data }
  if (['previous', 'next', 'back'].includes(action))
    return { kind: 'review', request: data.request, page: data.page, posted: false }
  const form = forms.get(action)
  return form === undefined ? null : { kind: 'form', request: data.request, page: data.page, form }
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}
