import type { ObjectId } from '../core/data/id.ts'
import type { Notice } from '../core/request/notice.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { ChannelKind } from './channel.ts'

/** A card that was posted into a channel. */
export interface PostedCard {
  readonly conversation: string
  readonly activity: string
}

/**
 * The result of one send, after all its retries.
 *
 * Reasons for not sending: `gone` (404: the channel or card does not exist), `refused` (403: the bot was removed; or
 * another answer that will not change), `too-large` (413), `throttled` (429) or `passing` (a later try may work; the
 * message may even have been sent).
 */
export type Sent<T> =
  | { readonly sent: T }
  | {
      readonly unsent: 'gone' | 'refused' | 'too-large' | 'throttled' | 'passing'
      /** Seconds for which the service asked to wait. */
      readonly retryAfter?: number
    }

/** At most this many sends in any period of this many milliseconds. */
export interface Window {
  readonly most: number
  readonly ms: number
}

/** The limits of a kind of channel. */
export interface SendingRules {
  /** Limits for each channel, and for all sends of this process together. */
  readonly perChannel: readonly Window[]
  readonly perProcess: readonly Window[]
  /** The channel that a conversation belongs to: a thread counts as its channel does. */
  readonly channelOf: (conversation: string) => string
}

/** A notice, and how it is told. */
export interface Telling {
  readonly request: ApprovalRequest
  readonly notice: Notice
  /** Whether nobody but one person reads it, who may know of the request. */
  readonly isOwn: boolean
  /** People of the channel who want to be told, and are mentioned. */
  readonly mentioned: readonly MentionedPerson[]
}

interface MentionedPerson {
  readonly id: ObjectId
  readonly name: string
}

/**
 * Cards and texts in channels of one kind. Every call ends within 20 s, with all its retries.
 *
 * The caller paces each first try by the rules. A retry waits for `again`, and is not sent if that gives `false`.
 */
export interface Messenger {
  readonly rules: SendingRules
  /** Posts a card that shows the request as it is. */
  post(channel: string, request: ApprovalRequest, again?: Again): Promise<Sent<PostedCard>>
  /** Makes a card show the request as it is. */
  update(card: PostedCard, request: ApprovalRequest, again?: Again): Promise<Sent<null>>
  /** Posts a text into a channel. */
  say(channel: string, words: string, again?: Again): Promise<Sent<null>>
  /** Tells a notice: in a conversation, such as a card's thread or a person's own chat, or as a new post in a channel. */
  tell(place: string, telling: Telling, again?: Again): Promise<Sent<null>>
  /** Answers a person in the conversation in which they wrote, with a text or a card. */
  reply(conversation: string, answer: string | object, again?: Again): Promise<Sent<null>>
}

/** The messenger of each kind of channel. A kind without a messenger is not reached. */
export type Messengers = ReadonlyMap<ChannelKind, Messenger>

/** Resolves to `true` when a retry may be sent, or to `false` if the wait would be too long. */
export type Again = () => Promise<boolean>
