import { kindOf } from '../ports/channel.ts'
import type { Messenger, Messengers, Sent, SendingRules } from '../ports/messenger.ts'

/** All messengers as one: each call goes to the messenger of its channel's kind. */
export interface Dispatch extends Omit<Messenger, 'rules'> {
  readonly rulesOf: (conversation: string) => SendingRules
}

/** A channel whose kind has no messenger takes nothing, and so is limited by nothing. */
const unlimited: SendingRules = { perChannel: [], perProcess: [], channelOf: (conversation) => conversation }
const unreached = async (): Promise<Sent<never>> => ({ unsent: 'refused' })

/**
 * Chooses messengers by the kind of channel. A row may name a kind that this deployment does not have, because it was
 * configured before: that channel counts as one that refuses.
 */
export function dispatch(messengers: Messengers): Dispatch {
  const byKind: ReadonlyMap<string, Messenger> = messengers
  const of = (conversation: string): Messenger | undefined => byKind.get(kindOf(conversation))
  return {
    rulesOf: (conversation) => of(conversation)?.rules ?? unlimited,
    post: (channel, ...more) => of(channel)?.post(channel, ...more) ?? unreached(),
    update: (card, ...more) => of(card.conversation)?.update(card, ...more) ?? unreached(),
    say: (channel, ...more) => of(channel)?.say(channel, ...more) ?? unreached(),
    tell: (place, ...more) => of(place)?.tell(place, ...more) ?? unreached(),
    reply: (conversation, ...more) => of(conversation)?.reply(conversation, ...more) ?? unreached(),
  }
}
