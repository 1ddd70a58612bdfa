import type { Day } from '../core/data/day.ts'
import type { Instant } from '../core/data/instant.ts'
import type { DrawingForm } from '../core/action/drawing.ts'
import type { Units } from '../core/data/measure.ts'
import type { ExceptionKind } from '../core/record/eventType.ts'
import type { Fact, Tier, Verdict, VoidReason } from '../core/request/event.ts'
import type { ClosedStatus, Status } from '../core/request/request.ts'
import type { StopCode } from '../core/request/nextStep.ts'
import type { Uncovered } from '../core/request/uncovered.ts'
import type { LessWords } from './lessWords.ts'
import type { RuleWords } from './ruleWords.ts'
import type { Sentence } from './run.ts'
import type { GateWords } from './gateWords.ts'
import type { SlackWords } from './slackWords.ts'
import type { StandingWords } from './standingWords.ts'
import type { EmergencyWords, NoticeWords, TalkWords } from './talkWords.ts'

/**
 * What the product says to people, in one language. A language is one file with an object of this type, which holds no
 * logic beyond the order of words and plurals.
 *
 * The sentences of problems are not among them: they are for developers, and stay English.
 */
export interface Words {
  /** RFC 5646, as `en`. */
  readonly tag: string
  readonly units: Units
  readonly card: CardWords
  readonly labels: FactLabels
  /** Names an agent with a person who answers for it. */
  readonly ownedAgent: (agent: string, owner: string) => string
  /** By status, with a mark in front: no meaning lies in a colour alone. */
  readonly statuses: Readonly<Record<Status, string>>
  /** By tier, with a mark in front. */
  readonly tiers: Readonly<Record<Tier, string>>
  /** By code of core/action/warning.ts. An earlier version may have recorded other codes. */
  readonly warnings: Readonly<Record<string, string>>
  readonly unknownWarning: (code: string) => string
  /** Names what a warning about texts found; with `more` there are others. */
  readonly foundCharacters: (names: readonly string[], more: number) => string
  readonly next: NextWords
  readonly history: HistoryWords
  readonly talk: TalkWords
  readonly emergency: EmergencyWords
  readonly standing: StandingWords
  readonly notices: NoticeWords
  readonly deadline: DeadlineWords
  readonly progress: ProgressWords
  readonly params: ParamWords
  readonly run: RunWords
  readonly buttons: ButtonWords
  readonly stops: Readonly<Record<StopCode, string>>
  /** Which rules forbid an action; `later` if it was approved before. Without rules they are not known any more. */
  readonly forbidden: (rules: readonly ForbiddingRule[], later: boolean) => string
  /** Why no rule covers an action. */
  readonly uncovered: (verb: string, environment: string, found: Uncovered) => string
  readonly report: ReportWords
  /** Follows the line of a vote in the report: the person was not in the lists of these groups when the day began. */
  readonly unlisted: (groups: readonly string[]) => string
  /** What an auditor should look at, by kind. */
  readonly exceptions: Readonly<Record<ExceptionKind, string>>
  readonly request: RequestWords
  readonly bot: BotWords
  readonly clicks: ClickWords
  readonly less: LessWords
  readonly batch: BatchWords
  readonly slack: SlackWords
  readonly gate: GateWords
  readonly rules: RuleWords
  readonly sealed: (sealed: {
    readonly date: Day
    readonly number: number | undefined
    readonly size: number
  }) => string
}

/** A rule of `forbid.cedar`, and what its author says of it. */
interface ForbiddingRule {
  readonly id: string
  readonly summary: string | null
}

/** The fixed texts of cards. The templates in `cards/` pick from them by name. */
interface CardWords {
  readonly fallback: string
  readonly warned: string
  readonly params: string
  readonly noParams: string
  readonly erased: string
  readonly fromAgent: string
  readonly noReason: string
  /** On the card of a channel that is not to see the action. */
  readonly withheld: string
  readonly digest: string
  readonly request: string
  readonly agentId: string
  readonly review: string
  readonly previous: string
  readonly next: string
  /** Acts at once. The other buttons open a form, in which another one acts. */
  readonly approve: string
  readonly approveForm: string
  readonly noteForm: string
  readonly approveNoted: string
  readonly note: string
  readonly confirmIntro: string
  readonly confirm: string
  readonly confirmMissing: string
  readonly deny: string
  readonly denyForm: string
  readonly denyNow: string
  readonly reason: string
  readonly reasonMissing: string
  readonly revoke: string
  readonly revokeForm: string
  readonly revokeNow: string
  readonly revokeReason: string
  readonly askForm: string
  readonly askNow: string
  readonly question: string
  readonly questionMissing: string
  /** For the side that asks. */
  readonly answer: string
  readonly answerNow: string
  readonly answerMissing: string
  readonly breakForm: string
  readonly breakNow: string
  readonly breakReason: string
  readonly breakMissing: string
  readonly justifiedForm: string
  readonly justifiedNow: string
  readonly unjustifiedForm: string
  readonly unjustifiedNow: string
  readonly finding: string
  readonly findingMissing: string
  /** Leaves a form. */
  readonly back: string
  readonly lastPage: string
  readonly refused: string
  readonly whoMay: string
  readonly pending: string
}

