import { bounds } from '../core/data/bound.ts'

/** How much of each text a card holds, in characters. What is longer is shortened in the middle. */
export interface CardBudget {
  /** The texts that the agent wrote beside the action, on a card for a channel and in the approver's view. */
  readonly channel: AgentTextBudget
  readonly review: AgentTextBudget
  /** The same on a page with what a standing approval lets vary, or with the form that makes a request smaller. */
  readonly reviewScope: AgentTextBudget
  /** The same where questions and answers stand, too. */
  readonly channelTalk: TalkBudget
  readonly reviewTalk: TalkBudget
  /** A target in a list of requests. */
  readonly listed: number
  /** One value in a title. */
  readonly titleValue: number
  /** The name of one param on a channel's card. */
  readonly key: number
  /** One param on a channel's card, and all of them together. */
  readonly row: number
  readonly rows: number
  /** A value that stands on one line with its key. */
  readonly besideKey: number
}

export interface TalkBudget extends AgentTextBudget {
  /** The newest questions that are shown. */
  readonly questions: number
  readonly question: number
  readonly answer: number
}

export interface AgentTextBudget {
  readonly reason: number
  readonly title: number
  readonly url: number
}

/** Bytes of the largest Adaptive Card, in UTF-16, as Teams counts them. */
export const largestCard = 80_000

/**
 * What an Adaptive Card holds, so that the largest one stays below the 80 KB that Teams is sure to take. Another kind
 * of message has a budget of its own.
 */
export const adaptiveCard: CardBudget = {
  channel: { reason: 1_200, title: 150, url: 300 },
  // An approver sees all of a text, unless most of its characters are invisible and have to be written out.
  review: { reason: 4_000, title: 500, url: 600 },
  reviewScope: { reason: 1_100, title: 150, url: 520 },
  channelTalk: { questions: 2, question: 300, answer: 300, reason: 600, title: 75, url: 200 },
  reviewTalk: { questions: bounds.questions, question: 600, answer: 1_500, reason: 1_100, title: 150, url: 520 },
  listed: 100,
  titleValue: 60,
  key: 120,
  row: 100,
  rows: 2_400,
  besideKey: 80,
}
