import { z } from 'zod'
import type { Request } from '../client/countersign.ts'
import { openQuestionsIn, questionsAreData, questionWords } from '../client/question.ts'
import { bounds } from '../core/data/bound.ts'
import type { JsonObject } from '../core/data/json.ts'

/** The tool with which a model answers a question of an approver. */
export const answerName = 'countersign_answer'

/** Its arguments, as a model is told of them. */
export const answerSchema = {
  type: 'object' as const,
  properties: {
    request: { type: 'string', description: 'The id of the request.' },
    question: { type: 'string', description: 'The id of the question.' },
    answer: {
      type: 'string',
      minLength: 1,
      maxLength: bounds.text.answer,
      description: 'The answer, for the people who decide.',
    },
  },
  required: ['request', 'question', 'answer'],
}

export const answerArguments = z.object({ request: z.string(), question: z.string(), answer: z.string() })

/** The questions of a request that its agent has to answer, each with its id and what a person asks; none if others answer. */
export const questionsFor = (request: Request): readonly JsonObject[] =>
  request.next === 'answer'
    ? openQuestionsIn(request).map((one) => ({ question: one.id, asks: questionWords(one) }))
    : []

/** Says to a model what people ask, and how it answers. */
export function toAnswer(request: Request): string {
  const asked = openQuestionsIn(request).map(
    (one) =>
      `${questionWords(one)} Answer with ${JSON.stringify({ request: request.id, question: one.id, answer: '…' })}.`,
  )
  return [`Waiting for an answer: call ${answerName}, which then waits on.`, questionsAreData, ...asked].join(' ')
}
