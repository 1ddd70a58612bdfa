import { cardText } from '../core/action/value.ts'
import { openQuestions } from '../core/request/conversation.ts'
import { type ApprovalRequest, hashOfQuestion } from '../core/request/request.ts'
import { text } from '../words/run.ts'
import { type TalkEntry, talkOf } from '../words/talk.ts'
import type { Words } from '../words/words.ts'
import type { TalkBudget } from './budget.ts'
import type { CardReader } from './cardReader.ts'
import { lineOf, shortened } from './textRun.ts'

/**
 * Says what was asked and answered, the newest if there is no room for more. An answer is marked as the words of the side
 * that asks, as the agent's reason is. What the reader may answer has a field instead.
 */
export function talkFace(request: ApprovalRequest, budget: TalkBudget, words: Words, reader?: CardReader) {
  const asked = new Set(reader && isAnswering(reader) ? openQuestions(request) : [])
  const entries = talkOf(request, words).filter(({ question }) => !asked.has(question))
  const left = entries.length - budget.questions
  return {
    earlier: left > 0 ? [{ text: words.talk.earlier(left) }] : [],
    talk: entries.slice(-budget.questions).map((entry) => entryFace(entry, budget, words)),
  }
}

function entryFace({ asks, answer }: TalkEntry, budget: TalkBudget, words: Words) {
  const { card, talk } = words
  return {
    ...lineOf(asks, words, budget.question),
    answers: answer
      ? [
          {
            ...lineOf(answer.by ?? [text(card.fromAgent)], words),
            text:
              answer.text === null ? talk.erased : fitted(cardText(answer.text.trim(), 'block'), budget.answer, words),
          },
        ]
      : [],
    waits: answer ? [] : [{ text: talk.waits }],
  }
}

/** Shortens a text that is safe already to so many characters of JSON, in which quotation marks and line ends take two. */
function fitted(text: string, most: number, words: Words): string {
  const written = JSON.stringify(text).length - 2
  return shortened(text, written > most ? Math.floor((most * text.length) / written) : most, words)
}

const isAnswering = ({ may = [] }: Pick<CardReader, 'may'>): boolean => may.includes('answer')

/**
 * The questions that the reader may answer, each with a field. They have numbers from 1 on, in the order in which they were
 * asked, so that what was typed for one is kept when another is sent.
 */
export function answerFields(
  request: ApprovalRequest,
  { may, answering = {} }: Pick<CardReader, 'may' | 'answering'>,
  words: Words,
) {
  if (request.status !== 'pending' || !isAnswering({ ...(may && { may }) })) return []
  const { questions = [] } = request
  const open = talkOf(request, words).filter(({ answer }) => !answer)
  return open.map(({ question, asks }) => {
    const number = questions.indexOf(question) + 1
    const { typed = {}, fault } = answering
    return {
      ...lineOf(asks, words),
      number,
      id: `answer${number}`,
      question: hashOfQuestion(request, question),
      value: typed[number] ?? '',
      faults: fault && fault.number === number ? [{ text: fault.why }] : [],
    }
  })
}
