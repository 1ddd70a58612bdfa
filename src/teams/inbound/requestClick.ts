import type { Approvals, Reviewed } from '../../approvals/approvals.ts'
import type { CardReader, FurtherAct, TypedForm } from '../../cards/cardReader.ts'
import type { Cards } from '../../cards/cards.ts'
import type { Action } from '../../core/action/action.ts'
import { lessFields, typedEdits } from '../../core/action/lessField.ts'
import type { ObjectId, RequestId } from '../../core/data/id.ts'
import { Problem } from '../../core/data/problem.ts'
import { actionShown } from '../../core/request/narrowing.ts'
import type { ApprovalRequest } from '../../core/request/request.ts'
import type { PostedCard } from '../../ports/messenger.ts'
import { spoken } from '../../words/spoken.ts'
import type { Intent } from './activity.ts'
import { type BotAnswer, error } from './botAnswer.ts'
import { wordsOf } from './problemWords.ts'

interface RequestClickParts {
  readonly approvals: Pick<
    Approvals,
    'review' | 'read' | 'decide' | 'revoke' | 'askBack' | 'answer' | 'narrow' | 'breakGlass' | 'reviewGlass'
  >
  readonly cards: Cards
  /** Records the card that an invoke came from, in case a crash kept it from being recorded. */
  readonly adopt: (request: RequestId, channel: string, card: PostedCard) => Promise<void>
}

type Invoke = Extract<Intent, { kind: 'review' | 'decide' | 'revoke' | 'ask' | 'answer' | 'narrow' | 'break' | 'find' }>
type Typing = Exclude<Invoke, { kind: 'review' }>

/** What a card tells its reader of their last click. */
type About = Pick<CardReader, 'notice' | 'form' | 'answering'>

/**
 * Does what a person clicked on the card of one request, and shows them the request as it is then. What was not counted is
 * said on the card, with what the person typed.
 *
 * @param via the name of the door
 * @throws {Problem} of a refusal that no card can say
 */
export const clicked = (parts: RequestClickParts, intent: Invoke, via: string): Promise<BotAnswer> =>
  act(parts, intent, via).catch((cause: unknown) => refused(parts, intent, via, cause))

async function act(parts: RequestClickParts, intent: Invoke, via: string): Promise<BotAnswer> {
  const { approvals } = parts
  const { request, who } = intent
  if (intent.kind === 'review') return review(parts, intent, via, intent.page)
  if (intent.fault !== undefined) return formAgain(parts, intent, via, intent.fault)
  switch (intent.kind) {
    case 'decide': {
      const { verdict, view, reason, confirm } = intent
      const seen = { via, view } as const
      const words = { ...(reason !== undefined && { reason }), ...(confirm !== undefined && { confirm }) }
      return mine(parts, await approvals.decide(request, { approver: who, verdict, seen, ...words }), who, via)
    }
    case 'revoke':
      return mine(parts, await approvals.revoke(request, who, { reason: intent.reason }), who, via)
    case 'ask': {
      const { view, question = '' } = intent
      await approvals.askBack(request, { approver: who, question, seen: { via, view } })
      return review(parts, intent, via, intent.page)
    }
    case 'answer': {
      const { question, typed, number } = intent
      const answer = typed[number] ?? ''
      await approvals.answer(request, { by: { kind: 'person', id: who }, question, answer })
      const { [number]: _sent, ...others } = typed
      return review(parts, intent, via, intent.page, { answering: { typed: others } })
    }
    case 'narrow':
      return narrowed(parts, intent, via)
    case 'break': {
      const { view, reason = '', confirm } = intent
      const typed = confirm === undefined ? {} : { confirm }
      await approvals.breakGlass(request, { approver: who, reason, seen: { via, view }, ...typed })
      return review(parts, intent, via, 1)
    }
    case 'find': {
      const { finding, reason = '' } = intent
      await approvals.reviewGlass(request, { reviewer: who, finding, reason })
      return review(parts, intent, via, 1)
    }
  }
}

/** Makes a request smaller by what was typed, and shows the person what is left, which they have not approved yet. */
async function narrowed(parts: RequestClickParts, intent: LessIntent, via: string): Promise<BotAnswer> {
  const { approvals } = parts
  const { request: id, who, view, less, reason } = intent
  const request = await approvals.read(id, { kind: 'person', id: who, evidence: false })
  // Places of items are those that the person saw, though the lists may be shorter by now.
  const edits = lessTyped(actionShown(request, who, view), request, less)
  if (edits === null || 'unread' in edits) {
    const why = edits === null ? spoken.less.missing : spoken.less.noNumber(edits.unread)
    return formAgain(parts, intent, via, why)
  }
  const words = reason === undefined ? {} : { reason }
  await approvals.narrow(id, { approver: who, edits, seen: { via, view }, ...words })
  return review(parts, intent, via, 1)
}

const lessTyped = (action: Action | null, { requirement }: ApprovalRequest, less: LessIntent['less']) =>
  action && typedEdits(action, lessFields(action, requirement?.narrowable ?? []).fields, less)

type LessIntent = Extract<Invoke, { kind: 'narrow' }>

/** Gives a form back, open and with what was typed, since something in it cannot be taken. */
async function formAgain(parts: RequestClickParts, intent: Typing, via: string, fault: string): Promise<BotAnswer> {
  const about = intent.kind === 'answer' ? { answering: answersOf(intent, fault) } : { form: formOf(intent, fault) }
  return { ...(await review(parts, intent, via, intent.page, about)), code: 'invalid-input' }
}

