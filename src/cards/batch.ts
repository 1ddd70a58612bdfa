import { bounds } from '../core/data/bound.ts'
import type { RequestId } from '../core/data/id.ts'
import type { VoteMark } from '../core/request/batch.ts'
import { confirmationOf } from '../core/request/decision.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { type Manner, plainTitle, title } from './paramRows.ts'
import { runLines } from './runLine.ts'
import { mostViewPages } from '../core/request/viewPage.ts'
import { statusOf } from '../words/standing.ts'
import { short } from './textRun.ts'

/** Some requests of one agent that a person reviews one after another, and the marks that the person has made so far. */
export interface Batch {
  readonly requests: readonly RequestId[]
  readonly marks: readonly VoteMark[]
}

/**
 * What became of a vote of a batch: the request as it stands, and why the vote was not counted if it was not. `null` for a
 * request that the person may not know of.
 */
export interface BatchOutcome {
  readonly id: RequestId
  readonly request: ApprovalRequest | null
  readonly refusal?: string
  /** What the person typed for a vote that was not counted. */
  readonly typed?: string
}

/** A page of the view, as its template gets it. */
interface ViewFace {
  readonly previous: number
  readonly next: number
  readonly view: string
  readonly approves: boolean
  readonly confirms: boolean
  readonly denies: boolean
}

/** Takes the buttons and inputs off a page of the view: in a batch others take their place. */
export const bare = {
  ...{ previous: 0, next: 0, approves: false, confirms: false, denies: false, revokes: false },
  ...{ forms: [], openForms: [], less: [], openLess: [], asked: [] },
} as const

/** The page on which every request ends at the latest. */
const lastPage = mostViewPages

/** What stands around a page of the view: which request of the batch this is, what to mark it with, and the ways on. */
export function batchPageFace(
  request: ApprovalRequest,
  view: ViewFace,
  { requests, marks, at }: Batch & { readonly at: number },
  { words }: Manner,
) {
  const { batch, card } = words
  const { next, previous } = view
  const approves = view.approves || view.confirms
  const isLast = next === 0
  const back = previous > 0 ? { at, page: previous } : { at: at - 1, page: lastPage }
  const on = isLast ? { at: at + 1, page: 1 } : { at, page: next }
  return {
    place: batch.place(at, requests.length, short(request.agent.name, 60, words)),
    chooses: isLast && (approves || view.denies),
    approves,
    choice: marks.find((mark) => mark.request === request.id)?.verdict ?? 'open',
    choiceWords: { label: batch.choice, ...batch.choices },
    requests,
    marks,
    shown: { request: request.id, view: view.view },
    ways: [
      ...(back.at > 0 ? [{ ...back, title: card.previous, style: 'default' }] : []),
      { ...on, title: isLast ? (at < requests.length ? batch.next : batch.end) : card.next, style: 'positive' },
    ],
  }
}

/** The card on which the marks of a batch are sent: each request with its mark, and the words that its vote needs. */
export function batchEndFace(found: readonly ApprovalRequest[], { requests, marks }: Batch, manner: Manner) {
  const { batch } = manner.words
  return {
    heading: batch.heading,
    intro: marks.length > 0 ? batch.notYet : batch.nothingMarked,
    rows: found.map((request) => {
      const verdict = marks.find((mark) => mark.request === request.id)?.verdict
      const number = requests.indexOf(request.id) + 1
      const confirms = verdict === 'approve' && request.requirement?.tier === 'high'
      return {
        ...rowOf(request, manner),
        line: batch.marked[verdict ?? 'open'],
        note: verdict === 'approve' ? [{ id: `reason${number}` }] : [],
        reason: verdict === 'deny' ? [{ id: `reason${number}` }] : [],
        confirm: confirms
          ? [
              {
                id: `confirm${number}`,
                last: short(confirmationOf(request.action?.target ?? '-'), 10_000, manner.words),
              },
            ]
          : [],
        again: [],
      }
    }),
    requests,
    marks,
    ways: [{ at: requests.length, page: lastPage, title: manner.words.card.previous }],
    submits: marks.length > 0 ? [{ title: batch.submit(marks.length) }] : [],
  }
}

/** The card that says what became of each vote of a batch. */
export function batchOutcomeFace(outcomes: readonly BatchOutcome[], manner: Manner) {
  const { words } = manner
  const counted = outcomes.filter(({ refusal }) => refusal === undefined).length
  return {
    heading: words.batch.counted(counted, outcomes.length),
    intro: '',
    rows: outcomes.map(({ id, request, refusal, typed }) => ({
      ...(request ? rowOf(request, manner) : { title: [], run: [], about: id, tier: [] }),
      line:
        refusal === undefined && request
          ? statusOf(request, words)
          : [
              words.batch.notCounted(short(refusal ?? '', 1_000, words)),
              ...(typed === undefined ? [] : [short(words.bot.typed(typed), 1_000, words)]),
            ].join(' '),
      ...{ note: [], reason: [], confirm: [] },
      again: request ? [{ request: id }] : [],
    })),
    ...{ requests: [], marks: [], ways: [], submits: [] },
  }
}

function rowOf(request: ApprovalRequest, manner: Manner) {
  const { words, budget } = manner
  const tier = request.requirement && words.tiers[request.requirement.tier]
  return {
    title: request.action ? title(request, manner) : plainTitle(request, words),
    run: runLines(request, words),
    about: `${request.verb} ${short(request.action?.target ?? words.card.erased, budget.listed, words)}`,
    tier: tier === undefined ? [] : [{ text: tier }],
  }
}

/** The batches that a list offers: for each agent those of its requests that expire first, if there are at least two. */
export function batchesOf(
  requests: readonly ApprovalRequest[],
  { words }: Manner,
): readonly { readonly title: string; readonly requests: readonly RequestId[] }[] {
  const agents = [...new Set(requests.map(({ agent }) => agent.id))]
  return agents.flatMap((id) => {
    const together = requests.filter(({ agent }) => agent.id === id).slice(0, bounds.batch)
    const [first] = together
    if (!first || together.length < 2) return []
    const title = words.batch.open(together.length, short(first.agent.name, 60, words))
    return [{ title, requests: together.map(({ id }) => id) }]
  })
}
