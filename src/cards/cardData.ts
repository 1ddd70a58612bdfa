import { doorsBeside } from '../core/request/decision.ts'
import type { Hex, ObjectId } from '../core/data/id.ts'
import { viewPagesOf } from '../core/request/viewPage.ts'
import { type ApprovalRequest, awaitsReview, isOpen, isStanding, saidIn, type Status } from '../core/request/request.ts'
import type { Link } from '../core/action/action.ts'
import { flawInAddress } from '../core/action/flaw.ts'
import { type TextFinding, textFindings } from '../core/action/warning.ts'
import { keysOf } from '../core/action/value.ts'
import { answersIn } from '../core/request/conversation.ts'
import { deadlineOf } from '../words/deadline.ts'
import { historyOf } from '../words/history.ts'
import { nextStep } from '../words/nextStep.ts'
import { scopeOf, scopeUnnamed, statusOf, usedAt } from '../words/standing.ts'
import { emergencyUnnamed, joinedGroups, reviewDeadline, sinceAsked, waitsForAnswer } from '../words/talk.ts'
import { plain, type Sentence, text } from '../words/run.ts'
import { votesOf } from '../words/votes.ts'
import { warningOf } from '../words/warning.ts'
import type { Words } from '../words/words.ts'
import { batchesOf } from './batch.ts'
import type { AgentTextBudget } from './budget.ts'
import { buttons, mine } from './button.ts'
import type { CardReader } from './cardReader.ts'
import { takesLess } from './lessForm.ts'
import { askedTexts, entryFace, type Manner, paramFaces, plainTitle, subtitle, title } from './paramRows.ts'
import { factsOf, whatOf } from './factRows.ts'
import { runLines, runOf } from './runLine.ts'
import { answerFields, talkFace } from './talkFace.ts'
import { briefMoment, copyable, exactText, hour, lineOf, short, shortened, timedText } from './textRun.ts'

/** What a channel's card says, as data for its template. */
export const channelFace = (request: ApprovalRequest, manner: Manner) => ({
  ...head(request, manner, { isPrivate: isPrivate(request) }),
  ...(isPrivate(request) ? withheldFace(request, manner) : fullFace(request, manner)),
  open: isOpen(request) || awaitsReview(request),
})

/** Whether policy wants channels to see no more of the action than verb, tier and target. */
const isPrivate = ({ requirement }: ApprovalRequest): boolean => requirement?.private === true

/** What the title of a private request says: it has no target. */
const privateTitle = ({ policy }: ApprovalRequest) => ({ verb: policy.summary === undefined, target: false })

const saysMore = (request: ApprovalRequest): boolean => request.questions !== undefined || isStanding(request)

const fullFace = (request: ApprovalRequest, manner: Manner) => ({
  full: true,
  withheld: [],
  facts: factsOf(request, manner),
  ...paramFaces(request, manner),
  noParams: absence(request, manner),
  ...fromAgent(request, manner, saysMore(request) ? manner.budget.channelTalk : manner.budget.channel),
  ...talkFace(request, manner.budget.channelTalk, manner.words),
  // Both ends tell apart what is shortened above. In full it stands where people decide.
  digest: `${request.digest.slice(7, 15)} … ${request.digest.slice(-8)}`,
})

/** Without the digest as well: a person who guesses the params could check the guess by it. */
const withheldFace = (request: ApprovalRequest, manner: Manner) => ({
  full: false,
  withheld: [{ text: manner.words.card.withheld }],
  facts: whatOf(request, manner, privateTitle(request)),
  ...{ critical: [], params: [], noParams: [], reason: '', links: [], opens: [], talk: [], earlier: [], digest: '' },
})