const answersOf = ({ typed, number }: Extract<Typing, { kind: 'answer' }>, why: string) => ({
  typed,
  fault: { number, why },
})

function formOf(intent: Exclude<Typing, { kind: 'answer' }>, fault: string): TypedForm {
  const words = typedIn(intent)
  const confirm = 'confirm' in intent ? intent.confirm : undefined
  return {
    act: actOf(intent),
    fault,
    ...(words !== undefined && { words }),
    ...(confirm !== undefined && { confirm }),
    ...(intent.kind === 'narrow' && { less: intent.less }),
  }
}

const actOf = (intent: Exclude<Typing, { kind: 'answer' }>): TypedForm['act'] =>
  intent.kind === 'decide' ? intent.verdict : intent.kind === 'find' ? intent.finding : intent.kind

/** The words that came with a click. */
function typedIn(intent: Invoke): string | undefined {
  switch (intent.kind) {
    case 'review':
      return undefined
    case 'ask':
      return intent.question
    case 'answer':
      return intent.typed[intent.number]
    default:
      return intent.reason
  }
}

async function review(
  parts: RequestClickParts,
  intent: Invoke,
  via: string,
  wanted: number,
  about: About = {},
): Promise<BotAnswer> {
  const { approvals, cards } = parts
  const { who } = intent
  const reviewed = await approvals.review(intent.request, who, { page: wanted, template: cards.template, via })
  const { request, page, refusal, exclusion, stranger, mayBreak, mayAnswer } = reviewed
  const may = furtherActs(reviewed)
  if (refusal && !mayBreak) {
    const { notice: why = refusal.message, answering } = about
    const card = cards.refused(request, why, { stranger, may, ...(answering && { answering }) })
    return { kind: 'card', card, ...(!mayAnswer && { code: refusal.code }) }
  }
  noteCard(parts, intent)
  const reader: CardReader = {
    ...{ approver: who, page, via, may },
    ...about,
    ...(refusal !== null && { decides: false }),
    ...(exclusion !== null && { excludedBy: exclusion }),
  }
  return { kind: 'card', card: cards.review(request, reader) }
}

function furtherActs({ mayAsk, mayNarrow, mayBreak, mayReview, mayAnswer }: Reviewed): readonly FurtherAct[] {
  return [
    ...(mayAsk ? (['ask'] as const) : []),
    ...(mayNarrow ? (['narrow'] as const) : []),
    ...(mayBreak ? (['break'] as const) : []),
    ...(mayReview ? (['review'] as const) : []),
    ...(mayAnswer ? (['answer'] as const) : []),
  ]
}

/**
 * Records the channel card that a person who may decide clicked on. A list and an approver's own view are not cards of
 * the request, so they are not kept up to date.
 */
function noteCard({ adopt }: RequestClickParts, intent: Invoke): void {
  const { request, conversation, card, channel } = intent
  if (intent.kind === 'review' && intent.posted && card !== undefined && channel !== undefined)
    void adopt(request, channel, { conversation, activity: card })
}

/** Shows this person the request as it is after their own act. */
const mine = ({ cards }: RequestClickParts, request: ApprovalRequest, who: ObjectId, via: string): BotAnswer => ({
  kind: 'card',
  card: cards.review(request, { approver: who, page: 1, via }),
})

/** Says why nothing was counted, in words or with the card as it is now. */
async function refused(parts: RequestClickParts, intent: Invoke, via: string, cause: unknown): Promise<BotAnswer> {
  if (!(cause instanceof Problem)) throw cause
  switch (cause.code) {
    case 'digest-mismatch': {
      const notice = noticeOf(intent, spoken.bot.outOfDate)
      return { ...(await review(parts, intent, via, 1, { notice })), code: cause.code }
    }
    case 'not-pending':
    case 'not-redeemable':
    case 'already-redeemed':
    case 'already-answered':
    case 'already-reviewed':
    case 'self-approval':
    case 'not-permitted':
    case 'too-many': {
      const notice = noticeOf(intent, cause.message)
      return { ...(await review(parts, intent, via, 1, { notice })), code: cause.code }
    }
    case 'invalid-input':
    case 'not-narrower':
    case 'secret-in-params':
      if (intent.kind === 'review') return error(cause)
      return { ...(await formAgain(parts, intent, via, faultOf(intent, cause))), code: cause.code }
    default:
      return error(cause)
  }
}

/** Says what a form lacks, in the words of that form. */
function faultOf({ kind }: Typing, problem: Problem): string {
  const { card } = spoken
  const missing = {
    ask: card.questionMissing,
    answer: card.answerMissing,
    break: card.breakMissing,
    find: card.findingMissing,
  }
  const { pointer } = problem.details
  if (problem.code === 'not-narrower') return withoutParams(problem)
  if (problem.code === 'secret-in-params') return withoutPointer(problem)
  const isWordless = pointer !== '/confirm'
  return isWordless && kind in missing ? missing[kind as keyof typeof missing] : wordsOf(problem)
}

/** The sentence of a problem without the field of the API that it begins with. */
const withoutPointer = ({ message }: Problem): string =>
  message.replace(/^\/\w+: (.)/, (_, first: string) => first.toUpperCase())

/** The sentence of a problem with the name of the field that it begins with, in place of its pointer. */
const withoutParams = ({ message }: Problem): string => message.replace(/^\/(?:params\/)?/, '')

/** Says why nothing was counted, and gives back what the person typed: the card that they get has no form of it. */
function noticeOf(intent: Invoke, why: string): string {
  const typed = typedIn(intent)
  return typed === undefined ? why : `${why} ${spoken.bot.typed(typed)}`
}
