import { checkSecretIn } from '../core/action/secret.ts'
import { wordWarnings } from '../core/action/warning.ts'
import type { Hex, ObjectId, RequestId } from '../core/data/id.ts'
import { Problem } from '../core/data/problem.ts'
import { answer, askBack, isOwnSide, openQuestions } from '../core/request/conversation.ts'
import type { Seen } from '../core/request/decision.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Facts } from '../core/request/requirement.ts'
import type { Policy } from '../ports/policy.ts'
import { excludedBy } from './eligibility.ts'
import { involvedIn, type InvolvementParts } from './involvement.ts'
import { attemptOf, changeOrRefuse, type RefusingParts, requestOfAgent } from './refusals.ts'

type TalkParts = RefusingParts & InvolvementParts & { readonly policy: Policy }

/** A person's question, before the facts about them are known. */
export interface AskedBack {
  readonly approver: ObjectId
  readonly question: string
  readonly seen: Seen
}

/** Somebody's answer, before the facts about them are known. */
export interface GivenAnswer {
  readonly by: { readonly kind: 'agent' | 'person'; readonly id: ObjectId }
  /** The hash of the question's event. */
  readonly question: Hex
  readonly answer: string
  /** The application that a person used, for doors with tokens. */
  readonly client?: ObjectId
}

/**
 * Asks the side that wants the action. A refusal is recorded.
 *
 * @throws {Problem} as core/request/conversation.ts; `secret-in-params`; `not-permitted` where nobody may answer: people would
 *   wait in vain, and be told of nothing else meanwhile; `not-found` for a person who may not know of the request
 */
export async function askBackAs(parts: TalkParts, id: RequestId, input: AskedBack): Promise<ApprovalRequest> {
  checkSecretIn(input.question, '/question')
  const { name, facts, found } = await involvedIn(parts, id, input.approver)
  return changeOrRefuse(
    parts,
    id,
    attemptOf({ kind: 'person', id: input.approver }, 'ask', input.seen),
    (request, at) => {
      const step = askBack(request, { ...input, name, facts, excluded: excludedBy(parts.policy, request), at })
      if (step.events.length > 0 && !isAnswerable(parts.policy, request))
        throw new Problem('not-permitted', 'Nobody answers for this agent: decide without an answer, or deny in words.')
      return step
    },
    found,
  )
}

/**
 * Answers a question: the agent that asked, or a person who answers for it, as `approvers.json` says. A refusal is recorded.
 *
 * @throws {Problem} as core/request/conversation.ts; `secret-in-params`; `not-permitted` for the side that may not answer;
 *   `not-found` for callers who may not know of the request
 */
export async function answerAs(parts: TalkParts, id: RequestId, input: GivenAnswer): Promise<ApprovalRequest> {
  const { by, client } = input
  checkSecretIn(input.answer, '/answer')
  const person = by.kind === 'person' ? await involvedIn(parts, id, by.id) : null
  const found = person?.found ?? (await requestOfAgent(parts, id, by.id))
  const of = person ? { name: person.name, facts: person.own } : {}
  return changeOrRefuse(
    parts,
    id,
    attemptOf(by, 'answer', { client }),
    (request, at) => {
      const step = answer(request, { ...input, ...of, warnings: wordWarnings(input.answer), at })
      if (step.events.length > 0) checkMayAnswer(parts.policy, request, by.kind)
      return step
    },
    found,
  )
}

function checkMayAnswer(policy: Policy, request: ApprovalRequest, kind: GivenAnswer['by']['kind']): void {
  const registered = policy.agent(request.agent.id)
  if (!registered) throw new Problem('not-permitted', 'The agent that asked is not registered any more.')
  const { answers } = registered
  if (answers === 'both' || answers === (kind === 'agent' ? 'agent' : 'owners')) return
  throw new Problem('not-permitted', `approvers.json says who answers for this agent: ${answers}.`)
}

/** Whether anybody may answer what is asked of this agent. */
export const isAnswerable = (policy: Pick<Policy, 'agent'>, request: ApprovalRequest): boolean =>
  answererOf(policy, request, ['agent', 'owners', 'both'])

/** Whether a question is open that the agent itself may answer. */
export const awaitsAgent = (policy: Pick<Policy, 'agent'>, request: ApprovalRequest): boolean =>
  awaitsAnswer(request) && answererOf(policy, request, ['agent', 'both'])

/** Whether a question is open that a person with these facts may answer, as one of the side that asks. */
export const awaitsPerson = (policy: Pick<Policy, 'agent'>, request: ApprovalRequest, facts: Facts): boolean =>
  awaitsAnswer(request) && isOwnSide(request, facts) && answererOf(policy, request, ['owners', 'both'])

const awaitsAnswer = (request: ApprovalRequest): boolean =>
  request.status === 'pending' && openQuestions(request).length > 0

const answererOf = (policy: Pick<Policy, 'agent'>, { agent }: ApprovalRequest, known: readonly string[]): boolean =>
  known.includes(policy.agent(agent.id)?.answers ?? 'nobody')