/** What one page of the approver's view says. */
export function reviewFace(request: ApprovalRequest, reader: CardReader, template: Hex, manner: Manner) {
  const { words } = manner
  const pages = viewPagesOf(request, words.units)
  const page = Math.min(Math.max(reader.page, 1), pages.length)
  const last = page === pages.length
  const acts = buttons(request, reader, { page, last, template }, manner)
  const asked = askedTexts(request, words)
  return {
    ...head(request, manner, { reader: reader.approver }),
    notices: noticesFor(request, reader, words).map((text) => ({ text: short(text, 1_300, words) })),
    facts: factsOf(request, manner),
    agentId: request.agent.id,
    page: pages.length > 1 ? [{ text: words.params.pageOf(page, pages.length) }] : [],
    entries: (pages[page - 1]?.entries ?? []).map((entry) => entryFace(entry, manner, asked.get(entry.key))),
    noParams: absence(request, manner),
    ...fromAgent(request, manner, reviewBudget(request, reader, last, manner)),
    ...(last ? talkFace(request, manner.budget.reviewTalk, words, reader) : { talk: [], earlier: [] }),
    digest: request.digest,
    mine: mine(request, reader, words),
    ...acts,
    asked: last && !acts.back ? answerFields(request, reader, words) : [],
  }
}

/** A scope stands on each page, and takes room that the agent's words have else, as the form that makes it smaller does. */
function reviewBudget(
  request: ApprovalRequest,
  reader: CardReader,
  last: boolean,
  { budget }: Manner,
): AgentTextBudget {
  if (last && request.questions) return budget.reviewTalk
  return isStanding(request) || takesLess(request, reader, last) ? budget.reviewScope : budget.review
}

/** What became of the reader's last click, and why there is no button to approve, as long as there would be one. */
function noticesFor(request: ApprovalRequest, reader: CardReader, { bot, emergency }: Words): readonly string[] {
  const { notice, excludedBy, via, decides = true } = reader
  const why = excludedBy !== undefined && isOpen(request) ? [bot.excluded[excludedBy]] : []
  const doors = request.status === 'pending' && excludedBy === undefined ? doorsBeside(request, via) : null
  return [
    ...(notice === undefined ? [] : [notice]),
    ...why,
    ...(request.status === 'pending' && !decides ? [emergency.onlyGlass] : []),
    ...(doors === null ? [] : [bot.approveElsewhere(doors)]),
  ]
}

/** A person who may not decide. One of the side that asks may answer. */
export interface RefusedReader extends Pick<CardReader, 'may' | 'answering'> {
  readonly stranger: boolean
}

