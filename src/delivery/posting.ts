import { revision, undeliverableAfter } from '../core/request/delivery.ts'
import { earlier, type Instant, plusSeconds } from '../core/data/instant.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { CardBook } from './requestCards.ts'
import { channelsOf } from '../approvals/eligibility.ts'
import type { Again, Messenger, PostedCard, Sent } from '../ports/messenger.ts'
import type { CardRow, Outbox } from '../ports/outbox.ts'
import type { Policy } from '../ports/policy.ts'
import { type Held, isGivenUp, send, type SendingParts } from './sending.ts'
import { tellRound, type TellingParts } from './telling.ts'

export type PostingParts = SendingParts &
  Omit<TellingParts, 'messenger' | 'policy'> & {
    readonly outbox: Outbox
    readonly messenger: Pick<Messenger, 'post' | 'update' | 'tell'>
    readonly policy: Pick<Policy, 'group' | 'complianceChannel'>
  }

/**
 * How a round ended: the claim is lost; the row changed, so what was read may be out of date; no approver can be
 * reached; or everything that can be done now was done, and the rest (`null`: nothing) must wait until a moment.
 */
export type Round = 'lost' | 'moved' | 'unreachable' | { readonly next: Instant | null }

/** Seconds after which a closed request is no longer posted into a channel that never had its card. */
const newsFor = 3600

/** What a round shows. */
export interface Shown {
  readonly request: ApprovalRequest
  /** Whether no delivery of the request began before, so that there are no cards. */
  readonly isFirst: boolean
}

/** A request as it is in one round. */
interface Visit {
  readonly held: Held
  readonly request: ApprovalRequest
  readonly book: CardBook
  /** Called with the time at which something that is left may be tried. */
  readonly come: (at: Instant) => void
}

/**
 * Brings every card of the request up to date, posts those that are missing, and tells what people were not told, as far as it
 * can be done now.
 */
export async function postRound(parts: PostingParts, held: Held, { request, isFirst }: Shown): Promise<Round> {
  let next: Instant | null = null
  const come = (at: Instant) => {
    next = next === null ? at : earlier(next, at)
  }
  const book = isFirst ? CardBook.empty(parts.outbox, request.id) : await CardBook.open(parts.outbox, request.id)
  const visit: Visit = { held, request, come, book }
  const channels = cardChannels(parts.policy, request)

  for (const row of book.behind(revision(request))) {
    const ended = await attempt(parts, visit, row)
    if (ended !== null) return ended
  }
  for (const channel of isNews(request, parts.clock.now()) ? channels : []) {
    const ended = book.hasCard(channel) ? null : await attempt(parts, visit, book.rowOf(channel))
    if (ended !== null) return ended
  }
  const ended = await tellRound(parts, visit)
  if (ended !== null) return ended
  return isUnreachable(parts, visit, channels) ? 'unreachable' : { next }
}

/** The channels that get a card of a request. A use has none: that of its standing approval tells of it. */
export const cardChannels = (
  policy: Pick<Policy, 'group'>,
  { under, requirement }: Pick<ApprovalRequest, 'under' | 'requirement'>,
): readonly string[] => (under === undefined ? channelsOf(policy, requirement?.slots) : [])

/** Updates a card, or posts into a channel that has none, and writes down what became of it. */
async function attempt(
  parts: PostingParts,
  { held, request, book, come }: Visit,
  row: CardRow,
): Promise<'lost' | 'moved' | null> {
  const { channel, card } = row
  const tried = await send(parts, held, row, (again) =>
    card ? updated(parts, card, request, again) : parts.messenger.post(channel, request, again),
  )
  if (typeof tried === 'string') return tried
  if ('notBefore' in tried) {
    if (!isGivenUp(row)) come(tried.notBefore)
  } else if ('sent' in tried) {
    await book.put({ channel, card: tried.sent, rev: revision(request), attempts: 0 })
    if (!card) await book.drop(row)
  } else if (card && tried.unsent === 'gone') {
    // A person deleted the card: the channel gets another.
    await book.drop(row)
  } else {
    await book.put(tried.row)
    if (!isGivenUp(tried.row)) come(tried.row.notBefore)
  }
  return null
}

async function updated(
  { messenger }: PostingParts,
  card: PostedCard,
  request: ApprovalRequest,
  again: Again,
): Promise<Sent<PostedCard>> {
  const sent = await messenger.update(card, request, again)
  return 'sent' in sent ? { sent: card } : sent
}

/** Says whether no channel was reached, and either none can be or the attempts have gone on for long enough. */
function isUnreachable({ clock }: PostingParts, { request, book, come }: Visit, channels: readonly string[]): boolean {
  if (request.status !== 'pending' || request.undeliverable || channels.length === 0) return false
  if (channels.some((channel) => book.isReached(channel))) return false
  const enough = plusSeconds(request.createdAt, undeliverableAfter)
  if (channels.every((channel) => book.isLost(channel)) || clock.now() >= enough) return true
  come(enough)
  return false
}

const isNews = (request: ApprovalRequest, now: Instant): boolean =>
  !('closedAt' in request) || now < plusSeconds(request.closedAt, newsFor)
