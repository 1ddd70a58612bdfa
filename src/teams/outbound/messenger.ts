import { setTimeout as pass } from 'node:timers/promises'
import { type Activity, CardFactory, type ConversationParameters } from 'botbuilder'
import type { Again, Messenger, PostedCard, Sent } from '../../ports/messenger.ts'
import { Refusal, TeamsAdapter } from './adapter.ts'
import type { ConnectionOptions, Render, TeamsSettings } from '../settings.ts'

/**
 * Sends cards and words through the Bot Connector. Takes and returns plain data: this file and the adapter are a bundle
 * of their own, in which our classes would not be the same as outside.
 */
export function messenger(
  settings: TeamsSettings,
  render: Render,
  options: ConnectionOptions = {},
): Omit<Messenger, 'rules'> {
  // A call may take 20 s. One second is left for loading this bundle.
  const { credentials, within = 19_000, pause = 1_000 } = options
  const adapter = new TeamsAdapter(settings, credentials)
  const patience = { within, pause }

  // No `bot`: Teams knows the sender by its token, and in a channel the SDK's own TeamsInfo names no bot either.
  const inChannel = (channel: string, activity: Partial<Activity>) =>
    ({
      isGroup: true,
      tenantId: settings.tenantId,
      channelData: { channel: { id: channel }, tenant: { id: settings.tenantId } },
      activity,
    }) as ConversationParameters // The SDK's type also demands the bot, and fields that Teams adds.

  return {
    async post(channel, request, again) {
      const conversation = inChannel(channel, card(await render.card(request), 'Approval request'))
      return send<PostedCard>({ ...patience, again, inDoubt: 'stop' }, async (abortSignal) => {
        const { conversations } = await adapter.connector()
        return posted(await conversations.createConversation(conversation, { abortSignal }))
      })
    },

    async update({ conversation, activity: id }, request, again) {
      const activity = { ...card(await render.card(request), 'Approval request'), id }
      return send({ ...patience, again, inDoubt: 'repeat' }, async (abortSignal) => {
        const { conversations } = await adapter.connector()
        await conversations.updateActivity(conversation, id, activity, { abortSignal })
        return null
      })
    },

    async say(channel, text, again) {
      const conversation = inChannel(channel, words(text))
      return send({ ...patience, again, inDoubt: 'stop' }, async (abortSignal) => {
        const { conversations } = await adapter.connector()
        await conversations.createConversation(conversation, { abortSignal })
        return null
      })
    },

    async tell(place, telling, again) {
      const content = await render.notice(telling)
      const activity = card(content, summaryOf(content))
      return send({ ...patience, again, inDoubt: 'stop' }, async (abortSignal) => {
        const { conversations } = await adapter.connector()
        if (isChannel(place)) await conversations.createConversation(inChannel(place, activity), { abortSignal })
        else await conversations.sendToConversation(place, activity, { abortSignal })
        return null
      })
    },

    async reply(conversation, answer, again) {
      const activity = typeof answer === 'string' ? words(answer) : card(answer, 'Answer')
      return send({ ...patience, again, inDoubt: 'repeat' }, async (abortSignal) => {
        const { conversations } = await adapter.connector()
        await conversations.sendToConversation(conversation, activity, { abortSignal })
        return null
      })
    },
  }
}

/** Builds an activity of a card alone. Teams would split one with words beside the card, and name no card to update. */
function card(content: object, summary: string): Partial<Activity> {
  return { type: 'message', summary, attachments: [CardFactory.adaptiveCard(content)] }
}

/** A channel, and no conversation in it: a message there is a new post. */
const isChannel = (place: string): boolean => place.startsWith('19:') && !place.includes(';messageid=')

/** What Teams shows of a card in its own notifications: our own words, which a screen reader says as well. */
function summaryOf(content: object): string {
  const { speak } = content as { readonly speak?: unknown }
  return typeof speak === 'string' ? speak : 'Notice'
}

/** Builds an activity of plain text: an agent's text may be among the words, and markdown would turn it into links. */
function words(text: string): Partial<Activity> {
  return { type: 'message', text, textFormat: 'plain' }
}

/** Reads where a card lies. A channel's post is a conversation in Teams, and its id names the first message. */
function posted({ id, activityId }: { readonly id?: string; readonly activityId?: string }): PostedCard {
  const activity = activityId || id?.split(';messageid=')[1]
  if (!id || !activity) throw new Error('Teams does not say which card it posted.')
  return { conversation: id, activity }
}

interface Patience {
  readonly within: number
  readonly pause: number
  /** What follows a try of which it is not known whether it was carried out. */
  readonly inDoubt: 'repeat' | 'stop'
  readonly again: Again | undefined
}

interface Failure {
  /** Absent if there was no answer. */
  readonly status?: number
  readonly retryAfter?: number | undefined
}

const mostTries = 4

/** Statuses of calls that had no effect, and that Teams asks to repeat. */
const harmless = [412, 429, 503]

/** Repeats a send until it succeeds, until a repetition is useless, or until the time is up. */
async function send<T>(
  { within, pause, inDoubt, again }: Patience,
  once: (stop: AbortSignal) => Promise<T>,
): Promise<Sent<T>> {
  const end = performance.now() + within
  const stop = AbortSignal.timeout(within)
  const stopped = new Promise<never>((_done, fail) => stop.addEventListener('abort', () => fail(stop.reason)))
  // Each race against it handles the rejection. Without this, one that no race awaits would end the process.
  stopped.catch(() => undefined)
  for (let tries = 1; ; tries += 1) {
    const result = await attempt(once(stop), stopped)
    if ('sent' in result) return result
    const { status = 0, retryAfter } = result
    const doubtful = status === 0 || status >= 500
    const repeat = harmless.includes(status) || (doubtful && inDoubt === 'repeat')
    const wait = retryAfter === undefined ? pause * 2 ** (tries - 1) * (0.5 + Math.random() / 2) : retryAfter * 1000
    if (!repeat || tries === mostTries || performance.now() + wait >= end) return unsent(result)
    await pass(wait)
    const turn = again ? await attempt(again(), stopped) : { sent: true }
    if (!('sent' in turn && turn.sent)) return unsent(result)
  }
}

/** Ends when it is stopped, even while it waits for a token, which cannot be stopped. */
async function attempt<T>(work: Promise<T>, stopped: Promise<never>): Promise<{ sent: T } | Failure> {
  try {
    return { sent: await Promise.race([work, stopped]) }
  } catch (cause) {
    return cause instanceof Refusal ? { status: cause.status, retryAfter: cause.retryAfter } : {}
  }
}

function unsent({ status, retryAfter }: Failure): Sent<never> {
  const asked = retryAfter === undefined ? {} : { retryAfter }
  switch (status) {
    case 403:
      return { unsent: 'refused' }
    case 404:
      return { unsent: 'gone' }
    case 413:
      return { unsent: 'too-large' }
    case 429:
      return { unsent: 'throttled', ...asked }
    default:
      return isFinal(status) ? { unsent: 'refused' } : { unsent: 'passing', ...asked }
  }
}

/** Says whether Teams will answer the same again. A refused token may be mended, so 401 is not final. */
const isFinal = (status = 0): boolean => status >= 400 && status < 500 && ![401, 408, 412].includes(status)
