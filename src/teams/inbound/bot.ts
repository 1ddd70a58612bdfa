import { setTimeout } from 'node:timers/promises'
import { parseRequestId, type RequestId } from '../../core/data/id.ts'
import { type NewerRow, noSuchRequest, Problem } from '../../core/data/problem.ts'
import type { ApprovalRequest } from '../../core/request/request.ts'
import type { Approvals } from '../../approvals/approvals.ts'
import { waitsFor } from '../../approvals/inbox.ts'
import type { Messenger, PostedCard, Sent } from '../../ports/messenger.ts'
import type { Outbox } from '../../ports/outbox.ts'
import type { Intent } from './activity.ts'
import type { Cards } from '../../cards/cards.ts'
import { away, back } from './awayCommand.ts'
import { batchCard, submitted } from './batch.ts'
import { type BotAnswer, error, forLog } from './botAnswer.ts'
import { wordsOf } from './problemWords.ts'
import type { Hearings } from '../../ports/hearings.ts'
import { notify } from './notifyCommand.ts'
import { clicked } from './requestClick.ts'
import { spoken } from '../../words/spoken.ts'

export interface BotParts {
  readonly approvals: Approvals
  readonly cards: Cards
  readonly messenger: Pick<Messenger, 'reply'>
  /** The conversations in which the bot has introduced itself. */
  readonly arrivals: Pick<Outbox, 'arrive' | 'leave'>
  /** Who wants to be told of requests. */
  readonly hearings: Hearings
  /** Whether the policy in force shows a request in this channel. */
  readonly isShownIn: (request: ApprovalRequest, channel: string) => boolean
  /** Records the card that an invoke came from, in case a crash kept it from being recorded. */
  readonly adopt: (request: RequestId, channel: string, card: PostedCard) => Promise<void>
}

export type Bot = (intent: Intent) => Promise<BotAnswer>

/** The name of this door. */
const via = 'teams'

/** Requests that `pending` lists. */
const listed = 10

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
      case 'ask':
      case 'answer':
      case 'narrow':
      case 'break':
      case 'find':
        return clicked(parts, intent, via).catch(asError)
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
        if (intent.personal) await parts.hearings.dropHearing(intent.who)
        return { kind: 'none' }
      case 'ignored':
        return { kind: 'none' }
    }
  }

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
    case 'notify':
      return personal ? notify(parts.hearings, intent) : spoken.bot.notifyElsewhere
    case 'away':
      return personal ? away(approvals, intent) : spoken.bot.awayElsewhere
    case 'back':
      return personal ? back(approvals, intent) : spoken.bot.awayElsewhere
    case 'pending': {
      if (!personal && channel === undefined) return spoken.bot.notHere
      const groups = await approvals.groupsOf(who)
      const keep = (request: ApprovalRequest) =>
        isFor(request) && (waitsFor(request, who, groups) || approvals.awaitsPerson(request, who))
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

const asError = (cause: unknown): BotAnswer => error(problemOf(cause))

/** @throws the cause, if it is a bug. */
function problemOf(cause: unknown): Problem {
  if (cause instanceof Problem) return cause
  throw cause
}
