import { answerTexts, openQuestions, questionTexts } from '../core/request/conversation.ts'
import { approvalsOf } from '../core/request/decision.ts'
import { type ApprovalRequest, type ApproverQuestion, currentVotes, saidIn } from '../core/request/request.ts'
import { narrowingTexts } from '../core/request/narrowing.ts'
import { fill } from '../core/request/requirement.ts'
import type { Sentence } from './run.ts'
import { mostNames, nameIn } from './votes.ts'
import type { Words } from './words.ts'

/** A question, and what the side that asks said to it. */
export interface TalkEntry {
  readonly question: ApproverQuestion
  readonly asks: Sentence
  /** Absent while the question is open. A person who answered is named; an agent is not. `null` once it is erased. */
  readonly answer?: { readonly by: Sentence | null; readonly text: string | null }
}

/** Says what was asked and answered, oldest first. */
export const talkOf = (request: ApprovalRequest, words: Words): readonly TalkEntry[] =>
  (request.questions ?? []).map((question) => entryOf(request, question, words))

function entryOf(request: ApprovalRequest, question: ApproverQuestion, { talk }: Words): TalkEntry {
  const { name = question.by, question: asked } = questionTexts(request, question)
  const asks = talk.asks(name, asked)
  const { answer } = question
  if (!answer) return { question, asks }
  const texts = answerTexts(request, answer)
  const by = answer.by.kind === 'person' ? talk.byPerson(texts['name'] ?? answer.by.id) : null
  return { question, asks, answer: { by, text: texts['answer'] ?? null } }
}

/**
 * Says what talk and time made of a pending request: who made it smaller, that approvals from before count no more, and which groups
 * joined.
 */
export function sinceAsked(request: ApprovalRequest, words: Words): readonly Sentence[] {
  if (request.status !== 'pending') return []
  return [...narrowedBy(request, words), ...staleApprovals(request, words), ...joinedGroups(request, words)]
}

/** Says who made a request smaller, each person once. */
function narrowedBy(request: ApprovalRequest, { talk }: Words): readonly Sentence[] {
  const { narrowed = [] } = request
  const names = new Map(narrowed.map((one) => [one.by, narrowingTexts(request, one)['name'] ?? one.by]))
  return [...names.values()].map((name) => talk.narrowed(name))
}

/** Says which groups may approve, too, since time passed. Names no person. */
export const joinedGroups = ({ status, escalated }: ApprovalRequest, { talk }: Words): readonly Sentence[] =>
  status === 'pending' && escalated ? [[{ role: 'text', text: talk.joined(escalated) }]] : []

function staleApprovals(request: ApprovalRequest & { readonly status: 'pending' }, words: Words) {
  const current = currentVotes(request)
  const again = new Set(current.map(({ approver }) => approver))
  const stale = request.decisions.filter(
    (vote) => vote.verdict === 'approve' && !vote.void && !current.includes(vote) && !again.has(vote.approver),
  )
  if (stale.length === 0) return []
  const { slots } = request.requirement
  const have = fill(slots, approvalsOf(request)).reduce((sum, count) => sum + count, 0)
  const needed = slots.reduce((sum, { quorum }) => sum + quorum, 0)
  const names = [...new Set(stale.map((vote) => nameIn(request, vote, words)))].slice(-mostNames)
  const newest = request.events.findLast(({ type }) => type === 'answered' || type === 'narrowed')
  return [words.talk.stale(have, needed, names, newest?.type === 'narrowed')]
}

/** Whether the request waits for the side that asks. */
export const waitsForAnswer = (request: ApprovalRequest): boolean =>
  request.status === 'pending' && openQuestions(request).length > 0

/** Says that one person approved alone, and what another found; nothing where no glass was broken. */
export function emergencyOf(request: ApprovalRequest, { emergency }: Words): readonly Sentence[] {
  const { glass } = request
  if (!glass) return []
  const said = (type: 'glass-broken' | 'reviewed', member: 'name' | 'reason') => saidIn(request, type, member)
  const broken = emergency.broken(said('glass-broken', 'name') ?? glass.by, said('glass-broken', 'reason'))
  if (!glass.review) return [broken]
  const { by, finding } = glass.review
  return [broken, emergency.finding[finding](said('reviewed', 'name') ?? by, said('reviewed', 'reason'))]
}

/** The same for readers who may read neither names nor reasons. */
export function emergencyUnnamed({ glass }: ApprovalRequest, { emergency }: Words): readonly string[] {
  if (!glass) return []
  return [emergency.brokenUnnamed, ...(glass.review ? [emergency.findingUnnamed[glass.review.finding]] : [])]
}

/** Says until when somebody has to review a broken glass, or that nobody did in time. Nothing once it is reviewed. */
export function reviewDeadline({ glass }: ApprovalRequest, { emergency }: Words): readonly Sentence[] {
  if (!glass || glass.review) return []
  return [glass.unreviewed ? emergency.unreviewed(glass.reviewBy) : emergency.reviewBy(glass.reviewBy)]
}
