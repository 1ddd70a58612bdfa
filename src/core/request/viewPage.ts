import { type Page, pagesOf, roomOf, showLimits } from '../action/page.ts'
import { cardText } from '../action/value.ts'
import type { Units } from '../data/measure.ts'
import { answerTexts, questionText } from './conversation.ts'
import type { ApprovalRequest } from './request.ts'

/** A view has one page more than its action if what was asked and answered takes one of its own. */
export const mostViewPages = showLimits.pages + 1

/**
 * The room of the page that has what was asked and answered beside the last params, in the units of {@link roomOf}. Each
 * question takes some for its frame. Its text takes less than that of params, which may stand in many small pieces. A test
 * draws the largest card.
 */
const talkPage = { room: 3_950, entry: 190, perUnit: 4, question: 600, answer: 1_500 } as const

/**
 * The pages of the approver's view: those of the action, and one more for what was asked and answered if the last of them
 * has no room for it. An erased action has one empty page.
 *
 * @param units must be the same wherever pages of one request are counted or shown
 */
export function viewPagesOf(request: ApprovalRequest, units: Units): readonly Page[] {
  const { action, policy } = request
  const pages: readonly Page[] = action ? pagesOf(action, policy.presentation, units) : [{ entries: [] }]
  const last = pages.at(-1)
  const talk = talkRoom(request)
  return talk > 0 && last && roomOf(last) + talk > talkPage.room ? [...pages, { entries: [] }] : pages
}

const talkRoom = (request: ApprovalRequest): number =>
  (request.questions ?? []).reduce((sum, question) => {
    const asked = written(questionText(request, question), talkPage.question)
    const answered = question.answer ? written(answerTexts(request, question.answer)['answer'], talkPage.answer) : 0
    return sum + talkPage.entry + (asked + answered) / talkPage.perUnit
  }, 0)

/** The characters that a text takes in a card, up to those at which it is shortened there. */
const written = (text = '', most: number): number => Math.min(JSON.stringify(cardText(text, 'block')).length, most)
