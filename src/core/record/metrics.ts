import { csvLine } from '../data/csv.ts'
import { type Day, startOf } from '../data/day.ts'
import { hourOf, type Instant, milliseconds } from '../data/instant.ts'
import type { ObjectId } from '../data/id.ts'
import type { Outcome, Verdict } from '../request/event.ts'
import type { ApprovalRequest } from '../request/request.ts'
import type { Writable } from '../data/changed.ts'
import { isHasty, type Talk, type TalkType } from './eventType.ts'
import type { Life } from './replayedRequest.ts'
import { addTime, addTimes, noTimes, sortedTimes, type Times } from './times.ts'

/** Whom a metric is about, in the order of the table: all requests, those of a rule or an agent, the votes of an approver. */
const metricGroups = ['all', 'rule', 'agent', 'approver'] as const

type MetricGroup = (typeof metricGroups)[number]

/** A row of `metrics.csv`, which docs/evidence/bundle.md explains. */
export interface Metric {
  readonly by: MetricGroup
  /** A rule id or an object id; empty for `all`. */
  readonly of: string
  readonly metric: string
  /** A count, or milliseconds. */
  readonly value: number
}

const metricColumns = ['by', 'of', 'metric', 'value'] as const satisfies readonly (keyof Metric)[]

export const metricsHeader = csvLine(metricColumns)
export const metricLine = (row: Metric): string => csvLine(metricColumns.map((column) => row[column]))

/** The edition of the metrics: which there are, and what each counts. */
const edition: Metric = { by: 'all', of: '', metric: 'edition', value: 1 }

/** Of times, the percentiles (nearest rank). */
const percentiles = [50, 90, 99] as const

/** What was counted for one rule, agent or approver, or for all. It is plain data, because it may come from a thread. */
interface Tally {
  readonly counts: Map<string, number>
  /** By what they are the times of. */
  readonly times: Map<string, Times>
  /** Of an approver, the number of votes in each hour. */
  readonly hours: Map<Instant, number>
}

/** Tallies by group, and there by rule or object id. */
export type Tallies = Readonly<Record<MetricGroup, Map<string, Tally>>>

const noTallies = (): Tallies => ({ all: new Map(), rule: new Map(), agent: new Map(), approver: new Map() })

/**
 * The moment from which on what a request's life tells happened on this day; `null` for the first day of a log, on which all
 * of it did: that day also has events that a slow clock dated earlier.
 */
export const beginOf = ({ number, date }: { readonly number: number; readonly date: Day }): Instant | null =>
  number === 1 ? null : startOf(date)

/** What is counted of a request: plain data, because it may come from a file. */
export interface LifeFacts {
  readonly agent: ObjectId
  readonly rules: readonly string[]
  readonly outcome: Outcome
  readonly status: ApprovalRequest['status']
  readonly createdAt: Instant
  readonly decidedAt?: Instant
  readonly closedAt?: Instant
  /** When it was shown first. */
  readonly seenAt?: Instant
  readonly votes: readonly {
    readonly approver: ObjectId
    readonly verdict: Verdict
    readonly at: Instant
    /** An element of `looks` in a {@link Life}. */
    readonly look: number | null
  }[]
  /** What people said beside votes. Absent if they said nothing. */
  readonly talk?: readonly Talk[]
  /** Present in a use of a standing approval. */
  readonly isUse?: true
}

/** What is counted of what people said beside votes. `asked` is the ask of an agent. */
const talkMetrics: Readonly<Record<TalkType, string>> = {
  asked: 'questions',
  answered: 'answered',
  narrowed: 'narrowed',
  reminded: 'reminded',
  escalated: 'escalated',
  'glass-broken': 'glass-broken',
  reviewed: 'reviewed',
  unreviewed: 'unreviewed',
  used: 'used',
}

/** Picks what is counted of a request. */
export function lifeFacts({ request, decidedAt, shownAt, looks, talk }: Life): LifeFacts {
  const { agent, policy, status, createdAt, decisions } = request
  const [seenAt] = shownAt
  const { rules, outcome } = policy
  const votes = decisions.map(({ approver, verdict, at }, i) => ({ approver, verdict, at, look: looks[i] ?? null }))
  const facts: Writable<LifeFacts> = { agent: agent.id, rules, outcome, status, createdAt, votes }
  if (decidedAt !== undefined) facts.decidedAt = decidedAt
  if ('closedAt' in request) facts.closedAt = request.closedAt
  if (seenAt !== undefined) facts.seenAt = seenAt
  if (talk) facts.talk = talk
  if (request.under !== undefined) facts.isUse = true
  return facts
}

/** Counts what happened to requests, from their lives at the end of a day or of several. */
export class Metrics {
  readonly #tallies: Tallies

  constructor(tallies: Tallies = noTallies()) {
    this.#tallies = tallies
  }

  /**
   * Counts what happened to a request from a moment on.
   *
   * @param from of {@link beginOf}
   */
  take(life: Life, from: Instant | null): void {
    this.takeFacts(lifeFacts(life), from)
  }

