import { setTimeout } from 'node:timers/promises'
import { type ObjectId, parseRequestId, type RequestId } from '../../core/data/id.ts'
import { type NewerRow, noSuchRequest, Problem } from '../../core/data/problem.ts'
import type { ApprovalRequest } from '../../core/request/request.ts'
import type { Approvals } from '../../approvals/approvals.ts'
import type { Messenger, PostedCard, Sent } from '../../ports/messenger.ts'
import type { Outbox } from '../../ports/outbox.ts'
import type { Intent } from './activity.ts'
import type { CardReader } from '../../cards/cardReader.ts'
import type { Cards } from '../../cards/cards.ts'
import { batchCard, submitted } from './batch.ts'
import { wordsOf } from './problemWords.ts'
import { spoken } from '../../words/spoken.ts'

export interface BotParts {
  readonly approvals: Approvals
  readonly cards: Cards
  readonly messenger: Pick<Messenger, 'reply'>
  /** The conversations in which the bot has introduced itself. */
  readonly arrivals: Pick<Outbox, 'arrive' | 'leave'>
  /** Whether the policy in force shows a request in this channel. */
  readonly isShownIn: (request: ApprovalRequest, channel: string) => boolean
  /** Records the card that an invoke came from, in case a crash kept it from being recorded. */
  readonly adopt: (request: RequestId, channel: string, card: PostedCard) => Promise<void>
}

/**
 * What an invoke is answered with; typed messages are answered in their conversation, and here with `none`. The code is
 * that of the problem which a card or words speak of.
 */
export type BotAnswer =
  | { readonly kind: 'none'; readonly code?: string; readonly newer?: NewerRow }
  | { readonly kind: 'card'; readonly card: object; readonly code?: string; readonly newer?: never }
  | {
      readonly kind: 'error'
      readonly status: number
      readonly code: string
      readonly words: string
      readonly newer?: NewerRow
    }

export type Bot = (intent: Intent) => Promise<BotAnswer>

/** The name of this door. */
const via = 'teams'

/** Requests that `pending` lists. */
const listed = 10

type Invoke = Extract<Intent, { kind: 'review' | 'decide' | 'revoke' }>
type ChatCommand = Extract<Intent, { kind: 'command' }>
type Arrival = Extract<Intent, { kind: 'installed' }>

/** The door for people in Teams, to the use cases that the API has. The bot trusts an invoke for its sender alone. */
export const bot =
  (parts: BotParts): Bot =>
  async (intent) => {
    switch (intent.kind) {
      case 'review':
      case 'decide':
      case 'revoke':
        return invoked(parts, intent)
      case 'batch':
        return batchCard(parts, intent, via).catch(asError)
      case 'submit':
        return submitted(parts, intent, via).catch(asError)
      case 'command':
        return commanded(parts, intent)
      case 'malformed':
        return intent.invoke
          ? { kind: 'error', status: 400, code: 'invalid-input', words: intent.why }
          : { kind: 'none' }
      case 'installed':
        await welcome(parts, intent)
        return { kind: 'none' }
      case 'removed':
        await parts.arrivals.leave(intent.conversation)
        return { kind: 'none' }
      case 'ignored':
        return { kind: 'none' }
    }
  }

async function invoked(parts: BotParts, intent: Invoke): Promise<BotAnswer> {
  return act(parts, intent)
    .catch((cause: unknown) => refused(parts, intent, cause))
    .catch(asError)
}

async function act(parts: BotParts, intent: Invoke): Promise<BotAnswer> {
  const { approvals } = parts
  const { request, who } = intent
  if (intent.kind !== 'review' && intent.fault !== undefined) return formAgain(parts, intent, intent.fault)
  switch (intent.kind) {
    case 'review':
      return review(parts, intent, intent.page)
    case 'decide': {
      const { verdict, view, reason, confirm } = intent
      const seen = { via, view } as const
      const words = { ...(reason !== undefined && { reason }), ...(confirm !== undefined && { confirm }) }
      return mine(parts, await approvals.decide(request, { approver: who, verdict, seen, ...words }), who)
    }
    case 'revoke':
      return mine(parts, await approvals.revoke(request, who, { reason: intent.reason }), who)
  }
}

