import type { Approvals } from '../../approvals/approvals.ts'
import type { Counted } from '../../approvals/batch.ts'
import type { BatchOutcome } from '../../cards/batch.ts'
import type { Cards } from '../../cards/cards.ts'
import type { ObjectId } from '../../core/data/id.ts'
import { Problem } from '../../core/data/problem.ts'
import { checkBatch } from '../../core/request/batch.ts'
import { spoken } from '../../words/spoken.ts'
import type { Intent } from './activity.ts'
import { wordsOf } from './problemWords.ts'

interface BatchParts {
  readonly approvals: Pick<Approvals, 'read' | 'review' | 'decideBatch'>
  readonly cards: Cards
}

/** The code is that of the first problem that the card speaks of. */
interface CardAnswer {
  readonly kind: 'card'
  readonly card: object
  readonly code?: string
}

/**
 * Shows a person the next page of a batch, and records that page as shown, as Review does; or, after the last request, the
 * card on which the marks are sent.
 *
 * @throws {Problem} `invalid-input` for a list that is no batch; as a review of the request
 */
export async function batchCard(
  { approvals, cards }: BatchParts,
  { who, requests, marks, at, page: wanted }: Extract<Intent, { kind: 'batch' }>,
  via: string,
): Promise<CardAnswer> {
  checkBatch(requests)
  const id = requests[at - 1]
  if (id === undefined) {
    const found = await Promise.all(requests.map((id) => approvals.read(id, asPerson(who))))
    return { kind: 'card', card: cards.batchEnd(found, { requests, marks }) }
  }
  const reviewed = await approvals.review(id, who, { page: wanted, template: cards.template, via })
  const { request, page, refusal, exclusion, stranger } = reviewed
  if (refusal) return { kind: 'card', card: cards.refused(request, refusal.message, { stranger }), code: refusal.code }
  const reader = { approver: who, page, via, ...(exclusion !== null && { excludedBy: exclusion }) }
  return { kind: 'card', card: cards.batchPage(request, reader, { requests, marks, at }) }
}

/**
 * Counts the marks of a batch, and says of each what became of it.
 *
 * @throws {Problem} `invalid-input` for a list that is no batch
 */
export async function submitted(
  { approvals, cards }: BatchParts,
  { who, votes }: Extract<Intent, { kind: 'submit' }>,
  via: string,
): Promise<CardAnswer> {
  const [faulty, sent] = [
    votes.filter(({ fault }) => fault !== undefined),
    votes.filter(({ fault }) => fault === undefined),
  ]
  const unread = faulty.map(({ request, fault = '' }) => ({ request, refusal: new Problem('invalid-input', fault) }))
  const typed = new Map(votes.map(({ request, reason }) => [request, reason]))
  const counted = [...(sent.length > 0 ? await approvals.decideBatch(who, sent, via) : []), ...unread]
  const outcomes = await Promise.all(counted.map((one) => outcomeOf(approvals, one, who, typed.get(one.request))))
  const code = counted.flatMap((one) => ('refusal' in one ? [one.refusal.code] : []))[0]
  return { kind: 'card', card: cards.batchOutcome(outcomes), ...(code !== undefined && { code }) }
}

/** Reads the request of a vote that was not counted. One that this person may not know of has its id alone. */
async function outcomeOf(
  approvals: BatchParts['approvals'],
  one: Counted,
  who: ObjectId,
  typed: string | undefined,
): Promise<BatchOutcome> {
  if ('stands' in one) return { id: one.request, request: one.stands }
  const { request: id, refusal } = one
  const words = refusal.details.pointer === '/confirm' ? spoken.batch.notConfirmed : wordsOf(refusal)
  const request = await approvals.read(id, asPerson(who)).catch((cause: unknown) => {
    if (cause instanceof Problem) return null
    throw cause
  })
  return { id, request, refusal: words, ...(typed !== undefined && { typed }) }
}

const asPerson = (id: ObjectId) => ({ kind: 'person', id, evidence: false }) as const