/** The card for a person who may not decide. It says why not, and who may, and asks them what they may answer. */
export const refusedFace = (
  request: ApprovalRequest,
  why: string,
  { stranger, ...reader }: RefusedReader,
  manner: Manner,
) => ({
  ...head(request, manner),
  ...(stranger && { story: [], votes: [] }),
  asked: answerFields(request, reader, manner.words),
  run: [],
  title: plainTitle(request, manner.words),
  text: short(why, 2_000, manner.words),
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
  const { words } = manner
  const { waiting: everywhere, waitingHere } = words.bot
  const waiting = (here ? waitingHere : everywhere)(requests.length, more)
  return {
    heading: waiting,
    speak: waiting,
    requests: requests.map((request, i) => ({
      ...head(request, manner, { isPrivate: isPrivate(request) }),
      about: aboutOf(request, manner).map((text) => ({ text })),
      review: requests.length === 1 ? words.card.review : words.buttons.review(i + 1),
    })),
    // A button names the agent, which a private card of a channel does not.
    batches: batchesOf(
      requests.filter((request) => !here || !isPrivate(request)),
      manner,
    ),
  }
}

/** Params that a list names of each request. */
const mostListed = 3

/** What tells a request in a list from its neighbours, beside its title. */
function aboutOf(request: ApprovalRequest, manner: Manner): readonly string[] {
  const { budget, words } = manner
  const what = isPrivate(request) ? whatOf(request, manner, privateTitle(request)) : whatOf(request, manner)
  const run = isPrivate(request) ? null : runOf(request, words)
  const { critical, params } = paramFaces(request, manner, budget.listed)
  const given = isPrivate(request) || run ? [] : [...critical, ...params].slice(0, mostListed)
  const line = [
    ...what.map(({ value }) => shortened(value, budget.listed, words, copyable)),
    ...given.map(({ key, text }) => `${key}: ${text}`),
    ...(run ? [exactText(plain(run), budget.listed, words)] : []),
  ].join('; ')
  return line === '' ? [] : [line]
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
  ended: 'emphasis',
}

/** The letters of a host that fit a button. Its end says whose it is. */
const hostRoom = 24

const endOf = (host: string): string => (host.length <= hostRoom ? host : `…${host.slice(-hostRoom)}`)

interface HeadScope {
  readonly isPrivate?: boolean
  /** The person to whom alone the card is shown. */
  readonly reader?: ObjectId
}

/**
 * What every card begins with. `times` hold words of ours alone: clients fill in the reader's own time there. A private
 * head has no text that the agent or an approver wrote, and no warning, which may name what it warns of.
 */
function head(request: ApprovalRequest, manner: Manner, { isPrivate = false, reader }: HeadScope = {}) {
  const { words } = manner
  const high = request.status === 'pending' && request.requirement?.tier === 'high'
  const tier = request.requirement && words.tiers[request.requirement.tier]
  const status = statusOf(request, words)
  return {
    request: request.id,
    title: isPrivate ? plainTitle(request, words) : title(request, manner),
    run: isPrivate ? [] : runLines(request, words),
    subtitle: isPrivate ? [] : subtitle(request, words),
    votes: isPrivate
      ? []
      : votesOf(request, reader, words).map(({ sentence, at, clock }) => ({
          ...lineOf(sentence, words),
          at: clock ? hour(at) : briefMoment(at),
        })),
    tone: request.glass ? 'attention' : high ? 'warning' : tones[request.status],
    status,
    tier: tier === undefined ? [] : [{ text: tier }],
    speak: words.bot.speak(status, tier),
    upcoming: nextStep(request, words).map((text) => ({ text })),
    times: [deadlineOf(request, words), ...usedAt(request, words), ...reviewDeadline(request, words)].map((when) => ({
      text: timedText(when),
    })),
    story: (isPrivate
      ? privateStory(request, words)
      : [...scopeOf(request, words), ...historyOf(request, words), ...sinceAsked(request, words)]
    ).map((sentence) => lineOf(sentence, words)),
    warnings: isPrivate ? [] : warningsOf(request, words),
  }
}

/** What a channel is told of a private request: that people wait for an answer, and how it was approved, without a name. */
const privateStory = (request: ApprovalRequest, words: Words): readonly Sentence[] => [
  ...scopeUnnamed(request, words),
  ...[...emergencyUnnamed(request, words), ...(waitsForAnswer(request) ? [words.talk.waitsUnnamed] : [])].map(
    (line): Sentence => [text(line)],
  ),
  ...joinedGroups(request, words),
]

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
  const reason = saidIn(request, 'requested', 'reason') ?? ''
  return textFindings(request.action, { reason, links: linksOf(request), answers: answersIn(request) })
}

function linksOf(request: ApprovalRequest): readonly Link[] {
  const links = saidIn(request, 'requested', 'links')
  return links === null ? [] : (JSON.parse(links) as readonly Link[])
}

function absence({ action }: ApprovalRequest, { words: { card } }: Manner): readonly { text: string }[] {
  if (!action) return [{ text: card.erased }]
  return keysOf(action).length === 0 ? [{ text: card.noParams }] : []
}

function fromAgent(request: ApprovalRequest, { words }: Manner, budget: AgentTextBudget) {
  const reason = saidIn(request, 'requested', 'reason')
  return {
    reason: reason === null ? words.card.noReason : short(reason.trim(), budget.reason, words, 'block'),
    links: linksOf(request).map(({ title, url }) => ({
      title: short(title.trim(), budget.title, words),
      url: exactText(url, budget.url, words),
    })),
    opens: linkButtons(linksOf(request), words),
  }
}

/** Buttons that open what the agent links to. Each names the host, which decides where it leads. */
function linkButtons(links: readonly Link[], { buttons }: Words): readonly { title: string; url: string }[] {
  const safe = links.filter(({ url }) => flawInAddress(url) === null)
  return safe.map(({ url }, i) => ({
    title: buttons.openLink(endOf(new URL(url).host), safe.length === 1 ? undefined : i + 1),
    url,
  }))
}
