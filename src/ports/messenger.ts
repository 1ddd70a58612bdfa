import type { ApprovalRequest } from '../core/request/request.ts'
import type { ChannelKind } from './channel.ts'

/** A card that lies in a channel. */
export interface PostedCard {
  readonly conversation: string
  readonly activity: string
}

/**
 * What became of one send, with all its retries. Not sent: `gone` (404: the channel or card does not exist), `refused`
 * (403: the bot was removed; or another answer that will not change), `too-large` (413), `throttled` (429) or `passing`
 * (any failure after which a later try may work; the message may even have been sent).
 */
export type Sent<T> =
  | { readonly sent: T }
  | {
      readonly unsent: 'gone' | 'refused' | 'too-large' | 'throttled' | 'passing'
      /** Seconds that the other side asked us to wait. */
      readonly retryAfter?: number
    }

/** At most so many sends in any stretch of so many milliseconds. */
export interface Window {
  readonly most: number
  readonly ms: number
}

/** How much a kind of channel takes. */
export interface SendingRules {
  /** Limits for each channel, and for all sends of this process together. */
  readonly perChannel: readonly Window[]
  readonly perProcess: readonly Window[]
  /** The channel that a conversation belongs to: a thread counts as its channel does. */
  readonly channelOf: (conversation: string) => string
}

/**
 * Cards and words in channels of one kind. Every call ends within 20 s, with all its retries. The caller paces each first
 * try by the rules; a further try goes when `again` says so, and not at all if it says `false`.
 */
export interface Messenger {
  readonly rules: SendingRules
  /** Posts a card that shows the request as it is. */
  post(channel: string, request: ApprovalRequest, again?: Again): Promise<Sent<PostedCard>>
  /** Makes a card show the request as it is. */
  update(card: PostedCard, request: ApprovalRequest, again?: Again): Promise<Sent<null>>
  /** Posts a text into a channel. */
  say(channel: string, words: string, again?: Again): Promise<Sent<null>>
  /** Answers a person in the conversation where they wrote: words, or a card. */
  reply(conversation: string, answer: string | object, again?: Again): Promise<Sent<null>>
}

/** The messenger of each kind of channel. A kind without one is not reached. */
export type Messengers = ReadonlyMap<ChannelKind, Messenger>

/** Resolves when one more call may be made; to `false` if that is too far ahead to wait for. */
export type Again = () => Promise<boolean>
