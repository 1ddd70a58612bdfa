import type { ObjectId } from '../data/id.ts'
import { type Instant, plusSeconds } from '../data/instant.ts'
import { openQuestions } from './conversation.ts'
import type { Fact } from './event.ts'
import { approvalsOf } from './decision.ts'
import { type ApprovalRequest, type ApproverQuestion, currentVotes } from './request.ts'
import { fill } from './requirement.ts'

/** What people are told of beside the card, by the event that is the reason. */
export type NoticeKind = Extract<
  Fact['type'],
  'reminded' | 'escalated' | 'glass-broken' | 'asked' | 'answered' | 'narrowed' | 'failed' | 'unreported' | 'expired'
>

/** Words that are sent because of an event. */
export interface Notice {
  readonly kind: NoticeKind
  /** The number of the event. */
  readonly seq: number
  /** Whether it goes into the threads of the request's cards. */
  readonly inThreads: boolean
  /** Whether it goes into the compliance channel. */
  readonly toCompliance: boolean
  /** Whether people are told in their quiet hours, too. */
  readonly isUrgent: boolean
  /** Whom it concerns, of those who want to hear: people of these groups, and these accounts; but for some. */
  readonly groups: readonly string[]
  readonly people: readonly ObjectId[]
  readonly but: readonly ObjectId[]
  /** The question that it is about. */
  readonly question?: ApproverQuestion
  /** When it is no news any more. Absent if it is as long as the request stands as it does. */
  readonly until?: Instant
}

/** Seconds for which an end is news to a person. */
const newsFor = 86_400

/**
 * Finds what people should have been told of a request by now, oldest first. It follows from the request alone. What is moot
 * is left out: a reminder of a request that is decided, a question that is answered, an earlier reminder.
 */
export function noticesOf(request: ApprovalRequest): readonly Notice[] {
  const all = [
    ...waitingNotices(request),
    ...talkNotices(request),
    ...narrowedNotices(request),
    ...glassNotices(request),
    ...endNotices(request),
  ]
  return all.toSorted((a, b) => a.seq - b.seq)
}

const nobody = { groups: [], people: [], but: [] } as const
const inThreads = { inThreads: true, toCompliance: false, isUrgent: false, ...nobody } as const

/** The newest event of a type; one of its place among them, from 0, if a place is given. */
const seqOf = ({ events }: ApprovalRequest, type: NoticeKind, place = -1): number | undefined =>
  events.filter((event) => event.type === type).at(place)?.seq

/** Those who can still approve: people of the groups that are missing, but for those who have, and those who may not. */
function waitingNotices(request: ApprovalRequest): readonly Notice[] {
  if (request.status !== 'pending') return []
  const { slots, excluded } = request.requirement
  const have = fill(slots, approvalsOf(request))
  const groups = [...new Set(slots.flatMap((slot, i) => ((have[i] ?? 0) < slot.quorum ? slot.groups : [])))]
  const but = [...excluded, ...currentVotes(request).flatMap(({ facts }) => facts.accounts)]
  const of = (kind: 'reminded' | 'escalated', isUrgent: boolean): readonly Notice[] => {
    const seq = seqOf(request, kind)
    return seq === undefined ? [] : [{ ...inThreads, kind, seq, isUrgent, groups, but }]
  }
  return [...of('reminded', false), ...of('escalated', true)]
}

/** An open question concerns the side that asks. An answer concerns who asked, and those whose approvals count no more. */
function talkNotices(request: ApprovalRequest): readonly Notice[] {
  if (request.status !== 'pending') return []
  const { questions = [], requirement } = request
  const open = openQuestions(request).flatMap((question): readonly Notice[] => {
    const seq = seqOf(request, 'asked', questions.indexOf(question))
    return seq === undefined ? [] : [{ ...inThreads, kind: 'asked', seq, people: requirement.excluded, question }]
  })
  const answered = questions.flatMap((question): readonly Notice[] => {
    const seq = question.answer && seqOf(request, 'answered', question.answer.place)
    if (seq === undefined) return []
    const people = [...new Set([question.by, ...givers(request)])]
    return [{ ...inThreads, kind: 'answered', seq, people, but: votersOf(request), question }]
  })
  return [...open, ...answered]
}

/** The newest narrowing concerns those whose approvals count no more, but not the person who made it smaller. */
function narrowedNotices(request: ApprovalRequest): readonly Notice[] {
  const newest = request.narrowed?.at(-1)
  const seq = seqOf(request, 'narrowed')
  if (request.status !== 'pending' || !newest || seq === undefined) return []
  return [{ ...inThreads, kind: 'narrowed', seq, people: givers(request), but: [newest.by, ...votersOf(request)] }]
}

const votersOf = (request: ApprovalRequest): readonly ObjectId[] =>
  currentVotes(request).map(({ approver }) => approver)

const givers = ({ decisions }: ApprovalRequest): readonly ObjectId[] =>
  decisions.filter(({ verdict }) => verdict === 'approve').map(({ approver }) => approver)

function glassNotices(request: ApprovalRequest): readonly Notice[] {
  const { glass, requirement } = request
  const seq = seqOf(request, 'glass-broken')
  if (!glass || glass.review || seq === undefined) return []
  const loud = { inThreads: true, toCompliance: true, isUrgent: true } as const
  return [{ ...nobody, ...loud, kind: 'glass-broken', seq, people: requirement?.excluded ?? [] }]
}

/** Ends that somebody should look into are told to the side that asks. Its members see them on the card as well. */
function endNotices(request: ApprovalRequest): readonly Notice[] {
  const { status, requirement } = request
  const of = (kind: 'failed' | 'unreported' | 'expired', since: Instant): readonly Notice[] => {
    const seq = seqOf(request, kind)
    const people = requirement?.excluded ?? []
    return seq === undefined
      ? []
      : [{ ...inThreads, inThreads: false, kind, seq, people, until: plusSeconds(since, newsFor) }]
  }
  if (status === 'failed' || status === 'expired') return of(status, request.closedAt)
  return status === 'redeemed' && request.unreported ? of('unreported', plusSeconds(request.redeemedAt, newsFor)) : []
}
