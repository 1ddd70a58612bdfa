import { type Hex, sha256 } from '../core/data/id.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Words } from '../words/words.ts'
import { adaptiveCard, largestCard } from './budget.ts'
import type { CardReader } from './cardReader.ts'
import { type Batch, bare, type BatchOutcome, batchEndFace, batchOutcomeFace, batchPageFace } from './batch.ts'
import { noticeFace, type NoticeScope } from './noticeFace.ts'
import { channelFace, listFace, type ListScope, refusedFace, type RefusedReader, reviewFace } from './cardData.ts'
import { withoutFields } from './lessForm.ts'
import { penOf } from './pen.ts'
import { pictureOf } from './slackPicture.ts'
import { loadSlackCards, type SlackCards } from './slackCards.ts'

/** Draws requests as Adaptive Cards. Texts of agents and people are data in them, and never part of a template. */
export interface Cards {
  /** What a view commits to: SHA-256 of the template of the approver's view. */
  readonly template: Hex
  /** For everybody in a channel: the request as it is now, without a button that decides. */
  readonly channel: (request: ApprovalRequest) => object
  /** For one person who may decide: one page in full; the last page has the button that approves. */
  readonly review: (request: ApprovalRequest, reader: CardReader) => object
  /**
   * For one person who may not decide: why, and who may. A stranger does not learn who decided, and why. The side that asks
   * gets a field for each open question.
   */
  readonly refused: (request: ApprovalRequest, why: string, to?: RefusedReader) => object
  /**
   * Pending requests, each with its button. With `more` there may be others, which expire later; with `here` they are
   * those of one channel, in that channel.
   */
  readonly list: (requests: readonly ApprovalRequest[], also?: ListScope) => object
  /**
   * One page of the approver's view, inside of a batch: the same view, with other buttons. `at` counts the requests of
   * the batch from 1 on.
   */
  readonly batchPage: (request: ApprovalRequest, reader: CardReader, batch: Batch & { readonly at: number }) => object
  /** What the person marked, and the button that sends it. */
  readonly batchEnd: (found: readonly ApprovalRequest[], batch: Batch) => object
  /** Tells people of a request beside its card: in a thread, in another channel, or in a person's own chat. */
  readonly notice: (request: ApprovalRequest, scope: NoticeScope) => object
  readonly batchOutcome: (outcomes: readonly BatchOutcome[]) => object
  /** Draws the same requests for Slack. */
  readonly slack: SlackCards
  /**
   * The approver's view as a recorded template drew it; a view of Slack as a picture of ours.
   *
   * @param template one of the two that these cards have
   */
  readonly shown: (request: ApprovalRequest, reader: Omit<CardReader, 'via'>, template: Hex) => object
}

/**
 * Reads the templates, once.
 *
 * @param files by name, as `review.json`: the same bytes that the policy's version is made from
 * @param words the language of the cards
 * @throws {Error} with the name of a file that is missing or is not a template
 */
export function loadCards(files: ReadonlyMap<string, Uint8Array>, words: Words): Cards {
  const pen = (name: string) => penOf(files, name, words) as (data: object) => Expanded
  const [channel, review, refused, list] = [
    pen('channel.json'),
    pen('review.json'),
    pen('refused.json'),
    pen('list.json'),
  ]
  const [around, batch, notice] = [pen('batchPage.json'), pen('batch.json'), pen('notice.json')]
  const template = sha256(files.get('review.json') ?? '')
  const manner = { words, budget: adaptiveCard }
  const slack = loadSlackCards(files, words)
  return {
    template,
    slack,
    shown: (request, reader, recorded) =>
      recorded === template
        ? review(reviewFace(request, { ...reader, via: request.requirement?.via?.[0] ?? 'teams' }, template, manner))
        : pictureOf(slack.review(request, { ...reader, via: 'slack' }), words),
    channel: (request) => channel(channelFace(request, manner)),
    review: (request, reader) => fitting(review, reviewFace(request, reader, template, manner), words),
    refused: (request, why, to = { stranger: false }) => refused(refusedFace(request, why, to, manner)),
    list: (requests, also = { more: false }) => list(listFace(requests, also, manner)),
    batchPage: (request, reader, place) => {
      const face = reviewFace(request, reader, template, manner)
      return framed(review({ ...face, ...bare }), around(batchPageFace(request, face, place, manner)))
    },
    batchEnd: (found, marked) => batch(batchEndFace(found, marked, manner)),
    notice: (request, scope) => notice(noticeFace(request, scope, manner)),
    batchOutcome: (outcomes) => batch(batchOutcomeFace(outcomes, manner)),
  }
}

/** Draws a page of the view. The form that makes the request smaller gives way where the rest fills the card. */
function fitting(draw: (face: object) => Expanded, face: ReturnType<typeof reviewFace>, words: Words): Expanded {
  const card = draw(face)
  if (face.less.length + face.openLess.length === 0 || 2 * JSON.stringify(card).length <= largestCard) return card
  return draw({ ...face, less: withoutFields(face.less, words), openLess: withoutFields(face.openLess, words) })
}

/** Puts a page of the view between the first element of another card and the rest, with that card's buttons. */
function framed(view: Expanded, { body: [first, ...rest], actions }: Expanded): Expanded {
  return { ...view, body: [first ?? {}, ...view.body, ...rest], actions }
}

interface Expanded {
  readonly body: readonly object[]
  readonly actions: readonly object[]
}
