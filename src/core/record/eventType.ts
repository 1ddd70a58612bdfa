import type { Digest, Hex, RequestId, Shard } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import type { Members } from '../data/shape.ts'
import type { Actor, Fact } from '../request/event.ts'
import type { ApprovalRequest, Step } from '../request/request.ts'

/** An event as its leaf has it. `said` has the salted digests of the texts that people wrote. */
export type LogEvent = Fact & {
  readonly v: 1
  readonly at: Instant
  readonly shard: Shard
  readonly seq: number
  readonly prev: Hex
  readonly actor: Actor
  readonly request?: RequestId
  readonly said?: Readonly<Record<string, Hex>>
}

/** An event of one type. */
export type EventOf<Type extends Fact['type']> = LogEvent & { readonly type: Type }

/** A request as far as its events were replayed. */
export interface Replayed {
  readonly request: ApprovalRequest
  /** When each of `request.shown` was shown. */
  readonly shownAt: readonly Instant[]
  /**
   * For each of `request.decisions`, the milliseconds from the first `shown` of its view to this approver until the vote;
   * `null` for a vote without a view.
   */
  readonly looks: readonly (number | null)[]
}

/** What people said beside votes, what became of it, and uses: the types of events that are counted of a request. */
export const talkTypes = [
  'asked',
  'answered',
  'narrowed',
  'reminded',
  'escalated',
  'glass-broken',
  'reviewed',
  'unreviewed',
  'used',
] as const
export type TalkType = (typeof talkTypes)[number]

/** One of them, and when. */
export interface Talk {
  readonly type: TalkType
  readonly at: Instant
  /** Of an answer, the milliseconds since its question. */
  readonly took?: number
}

/** Milliseconds. A vote that follows the view sooner than this cannot have been read. */
const hastyWithin = 5_000

/** @param look an element of `looks` in {@link Replayed} */
export const isHasty = (look: number | null): look is number => look !== null && look < hastyWithin

/** The result of the rules; or, in words, why they have none. */
export type Given = Step | string

/** Kinds of events that an auditor should look at, as docs/evidence/bundle.md explains them. */
export const exceptionKinds = [
  'never-used',
  'unreported',
  'failed',
  'expired',
  'revoked',
  'undeliverable',
  'hasty',
  'approver-excluded',
  'unseen',
  'vote-void',
  'policy-changed',
  'key-rotated',
  'erasure-asked',
  'erased',
  'tampered',
  'exported',
  'refused',
  'held',
  'released',
  'escalated',
  'glass-broken',
  'unreviewed',
  'unjustified',
  'standing',
  'stood-in',
  'late-seal',
] as const

export type ExceptionKind = (typeof exceptionKinds)[number]

/** All that the code knows about one type of event. */
export interface EventType<Type extends Fact['type']> {
  /** The members of its leaves by version, without their place and actor. */
  readonly forms: Readonly<Record<number, Members>>
  /**
   * Runs the command again that an event of an existing request records.
   *
   * @throws {Problem} if the rules refuse the command
   */
  replay(request: ApprovalRequest, event: EventOf<Type>): Given
  /** Present if the event may follow a deadline that has passed and is not recorded yet. */
  readonly ignoresDeadlines?: true
  /** Judges an event that is about no request. Returns what is wrong in words, or `null`. */
  judge?(event: EventOf<Type>, known: KnownLog): string | null
  /** Finds the policy version that the event names. */
  policy?(event: EventOf<Type>): Digest
  /** `null` if no auditor needs to look at such events. Of several kinds the first that applies counts. */
  readonly exception: ExceptionType<Type> | readonly ExceptionType<Type>[] | null
}

/** What the events of a shard's day have said so far, beside those of requests. */
interface KnownLog {
  readonly policy: KnownPolicy
  /** The downloads, each by {@link exportKey}. */
  readonly exports: ReadonlySet<string>
  /** The days and groups whose members were recorded, as `2026-03-04 dba`. */
  readonly rosters: ReadonlySet<string>
  /** The holds of the day, in all shards. */
  readonly holds: { refusal(event: Pick<EventOf<'held' | 'released'>, 'type' | 'at' | 'data'>): string | null }
}

/** The policy version in force in a shard; unknown until an event names it. */
export interface KnownPolicy {
  readonly isKnown: boolean
  /** Absent before the first policy. */
  readonly version?: Digest
}

interface ExceptionType<Type extends Fact['type']> {
  readonly kind: ExceptionKind
  /** Describes an exception; `null` if this event is not one. */
  detail?(event: EventOf<Type>, life: Replayed | null): string | null
}
