import type { RequestId } from '../../core/data/id.ts'
import type { RequestFacts } from './facts.ts'
import { type AuditQuestion, questions } from './questions.ts'

/** A request that a question finds. */
export interface FoundRequest {
  readonly id: RequestId
  readonly at: string
  readonly action: string
  readonly detail: string
}

/** The answer to a question. */
export interface PeriodAnswer {
  readonly question: AuditQuestion
  readonly population: number
  readonly found: number
  /** The first that were found, by the time at which they were made. */
  readonly rows: readonly FoundRequest[]
}

/** What one approver's votes come to. */
export interface ApproverVotes {
  approve: number
  deny: number
  hasty: number
  unseen: number
}

/** Requests that an answer lists; all of them can be found in the table of requests. */
export const mostListedRequests = 200

/** A day's requests by how they ended, for a picture. */
export type DayStates = Record<DayState, number>

export const dayStates = ['people', 'policy', 'denied', 'ended', 'open'] as const
export type DayState = (typeof dayStates)[number]

/** Answers the questions of the report while the requests of a period pass by. */
export class AnswersOfPeriod {
  readonly #answers = questions.map((question) => ({ question, population: 0, found: 0, rows: [] as FoundRequest[] }))
  readonly #approvers = new Map<string, ApproverVotes>()
  readonly #states = new Map<string, number>()
  readonly #days = new Map<string, DayStates>()
  #requests = 0

  take(facts: RequestFacts): void {
    const { id, cells } = facts
    this.#requests += 1
    for (const answer of this.#answers) {
      if (!answer.question.isOfPopulation(facts)) continue
      answer.population += 1
      const detail = answer.question.find(facts)
      if (detail === null) continue
      answer.found += 1
      if (answer.rows.length < mostListedRequests)
        answer.rows.push({ id, at: cells.requested_at, action: cells.action, detail })
    }
    this.#states.set(cells.state, (this.#states.get(cells.state) ?? 0) + 1)
    this.#countDay(facts)
    this.#countVotes(facts)
  }

  answers(): readonly PeriodAnswer[] {
    return this.#answers
  }

  /** How many requests there are, and how many in each state. */
  requests(): { readonly all: number; readonly states: ReadonlyMap<string, number> } {
    return { all: this.#requests, states: this.#states }
  }

  /** The requests that were made on each day, by how they stand. */
  days(): ReadonlyMap<string, DayStates> {
    return this.#days
  }

  approvers(): ReadonlyMap<string, ApproverVotes> {
    return this.#approvers
  }

  #countDay({ cells }: RequestFacts): void {
    const day = cells.requested_at.slice(0, 10)
    const counts = this.#days.get(day) ?? { people: 0, policy: 0, denied: 0, ended: 0, open: 0 }
    counts[dayStateOf(cells)] += 1
    this.#days.set(day, counts)
  }

  #countVotes({ votes, odd }: RequestFacts): void {
    for (const { by, verdict } of votes) this.#of(by)[verdict] += 1
    for (const { kind, actor } of odd) if (kind === 'hasty' || kind === 'unseen') this.#of(actor)[kind] += 1
  }

  #of(approver: string): ApproverVotes {
    const known = this.#approvers.get(approver) ?? { approve: 0, deny: 0, hasty: 0, unseen: 0 }
    this.#approvers.set(approver, known)
    return known
  }
}

/** How a request stands: approved by people or by policy, denied, ended without a decision, or open. */
function dayStateOf({ state, outcome }: RequestFacts['cells']): DayState {
  if (state === 'denied') return 'denied'
  if (state === 'expired' || state === 'cancelled') return 'ended'
  if (state === 'pending') return 'open'
  return outcome === 'allow' ? 'policy' : 'people'
}
