import { isObject, type Json, type JsonObject } from '../../core/data/json.ts'
import { type Instant, milliseconds } from '../../core/data/instant.ts'
import { spoken } from '../../words/spoken.ts'
import { controlsOf } from '../../core/policy/controls.ts'
import type { PeriodData } from './collect.ts'
import { type FactVote, type RequestFacts, textOf } from './facts.ts'

/** A request of a period in words, for pages and tables. Absent is what is not known. */
export interface PeriodAccount {
  readonly facts: RequestFacts
  /** `name (object id)` wherever the name is known. */
  readonly agent: string
  readonly owner?: string
  readonly onBehalfOf?: string
  readonly executor: string
  readonly target?: string
  readonly environment?: string
  readonly params?: JsonObject
  readonly reason?: string
  readonly links: readonly string[]
  readonly controls: readonly string[]
  /** What policy said: `people decide (medium) by export-needs-dba`. */
  readonly policy: string
  readonly approvedBy: readonly string[]
  readonly deniedBy: readonly string[]
  readonly votes: readonly VoteAccount[]
  /** What approvers asked, and what was answered, in the order of time. */
  readonly talk: readonly TalkAccount[]
  /** That one person approved alone in an emergency, and what another one thinks of it. */
  readonly emergency?: readonly string[]
  /** What approvers were shown: who, when, which page of which view. */
  readonly shown: readonly string[]
  /** Seconds from the decision to the beginning of the execution. */
  readonly secondsToRun?: number
  /** What the agent reported in words. */
  readonly summary?: string
  /** Kinds of what was out of the ordinary, each with its detail. */
  readonly odd: readonly string[]
  readonly missing: readonly string[]
}

/** A vote in words. */
interface VoteAccount {
  readonly at: Instant
  readonly who: string
  readonly what: string
  /** What the approver had seen of the request: `7 s after the first look`, or that nothing records a look. */
  readonly sight: string
  readonly note?: string
}

/** A question or an answer. */
interface TalkAccount {
  readonly at: Instant
  readonly who: string
  readonly what: 'asked' | 'answered'
  /** Absent if it was not given, or was erased. */
  readonly words?: string
}

/** Puts a request into words. */
export function periodAccount(facts: RequestFacts, data: Pick<PeriodData, 'names' | 'policies'>): PeriodAccount {
  const { cells } = facts
  const { names, policies } = data
  const full = (id: string): string => names.full(id)
  const action = actionIn(textOf(facts, 'requested', 'action'))
  const rules = listIn(cells.rules)
  const texts = {
    owner: textOf(facts, 'requested', 'owner'),
    reason: textOf(facts, 'requested', 'reason'),
    summary: textOf(facts, 'succeeded', 'summary') ?? textOf(facts, 'failed', 'summary'),
  }
  const toRun = secondsBetween(cells.decided_at, cells.redeemed_at)
  return {
    facts,
    agent: full(cells.agent),
    executor: full(cells.executor),
    ...(cells.on_behalf_of !== '' && { onBehalfOf: full(cells.on_behalf_of) }),
    ...present(texts),
    ...action,
    links: linksIn(textOf(facts, 'requested', 'links')),
    controls: controlsOf(policies.controls(cells.policy), rules),
    policy: spoken.request.policy(cells.outcome, cells.tier === '' ? undefined : cells.tier, rules),
    approvedBy: [...listIn(cells.approvers).map(full), ...(facts.glass ? [`${full(facts.glass.by)} alone`] : [])],
    deniedBy: listIn(cells.denied_by).map(full),
    votes: facts.votes.map((vote) => voteOf(facts, vote, full)),
    talk: talkOf(facts, full),
    ...(facts.glass && { emergency: emergencyOf(facts, facts.glass, full) }),
    shown: facts.looks.map(
      ({ at, by, view, page, pages }) => `${at} ${full(by)}: page ${page} of ${pages}, view ${view}`,
    ),
    ...(toRun !== null && { secondsToRun: toRun }),
    odd: facts.odd.map(({ kind, detail }) => [kind, detail].filter(Boolean).join(': ')),
    missing: facts.missing.map((key) => key.replace(/^(\d+) (.*)$/, '$2 of event $1')),
  }
}

/** Splits a cell that is a list. */
export const listIn = (cell: string): readonly string[] => (cell === '' ? [] : cell.split('; '))

const present = <T extends Readonly<Record<string, string | undefined>>>(texts: T) =>
  Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== undefined)) as {
    readonly [Name in keyof T]?: string
  }

/** Seconds between two moments; `null` if one of them did not come. */
function secondsBetween(from: string, to: string): number | null {
  if (from === '' || to === '') return null
  return (milliseconds(to as Instant) - milliseconds(from as Instant)) / 1000
}

/** Reads the canonical action. Its digest was verified, so that the service wrote this text. */
function actionIn(text: string | undefined): Pick<PeriodAccount, 'target' | 'environment' | 'params'> {
  if (text === undefined) return {}
  const { target, environment, params } = JSON.parse(text) as JsonObject
  return {
    ...(typeof target === 'string' && { target }),
    ...(typeof environment === 'string' && { environment }),
    ...(isObject(params) && { params }),
  }
}

function linksIn(text = '[]'): readonly string[] {
  const links = JSON.parse(text) as Json
  if (!Array.isArray(links)) return []
  return links.filter(isObject).map(({ title, url }) => `${wordOf(title)} ${wordOf(url)}`)
}

const wordOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

function voteOf(facts: RequestFacts, vote: FactVote, full: (id: string) => string): VoteAccount {
  const { seq, at, by, verdict, via } = vote
  const note = facts.said[`${seq} reason`]
  const what = `${verdict === 'approve' ? 'approved' : 'denied'} through ${via}`
  const since = vote.void === undefined ? (vote.outdated ? ', before an answer' : '') : `, void since: ${vote.void}`
  return {
    ...{ at, who: full(by), what: `${what}${since}` },
    sight: sightOf(vote),
    ...(note !== undefined && { note }),
  }
}

function talkOf({ steps, said }: RequestFacts, full: (id: string) => string): readonly TalkAccount[] {
  return steps.flatMap(({ seq, at, type, by }): readonly TalkAccount[] => {
    if (type !== 'asked' && type !== 'answered') return []
    const words = said[`${seq} ${type === 'asked' ? 'question' : 'answer'}`]
    return [{ at, who: full(by), what: type, ...(words !== undefined && { words }) }]
  })
}

function emergencyOf(
  { said }: RequestFacts,
  { seq, at, by, reviewBy, review }: NonNullable<RequestFacts['glass']>,
  full: (id: string) => string,
): readonly string[] {
  const quoted = (place: number): string =>
    said[`${place} reason`] === undefined ? '' : `: ${said[`${place} reason`]}`
  const reviewed = review
    ? `found ${review.finding} by ${full(review.by)} at ${review.at}${quoted(review.seq)}`
    : `to be reviewed by ${reviewBy}`
  return [`${at} ${full(by)} approved it alone${quoted(seq)}`, reviewed]
}

function sightOf({ seenAt, at }: FactVote): string {
  if (seenAt === undefined) return 'no look is recorded'
  const seconds = secondsBetween(seenAt, at) ?? 0
  return `${seconds} s after the first look`
}
