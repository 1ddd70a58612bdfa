import { doorsBeside } from '../core/request/decision.ts'
import type { Hex, ObjectId } from '../core/data/id.ts'
import { type Page, pagesOf } from '../core/action/page.ts'
import { type ApprovalRequest, isOpen, saidIn, type Status } from '../core/request/request.ts'
import type { Link } from '../core/action/action.ts'
import { type TextFinding, textFindings } from '../core/action/warning.ts'
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
  ...head(request, manner, { isPrivate: isPrivate(request) }),
  ...(isPrivate(request) ? withheldFace(request, manner) : fullFace(request, manner)),
  open: isOpen(request),
})

/** Whether policy wants channels to see no more of the action than verb, tier and target. */
const isPrivate = ({ requirement }: ApprovalRequest): boolean => requirement?.private === true

const fullFace = (request: ApprovalRequest, manner: Manner) => ({
  full: true,
  withheld: [],
  facts: factsOf(request, manner),
  ...paramFaces(request, manner),
  noParams: absence(request, manner),
  ...fromAgent(request, manner, manner.budget.channel),
  digest: drawn(request.digest),
})

/** Without the digest as well: a person who guesses the params could check the guess by it. */
const withheldFace = (request: ApprovalRequest, manner: Manner) => ({
  full: false,
  withheld: [{ text: manner.words.card.withheld }],
  facts: whatOf(request, manner),
  ...{ critical: [], params: [], noParams: [], reason: '', links: [], digest: '' },
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

/** How much of what is pending a list shows. */
export interface ListScope {
  readonly more: boolean
  readonly here?: boolean
}

/** What the list of pending requests says. */
export function listFace(requests: readonly ApprovalRequest[], { more, here = false }: ListScope, manner: Manner) {
  const { words, budget } = manner
  const { waiting: everywhere, waitingHere } = words.bot
  const waiting = (here ? waitingHere : everywhere)(requests.length, more)
  return {
    heading: waiting,
    speak: waiting,
    requests: requests.map((request) => ({
      ...head(request, manner, { isPrivate: isPrivate(request) }),
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

/**
 * What every card begins with. `times` hold words of ours alone: clients fill in the reader's own time there. A private
 * head has no text that the agent or an approver wrote, and no warning, which may name what it warns of.
 */
function head(request: ApprovalRequest, manner: Manner, { isPrivate } = { isPrivate: false }) {
  const { words } = manner
  const high = request.status === 'pending' && request.requirement?.tier === 'high'
  const tier = request.requirement && words.tiers[request.requirement.tier]
  const status = words.statuses[request.status]
  return {
    request: request.id,
    title: isPrivate ? plainTitle(request, words) : title(request, manner),
    subtitle: isPrivate ? [] : subtitle(request, words),
    tone: high ? 'warning' : tones[request.status],
    status,
    tier: tier === undefined ? [] : [{ text: tier }],
    speak: words.bot.speak(status, tier),
    upcoming: nextStep(request, words).map((text) => ({ text })),
    times: [{ text: timedText(deadlineOf(request, words)) }],
    story: isPrivate ? [] : historyOf(request, words).map((sentence) => lineOf(sentence, words)),
    warnings: isPrivate ? [] : warningsOf(request, words),
  }
}

/** The most characters that a warning names. */
const mostNamed = 6

/** Writes the warnings, with the names of the characters that they are about. */
function warningsOf(request: ApprovalRequest, words: Words): readonly { readonly text: string }[] {
  const found = request.warnings.length > 0 ? findingsIn(request) : []
  return request.warnings.map((code) => {
    const { characters = [] } = found.find((finding) => finding.code === code) ?? {}
    const more = Math.max(0, characters.length - mostNamed)
    const names = characters.length > 0 ? ` ${words.foundCharacters(characters.slice(0, mostNamed), more)}` : ''
    return { text: `${warningOf(code, words, (code) => short(code, 64, words))}${names}` }
  })
}

/** What the texts of a request give reason to warn of; nothing once the action is erased. */
function findingsIn(request: ApprovalRequest): readonly TextFinding[] {
  if (!request.action) return []
  return textFindings(request.action, { reason: saidIn(request, 'requested', 'reason') ?? '', links: linksOf(request) })
}

function linksOf(request: ApprovalRequest): readonly Link[] {
  const links = saidIn(request, 'requested', 'links')
  return links === null ? [] : (JSON.parse(links) as readonly Link[])
}

interface CardFact {
  readonly label: string
  readonly value: string
}

const factIn =
  (words: Words) =>
  (label: keyof FactLabels, value: string): CardFact => ({ label: words.labels[label], value: drawn(value) })

/** What would be done, and to what. */
function whatOf({ verb, action }: ApprovalRequest, { words }: Pick<Manner, 'words'>): readonly CardFact[] {
  const fact = factIn(words)
  return [fact('action', verb), ...(action ? [fact('target', short(action.target, 10_000, words))] : [])]
}

/** @param agentId where there is room for it */
function factsOf(request: ApprovalRequest, { words }: Manner, agentId?: ObjectId): readonly CardFact[] {
  const { action, agent, executor, onBehalfOf, policy, requirement } = request
  const byAgent = requirement?.excludedByAgent ?? []
  const fact = factIn(words)
  const progress = request.status === 'pending' ? progressOf(request, words) : null
  const doors = request.status === 'pending' ? request.requirement.via : undefined
  return [
    ...whatOf(request, { words }),
    ...(action ? [fact('environment', action.environment)] : []),
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
  return {
    reason: reason === null ? words.card.noReason : short(reason, budget.reason, words, 'block'),
    links: linksOf(request).map(({ title, url }) => ({
      title: short(title, budget.title, words),
      url: short(url, budget.url, words),
    })),
  }
}
