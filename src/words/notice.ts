import type { Notice } from '../core/request/notice.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { nextStep } from './nextStep.ts'
import { type Sentence, text } from './run.ts'
import { emergencyOf, emergencyUnnamed, reviewDeadline, sinceAsked, talkOf, joinedGroups } from './talk.ts'
import type { Words } from './words.ts'

/** What a notice says below its heading. `times` are words of ours alone. */
interface NoticeText {
  readonly lines: readonly Sentence[]
  readonly times: readonly Sentence[]
}

/**
 * Says why people are told of a request.
 *
 * @param isWithheld whether its readers are not to read what people wrote, nor who they are
 */
export function noticeText(request: ApprovalRequest, notice: Notice, words: Words, isWithheld: boolean): NoticeText {
  const plain = (lines: readonly string[]): readonly Sentence[] => lines.map((line) => [text(line)])
  switch (notice.kind) {
    case 'reminded':
      return { lines: plain(nextStep(request, words)), times: [] }
    case 'escalated':
      return { lines: [...joinedGroups(request, words), ...plain(nextStep(request, words))], times: [] }
    case 'glass-broken': {
      const lines = isWithheld ? plain(emergencyUnnamed(request, words)) : emergencyOf(request, words)
      return { lines, times: reviewDeadline(request, words) }
    }
    case 'asked':
    case 'answered':
      return { lines: isWithheld ? [] : talkLines(request, notice, words), times: [] }
    case 'narrowed':
      return { lines: isWithheld ? plain([words.talk.narrowedUnnamed]) : sinceAsked(request, words), times: [] }
    case 'failed':
    case 'unreported':
    case 'expired':
      return { lines: plain(nextStep(request, words)), times: [] }
  }
}

function talkLines(request: ApprovalRequest, { question }: Notice, words: Words): readonly Sentence[] {
  const { talk, card } = words
  const entry = talkOf(request, words).find((one) => one.question === question)
  if (!entry) return []
  const { answer } = entry
  if (!answer) return [entry.asks]
  const said = answer.text === null ? [text(talk.erased)] : talk.answered(answer.text)
  return [entry.asks, [...(answer.by ?? [text(card.fromAgent)]), ...said], ...sinceAsked(request, words)]
}
