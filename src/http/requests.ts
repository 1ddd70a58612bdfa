import { jsonLines, jsonType } from '../contract/operation.ts'
import type { requestOperations } from '../contract/requestOperations.ts'
import { type Digest, type Hex, sha256, shardOf } from '../core/data/id.ts'
import { type NewerRow, Problem } from '../core/data/problem.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Approvals } from '../approvals/approvals.ts'
import type { Reader } from '../approvals/involvement.ts'
import type { Proofs } from '../evidence/read/proofs.ts'
import type { KeptEvent } from '../ports/ledger.ts'
import { preferred } from './accept.ts'
import { toBody } from './body.ts'
import { furtherActsIn } from './furtherActs.ts'
import { namesIn } from './eventPeople.ts'
import { scopeIn } from './input.ts'
import type { AnswerOf, OperationInput, Handlers, OperationReply } from './handler.ts'
import { filterOf, scopeOf } from './listing.ts'
import type { PersonPrincipal, Principal } from './principal.ts'
import { isNamed } from './range.ts'
import { shownView, type ShownViewParts } from './shownViews.ts'
import { view, type ViewParts } from './views.ts'

export interface RequestParts extends Omit<ViewParts, 'cards'>, Pick<ShownViewParts, 'cards'> {
  readonly approvals: Approvals
  readonly proofs: Pick<Proofs, 'places'>
  readonly templates: ShownViewParts['templates']
  readonly baseUrl: string
}

type Operations = typeof requestOperations
type Asked<Name extends keyof Operations> = OperationInput<Operations[Name]>

/** Handles what is asked for, decided, executed and read. */
export const requestHandlers = (parts: RequestParts): Handlers<keyof Operations> => ({
  ask: (given) => ask(parts, given),
  list: (given) => list(parts, given),
  read: (given) => read(parts, given),
  cancel: async ({ id, caller, body }) =>
    plain(parts, caller, await parts.approvals.cancel(id, caller.id, body.reason)),
  views: (given) => view(parts, given),
  shownView: (given) => shownView(parts, given),
  decide: async (given) => plain(parts, given.caller, await decide(parts, given)),
  askBack: async (given) => plain(parts, given.caller, await askBack(parts, given)),
  answer: async (given) => plain(parts, given.caller, await answer(parts, given)),
  narrow: async (given) => plain(parts, given.caller, await narrow(parts, given)),
  breakGlass: async (given) => plain(parts, given.caller, await breakGlass(parts, given)),
  reviewGlass: async ({ id, caller, body }) => {
    const { id: reviewer, client } = caller
    return plain(parts, caller, await parts.approvals.reviewGlass(id, { ...body, reviewer, client }))
  },
  redeem: (given) => redeem(parts, given),
  report: async (given) => plain(parts, given.caller, await report(parts, given)),
  revoke: async ({ id, caller, body: { reason } }) => {
    const { client, contexts } = caller
    return plain(parts, caller, await parts.approvals.revoke(id, caller.id, { reason, client, contexts }))
  },
  events: (given) => events(parts, given),
})

async function ask(
  parts: RequestParts,
  { caller, body, key, wait }: Asked<'ask'>,
): Promise<OperationReply<Operations['ask']>> {
  const { reason, links, expiresIn, executor, onBehalfOf, redemption, standing, under, ...action } = body
  const asked = await parts.approvals.ask({
    agent: caller,
    action: { ...action, ...(standing && { standing: scopeIn(standing) }) },
    reason,
    links,
    expiresIn,
    ...(under !== undefined && { under }),
    ...(executor !== undefined && { executor }),
    ...(onBehalfOf !== undefined && { onBehalfOf }),
    ...(redemption !== undefined && { redemption }),
    ...(key !== null && { key }),
  })
  const request = await waited(parts, asked.request, wait)
  const location = `${parts.baseUrl}/api/requests/${request.id}`
  return {
    status: asked.created ? 201 : 200,
    answer: await shown(parts, request, caller, { next: asked.next, standing: asked.standing }),
    headers: { location, ...applied(wait) },
  }
}

async function read(
  parts: RequestParts,
  { caller, id, wait }: Asked<'read'>,
): Promise<OperationReply<Operations['read']>> {
  const found = await parts.approvals.read(id, readerOf(caller))
  const request = await waited(parts, found, wait)
  return { answer: await shown(parts, request, caller), headers: applied(wait) }
}

/**
 * Lists requests. Pending ones have an entity tag: a caller who has the same list already may wait for another one, so
 * that a page that is open does not have to ask again and again.
 */