/** What the facts of a request are called. */
export interface FactLabels {
  readonly action: string
  readonly target: string
  readonly environment: string
  readonly agent: string
  readonly executor: string
  readonly onBehalfOf: string
  /** Accounts that only the agent's own word keeps from approving. */
  readonly excludedByAgent: string
  /** The doors that may approve. */
  readonly doors: string
}

/** What happens next, or that nothing does. */
interface NextWords {
  readonly pending: (missing: readonly string[]) => string
  readonly approved: string
  readonly redeemed: string
  readonly unreported: string
  readonly closed: Readonly<Record<ClosedStatus, string>>
  readonly unreached: string
}

/**
 * How a request was decided, and what was done with it. The sentence of `saying` follows, with a person's own words.
 */
interface HistoryWords {
  /** @param more approvers that are counted instead of named */
  readonly approvedBy: (names: readonly string[], more: number) => Sentence
  /** @param rules in the policy's own words, or by their ids if it has none */
  readonly approvedByPolicy: (rules: readonly string[]) => Sentence
  readonly deniedBy: (who: Sentence) => Sentence
  readonly deniedByPolicy: (rules: readonly string[]) => Sentence
  readonly revokedBy: (who: Sentence) => Sentence
  readonly revokedByPolicy: string
  /** What is stored of it was changed from outside. */
  readonly tampered: string
  /** A vote that no longer counts. */
  readonly voided: (who: string, why: VoidReason) => Sentence
  readonly expired: string
  readonly cancelled: string
  readonly lapsed: string
  /** Of a standing approval: by its last use, or by time. */
  readonly ended: string
  readonly redeemed: string
  readonly unreported: string
  readonly succeeded: string
  readonly failed: string
  /** Puts a person's own words into quotation marks. */
  readonly saying: (text: string) => Sentence
}

interface DeadlineWords {
  /** @param length how long people have in all; a day or more unless `isShort` */
  readonly decideBy: (asked: Instant, by: Instant, length: string, isShort: boolean) => Sentence
  readonly useBy: (at: Instant) => Sentence
  readonly redeemedAt: (at: Instant) => Sentence
  readonly closedAt: (at: Instant) => Sentence
}

interface ProgressWords {
  /** So many people of these groups. */
  readonly people: (groups: readonly string[], quorum: number) => string
  /** A vote that counts. */
  /** A deputy and the member who was away. */
  readonly standIn: (deputy: string, member: string) => string
  readonly approvedBy: (who: string, isReader: boolean) => Sentence
  /** Each slot with its count, for a line without marks. */
  readonly counted: (groups: readonly string[], have: number, quorum: number) => string
}

/**
 * Words around params. Those in `⟦…⟧` cannot come from an agent: no untrusted text keeps these brackets when it is
 * shown.
 */
interface ParamWords {
  readonly pageOf: (page: number, pages: number) => string
  /** Stands beside a value that an approver made smaller: what the agent asked for. */
  readonly askedFor: (value: string) => string
  readonly partOf: (part: number, parts: number) => string
  readonly leftOut: (length: number) => string
  /** Policy's word for a param, and its real key. */
  readonly labelled: (label: string, key: string) => string
  readonly notGiven: string
  /** Of a pair of params that tell what changes. */
  readonly sides: { readonly before: string; readonly after: string }
  /** What is drawn on several lines, by its form: how many lines, items, members, or lines that differ. */
  readonly forms: { readonly [Form in DrawingForm]: (size: number) => string }
  /** Which line of it a page continues with. */
  readonly fromLine: (line: number) => string
  /** What the signs mean that a text is drawn with, by sign. */
  readonly signs: Readonly<Record<string, string>>
}

/** What a request binds, and what will therefore run. */
interface RunWords {
  readonly label: string
  /** The same where the label stands before it. */
  readonly runs: (command: string, cwd: string) => Sentence
  readonly willRun: (command: string, cwd: string) => Sentence
}

/** Buttons that are called after what they do. */
interface ButtonWords {
  /** @param what the verb and the last part of the target */
  readonly confirm: (what: string) => string
  /** Leads to the review of one of several requests. */
  readonly review: (number: number) => string
  /** Opens an address that the agent gave. With `number` there are several. */
  readonly openLink: (host: string, number?: number) => string
  /** Opens the request in the console. */
  readonly openStory: string
}

/** What an auditor's report says that an event was, by its type: the subject stands before it. */
type ReportWords = { readonly [Type in Fact['type']]: (fact: Fact & { readonly type: Type }) => string }

