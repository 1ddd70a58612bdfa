import type { Approvals } from '../approvals/approvals.ts'
import { excluderOf } from '../approvals/eligibility.ts'
import type { Cards } from '../cards/cards.ts'
import type { requestOperations } from '../contract/requestOperations.ts'
import type { Digest, Hex, ObjectId } from '../core/data/id.ts'
import { Problem } from '../core/data/problem.ts'
import { readRecord } from '../core/record/record.ts'
import { replay } from '../core/record/replay.ts'
import { type ApprovalRequest, rowTexts } from '../core/request/request.ts'
import { viewOf } from '../core/request/view.ts'
import type { Templates } from '../evidence/read/templates.ts'
import type { KeptEvent } from '../ports/ledger.ts'
import type { OperationInput, OperationReply } from './handler.ts'

export interface ShownViewParts {
  readonly approvals: Pick<Approvals, 'read' | 'events'>
  readonly templates: Pick<Templates, 'find'>
  /** The cards of the version in force, or with an earlier template of the approver's view. */
  readonly cards: (review?: Uint8Array) => Promise<Cards>
}

type Operation = (typeof requestOperations)['shownView']

/**
 * Draws again what a person was shown of a request: the request as it stood then, with the recorded template, and without
 * anything to press. What is erased by now is not in it.
 *
 * @throws {Problem} `not-found` if no event says that this page of this view was shown
 */
export async function shownView(
  parts: ShownViewParts,
  { caller, id, view, query }: OperationInput<Operation>,
): Promise<OperationReply<Operation>> {
  const { approvals } = parts
  const request = await approvals.read(id, { kind: 'person', id: caller.id, evidence: true })
  const events = await approvals.events(request)
  const showings = showingsIn(events, view)
  const [first] = showings
  const page = query.page ?? first?.page
  const showing = showings.find((one) => one.page === page)
  if (first === undefined || showing === undefined) throw neverShown(first)
  const { template } = showing
  const before = events.slice(0, showing.at + 1)
  const then = requestAt(request, before)
  if (viewOf(then, template) !== view) throw new Error('A request after its events is not what was shown of it.')
  const cards = await cardsWith(parts, template, request.policy.version)
  const excludedBy = excluderOf(then, showing.approver)
  const reader = { approver: showing.approver, page: showing.page, ...(excludedBy && { excludedBy }) }
  const card = cards.shown(then, reader, template)
  return {
    answer: {
      card: inert(card) as Record<string, unknown>,
      ...{ view, template, page: showing.page, pages: showing.pages },
      shown: showings.map(({ approver, time, page }) => ({ approver, at: time, page })),
      erased: erasedIn(request, before),
    },
  }
}

/** That a page of a view was shown to a person. */
interface Showing {
  /** The place of the event among the request's events. */
  readonly at: number
  readonly time: string
  readonly approver: ObjectId
  readonly template: Hex
  readonly page: number
  readonly pages: number
}

function showingsIn(events: readonly KeptEvent[], view: Digest): readonly Showing[] {
  return events.flatMap(({ text }, at): readonly Showing[] => {
    const event = readRecord(text)
    const { actor, at: time } = event
    if (event.type !== 'shown' || event.data.view !== view || actor.kind !== 'person') return []
    const { template, page, pages } = event.data
    return [{ at, time, approver: actor.id, template, page, pages }]
  })
}

const neverShown = (view: object | undefined): Problem =>
  new Problem(
    'not-found',
    view === undefined
      ? 'Nobody was shown such a view of this request: an event `shown` names each.'
      : 'Nobody was shown this page of that view.',
    { pointer: view === undefined ? '/view' : '/page' },
  )

/** The request after these events, with the texts that are left of them, and what it got from the policy when it was made. */
function requestAt({ action, policy, agent }: ApprovalRequest, events: readonly KeptEvent[]): ApprovalRequest {
  const rules = replay()
  const records = events.map(({ text, said }) => ({ ...readRecord(text), said }))
  for (const [i, { text }] of events.entries()) rules.take(readRecord(text), i)
  const [life] = rules.rows()
  if (!life) throw new Error('A request has an event that opens it.')
  return { ...life.request, agent, action, policy, said: rowTexts(records) }
}

async function cardsWith({ cards, templates }: ShownViewParts, template: Hex, version: Digest): Promise<Cards> {
  const current = await cards()
  if (current.template === template || current.slack.template === template) return current
  const bytes = await templates.find(template, version)
  if (bytes === null)
    throw new Problem('not-found', 'The archive does not have the template that this was drawn with.', {
      pointer: '/view',
    })
  return cards(bytes)
}

/** The names of texts that were there then, and are erased by now. */
function erasedIn({ action }: ApprovalRequest, events: readonly KeptEvent[]): readonly string[] {
  const gone = events.flatMap(({ text, said }) =>
    Object.keys(readRecord(text).said ?? {}).filter((name) => said[name] === undefined),
  )
  return [...new Set([...(action === null ? ['action'] : []), ...gone])].sort()
}

/** Takes out of a card what can be pressed or filled in, and the forms that only a button shows. */
function inert(part: unknown): unknown {
  if (Array.isArray(part)) return part.filter((one) => !isActive(one)).map(inert)
  if (typeof part !== 'object' || part === null) return part
  const members = Object.entries(part).filter(([name]) => name !== 'actions' && name !== 'selectAction')
  return Object.fromEntries(members.map(([name, value]) => [name, inert(value)]))
}

function isActive(part: unknown): boolean {
  const { type, isVisible } = Object(part) as { readonly type?: unknown; readonly isVisible?: unknown }
  return isVisible === false || (typeof type === 'string' && /^(?:ActionSet$|Action\.|Input\.)/.test(type))
}