async function list(parts: RequestParts, given: Asked<'list'>): Promise<OperationReply<Operations['list']>> {
  if (given.query.status !== 'pending') return listed(parts, given)
  const known = given.headers.get('if-none-match')
  const waits = known === null ? 0 : given.wait
  let found: { readonly page: ListPage; readonly etag: string } | undefined
  const look = async (): Promise<boolean> => {
    const page = await listed(parts, given)
    const etag = `"${sha256(JSON.stringify(page.answer))}"`
    found = { page, etag }
    return !isNamed(known, etag)
  }
  await (waits > 0 ? parts.approvals.lookFor(waits, look) : look())
  if (found === undefined) throw new TypeError('A list was looked at.')
  const { page, etag } = found
  const headers = { etag, ...applied(waits) }
  if (isNamed(known, etag)) return { response: { status: 304, headers: { 'cache-control': 'no-store', ...headers } } }
  return { ...page, headers }
}

interface ListPage {
  readonly answer: AnswerOf<Operations['list']>
  readonly newer?: readonly NewerRow[]
}

async function listed(parts: RequestParts, given: Asked<'list'>): Promise<ListPage> {
  const { approvals, deliveryOf } = parts
  const { caller } = given
  const query = ownOf(caller, given.query)
  const { limit, cursor } = query
  const page = { keep: filterOf(query), limit, ...(cursor !== undefined && { cursor }) }
  const reader = readerOf(caller)
  const found = await approvals.list(scopeOf(query), page, reader)
  const requests = found.requests.map(async (request) => {
    const [delivery, may] = await Promise.all([deliveryOf(request), mayOf(parts, request, caller)])
    return toBody(request, { to: caller, delivery, ...nextFor(parts, request, caller), ...may })
  })
  const { newer } = found
  return {
    answer: {
      requests: await Promise.all(requests),
      ...(found.cursor !== undefined && { cursor: found.cursor }),
      ...(found.until !== undefined && { until: found.until }),
      // Who else may know of them cannot be found out.
      ...(reader.kind === 'person' &&
        reader.evidence &&
        newer && { newer: newer.flatMap(({ request }) => request ?? []) }),
    },
    ...(newer && { newer }),
  }
}

/**
 * Narrows an agent's list to what it asked for.
 *
 * @throws {Problem} `not-permitted` if it wants another agent's
 */
function ownOf({ kind, id }: Principal, query: Asked<'list'>['query']): Asked<'list'>['query'] {
  if (kind === 'person') return query
  if (query.agent !== undefined && query.agent !== id)
    throw new Problem('not-permitted', 'An agent lists what it asked for itself: leave out /agent.', {
      pointer: '/agent',
    })
  return { ...query, agent: id }
}

function decide({ approvals }: RequestParts, { caller, id, body }: Asked<'decide'>): Promise<ApprovalRequest> {
  const { verdict, reason, confirm } = body
  return approvals.decide(id, {
    approver: caller.id,
    verdict,
    seen: { via: caller.via, client: caller.client, ...seenIn(body) },
    contexts: caller.contexts,
    ...(reason !== undefined && { reason }),
    ...(confirm !== undefined && { confirm }),
  })
}

function askBack({ approvals }: RequestParts, { caller, id, body }: Asked<'askBack'>): Promise<ApprovalRequest> {
  const { id: approver, via, client } = caller
  return approvals.askBack(id, { approver, question: body.question, seen: { via, client, ...seenIn(body) } })
}

function answer({ approvals }: RequestParts, { caller, id, body }: Asked<'answer'>): Promise<ApprovalRequest> {
  const by = { kind: caller.kind, id: caller.id }
  return approvals.answer(id, { ...body, by, ...(caller.kind === 'person' && { client: caller.client }) })
}

function narrow({ approvals }: RequestParts, { caller, id, body }: Asked<'narrow'>): Promise<ApprovalRequest> {
  const { params, uses, for: seconds, reason } = body
  const standing = { ...(uses !== undefined && { uses }), ...(seconds !== undefined && { for: seconds }) }
  const { id: approver, via, client, contexts } = caller
  return approvals.narrow(id, {
    approver,
    edits: params ? { params } : { standing },
    seen: { via, client, ...seenIn(body) },
    contexts,
    ...(reason !== undefined && { reason }),
  })
}

function breakGlass({ approvals }: RequestParts, { caller, id, body }: Asked<'breakGlass'>): Promise<ApprovalRequest> {
  const { reason, confirm } = body
  const { id: approver, via, client, contexts } = caller
  const seen = { via, client, ...seenIn(body) }
  return approvals.breakGlass(id, { approver, reason, seen, contexts, ...(confirm !== undefined && { confirm }) })
}

