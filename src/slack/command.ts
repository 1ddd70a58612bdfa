import type { Approvals } from '../approvals/approvals.ts'
import { waitsFor } from '../approvals/inbox.ts'
import type { SlackMessage } from '../cards/blockKit.ts'
import type { SlackCards } from '../cards/slackCards.ts'
import { type ObjectId, parseRequestId } from '../core/data/id.ts'
import { noSuchRequest, Problem } from '../core/data/problem.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { spoken } from '../words/spoken.ts'

export interface CommandParts {
  readonly approvals: Pick<Approvals, 'list' | 'read' | 'groupsOf' | 'awaitsPerson'>
  readonly cards: SlackCards
  /** Whether the policy in force shows a request in this channel. */
  readonly isShownIn: (request: ApprovalRequest, channel: string) => boolean
}

/** Words that a person wrote to the app, and where. */
export interface SlackCommand {
  readonly who: ObjectId
  readonly text: string
  /** The channel by its name in rows; absent in a person's own conversation with the app. */
  readonly channel?: string
}

/** An answer, and the code of the problem that it speaks of, for the log. */
export interface CommandAnswer {
  readonly answer: string | SlackMessage
  readonly code?: string
}

/** Characters of a message that are read. No command is longer. */
const longest = 1_000

/** Requests that `pending` lists. */
const listed = 10

/** Answers typed words. In a channel the answer is about what everybody there sees anyway: the requests of that channel. */
export async function answerTo(parts: CommandParts, command: SlackCommand): Promise<CommandAnswer> {
  try {
    return { answer: await said(parts, command) }
  } catch (cause) {
    if (!(cause instanceof Problem)) throw cause
    const { code, message } = cause
    const isElsewhere = code === 'not-found' && command.channel !== undefined
    return { answer: isElsewhere ? spoken.bot.notHere : code === 'not-found' ? spoken.bot.notFound : message, code }
  }
}

async function said(parts: CommandParts, { who, text, channel }: SlackCommand): Promise<string | SlackMessage> {
  const { approvals, cards, isShownIn } = parts
  const { bot, slack } = spoken
  const [verb, argument] = verbsIn(text)
  const isFor = (request: ApprovalRequest) => channel === undefined || isShownIn(request, channel)
  const reader = { kind: 'person', id: who, evidence: false } as const
  switch (verb) {
    case 'help':
      return channel === undefined ? bot.help : `${bot.help}\n\n${slack.channelId(channel)}`
    case 'approve':
    case 'deny':
    case 'revoke':
      return bot.textDoesNothing
    case 'pending': {
      const groups = await approvals.groupsOf(who)
      const keep = (request: ApprovalRequest) =>
        isFor(request) && (waitsFor(request, who, groups) || approvals.awaitsPerson(request, who))
      const { requests, cursor, newer } = await approvals.list({ by: 'pending' }, { keep, limit: listed }, reader)
      const more = cursor !== undefined || newer !== undefined
      if (requests.length > 0 || more) return cards.list(requests, { more, here: channel !== undefined })
      return channel === undefined ? bot.nothingPending : bot.nothingPendingHere
    }
    case 'show': {
      if (argument === undefined) return bot.showNeedsId
      const request = await approvals.read(parseRequestId(argument), reader)
      if (!isFor(request)) throw noSuchRequest()
      return cards.channel(request)
    }
    default:
      return bot.unknownCommand
  }
}

/** The words of a message but mentions, which Slack writes as `<@U…>`. */
const verbsIn = (text: string): readonly string[] =>
  text
    .slice(0, longest)
    .replaceAll(/<@[A-Z0-9]+(?:\|[^>]*)?>/g, ' ')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
