import type { Instant } from '../core/data/instant.ts'
import type { NoticeKind } from '../core/request/notice.ts'
import type { ReviewFinding } from '../core/request/event.ts'
import type { Sentence } from './run.ts'

/** What people and the side that asks say to each other, and what time adds. */
export interface TalkWords {
  /** An approver's question; `undefined` once it is erased. */
  readonly asks: (who: string, question: string | undefined) => Sentence
  /** So many older questions, where only the newest are shown. */
  readonly earlier: (many: number) => string
  readonly waits: string
  /** The same where neither the question nor who asked it may be read. */
  readonly waitsUnnamed: string
  /** Stands above an answer that a person gave. An agent's answer is marked as its reason is. */
  readonly byPerson: (who: string) => Sentence
  readonly erased: string
  /** Puts what was answered behind who did. */
  readonly answered: (answer: string) => Sentence
  /** Stands for a name that cannot be shown where it would have to stand. */
  readonly person: (number: number) => string
  /** An approver made the request smaller. */
  readonly narrowed: (who: string) => Sentence
  /** The same where no name may be read. */
  readonly narrowedUnnamed: string
  /** So many of the approvals that are needed; these people approved before what was added last. */
  readonly stale: (have: number, of: number, names: readonly string[], isNarrowed: boolean) => Sentence
  /** Groups that joined since. */
  readonly joined: (groups: readonly string[]) => string
}

/** That one person approved alone, and what others think of it. */
export interface EmergencyWords {
  /** Without a name or a reason where they are erased. */
  readonly broken: (who: string, reason: string | null) => Sentence
  /** The same where no name may be read. */
  readonly brokenUnnamed: string
  readonly reviewBy: (at: Instant) => Sentence
  /** Nobody reviewed it by this moment. */
  readonly unreviewed: (at: Instant) => Sentence
  readonly finding: Readonly<Record<ReviewFinding, (who: string, reason: string | null) => Sentence>>
  /** The same where no name may be read. */
  readonly findingUnnamed: Readonly<Record<ReviewFinding, string>>
  /** Follows what comes next while a review is due. */
  readonly next: string
  /** Why a person who may break the glass sees no button that approves as usual. */
  readonly onlyGlass: string
}

/** Why people are told of a request, by the event that is the reason. */
export type NoticeWords = Readonly<Record<NoticeKind, string>>
