import { awaitsReview, isOpen } from '../core/request/request.ts'
import type { Notice } from '../core/request/notice.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { noticeText } from '../words/notice.ts'
import { type Manner, plainTitle, title } from './paramRows.ts'
import { lineOf, short, timedText } from './textRun.ts'

/** A notice, as a card tells it. */
export interface NoticeScope {
  readonly notice: Notice
  /** Whether nobody but one person reads it, who may know of the request. */
  readonly isOwn: boolean
  readonly mentioned: readonly { readonly id: string; readonly name: string }[]
}

/** Characters that mean nothing in the text of a mention, which a client reads as markdown. */
const plainName = /^[\p{L}\p{N}][\p{L}\p{N} .'’-]{0,63}$/u

/** What the card of a notice says. In a channel that of a private request has no text and no name that people gave. */
export function noticeFace(request: ApprovalRequest, { notice, isOwn, mentioned }: NoticeScope, manner: Manner) {
  const { words } = manner
  const isWithheld = !isOwn && request.requirement?.private === true
  const { lines, times } = noticeText(request, notice, words, isWithheld)
  const heading = words.notices[notice.kind]
  const mentions = mentioned.map(({ id, name }, i) => ({
    id,
    name: plainName.test(name.trim()) ? short(name.trim(), 64, words) : words.talk.person(i + 1),
  }))
  return {
    heading,
    speak: heading,
    tone: notice.kind === 'glass-broken' ? 'attention' : 'default',
    title: isWithheld ? plainTitle(request, words) : title(request, manner),
    lines: lines.map((line) => lineOf(line, words, 600)),
    times: times.map((when) => ({ text: timedText(when) })),
    mentions,
    mentioning: mentions.map(({ name }) => `<at>${name}</at>`).join(' '),
    request: request.id,
    open: isOpen(request) || awaitsReview(request),
  }
}