  /** Does what {@link take} does. */
  takeFacts(facts: LifeFacts, from: Instant | null): void {
    const of = [
      this.#of('all', ''),
      ...[...new Set(facts.rules)].map((rule) => this.#of('rule', rule)),
      this.#of('agent', facts.agent),
    ]
    for (const name of countsOf(facts, from)) for (const tally of of) count(tally, name)
    for (const [name, time] of timesOf(facts, from)) for (const tally of of) addTime(timesIn(tally, name), time)
    for (const { type, at, took } of facts.talk ?? []) {
      if (!isSince(at, from)) continue
      for (const tally of of) count(tally, talkMetrics[type])
      if (took !== undefined) for (const tally of of) addTime(timesIn(tally, 'answer'), took)
    }
    for (const { approver: person, verdict, at, look } of facts.votes) {
      if (!isSince(at, from)) continue
      const approver = this.#of('approver', person)
      takeVote([...of, approver], look)
      count(approver, verdict)
      const hour = hourOf(at)
      approver.hours.set(hour, (approver.hours.get(hour) ?? 0) + 1)
    }
  }

  /** Adds what was counted elsewhere. */
  add(others: Tallies): void {
    for (const by of metricGroups)
      for (const [of, { counts, times, hours }] of others[by]) {
        const tally = this.#of(by, of)
        for (const [name, value] of counts) count(tally, name, value)
        for (const [name, all] of times) addTimes(timesIn(tally, name), all)
        for (const [hour, votes] of hours) tally.hours.set(hour, (tally.hours.get(hour) ?? 0) + votes)
      }
  }

  tallies(): Tallies {
    return this.#tallies
  }

  /** Lists the metrics in the order of the table. What has no value, because nothing of it happened, has no row. */
  rows(): readonly Metric[] {
    const rows = metricGroups.flatMap((by) =>
      [...this.#tallies[by]]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .flatMap(([of, tally]) => valuesOf(tally).map(([metric, value]): Metric => ({ by, of, metric, value }))),
    )
    return [edition, ...rows]
  }

  #of(by: MetricGroup, of: string): Tally {
    const known = this.#tallies[by].get(of)
    if (known) return known
    const made: Tally = { counts: new Map(), times: new Map(), hours: new Map() }
    this.#tallies[by].set(of, made)
    return made
  }
}

const isSince = (at: Instant | undefined, from: Instant | null): at is Instant =>
  at !== undefined && (from === null || at >= from)

/** Names what happened once: the ask, the decision, the end. */
function countsOf(facts: LifeFacts, from: Instant | null): readonly string[] {
  const { status, createdAt, decidedAt, closedAt } = facts
  const verdict = status === 'denied' ? 'denied' : 'approved'
  return [
    ...(isSince(createdAt, from) ? ['asked'] : []),
    ...(isSince(decidedAt, from) ? [`${verdict}-by-${isAlone(facts) ? 'glass' : deciderOf(facts)}`] : []),
    ...(isSince(closedAt, from) && status !== 'denied' ? [status] : []),
  ]
}

/** Whether one person approved it alone. */
const isAlone = ({ talk = [] }: LifeFacts): boolean => talk.some(({ type }) => type === 'glass-broken')

/** Who decides a request: people exactly if the policy asked for them, and they had not decided before. */
function deciderOf({ outcome, isUse }: LifeFacts): 'people' | 'policy' | 'standing' {
  if (outcome !== 'approve') return 'policy'
  return isUse ? 'standing' : 'people'
}

/** The times from the ask to the decision of people, and to the first view. */
function timesOf(facts: LifeFacts, from: Instant | null): readonly (readonly [string, number])[] {
  const { createdAt, decidedAt, seenAt } = facts
  const since = (at: Instant): number => milliseconds(at) - milliseconds(createdAt)
  return [
    ...(isSince(decidedAt, from) && deciderOf(facts) === 'people' ? [['decide', since(decidedAt)] as const] : []),
    ...(isSince(seenAt, from) ? [['first-look', since(seenAt)] as const] : []),
  ]
}

function takeVote(of: readonly Tally[], look: number | null): void {
  for (const tally of of) {
    if (look === null) count(tally, 'unseen')
    else addTime(timesIn(tally, 'look'), look)
    if (isHasty(look)) count(tally, 'hasty')
  }
}

function count({ counts }: Tally, name: string, more = 1): void {
  counts.set(name, (counts.get(name) ?? 0) + more)
}

function timesIn({ times }: Tally, name: string): Times {
  const known = times.get(name)
  if (known) return known
  const made = noTimes()
  times.set(name, made)
  return made
}

/** The metrics of a tally by name, sorted. */
function valuesOf({ counts, times, hours }: Tally): readonly (readonly [string, number])[] {
  const busiest = [...hours.values()].reduce((most, votes) => Math.max(most, votes), 0)
  const values: (readonly [string, number])[] = [
    ...counts,
    ...(busiest > 0 ? [['busiest-hour', busiest] as const] : []),
  ]
  for (const [name, all] of times) {
    const sorted = sortedTimes(all)
    values.push([`${name}-n`, sorted.length])
    for (const percent of percentiles) values.push([`${name}-p${percent}`, nearestRank(sorted, percent)])
  }
  return values.sort(([a], [b]) => (a < b ? -1 : 1))
}

/** The smallest value that at least so many percent of the values do not exceed. */
const nearestRank = (sorted: Uint32Array | Float64Array, percent: number): number =>
  sorted[Math.ceil((percent * sorted.length) / 100) - 1] ?? 0
