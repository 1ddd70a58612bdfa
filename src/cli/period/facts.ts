import type { Day } from '../../core/data/day.ts'
import type { Digest, Hex, ObjectId, RequestId } from '../../core/data/id.ts'
import type { Instant } from '../../core/data/instant.ts'
import type { EventOf, LogEvent } from '../../core/record/eventType.ts'
import type { RequestCells } from '../../core/record/tables.ts'
import type { ReviewFinding, Verdict, VoidReason } from '../../core/request/event.ts'
import type { ExceptionRow } from '../../verify/exceptionTable.ts'
import type { Text } from '../../verify/saidReader.ts'

/**
 * What a period's report says of a request, from events that were verified. It is plain data, because it is kept in a file
 * until all days are read.
 */
export interface RequestFacts {
  readonly id: RequestId
  /** The newest day of the period on which it has an event. What is said of it is as of the end of that day. */
  day: Day
  /** Its row of `requests.csv` of that day. */
  cells: RequestCells
  warnings: readonly string[]
  /** Accounts of people who may not approve. */
  excluded: readonly ObjectId[]
  readonly looks: FactLook[]
  readonly votes: FactVote[]
  /** Present once somebody approved alone in an emergency. */
  glass?: FactGlass
  readonly refusals: { readonly at: Instant; readonly by: string; readonly act: string; readonly code: string }[]
  /** What happened beside asks, looks and votes, as `at type by`. */
  readonly steps: FactStep[]
  readonly odd: { readonly kind: string; readonly at: string; readonly detail: string; readonly actor: string }[]
  /** Texts by the number of their event and their name, as `12 reason`. */
  readonly said: Record<string, string>
  /** Texts that an event commits to and that were not given, as in `said`. */
  readonly missing: string[]
}

/** A page of the request that an approver was shown. */
interface FactLook {
  readonly at: Instant
  readonly by: ObjectId
  readonly view: Digest
  readonly page: number
  readonly pages: number
}

/** A vote of a person. */
export interface FactVote {
  readonly seq: number
  readonly at: Instant
  readonly by: ObjectId
  readonly verdict: Verdict
  /** The door that it came through. */
  readonly via: string
  /** What the approver was shown; absent if nothing records it. */
  readonly view?: Digest
  /** When they were shown it first. */
  readonly seenAt?: Instant
  /** All accounts of the person. */
  readonly accounts: readonly ObjectId[]
  readonly groups: readonly string[]
  void?: VoidReason
  /** Present once a question was answered after it: it fills no place any more. */
  outdated?: true
}

/** An approval of one person alone, and what another one thinks of it. */
interface FactGlass {
  readonly seq: number
  readonly at: Instant
  readonly by: ObjectId
  readonly accounts: readonly ObjectId[]
  readonly reviewBy: Instant
  review?: { readonly seq: number; readonly at: Instant; readonly by: string; readonly finding: ReviewFinding }
}

/** Something else that happened to a request. */
interface FactStep {
  readonly seq: number
  readonly at: Instant
  readonly type: string
  readonly by: string
}

/** A request of which nothing is read yet. */
export const noFacts = (id: RequestId, day: Day): RequestFacts => ({
  ...{ id, day, cells: {} as RequestCells, warnings: [], excluded: [] },
  ...{ looks: [], votes: [], refusals: [], steps: [], odd: [], said: {}, missing: [] },
})

/** What is read of an event. */
export interface ReadEvent {
  readonly event: LogEvent
  readonly texts: readonly Text[]
  /** The names of texts that it commits to and that were not given. */
  readonly missing: readonly string[]
  /** Its leaf hash; only of votes, which a later event may name. */
  readonly hash?: Hex
}

/** The votes of requests by the hash of their event, while a shard is read. */
export type VotesByHash = Map<Hex, FactVote>

/** Adds an event to what is known of its request. */
export function addEvent(facts: RequestFacts, read: ReadEvent, votes: VotesByHash): void {
  const { event, texts, missing, hash } = read
  for (const { name, text } of texts) facts.said[`${event.seq} ${name}`] = text
  for (const name of missing) facts.missing.push(`${event.seq} ${name}`)
  const by = 'id' in event.actor ? event.actor.id : event.actor.kind
  switch (event.type) {
    case 'requested':
      facts.warnings = event.data.warnings
      facts.excluded = event.data.excluded ?? []
      break
    case 'shown': {
      const { view, page, pages } = event.data
      facts.looks.push({ at: event.at, by: by as ObjectId, view, page, pages })
      return
    }
    case 'decided': {
      const vote = voteOf(facts, event, by as ObjectId)
      facts.votes.push(vote)
      if (hash !== undefined) votes.set(hash, vote)
      return
    }
    case 'vote-void': {
      const vote = votes.get(event.data.vote)
      if (vote) vote.void = event.data.why
      break
    }
    case 'answered':
      for (const vote of facts.votes) vote.outdated = true
      break
    case 'glass-broken': {
      const { reviewBy, facts: person } = event.data
      facts.glass = { seq: event.seq, at: event.at, by: by as ObjectId, accounts: person.accounts, reviewBy }
      break
    }
    case 'reviewed':
      if (facts.glass) facts.glass.review = { seq: event.seq, at: event.at, by, finding: event.data.finding }
      break
    case 'refused':
      facts.refusals.push({ at: event.at, by, act: event.data.act, code: event.data.code })
      return
    default:
  }
  facts.steps.push({ seq: event.seq, at: event.at, type: event.type, by })
}

function voteOf(facts: RequestFacts, { seq, at, data }: EventOf<'decided'>, by: ObjectId): FactVote {
  const { verdict, via, view } = data
  const seenAt = view && facts.looks.find((look) => look.by === by && look.view === view)?.at
  return {
    ...{ seq, at, by, verdict, via, accounts: data.facts.accounts, groups: data.facts.groups },
    ...(view !== undefined && { view }),
    ...(seenAt !== undefined && { seenAt }),
  }
}

/** Adds an exception of one of its events. */
export function addOdd(facts: RequestFacts, { kind, at, detail, actor }: ExceptionRow): void {
  facts.odd.push({ kind, at, detail, actor })
}

/** Finds the text of an event's name, such as `reason` of the ask. */
export function textOf(facts: RequestFacts, type: string, name: string): string | undefined {
  const seq = facts.steps.findLast((step) => step.type === type)?.seq
  return seq === undefined ? undefined : facts.said[`${seq} ${name}`]
}

/** Adds what earlier days of the period tell of a request: its texts, and what was out of the ordinary. */
export function addEarlier(facts: RequestFacts, earlier: RequestFacts): void {
  for (const [key, text] of Object.entries(earlier.said)) facts.said[key] ??= text
  facts.missing.unshift(...earlier.missing)
  facts.odd.unshift(...earlier.odd)
}
