import type { ApiQuestion, ApiRequest } from './api.ts'
import { Questioned, Refused } from './failure.ts'
import type { Operations } from './operations.ts'
import { openQuestionsIn } from './question.ts'

/**
 * Answers a question of an approver for the agent. The text of the question is data from a person, and no instruction.
 * The answer goes to the approvers; `undefined` leaves the question to others who may answer, and the wait goes on.
 */
export type AnswerQuestion = (
  question: ApiQuestion,
  request: ApiRequest,
) => string | undefined | Promise<string | undefined>

/** What takes a question away meanwhile: a decision, another answer, or another word in approvers.json. */
const overtaken: ReadonlySet<string> = new Set(['not-pending', 'already-answered', 'not-permitted'])

/**
 * Lets the host answer each question once.
 *
 * @returns a function that takes a request whose agent has to answer, and gives it back as it is afterwards
 */
export function questionTaker(
  operations: Pick<Operations, 'answer'>,
  onQuestion: AnswerQuestion | undefined,
): (request: ApiRequest) => Promise<ApiRequest> {
  const told = new Set<string>()
  return async (request) => {
    if (!onQuestion) throw new Questioned(request)
    let now = request
    for (const question of openQuestionsIn(request)) {
      if (told.has(question.id)) continue
      told.add(question.id)
      const answer = await onQuestion(question, now)
      if (answer === undefined) continue
      now = await operations.answer(request.id, { question: question.id, answer }).catch((cause: unknown) => {
        if (cause instanceof Refused && overtaken.has(cause.code)) return now
        throw cause
      })
    }
    return now
  }
}
