import type { Digest, Hex, RequestId, Shard } from '../data/id.ts'
import type { Instant } from '../data/instant.ts'
import type { Members } from '../data/shape.ts'
import type { Actor, Fact } from '../request/event.ts'
import type { ApprovalRequest, Step } from '../request/request.ts'

/** An event as its leaf says it. `said` has the digests of what people wrote. */
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
}

/** What the rules gave; or why they give nothing, in words. */
export type Given = Step | string

/** Kinds of events that an auditor should look at, as docs/evidence/bundle.md explains them. */
export type ExceptionKind =
  | 'never-used'
  | 'unreported'
  | 'failed'
  | 'expired'
  | 'revoked'
  | 'undeliverable'
  | 'hasty'
  | 'policy-changed'
  | 'key-rotated'
  | 'erased'

/** What the log records of events of one type. */
export interface EventType<Type extends Fact['type']> {
  /** What its leaves have besides their place and actor, by version. */
  readonly forms: Readonly<Record<number, Members>>
  /**
   * Commands anew what an event about an open or closed request records.
   *
   * @throws {Problem} where the rules refuse it
   */
  replay(request: ApprovalRequest, event: EventOf<Type>): Given
  /** Present if a deadline that has passed need not be recorded before the event. */
  readonly ignoresDeadlines?: true
  /** Judges an event that is about no request. Answers what is wrong, in words. */
  judge?(event: EventOf<Type>, policy: KnownPolicy): string | null
  /** The policy version that the event names. */
  policy?(event: EventOf<Type>): Digest
  /** `null` for what no auditor needs to look at. */
  readonly exception: ExceptionType<Type> | null
}

/** The policy version that a shard is under; unknown until an event names it. */
export interface KnownPolicy {
  readonly isKnown: boolean
  /** Absent before the first policy. */
  readonly version?: Digest
}

interface ExceptionType<Type extends Fact['type']> {
  readonly kind: ExceptionKind
  /** Answers `null` for an event that is no exception. */
  detail?(event: EventOf<Type>, life: Replayed | null): string | null
}