/** How a terminal describes a request: the labels of its lines, and sentences about how it stands. */
interface RequestWords {
  readonly labels: RequestLabels
  readonly erased: string
  readonly notVerified: (who: string) => string
  /** Whom the agent's own word keeps from approving; empty for nobody. */
  readonly excludedByAgent: (who: readonly string[]) => string
  readonly fromAgent: string
  /** Who voted, and when. */
  readonly voted: (who: string, at: string) => string
  readonly policy: (outcome: string | undefined, tier: string | undefined, rules: readonly string[]) => string
  /** How far the cards of a request got, where that is not far enough. */
  readonly delivery: (state: string) => string
  readonly waits: (progress: string, until: string | undefined) => string
  readonly ended: (id: string, status: Status, stop: string | undefined) => string
  readonly deniedBy: (id: string, approver: string, reason: string | undefined) => string
}

interface RequestLabels {
  readonly request: string
  readonly status: string
  readonly approvals: string
  readonly approvedBy: string
  readonly voided: string
  readonly deniedBy: string
  readonly asked: string
  readonly until: string
  readonly summary: string
  readonly action: string
  readonly erased: string
  readonly agent: string
  readonly owner: string
  readonly executor: string
  readonly onBehalfOf: string
  readonly excludedByAgent: string
  readonly policy: string
  readonly digest: string
  readonly target: string
  readonly environment: string
  readonly params: string
  readonly reason: string
  readonly link: string
  readonly url: string
  readonly warning: string
}

/** What a chat bot answers, and what a card says of the reader's own acts. */
interface BotWords {
  /** What a screen reader says of a card. */
  readonly speak: (status: string, tier?: string) => string
  readonly yourOtherAccount: string
  /** Why the reader may not approve: because of what the agent says, or of what policy lists. */
  readonly excluded: Readonly<Record<'agent' | 'policy', string>>
  readonly waiting: (many: number, more: boolean) => string
  /** The same whether there is no such request or the reader may not know of it. */
  readonly notFound: string
  readonly outOfDate: string
  /** Gives a person back what they typed, where their form is not shown again. */
  readonly typed: (words: string) => string
  /** The request cannot be approved here, but through these doors. */
  readonly approveElsewhere: (doors: readonly string[]) => string
  readonly notConfirmed: string
  readonly ambiguous: string
  readonly help: string
  readonly welcome: string
  /** Names the channel's id, which an operator needs and Teams shows nowhere. */
  readonly welcomeChannel: (channel: string) => string
  /** A warning, beside the welcome, where people of other organisations may be in the channel. */
  readonly sharedChannel: string
  readonly textDoesNothing: string
  readonly unknownCommand: string
  readonly nothingPending: string
  /** The same in a channel, about the channel's requests alone. */
  readonly nothingPendingHere: string
  readonly waitingHere: (many: number, more: boolean) => string
  /** In a conversation of many: a request that is not of this channel, or does not exist. */
  readonly notHere: string
  readonly showNeedsId: string
  /** In a conversation of many: who is told of what is a person's own matter. */
  readonly notifyElsewhere: string
  /** How it stands, and whom a member may name: each with the groups. */
  readonly awayUsage: (state: string, deputies: readonly string[]) => string
  readonly awayWhom: (deputies: readonly string[]) => string
  readonly awayDone: (deputy: string, groups: readonly string[], until: Instant) => string
  readonly awayNobody: string
  readonly awayElsewhere: string
  readonly notAway: string
  readonly backDone: string
  readonly notifyOn: string
  readonly notifyQuiet: (hours: string) => string
  readonly notifyOff: string
  /** Whether a person is told, and how to change it. */
  readonly notifyUsage: (state: string) => string
  /** For quiet hours in another form. */
  readonly notifyForm: string
}

/** What is wrong with a click, for the person who clicked. */
interface ClickWords {
  readonly notOurs: string
  readonly outdated: string
  readonly noRequest: string
  readonly noPage: string
  readonly automatic: string
  readonly nobody: string
  readonly nowhere: string
  readonly inputs: Readonly<Record<'reason' | 'note' | 'confirm' | 'question' | 'answer' | 'less', string>>
  readonly notText: (input: string) => string
  readonly tooLong: (input: string, most: number) => string
  readonly invisible: (input: string) => string
}

/** The cards on which a person decides several requests of one agent in one go. */
interface BatchWords {
  readonly open: (many: number, agent: string) => string
  readonly place: (at: number, of: number, agent: string) => string
  readonly choice: string
  readonly choices: Readonly<Record<Verdict | 'open', string>>
  /** Leads to the next request, and to the card on which the decisions are sent. */
  readonly next: string
  readonly end: string
  readonly heading: string
  readonly notYet: string
  readonly nothingMarked: string
  readonly marked: Readonly<Record<Verdict | 'open', string>>
  readonly submit: (many: number) => string
  readonly counted: (many: number, of: number) => string
  readonly notCounted: (why: string) => string
  readonly notConfirmed: string
}
