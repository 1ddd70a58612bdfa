import { setTimeout as pass } from 'node:timers/promises'
import { type Activity, CardFactory } from 'botbuilder'
import type { Again, Messenger, PostedCard, Sent } from '../../ports/messenger.ts'
import { Refusal, TeamsAdapter } from './adapter.ts'
import type { ConnectionOptions, Render, TeamsSettings } from '../settings.ts'

/**
 * Cards and words through the Bot Connector. Data comes in and data goes out: this file and the adapter are a bundle of
 * their own, where our classes would not be the same as outside.
 */
export function messenger(
  settings: TeamsSettings,
  render: Render,
  options: ConnectionOptions = {},
): Omit<Messenger, 'rules'> {
  const { credentials, within = 19_000, pause = 1_000 } = options // of 20 s, so that there is time to load
  const adapter = new TeamsAdapter(settings, credentials)
  const patience = { within, pause }

  const inChannel = (channel: string, activity: Partial<Activity>) => ({
    isGroup: true,
    bot: { id: settings.appId, name: '' },
    tenantId: settings.tenantId,
    channelData: { channel: { id: channel }, tenant: { id: settings.tenantId } },
    // the SDK's type wants what Teams adds to it
    activity: activity as Activity,
  })

  return {
    async post(channel, request, again) {
      const conversation = inChannel(channel, card(await render(request), 'Approval request'))
      return send<PostedCard>({ ...patience, again, inDoubt: 'stop' }, async (abortSignal) => {
        const { conversations } = await adapter.connector()
        return posted(await conversations.createConversation(conversation, { abortSignal }))
      })
    },

    async update({ conversation, activity: id }, request, again) {
      const activity = { ...card(await render(request), 'Approval request'), id }
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

/** A card goes alone: Teams splits an activity with words beside it, and names no card to update. */
function card(content: object, summary: string): Partial<Activity> {
  return { type: 'message', summary, attachments: [CardFactory.adaptiveCard(content)] }
}

/** Plain: what an agent wrote may be among the words, and markdown would make links of it. */
function words(text: string): Partial<Activity> {
  return { type: 'message', text, textFormat: 'plain' }
}

/** In Teams a channel's post is a conversation, whose id also tells the message it began with. */
function posted({ id, activityId }: { readonly id?: string; readonly activityId?: string }): PostedCard {
  const activity = activityId || id?.split(';messageid=')[1]
  if (!id || !activity) throw new Error('Teams does not say which card it posted.')
  return { conversation: id, activity }
}

interface Patience {
  readonly within: number
  readonly pause: number
  /** What follows a try that may have been carried out, or not. */
  readonly inDoubt: 'repeat' | 'stop'
  readonly again: Again | undefined
}

interface Failure {
  /** Absent if there was no answer. */
  readonly status?: number
  readonly retryAfter?: number | undefined
}

const mostTries = 4

/** Answers of Teams that are sure to have had no effect, and that it asks to repeat. */
const harmless = [412, 429, 503]

/** Tries until it is sent, until a repetition is of no use, or until it would take longer than it may. */
async function send<T>(
  { within, pause, inDoubt, again }: Patience,
  once: (stop: AbortSignal) => Promise<T>,
): Promise<Sent<T>> {
  const end = performance.now() + within
  const stop = AbortSignal.timeout(within)
  const stopped = new Promise<never>((_done, fail) => stop.addEventListener('abort', () => fail(stop.reason)))
  stopped.catch(() => undefined) // whoever races against it hears
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

/** Ends when it is stopped, even while it waits for what cannot be stopped: a token. */
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

/** What Teams will say again, however often it is asked. A token that it does not take may be mended. */
const isFinal = (status = 0): boolean => status >= 400 && status < 500 && ![401, 408, 412].includes(status)
