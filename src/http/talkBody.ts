import type { RequestAnswer } from '../contract/requestAnswer.ts'
import { plusSeconds } from '../core/data/instant.ts'
import { answerTexts, questionTexts } from '../core/request/conversation.ts'
import {
  type ApprovalRequest,
  type ApproverQuestion,
  hashOfQuestion,
  saidIn,
  type SideAnswer,
} from '../core/request/request.ts'

type Talk = Pick<RequestAnswer, 'questions' | 'prompts' | 'glass'>

/** What of a request's answer is about questions, prompts and a broken glass. What did not happen is absent. */
export function talkOf(request: ApprovalRequest): Talk {
  const { questions } = request
  const prompts = promptsOf(request)
  const glass = glassOf(request)
  return {
    ...(questions && { questions: questions.map((one) => questionOf(request, one)) }),
    ...(prompts && { prompts }),
    ...(glass && { glass }),
  }
}

function questionOf(request: ApprovalRequest, question: ApproverQuestion) {
  const { by, groups, at, answer } = question
  const { name, question: text } = questionTexts(request, question)
  return {
    ...{ id: hashOfQuestion(request, question), by, groups, at },
    ...(name !== undefined && { name }),
    ...(text !== undefined && { text }),
    ...(answer && { answer: answerOf(request, answer) }),
  }
}

function answerOf(request: ApprovalRequest, answer: SideAnswer) {
  const { by, at } = answer
  const { name, answer: text } = answerTexts(request, answer)
  return { by: { ...by, ...(name !== undefined && { name }) }, at, ...(text !== undefined && { text }) }
}

function promptsOf({ status, reminded, escalated, requirement, createdAt }: ApprovalRequest): Talk['prompts'] | null {
  const [next] = (status === 'pending' ? (requirement?.slots ?? []) : [])
    .flatMap(({ later }) => later ?? [])
    .sort((a, b) => a.after - b.after)
  if (!reminded && !escalated && !next) return null
  return {
    ...(reminded && { remindedAt: reminded.at }),
    ...(next && { escalatesAt: plusSeconds(createdAt, next.after), groups: [...next.groups] }),
    ...(escalated && { joined: [...escalated] }),
  }
}

function glassOf(request: ApprovalRequest): Talk['glass'] | null {
  const { glass } = request
  if (!glass) return null
  const { by, at, reviewBy, review } = glass
  return {
    ...{ by, at, reviewBy },
    ...textsOf(request, 'glass-broken'),
    ...(review && { review: { ...review, ...textsOf(request, 'reviewed') } }),
  }
}

function textsOf(request: ApprovalRequest, type: 'glass-broken' | 'reviewed') {
  const [name, reason] = [saidIn(request, type, 'name'), saidIn(request, type, 'reason')]
  return { ...(name !== null && { name }), ...(reason !== null && { reason }) }
}
