import type { ApprovalRequest } from '../core/request/request.ts'

/** A card that lies in Teams. */
export interface PostedCard {
  readonly conversation: string
  readonly activity: string
}

/**
 * What became of one send, with all its retries. Not sent: `gone` (404: the channel or card does not exist), `refused`
 * (403: the bot was removed; or another answer that will not change), `too-large` (413), `throttled` (429) or `passing` (everything that may work later; it
 * may even have been sent).
 */
export type Sent<T> =
  | { readonly sent: T }
  | {
      readonly unsent: 'gone' | 'refused' | 'too-large' | 'throttled' | 'passing'
      /** Seconds that Teams asked us to wait. */
      readonly retryAfter?: number
    }

/**
 * Cards and words in Teams. Every call ends within 20 s, with all its retries. Each first try is at the caller's pace;
 * a further one goes when `again` says so, and not at all if it says `false`.
 */
export interface Messenger {
  /** Posts a card that shows the request as it is. */
  post(channel: string, request: ApprovalRequest, again?: Again): Promise<Sent<PostedCard>>
  /** Makes a card show the request as it is. */
  update(card: PostedCard, request: ApprovalRequest, again?: Again): Promise<Sent<null>>
  /** Posts words into a channel. */
  say(channel: string, words: string, again?: Again): Promise<Sent<null>>
  /** Answers somebody in the conversation where they wrote: words, or an Adaptive Card. */
  reply(conversation: string, answer: string | object, again?: Again): Promise<Sent<null>>
}

/** Resolves when Teams may be called once more; to `false` if that is further ahead than anybody should wait. */
export type Again = () => Promise<boolean>
