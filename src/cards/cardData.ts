import { doorsBeside } from '../core/request/decision.ts'
import type { Hex, ObjectId } from '../core/data/id.ts'
import { type Page, pagesOf } from '../core/action/page.ts'
import { type ApprovalRequest, isOpen, saidIn, type Status } from '../core/request/request.ts'
import type { Link } from '../core/action/action.ts'
import { keysOf } from '../core/action/value.ts'
import { deadlineOf } from '../words/deadline.ts'
import { historyOf } from '../words/history.ts'
import { nextStep, progressOf } from '../words/nextStep.ts'
import { warningOf } from '../words/warning.ts'
import type { FactLabels, Words } from '../words/words.ts'
import type { AgentTextBudget } from './budget.ts'
import { buttons, mine, type CardReader } from './button.ts'
import { entryFace, type Manner, paramFaces, plainTitle, subtitle, title } from './paramRows.ts'
import { drawn, lineOf, short, timedText } from './textRun.ts'

/** What a channel's card says, as data for its template. */
export const channelFace = (request: ApprovalRequest, manner: Manner) => ({
  ...head(request, manner),
  facts: factsOf(request, manner),
  ...paramFaces(request, manner),
  noParams: absence(request, manner),
  ...fromAgent(request, manner, manner.budget.channel),
  digest: drawn(request.digest),
  open: isOpen(request),
})

/** What one page of the approver's view says. */
export function reviewFace(request: ApprovalRequest, reader: CardReader, template: Hex, manner: Manner) {
  const { words } = manner
  const pages: readonly Page[] = request.action
    ? pagesOf(request.action, request.policy.presentation, words.units)
    : [{ entries: [] }]
  const page = Math.min(Math.max(reader.page, 1), pages.length)
  return {
    ...head(request, manner),
    notices: noticesFor(request, reader, words).map((text) => ({ text: short(text, 1_000, words) })),
    facts: factsOf(request, manner, request.agent.id),
    page: pages.length > 1 ? [{ text: words.params.pageOf(page, pages.length) }] : [],
    entries: (pages[page - 1]?.entries ?? []).map((entry) => entryFace(entry, manner)),
    noParams: absence(request, manner),
    ...fromAgent(request, manner, manner.budget.review),
    digest: `${request.digest.slice(7, 15)} … ${request.digest.slice(-8)}`,
    mine: mine(request, reader, words),
    ...buttons(request, reader, { page, last: page === pages.length, template }, words),
  }
}

/** What became of the reader's last click, and why there is no button to approve, as long as there would be one. */
function noticesFor(request: ApprovalRequest, reader: CardReader, { bot }: Words): readonly string[] {
  const { notice, excludedBy, via } = reader
  const why = excludedBy !== undefined && isOpen(request) ? [bot.excluded[excludedBy]] : []
  const doors = request.status === 'pending' && excludedBy === undefined ? doorsBeside(request, via) : null
  return [...(notice === undefined ? [] : [notice]), ...why, ...(doors === null ? [] : [bot.approveElsewhere(doors)])]
}

/** The card for a person who may not decide. It says why not, and who may. */
export const refusedFace = (
  request: ApprovalRequest,
  why: string,
  { stranger }: { readonly stranger: boolean },
  manner: Manner,
) => ({
  ...head(request, manner),
  ...(stranger && { story: [] }),
  title: plainTitle(request, manner.words),
  text: short(why, 1_000, manner.words),
  who: (request.requirement?.slots ?? []).map(({ groups, quorum }) => ({
    text: manner.words.progress.people(groups, quorum),
  })),
})

/** What the list of pending requests says. */
export function listFace(requests: readonly ApprovalRequest[], { more }: { readonly more: boolean }, manner: Manner) {
  const { words, budget } = manner
  const waiting = words.bot.waiting(requests.length, more)
  return {
    heading: waiting,
    speak: waiting,
    requests: requests.map((request) => ({
      ...head(request, manner),
      about: `${request.verb} ${short(request.action?.target ?? words.card.erased, budget.listed, words)}`,
    })),
  }
}

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

/** What every card begins with. `times` hold words of ours alone: clients fill in the reader's own time there. */
function head(request: ApprovalRequest, manner: Manner) {
  const { words } = manner
  const high = request.status === 'pending' && request.requirement?.tier === 'high'
  const tier = request.requirement && words.tiers[request.requirement.tier]
  const status = words.statuses[request.status]
  return {
    request: request.id,
    title: title(request, manner),
    subtitle: subtitle(request, words),
    tone: high ? 'warning' : tones[request.status],
    status,
    tier: tier === undefined ? [] : [{ text: tier }],
    speak: words.bot.speak(status, tier),
    upcoming: nextStep(request, words).map((text) => ({ text })),
    times: [{ text: timedText(deadlineOf(request, words)) }],
    story: historyOf(request, words).map((sentence) => lineOf(sentence, words)),
    warnings: request.warnings.map((code) => ({ text: warningOf(code, words, (code) => short(code, 64, words)) })),
  }
}

interface CardFact {
  readonly label: string
  readonly value: string
}

/** @param agentId where there is room for it */
function factsOf(request: ApprovalRequest, { words }: Manner, agentId?: ObjectId): readonly CardFact[] {
  const { action, agent, executor, onBehalfOf, policy, requirement } = request
  const byAgent = requirement?.excludedByAgent ?? []
  const fact = (label: keyof FactLabels, value: string): CardFact => ({
    label: words.labels[label],
    value: drawn(value),
  })
  const progress = request.status === 'pending' ? progressOf(request, words) : null
  const doors = request.status === 'pending' ? request.requirement.via : undefined
  return [
    fact('action', request.verb),
    ...(action ? [fact('target', short(action.target, 10_000, words)), fact('environment', action.environment)] : []),
    fact('agent', short(agent.name, 600, words)),
    ...(agentId === undefined ? [] : [fact('agentId', agentId)]),
    ...(onBehalfOf === undefined ? [] : [fact('onBehalfOf', onBehalfOf)]),
    ...(executor === agent.id ? [] : [fact('executor', executor)]),
    ...(byAgent.length === 0 ? [] : [fact('excludedByAgent', byAgent.join(', '))]),
    ...(policy.rules.length === 0 ? [] : [fact('rules', policy.rules.join(', '))]),
    ...(progress === null ? [] : [fact('progress', progress)]),
    ...(doors === undefined ? [] : [fact('doors', doors.join(', '))]),
  ]
}

function absence({ action }: ApprovalRequest, { words: { card } }: Manner): readonly { text: string }[] {
  if (!action) return [{ text: card.erased }]
  return keysOf(action).length === 0 ? [{ text: card.noParams }] : []
}

function fromAgent(request: ApprovalRequest, { words }: Manner, budget: AgentTextBudget) {
  const reason = saidIn(request, 'requested', 'reason')
  const links = saidIn(request, 'requested', 'links')
  return {
    reason: reason === null ? words.card.noReason : short(reason, budget.reason, words, 'block'),
    links: (links === null ? [] : (JSON.parse(links) as readonly Link[])).map(({ title, url }) => ({
      title: short(title, budget.title, words),
      url: short(url, budget.url, words),
    })),
  }
}