interface Subject {
  readonly view?: Digest | undefined
  readonly digest?: Digest | undefined
  readonly content?: Hex | undefined
}

/** What an act rests on. The body's schema lets exactly one of view and digest through. */
function seenIn({ view, digest, content }: Subject) {
  if (view !== undefined) return { view }
  if (digest === undefined) throw new TypeError('An act names a view or a digest.')
  return { digest, ...(content !== undefined && { content }) }
}

async function redeem(parts: RequestParts, given: Asked<'redeem'>): Promise<OperationReply<Operations['redeem']>> {
  const { caller, id, body } = given
  const { request, next } = await parts.approvals.redeem(id, {
    caller: caller.id,
    mayRedeemForOthers: caller.roles.includes('Grants.Redeem'),
    ...body,
  })
  return { answer: toBody(request, { to: caller, delivery: await parts.deliveryOf(request), next }) }
}

function report({ approvals }: RequestParts, { caller, id, body }: Asked<'report'>): Promise<ApprovalRequest> {
  const { result, summary, output } = body
  return approvals.report(id, {
    executor: caller.id,
    result,
    ...(summary !== undefined && { summary }),
    ...(output && { output }),
  })
}

async function events(parts: RequestParts, given: Asked<'events'>): Promise<OperationReply<Operations['events']>> {
  const { caller, id, headers } = given
  const { approvals } = parts
  const request = await approvals.read(id, { kind: 'person', id: caller.id, evidence: true })
  const events = await approvals.events(request)
  if (preferred(headers.get('accept'), [jsonLines, jsonType]) === jsonType) {
    const [listed, people] = await Promise.all([placed(parts, request, events), namesIn(approvals, request, events)])
    return { answer: { events: listed, people } }
  }
  const lines = events.map(({ text }) => `${text}\n`).join('')
  return { response: { body: lines, headers: { 'content-type': jsonLines, 'cache-control': 'no-store' } } }
}

async function placed(
  { proofs }: RequestParts,
  { id }: ApprovalRequest,
  events: readonly KeptEvent[],
): Promise<AnswerOf<Operations['events']>['events']> {
  const places = await proofs.places(shardOf(id), events)
  return events.map(({ text, hash, said, trace }, i) => {
    const place = places[i]
    return {
      ...{ leaf: text, hash },
      ...(place && { index: place.index, sealed: { date: place.date, number: place.number } }),
      said,
      ...(trace !== undefined && { trace }),
    }
  })
}

/** The request for its agent or executor: with the grant, if there is one. */
async function shown(
  parts: RequestParts,
  request: ApprovalRequest,
  caller: Principal,
  {
    next,
    standing,
  }: { readonly next?: 'execute' | 'report' | undefined; readonly standing?: ApprovalRequest | undefined } = {},
) {
  const { approvals, deliveryOf } = parts
  const { request: now, grant } = await approvals.grant(request, caller.id, standing)
  return toBody(now, {
    ...{ to: caller, grant, delivery: await deliveryOf(now), because: approvals.objection(now) },
    ...(next ? { next } : nextFor(parts, now, caller)),
  })
}

const plain = async (parts: RequestParts, caller: Principal, request: ApprovalRequest) => ({
  answer: toBody(request, {
    to: caller,
    delivery: await parts.deliveryOf(request),
    ...nextFor(parts, request, caller),
  }),
})

/** What an agent does next where the status alone does not tell: it answers while a question waits for it. */
const nextFor = (
  { approvals }: RequestParts,
  request: ApprovalRequest,
  { id }: Principal,
): { readonly next?: 'answer' } => (id === request.agent.id && approvals.awaitsAgent(request) ? { next: 'answer' } : {})

/** What a person who reads a list may do with a request beside deciding. */
const mayOf = async ({ approvals }: RequestParts, request: ApprovalRequest, caller: Principal) =>
  caller.kind === 'person' ? furtherActsIn(await approvals.further(request, caller.id), request, caller.via) : {}

const readerOf = (caller: Principal): Reader =>
  caller.kind === 'agent' ? { kind: 'agent', id: caller.id } : personReader(caller)

const personReader = ({ id, roles }: PersonPrincipal) =>
  ({ kind: 'person', id, evidence: roles.includes('Evidence.Read') }) as const

async function waited({ approvals }: RequestParts, request: ApprovalRequest, seconds: number) {
  return seconds > 0 && request.status === 'pending' ? approvals.wait(request.id, seconds) : request
}

/** RFC 7240 section 3. */
const applied = (seconds: number): Record<string, string> =>
  seconds > 0 ? { 'preference-applied': `wait=${seconds}` } : {}