/** Gives a form back, open and with what was typed, since something in it cannot be taken. */
async function formAgain(
  parts: BotParts,
  intent: Exclude<Invoke, { kind: 'review' }>,
  fault: string,
): Promise<BotAnswer> {
  const { reason } = intent
  const confirm = intent.kind === 'decide' ? intent.confirm : undefined
  const form = {
    act: intent.kind === 'decide' ? intent.verdict : intent.kind,
    fault,
    ...(reason !== undefined && { words: reason }),
    ...(confirm !== undefined && { confirm }),
  }
  return { ...(await review(parts, intent, intent.page, { form })), code: 'invalid-input' }
}

async function review(
  parts: BotParts,
  intent: Invoke,
  wanted: number,
  about: Pick<CardReader, 'notice' | 'form'> = {},
): Promise<BotAnswer> {
  const { approvals, cards } = parts
  const { who } = intent
  const reviewed = await approvals.review(intent.request, who, { page: wanted, template: cards.template, via })
  const { request, page, refusal, exclusion, stranger } = reviewed
  if (refusal) return { kind: 'card', card: cards.refused(request, refusal.message, { stranger }), code: refusal.code }
  noteCard(parts, intent)
  const reader = {
    approver: who,
    page,
    via,
    ...about,
    ...(exclusion !== null && { excludedBy: exclusion }),
  }
  return { kind: 'card', card: cards.review(request, reader) }
}

/**
 * Records the channel card that a person who may decide clicked on. A list and an approver's own view are not cards of
 * the request, so they are not kept up to date.
 */
function noteCard({ adopt }: BotParts, intent: Invoke): void {
  const { request, conversation, card, channel } = intent
  if (intent.kind === 'review' && intent.posted && card !== undefined && channel !== undefined)
    void adopt(request, channel, { conversation, activity: card })
}

/** Shows this person the request as it is after their own act. */
const mine = ({ cards }: BotParts, request: ApprovalRequest, who: ObjectId): BotAnswer => ({
  kind: 'card',
  card: cards.review(request, { approver: who, page: 1, via }),
})

/** Says why no vote was counted, in words or with the card as it is now. */
async function refused(parts: BotParts, intent: Invoke, cause: unknown): Promise<BotAnswer> {
  if (!(cause instanceof Problem)) throw cause
  switch (cause.code) {
    case 'digest-mismatch':
      return {
        ...(await review(parts, intent, 1, { notice: noticeOf(intent, spoken.bot.outOfDate) })),
        code: cause.code,
      }
    case 'not-pending':
    case 'not-redeemable':
    case 'already-redeemed':
    case 'self-approval':
    case 'not-permitted':
      return { ...(await review(parts, intent, 1, { notice: noticeOf(intent, cause.message) })), code: cause.code }
    case 'invalid-input':
      return intent.kind === 'review' ? error(cause) : formAgain(parts, intent, wordsOf(cause))
    default:
      return error(cause)
  }
}

/** Says why nothing was counted, and gives back what the person typed: the card that they get has no form of it. */
const noticeOf = (intent: Invoke, why: string): string =>
  intent.kind === 'review' || intent.reason === undefined ? why : `${why} ${spoken.bot.typed(intent.reason)}`

