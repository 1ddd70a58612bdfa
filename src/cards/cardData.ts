import { approvalsOf } from '../core/request/decision.ts'
import type { Hex, ObjectId } from '../core/data/id.ts'
import { breakable, type Page, pagesOf } from '../core/action/page.ts'
import { type ApprovalRequest, saidIn, type Status } from '../core/request/request.ts'
import { fill, type Slot } from '../core/request/requirement.ts'
import type { Link } from '../core/action/action.ts'
import { keysOf } from '../core/action/value.ts'
import { buttons, mine, type Reader } from './button.ts'
import { entryFace, paramFaces, plainTitle, subtitle, title } from './paramRows.ts'
import { next } from './nextStep.ts'
import { short } from './textRun.ts'
import { story } from './history.ts'
import { wording } from './wording.ts'

/** Characters of a text that a card has room for. The approver's view has all, unless they hide behind a few. */
const channelRoom = { reason: 1_200, title: 150, url: 300 } as const
const reviewRoom = { reason: 4_000, title: 500, url: 600 } as const
const listRoom = 100

/** What a channel's card says, as data for its template. */
export const channelFace = (request: ApprovalRequest) => ({
  ...head(request),
  facts: factsOf(request),
  ...paramFaces(request),
  noParams: absence(request),
  ...fromAgent(request, channelRoom),
  digest: breakable(request.digest),
  open: isOpen(request),
})

/** What one page of the approver's view says. */
export function reviewFace(request: ApprovalRequest, reader: Reader, template: Hex) {
  const pages: readonly Page[] = request.action
    ? pagesOf(request.action, request.policy.presentation)
    : [{ entries: [] }]
  const page = Math.min(Math.max(reader.page, 1), pages.length)
  return {
    ...head(request),
    notices: reader.notice === undefined ? [] : [{ text: short(reader.notice, 1_000) }],
    facts: factsOf(request, request.agent.id),
    page: pages.length > 1 ? [{ text: wording.pageOf(page, pages.length) }] : [],
    entries: (pages[page - 1]?.entries ?? []).map(entryFace),
    noParams: absence(request),
    ...fromAgent(request, reviewRoom),
    digest: `${request.digest.slice(7, 15)} … ${request.digest.slice(-8)}`,
    mine: mine(request, reader),
    ...buttons(request, reader, { page, last: page === pages.length, template }),
  }
}

/** What somebody is told who may not decide. */
export const refusedFace = (request: ApprovalRequest, words: string, { stranger } = { stranger: false }) => ({
  ...head(request),
  ...(stranger && { story: [] }),
  title: plainTitle(request),
  text: short(words, 1_000),
  who: (request.requirement?.slots ?? []).map(({ groups, quorum }) => ({ text: wording.people(groups, quorum) })),
})

/** What the list of pending requests says. */
export const listFace = (requests: readonly ApprovalRequest[], { more } = { more: false }) => ({
  heading: wording.waiting(requests.length, more),
  speak: wording.waiting(requests.length, more),
  requests: requests.map((request) => ({
    ...head(request),
    about: `${request.verb} ${short(request.action?.target ?? wording.onCards.erased, listRoom)}`,
  })),
})

const isOpen = ({ status }: ApprovalRequest): boolean => status === 'pending' || status === 'approved'

const tones: Readonly<Record<Status, string>> = {
  pending: 'accent',
  approved: 'good',
  redeemed: 'good',
  succeeded: 'good',
  failed: 'attention',
  denied: 'attention',
  expired: 'emphasis',
  cancelled: 'emphasis',
  lapsed: 'emphasis',
  revoked: 'attention',
}

/** What every card begins with. `times` are ours alone: clients fill them in. */
function head(request: ApprovalRequest) {
  const high = request.status === 'pending' && request.requirement?.tier === 'high'
  const tier = request.requirement && wording.tiers[request.requirement.tier]
  return {
    request: request.id,
    title: title(request),
    subtitle: subtitle(request),
    tone: high ? 'warning' : tones[request.status],
    status: wording.statuses[request.status],
    tier: tier === undefined ? [] : [{ text: tier }],
    speak: wording.speak(wording.statuses[request.status], tier),
    upcoming: next(request),
    times: [{ text: timeOf(request) }],
    story: story(request),
    warnings: request.warnings.map((code) => ({ text: wording.warning(short(code, 64)) })),
  }
}

function timeOf(request: ApprovalRequest): string {
  switch (request.status) {
    case 'pending':
      return wording.decideBy(request.requirement.expiresAt)
    case 'approved':
      return wording.useBy(request.lapsesAt)
    case 'redeemed':
      return wording.redeemedAt(request.redeemedAt)
    case 'succeeded':
    case 'failed':
    case 'denied':
    case 'expired':
    case 'cancelled':
    case 'lapsed':
    case 'revoked':
      return wording.closedAt(request.closedAt)
  }
}

interface Fact {
  readonly label: string
  readonly value: string
}

const fact = (label: keyof typeof wording.labels, value: string): Fact => ({
  label: wording.labels[label],
  value: breakable(value),
})

/** @param agentId where there is room for it */
function factsOf(request: ApprovalRequest, agentId?: ObjectId): readonly Fact[] {
  const { action, agent, executor, onBehalfOf, policy, requirement } = request
  return [
    fact('action', request.verb),
    ...(action ? [fact('target', short(action.target, 10_000)), fact('environment', action.environment)] : []),
    fact('agent', short(agent.name, 600)),
    ...(agentId === undefined ? [] : [fact('agentId', agentId)]),
    ...(onBehalfOf === undefined ? [] : [fact('onBehalfOf', onBehalfOf)]),
    ...(executor === agent.id ? [] : [fact('executor', executor)]),
    ...(policy.rules.length === 0 ? [] : [fact('rules', policy.rules.join(', '))]),
    ...(requirement && request.status === 'pending' ? [fact('progress', progress(request, requirement.slots))] : []),
  ]
}

function progress(request: ApprovalRequest, slots: readonly Slot[]): string {
  const have = fill(slots, approvalsOf(request))
  const needed = slots.reduce((sum, { quorum }) => sum + quorum, 0)
  const each = slots.map(({ groups, quorum }, i) => wording.slot(groups, have[i] ?? 0, quorum))
  return wording.progress(
    have.reduce((sum, n) => sum + n, 0),
    needed,
    each,
  )
}

const absence = ({ action }: ApprovalRequest): readonly { text: string }[] => {
  if (!action) return [{ text: wording.onCards.erased }]
  return keysOf(action).length === 0 ? [{ text: wording.onCards.noParams }] : []
}

function fromAgent(request: ApprovalRequest, room: { reason: number; title: number; url: number }) {
  const reason = saidIn(request, 'requested', 'reason')
  const links = saidIn(request, 'requested', 'links')
  return {
    reason: reason === null ? wording.onCards.noReason : short(reason, room.reason, 'block'),
    links: (links === null ? [] : (JSON.parse(links) as readonly Link[])).map(({ title, url }) => ({
      title: short(title, room.title),
      url: short(url, room.url),
    })),
  }
}
