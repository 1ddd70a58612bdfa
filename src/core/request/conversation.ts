import { bounds } from '../data/bound.ts'
import type { Hex, ObjectId } from '../data/id.ts'
import { earlier, type Instant, later, plusSeconds } from '../data/instant.ts'
import { Problem } from '../data/problem.ts'
import { checkMayDecide, checkPending, checkSeen, checkText, type Seen, sightOf } from './decision.ts'
import { checkStandIn } from './deputy.ts'
import type { Draft } from './event.ts'
import {
  type SideAnswer,
  type ApprovalRequest,
  hashOfQuestion,
  type ApproverQuestion,
  type Requirement,
  type Said,
  type Step,
} from './request.ts'
import { type Facts, overlap } from './requirement.ts'

/** An approver's question to the side that asks. */
export interface QuestionInput {
  readonly approver: ObjectId
  /** For display; the event commits to it. */
  readonly name: string
  readonly question: string
  readonly seen: Seen
  readonly facts: Facts
  /** Accounts that policy keeps from approving now, in addition to those in the request. Unknown to a replay. */
  readonly excluded?: readonly ObjectId[]
  readonly at: Instant
}

/** What the side that asks answers. A person has a name, facts, and for doors with tokens an application. */
export interface AnswerInput {
  readonly by: SideAnswer['by']
  /** The hash of the question's event. */
  readonly question: Hex
  readonly answer: string
  readonly name?: string
  readonly facts?: Facts
  readonly client?: ObjectId
  /** What approvers are warned of about the answer's text. */
  readonly warnings: readonly string[]
  readonly at: Instant
}

/** The questions that nobody has answered. */
export const openQuestions = ({ questions = [] }: ApprovalRequest): readonly ApproverQuestion[] =>
  questions.filter(({ answer }) => !answer)

/** The open question of a person, whichever of these accounts they asked with. */
const openQuestionOf = (request: ApprovalRequest, accounts: readonly ObjectId[]): ApproverQuestion | undefined =>
  openQuestions(request).find(({ by }) => accounts.includes(by))

/** Whether a request takes a question of a person with these accounts: one of theirs at a time, and five of all people. */
export const takesQuestion = (request: ApprovalRequest, accounts: readonly ObjectId[]): boolean =>
  request.status === 'pending' &&
  (request.questions ?? []).length < bounds.questions &&
  openQuestionOf(request, accounts) === undefined

/**
 * Asks the side that wants the action. Nothing is decided by that. Where policy says so, the deadline moves, so that there
 * is time for an answer. The same question again changes nothing while it is open.
 *
 * @throws {Problem} `not-pending`, `not-permitted`, `self-approval`, `digest-mismatch`; `invalid-input` for a question
 *   without words
 * @throws {Problem} `too-many` while an earlier question of the same person is open, and after five of all approvers
 */
export function askBack(request: ApprovalRequest, input: QuestionInput): Step {
  const { approver, name, question, seen, facts, at } = input
  const { questions = [] } = request
  const mine = openQuestionOf(request, facts.accounts)
  const isAskedAgain = mine?.by === approver && questionText(request, mine) === question
  if (request.status === 'pending' && isAskedAgain) return { request, events: [] }
  checkPending(request, at)
  checkMayDecide(request, facts, { verdict: 'approve', ...(input.excluded && { excluded: input.excluded }) })
  checkStandIn(facts, at)
  checkSeen(request, input, { whole: false })
  checkText(question, 'question', 'a question needs words')
  if (mine)
    throw new Problem('too-many', 'Your question is not answered yet: wait for the answer, or decide without it.')
  if (questions.length >= bounds.questions)
    throw new Problem('too-many', `This request was asked ${bounds.questions} questions: decide it now.`)
  const moved = deadlineAfter(request.requirement, at)
  const data = { ...sightOf(request, seen), facts, ...(moved !== null && { expiresAt: moved }) }
  const actor = { kind: 'person', id: approver } as const
  const asked: Draft = { type: 'asked', actor, request: request.id, data, said: { name, question } }
  return {
    request: {
      ...request,
      ...(moved !== null && { requirement: { ...request.requirement, expiresAt: moved } }),
      questions: [...questions, { by: approver, groups: facts.groups, at }],
    },
    events: [asked],
  }
}

