import type { SlackMessage } from '../cards/blockKit.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { channelName } from '../ports/channel.ts'
import type { Messenger, PostedCard, Sent, SendingRules, Telling } from '../ports/messenger.ts'
import { wordsMessage } from './blocks.ts'
import type { SlackAnswer, SlackApi } from './webApi.ts'

/** Draws messages: that which shows a request to a channel, and those of notices. */
export interface SlackRender {
  readonly card: (request: ApprovalRequest) => SlackMessage | Promise<SlackMessage>
  readonly notice: (telling: Telling) => SlackMessage | Promise<SlackMessage>
}

/** https://docs.slack.dev/apis/web-api/rate-limits: a post a second in a channel, and 50 updates a minute for an app. */
const slackRules: SendingRules = {
  perChannel: [{ most: 1, ms: 1_000 }],
  // A process keeps to this limit alone, since it does not see the others.
  perProcess: [{ most: 50, ms: 60_000 }],
  channelOf: (conversation) => conversation.split(';')[0] ?? conversation,
}

export interface MessengerParts {
  readonly api: SlackApi
  /** The workspace. A channel of another one is refused. */
  readonly teamId: string
  readonly draw: SlackRender
}

/**
 * Cards and words in the channels of one workspace. It tries nothing twice: a delivery comes again by itself, and a post
 * whose answer was lost may be there already.
 */
export function slackMessenger({ api, teamId, draw }: MessengerParts): Messenger {
  const send = async (place: string, message: SlackMessage): Promise<Sent<PostedCard>> => {
    const found = placeIn(place, teamId)
    if (found === null) return { unsent: 'refused' }
    const answer = await api('chat.postMessage', { ...found, ...message, ...quiet })
    if (!answer.ok) return unsent(answer)
    const { ts } = answer.body
    // A card that cannot be found again counts as one whose answer was lost.
    return typeof ts === 'string'
      ? { sent: { conversation: cardPlace(place, ts), activity: ts } }
      : { unsent: 'passing' }
  }
  const sent = async (place: string, message: SlackMessage): Promise<Sent<null>> => {
    const result = await send(place, message)
    return 'sent' in result ? { sent: null } : result
  }
  return {
    rules: slackRules,
    post: async (channel, request) => send(channel, await draw.card(request)),
    async update({ conversation, activity: ts }, request) {
      const found = placeIn(conversation, teamId)
      if (found === null) return { unsent: 'refused' }
      const answer = await api('chat.update', { channel: found.channel, ts, ...(await draw.card(request)) })
      return answer.ok ? { sent: null } : unsent(answer)
    },
    tell: async (place, telling) => sent(place, await draw.notice(telling)),
    say: (channel, words) => sent(channel, wordsMessage(words)),
    reply: (conversation, answer) =>
      sent(conversation, typeof answer === 'string' ? wordsMessage(answer) : (answer as SlackMessage)),
  }
}

/** Slack shows no previews of what the words link to, and reads none of them as markup. */
const quiet = { unfurl_links: false, unfurl_media: false, mrkdwn: false } as const

/** The name of a place in Slack, as rows and limits have it. */
export const placeName = (teamId: string, channel: string): string =>
  channelName({ kind: 'slack', id: `${teamId}/${channel}` })

/** A message and its thread: the conversation of a card. What is sent there stands below the card. */
export const cardPlace = (channel: string, ts: string): string => `${channel};ts=${ts}`

/** A place as Slack's API names it: a channel or a person's own conversation, and a thread. */
interface SlackPlace {
  readonly channel: string
  readonly thread_ts?: string
}

const placePattern = /^slack:(T[A-Z0-9]{2,20})\/([CDG][A-Z0-9]{2,20})(?:;ts=(\d{1,20}\.\d{1,20}))?$/

/** Reads a place; `null` for one of another workspace. */
function placeIn(name: string, teamId: string): SlackPlace | null {
  const [, team, channel, ts] = placePattern.exec(name) ?? []
  if (team !== teamId || channel === undefined) return null
  return { channel, ...(ts !== undefined && { thread_ts: ts }) }
}

type Unsent = Exclude<Sent<never>, { sent: unknown }>

/**
 * What Slack's codes mean for a send. A code that is not among them will not change by itself. The token's codes are among
 * those that pass, since an operator may mend it. A message that cannot be changed any more, as one of an earlier app, is as good
 * as gone: the channel gets another, which shows the truth.
 */
const meanings: ReadonlyMap<string, Unsent['unsent']> = new Map([
  ...['channel_not_found', 'message_not_found', 'thread_not_found'].map((code) => [code, 'gone'] as const),
  ...['cant_update_message', 'edit_window_closed'].map((code) => [code, 'gone'] as const),
  ...['msg_too_long', 'msg_blocks_too_long', 'too_many_attachments'].map((code) => [code, 'too-large'] as const),
  ...[
    ...['no-answer', 'internal_error', 'fatal_error', 'service_unavailable', 'request_timeout', 'team_added_to_org'],
    ...['invalid_auth', 'not_authed', 'token_expired', 'token_revoked', 'account_inactive', 'missing_scope'],
    ...['access_denied', 'no_permission', 'org_login_required', 'ekm_access_denied', 'accesslimited'],
  ].map((code) => [code, 'passing'] as const),
  ['ratelimited', 'throttled'],
  ['rate_limited', 'throttled'],
])

function unsent(answer: Exclude<SlackAnswer, { ok: true }>): Unsent {
  const { error } = answer
  // An answer that is not of the API came from something in between.
  const reason = meanings.get(error) ?? (error.startsWith('http-') ? 'passing' : 'refused')
  const asked = 'retryAfter' in answer && answer.retryAfter !== undefined ? { retryAfter: answer.retryAfter } : {}
  return { unsent: reason, ...(reason === 'throttled' && asked) }
}
