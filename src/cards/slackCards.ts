import { type Hex, sha256 } from '../core/data/id.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Words } from '../words/words.ts'
import { plainText, type SlackMessage, type SlackView } from './blockKit.ts'
import { adaptiveCard } from './budget.ts'
import type { CardReader } from './cardReader.ts'
import { channelFace, listFace, type ListScope, refusedFace, reviewFace } from './cardData.ts'
import { slackChannelFace, slackListFace, slackNoticeFace, slackRefusedFace, slackReviewFace } from './slackFace.ts'
import type { slackTemplates } from './slackTemplates.ts'
import { noticeFace, type NoticeScope } from './noticeFace.ts'
import { penOf } from './pen.ts'

/** Draws requests in Block Kit. Texts of agents and people are data in them, and never part of a template or of markup. */
export interface SlackCards {
  /** What a view commits to: SHA-256 of the template of the approver's view. */
  readonly template: Hex
  /** For everybody in a channel: the request as it is now, without a button that decides. */
  readonly channel: (request: ApprovalRequest) => SlackMessage
  /** For one person who may decide: one page in full; the last page has the button that approves. */
  readonly review: (request: ApprovalRequest, reader: CardReader) => SlackView
  /** For one person who may not decide: why, and who may. A stranger does not learn who decided, and why. */
  readonly refused: (request: ApprovalRequest, why: string, to: { readonly stranger: boolean }) => SlackView
  /** Tells people of a request beside its card. It mentions nobody: people are known to Slack by other ids. */
  readonly notice: (request: ApprovalRequest, scope: Omit<NoticeScope, 'mentioned'>) => SlackMessage
  /** Pending requests, each with its button. */
  readonly list: (requests: readonly ApprovalRequest[], also: ListScope) => SlackMessage
}

/**
 * Reads the templates, once. Requests are shown by the same faces, and so in the same words and pages, as on cards of Teams.
 *
 * @param files by name: the same bytes that the policy's version is made from
 * @throws {Error} with the name of a file that is missing or is not a template
 */
export function loadSlackCards(files: ReadonlyMap<string, Uint8Array>, words: Words): SlackCards {
  const pen = (name: (typeof slackTemplates)[number]) => penOf(files, name, words)
  const [channel, review] = [pen('slack-channel.json'), pen('slack-review.json')]
  const [refused, list, notice] = [pen('slack-refused.json'), pen('slack-list.json'), pen('slack-notice.json')]
  const template = sha256(files.get('slack-review.json') ?? '')
  const manner = { words, budget: adaptiveCard }
  const around = { name: words.slack.title, close: words.slack.close }
  return {
    template,
    channel: (request) => channel(slackChannelFace(channelFace(request, manner), words)) as SlackMessage,
    review: (request, reader) => {
      const face = reviewFace(request, reader, template, manner)
      const { form, ...data } = slackReviewFace(face, words)
      const view = review({ ...data, ...around }) as SlackView
      if (form === null) return view
      const about = JSON.stringify({ request: request.id, page: face.at, view: face.view })
      return { ...view, submit: plainText(form.send), callback_id: form.act, private_metadata: about }
    },
    refused: (request, why, to) =>
      refused({ ...slackRefusedFace(refusedFace(request, why, to, manner), words), ...around }) as SlackView,
    notice: (request, scope) =>
      notice(slackNoticeFace(noticeFace(request, { ...scope, mentioned: [] }, manner), words)) as SlackMessage,
    list: (requests, also) => list(slackListFace(listFace(requests, also, manner))) as SlackMessage,
  }
}