/** The deadline that a question moves a request to; `null` if it stays where it is. */
function deadlineAfter({ answer, expiresAt }: Requirement, at: Instant): Instant | null {
  const moved = answer ? later(expiresAt, earlier(answer.latest, plusSeconds(at, answer.within))) : expiresAt
  return moved === expiresAt ? null : moved
}

/**
 * Answers a question, once. The answer is content: approvals given before it count no more. The same words again change
 * nothing.
 *
 * @throws {Problem} `not-found` for a question that nobody asked, `already-answered` for other words
 * @throws {Problem} `not-pending`; `not-permitted` for another agent, and for a person who is not of the side that asks;
 *   `invalid-input` for an answer without words
 */
export function answer(request: ApprovalRequest, input: AnswerInput): Step {
  const { by, name, facts, client, warnings, at } = input
  const { questions = [] } = request
  const question = questions.find((one) => hashOfQuestion(request, one) === input.question)
  if (!question) throw new Problem('not-found', 'This request was not asked that question.', { pointer: '/question' })
  if (question.answer && isSaidAgain(request, question.answer, input)) return { request, events: [] }
  checkOfSide(request, input)
  if (question.answer) throw new Problem('already-answered', 'This question was answered with other words.')
  checkPending(request, at)
  checkText(input.answer, 'answer', 'an answer needs words')
  const place = questions.filter((one) => one.answer).length
  const answered: Draft = {
    type: 'answered',
    actor: by,
    request: request.id,
    data: { question: input.question, warnings, ...(client !== undefined && { client }), ...(facts && { facts }) },
    said: { answer: input.answer, ...(name !== undefined && { name }) },
  }
  return {
    request: {
      ...request,
      warnings: [...new Set([...request.warnings, ...warnings])],
      questions: questions.map((one) => (one === question ? { ...one, answer: { by, at, place } } : one)),
    },
    events: [answered],
  }
}

/** Refuses whoever is not of the side that asks: its agent, or a person whom the request excludes from approving. */
function checkOfSide(request: ApprovalRequest, { by, facts }: AnswerInput): void {
  const isOfSide = by.kind === 'agent' ? by.id === request.agent.id : facts !== undefined && isOwnSide(request, facts)
  if (!isOfSide)
    throw new Problem('not-permitted', 'Only the agent that asked answers, and the people who answer for it.')
}

/** Whether a person belongs to the side that asks: an owner, a sponsor, or the person for whom the agent acts. */
export const isOwnSide = (
  { requirement }: Pick<ApprovalRequest, 'requirement'>,
  { member, enabled, accounts }: Pick<Facts, 'member' | 'enabled' | 'accounts'>,
): boolean => member && enabled && overlap(requirement?.excluded ?? [], accounts)

function isSaidAgain(request: ApprovalRequest, given: SideAnswer, { by, answer: text }: AnswerInput): boolean {
  return given.by.id === by.id && answerTexts(request, given)['answer'] === text
}

/** What was asked; `undefined` once it is erased. */
export const questionText = (request: ApprovalRequest, question: ApproverQuestion): string | undefined =>
  questionTexts(request, question)['question']

/** The answers that are not erased, oldest question first. */
export const answersIn = (request: ApprovalRequest): readonly string[] =>
  (request.questions ?? []).flatMap(({ answer }) => (answer && answerTexts(request, answer)['answer']) ?? [])

type Texts = Readonly<Record<string, string | undefined>>

/** The texts of a question that are not erased: `name` of who asked, and `question`. */
export const questionTexts = (request: ApprovalRequest, question: ApproverQuestion): Texts =>
  textsAt(request, 'asked', request.questions?.indexOf(question) ?? -1)

/** The texts of an answer that are not erased: `answer`, and of a person `name`. */
export const answerTexts = (request: ApprovalRequest, { place }: SideAnswer): Texts =>
  textsAt(request, 'answered', place)

/** The texts that are not erased of an event, by its place among those of its type. */
export function textsAt({ events, said }: ApprovalRequest, type: Draft['type'], place: number): Texts {
  const seq = events.filter((event) => event.type === type)[place]?.seq
  return Object.fromEntries(said.filter((text: Said) => text.seq === seq).map(({ name, text }) => [name, text]))
}
