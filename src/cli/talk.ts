import { flawInWords } from '../core/action/flaw.ts'
import { bounds } from '../core/data/bound.ts'
import type { Answer } from './answer.ts'
import { checkShown } from './decide.ts'
import { Exit, exits } from './exit.ts'
import { describe, describeContent, describeState } from './print.ts'
import { type Result, resultOf } from './result.ts'
import type { Session } from './session.ts'
import type { TalkQuestion } from './talkAnswer.ts'

const { words, answer: longestAnswer } = bounds.text

/**
 * Has the first page of the request shown, shows all of it, and asks the side that wants the action. The question names
 * the view that the service recorded as shown.
 *
 * @throws {Exit} 77 for a person who may not decide it
 */
export async function question({ options, service, screen }: Session): Promise<Result> {
  const [text = ''] = options.rest
  checkWords('TEXT', text, words)
  const { request, view, refusal } = await service.view(options.id, 1)
  screen.show(describeContent(request), 'stderr')
  checkShown(request)
  if (view === undefined) throw new Exit(exits.refused, `Not asked: ${refusal ?? 'this person may not decide it.'}`)
  const asked = await service.askBack(request.id, { question: text, view })
  return resultOf(exits.ok, describeState(asked), asked)
}

/**
 * Answers a question: as the agent that asked for the action, or as a person of its side.
 *
 * @throws {Exit} 78 if it does not say which question, 75 if none is open
 */
export async function answer({ options, service }: Session): Promise<Result> {
  const [named, text = ''] = options.rest.length > 1 ? options.rest : [undefined, options.rest[0]]
  checkWords('TEXT', text, longestAnswer)
  const request = await service.read(options.id)
  const { id } = named === undefined ? onlyOpen(request) : questionOf(request, named)
  const answered = await service.answer(request.id, { question: id, answer: text })
  return resultOf(exits.ok, describe(answered), answered)
}

function checkWords(operand: string, given: string, most: number): void {
  const flaw = flawInWords(given, 1, most)
  if (flaw !== null) throw new Exit(exits.usage, `${operand}: ${flaw}.`)
}

/** @throws {Exit} unless exactly one question is open */
function onlyOpen({ id, questions, document }: Answer): TalkQuestion {
  const open = questions.filter((one) => !one.answer)
  const [first] = open
  if (first && open.length === 1) return first
  if (first) {
    const numbers = open.map((one) => questions.indexOf(one) + 1).join(', ')
    throw new Exit(
      exits.usage,
      `Request ${id} has ${open.length} open questions: say which, as QUESTION. Their numbers are ${numbers}.`,
    )
  }
  const words = questions.length === 0 ? 'was asked no question' : 'has no open question'
  throw new Exit(exits.ended, `Not answered: request ${id} ${words}.`, { request: document })
}

/** Finds a question by its number in what `show` prints, or by its id. */
function questionOf({ id, questions }: Answer, named: string): TalkQuestion {
  const found = /^\d{1,3}$/.test(named) ? questions[Number(named) - 1] : questions.find((one) => one.id === named)
  if (found) return found
  const known = questions.length === 0 ? 'It has none' : `It has ${questions.length}, from 1`
  throw new Exit(
    exits.usage,
    `"${named}" is no question of request ${id}. ${known}: give a number that countersign show prints, or an id.`,
  )
}
