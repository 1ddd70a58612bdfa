import { type Instant, plusSeconds } from '../core/data/instant.ts'
import { Problem } from '../core/data/problem.ts'
import { type Notice, noticesOf } from '../core/request/notice.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Messenger } from '../ports/messenger.ts'
import type { Outbox, ToldRow } from '../ports/outbox.ts'
import type { Policy } from '../ports/policy.ts'
import type { Hearer, Hearers } from './hearers.ts'
import type { CardBook } from './requestCards.ts'
import { type Held, isGivenUp, send, type SendingParts } from './sending.ts'

export type TellingParts = SendingParts & {
  readonly outbox: Pick<Outbox, 'renew' | 'told' | 'putTold'>
  readonly messenger: Pick<Messenger, 'tell'>
  readonly policy: Pick<Policy, 'complianceChannel'>
  /** Without it no person is told anywhere but in the threads. */
  readonly hearers?: Hearers
}

/** What a round tells, and of what it is known already. */
interface TellingRound {
  readonly held: Held
  readonly request: ApprovalRequest
  readonly told: ReadonlyMap<string, ToldRow>
  /** Called with the time at which something that is left may be tried. */
  readonly come: (at: Instant) => void
}

/** One reader, and where they read. */
interface Reader {
  /** As rows name them. */
  readonly whom: string
  readonly place: string
  /** The person, if nobody else reads. */
  readonly own?: Hearer
}

/** People that a notice mentions in a thread, at most. */
const mostMentioned = 10

/** Seconds until the directory is asked again who is concerned. */
const askAgain = 60

/**
 * Tells people what they were not told yet: in the threads of the request's cards, in the compliance channel, and in their own
 * chats. A reader is told of an event once, or again after a crash that kept the row from being written.
 */
export async function tellRound(
  parts: TellingParts,
  { held, request, book, come }: Omit<TellingRound, 'told'> & { readonly book: CardBook },
): Promise<'lost' | 'moved' | null> {
  const now = parts.clock.now()
  const notices = noticesOf(request).filter(({ until }) => until === undefined || now < until)
  if (notices.length === 0) return null
  const rows = await parts.outbox.told(request.id)
  const round: TellingRound = { held, request, come, told: new Map(rows.map((row) => [nameOf(row), row])) }
  for (const notice of notices) {
    const ended = await tellAll(parts, round, notice, book)
    if (ended !== null) return ended
  }
  return null
}

const nameOf = ({ seq, whom }: Pick<ToldRow, 'seq' | 'whom'>): string => `${seq} ${whom}`

async function tellAll(
  parts: TellingParts,
  round: TellingRound,
  notice: Notice,
  book: CardBook,
): Promise<'lost' | 'moved' | null> {
  const hearers = await concerned(parts, round, notice)
  const isAwake = ({ quietUntil }: Hearer): boolean => notice.isUrgent || quietUntil === undefined
  const awake = hearers.filter(isAwake)
  for (const { id, quietUntil } of hearers)
    if (!notice.isUrgent && quietUntil !== undefined && !isTold(round, notice, id)) round.come(quietUntil)
  const compliance = notice.toCompliance ? parts.policy.complianceChannel() : null
  const readers: readonly Reader[] = [
    ...(notice.inThreads ? book.threads() : []).map(({ channel, conversation }) => ({
      whom: channel,
      place: conversation,
    })),
    ...(compliance === null ? [] : [{ whom: `compliance ${compliance}`, place: compliance }]),
    ...awake.map((own) => ({ whom: own.id, place: own.conversation, own })),
  ]
  for (const reader of readers) {
    const ended = await tellOne(parts, round, notice, { ...reader, mentioned: notice.groups.length > 0 ? awake : [] })
    if (ended !== null) return ended
  }
  return null
}

/** Whether a person was told of the event, or removed the bot. */
function isTold({ told }: TellingRound, { seq }: Notice, whom: string): boolean {
  const row = told.get(nameOf({ seq, whom }))
  return row !== undefined && (row.at !== undefined || row.lost === true)
}

/** Whom the notice concerns. While that cannot be found out, the channels are told all the same. */
async function concerned(
  { hearers, clock, failed }: TellingParts,
  { request, come }: TellingRound,
  notice: Notice,
): Promise<readonly Hearer[]> {
  try {
    return (await hearers?.(request, notice)) ?? []
  } catch (cause) {
    if (!(cause instanceof Problem) || cause.code !== 'unavailable') failed(cause)
    come(plusSeconds(clock.now(), askAgain))
    return []
  }
}

/** Tells one reader, and writes down what became of it. */
async function tellOne(
  parts: TellingParts,
  { held, request, told, come }: TellingRound,
  notice: Notice,
  { whom, place, own, mentioned }: Reader & { readonly mentioned: readonly Hearer[] },
): Promise<'lost' | 'moved' | null> {
  const { seq } = notice
  const known = told.get(nameOf({ seq, whom })) ?? { seq, whom, attempts: 0 }
  // A person who removed the bot is not written to again.
  if (known.at !== undefined || (own ? known.lost : isGivenUp({ ...known, channel: place, rev: 0 }))) return null
  const telling = {
    ...{ request, notice, isOwn: own !== undefined },
    mentioned: own ? [] : mentioned.slice(0, mostMentioned).map(({ id, name }) => ({ id, name })),
  }
  const tried = await send(parts, held, { ...known, channel: place, rev: 0 }, (again) =>
    parts.messenger.tell(place, telling, again),
  )
  if (typeof tried === 'string') return tried
  if ('notBefore' in tried) come(tried.notBefore)
  else if ('sent' in tried) await parts.outbox.putTold(request.id, { seq, whom, attempts: 0, at: parts.clock.now() })
  else {
    const { attempts, notBefore, lost } = tried.row
    await parts.outbox.putTold(request.id, { seq, whom, attempts, notBefore, ...(lost && { lost }) })
    if (!(own && lost)) come(notBefore)
  }
  return null
}