/** Answers typed words in their conversation. @throws {Problem} `unavailable` if Teams does not take the answer */
async function commanded(parts: BotParts, intent: ChatCommand): Promise<BotAnswer> {
  let about: { readonly code?: string; readonly newer?: NewerRow } = {}
  const answer = await answerTo(parts, intent).catch((cause: unknown) => {
    const problem = problemOf(cause)
    about = forLog(problem)
    const isElsewhere = problem.code === 'not-found' && intent.personal === undefined
    return isElsewhere ? spoken.bot.notHere : wordsOf(problem)
  })
  const sent = await Promise.race([parts.messenger.reply(intent.conversation, answer), onItsWay()])
  if ('unsent' in sent) throw new Problem('unavailable', 'Teams does not take our answer.', { retryAfter: 5 })
  return { kind: 'none', ...about }
}

/** In a conversation of many the answer is about what all of them see anyway: the requests of their channel. */
async function answerTo(parts: BotParts, intent: ChatCommand): Promise<string | object> {
  const { approvals, cards, isShownIn } = parts
  const { name, argument, who, personal, channel } = intent
  const isFor = (request: ApprovalRequest) => personal || (channel !== undefined && isShownIn(request, channel))
  const reader = { kind: 'person', id: who, evidence: false } as const
  switch (name) {
    case 'help':
      return spoken.bot.help
    case 'approve':
      return spoken.bot.textDoesNothing
    case 'unknown':
      return spoken.bot.unknownCommand
    case 'pending': {
      if (!personal && channel === undefined) return spoken.bot.notHere
      const keep = (request: ApprovalRequest) => isFor(request) && waitsFor(request, who)
      const { requests, cursor, newer } = await approvals.list({ by: 'pending' }, { keep, limit: listed }, reader)
      const more = cursor !== undefined || newer !== undefined
      if (requests.length > 0 || more) return cards.list(requests, { more, here: !personal })
      return personal ? spoken.bot.nothingPending : spoken.bot.nothingPendingHere
    }
    case 'show': {
      if (argument === undefined) return spoken.bot.showNeedsId
      const request = await approvals.read(parseRequestId(argument), reader)
      if (!isFor(request)) throw noSuchRequest()
      return cards.channel(request)
    }
  }
}

/**
 * Hides requests that this person may not approve or has already decided. Those stay that the person may not approve by the
 * agent's own word alone: otherwise an agent could hide a request from a person by naming them.
 */
const waitsFor = ({ status, requirement, decisions }: ApprovalRequest, who: ObjectId): boolean =>
  status === 'pending' &&
  (!requirement.excluded.includes(who) || requirement.excludedByAgent?.includes(who) === true) &&
  !decisions.some(({ facts }) => facts.accounts.includes(who))

/** Introduces the bot once, however often Teams reports that it was added. */
async function welcome({ arrivals, messenger }: BotParts, arrival: Arrival): Promise<void> {
  const { conversation } = arrival
  if (!(await arrivals.arrive(conversation))) return
  const sent = await Promise.race([messenger.reply(conversation, welcomeWords(arrival)), onItsWay()])
  // Teams reports the bot's arrival again, so that a later try may reach people.
  if ('unsent' in sent) await arrivals.leave(conversation)
}

/** An operator needs the channel's id. A shared channel gets a warning: people of other tenants would see the cards. */
function welcomeWords({ channel, shared }: Arrival): string {
  if (channel === undefined) return spoken.bot.welcome
  const words = spoken.bot.welcomeChannel(channel)
  return shared ? `${words}\n\n${spoken.bot.sharedChannel}` : words
}

/** Teams wants its call acknowledged within 5 s, whether our answer has arrived or not. */
const onItsWay = (): Promise<Sent<null>> => setTimeout(4_000, { sent: null }, { ref: false })

const error = (problem: Problem): BotAnswer => ({
  kind: 'error',
  status: problem.status,
  ...forLog(problem),
  words: wordsOf(problem),
})

/** What the log says of a problem. */
const forLog = ({ code, details: { newer } }: Problem) => ({ code, ...(newer && { newer }) })

const asError = (cause: unknown): BotAnswer => error(problemOf(cause))

/** @throws the cause, if it is a bug. */
function problemOf(cause: unknown): Problem {
  if (cause instanceof Problem) return cause
  throw cause
}
