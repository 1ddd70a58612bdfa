import type { SlackView } from '../cards/blockKit.ts'
import type { SlackCards } from '../cards/slackCards.ts'
import type { ObjectId, RequestId } from '../core/data/id.ts'
import type { JsonObject } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Clock } from '../ports/clock.ts'
import type { Messenger, PostedCard } from '../ports/messenger.ts'
import type { Policy } from '../ports/policy.ts'
import { inTime } from '../runtime/deadline.ts'
import { remember } from '../runtime/remember.ts'
import { spoken } from '../words/spoken.ts'
import { actOf, actOn, type ActParts, type DrawnAct, type SlackAct } from './act.ts'
import { type ConsoleLink, wordsMessage, wordsView } from './blocks.ts'
import { answerTo, type CommandParts } from './command.ts'
import { cardPlace, placeName } from './messenger.ts'
import { challengeIn, originIn, parsePayload, readSlackBody, senderSchema, type SlackPayload } from './payload.ts'
import type { SlackSettings } from './settings.ts'
import { foreign, signatureCheck, type SignedCall } from './signature.ts'
import type { SlackApi } from './webApi.ts'

export interface SlackDoorParts {
  readonly settings: Pick<SlackSettings, 'appId' | 'teamId' | 'signingSecrets'>
  readonly clock: Clock
  readonly policy: Pick<Policy, 'personInSlack'>
  readonly approvals: ActParts['approvals'] & CommandParts['approvals']
  /** Loaded when the first person acts. */
  readonly cards: () => Promise<SlackCards>
  readonly api: SlackApi
  readonly messenger: Pick<Messenger, 'reply'>
  /** Whether the policy in force shows a request in this channel. */
  readonly isShownIn: (request: ApprovalRequest, channel: string) => boolean
  /** Records the card that a click came from, in case a crash kept it from being recorded. */
  readonly adopt: (request: RequestId, channel: string, card: PostedCard) => Promise<void>
  /** Absent without a console. */
  readonly link?: ConsoleLink
  /** Milliseconds in which Slack has its answer. */
  readonly within?: number
  /** Is called with errors of work that goes on after Slack has its answer. Must not throw. */
  readonly failed: (cause: unknown) => void
}

/** A call as it arrived. */
interface SlackCall extends SignedCall {
  readonly contentType: string | null
}

/** The answer to Slack over HTTP. */
export interface SlackReply {
  readonly status: 200
  readonly body?: object
  /** What was refused, where words say so to a person. */
  readonly code?: string
}

/** A call that was let in: who sent it, what for, and the answer that is being made. */
interface SlackLetIn {
  readonly who?: ObjectId
  /** For the log. */
  readonly intent?: string
  readonly answer: Promise<SlackReply>
}

export type SlackDoor = (call: SlackCall) => Promise<SlackLetIn>

/** Slack gives an app three seconds, of which the network takes some. */
const acknowledged = 2_300

/** Milliseconds that a modal may take to open: the right to open it ends after three seconds. */
const opened = 2_000

/** Calls whose answers are remembered. */
const mostRemembered = 1_000

const done: SlackReply = { status: 200 }

/**
 * Lets calls of Slack in: signature, then the strict reader, then workspace and app, then the person whom policy names.
 *
 * Slack repeats a call whose answer it did not get in time. The same click or event gets the same answer, and nothing is done
 * twice; after a restart the rules of the core see to that.
 *
 * @throws {Problem} `unauthenticated`, `invalid-json`, `invalid-input`, `too-large`. Later problems become words for the person
 */
export function slackDoor(parts: SlackDoorParts): SlackDoor {
  const check = signatureCheck(parts.settings.signingSecrets, parts.clock)
  const answers = new Map<string, SlackLetIn>()
  return async (call) => {
    check(call)
    const { json, isAmbiguous } = readSlackBody(call.bytes, call.contentType)
    const challenge = isAmbiguous ? null : challengeIn(json)
    if (challenge !== null) return { answer: Promise.resolve({ ...done, body: { challenge } }) }
    checkOrigin(parts, json)
    const payload = isAmbiguous ? null : parsePayload(json)
    if (payload === null) return { answer: unread(parts, json, isAmbiguous) }
    const key = keyOf(payload)
    const known = answers.get(key)
    if (known) return known
    const letIn = take(parts, payload)
    if (key !== '') remember(answers, key, letIn, mostRemembered)
    // A call that failed was not carried out: the next try is a new one.
    letIn.answer.catch(() => answers.delete(key))
    return letIn
  }
}

/** @throws {Problem} `unauthenticated` for another workspace or app: one signing secret belongs to one app, in many workspaces */
function checkOrigin({ settings }: SlackDoorParts, json: JsonObject): void {
  const { team, app } = originIn(json)
  if (app !== settings.appId) throw foreign('api_app_id')
  if (team !== settings.teamId) throw foreign('team')
}

/** Names a click or an event, whichever call brings it; empty for what has no name. */
function keyOf(payload: SlackPayload): string {
  if (payload.kind === 'words') return `event ${payload.event}`
  return payload.kind === 'click' || payload.kind === 'form' ? payload.trigger : ''
}

function take(parts: SlackDoorParts, payload: SlackPayload): SlackLetIn {
  if (payload.kind === 'ignored' || payload.kind === 'challenge') return { answer: Promise.resolve(done) }
  // Slack opens the address of a link by itself, for whoever clicks, and only tells us.
  if (payload.kind === 'click' && payload.action === 'open') return { answer: Promise.resolve(done) }
  const intent = intentOf(payload)
  const { user } = payload
  const why = strangerIn(parts, payload)
  if (typeof why !== 'string') return { intent, who: why.id, answer: answerFor(parts, payload, why.id) }
  const place = {
    user: user.id,
    ...('view' in payload && payload.view !== undefined && { view: payload.view }),
    ...(payload.kind === 'click' && payload.message && { channel: payload.message.channel }),
    ...(payload.kind === 'words' && { channel: payload.channel }),
  }
  return { intent, answer: privately(parts, place, why, 'not-permitted') }
}

/** What a person wants, as the log names it for every door. */
function intentOf(payload: Extract<SlackPayload, { kind: 'click' | 'form' | 'words' }>): string {
  if (payload.kind === 'words') return 'command'
  const act = actOf(payload)
  if (act === null) return 'malformed'
  if (act.kind === 'approve' || act.kind === 'deny') return 'decide'
  return act.kind === 'form' ? 'review' : act.kind
}

/**
 * The person whom policy names for an account, or in words why there is none. Who mentions the app in a channel learns its name
 * all the same: policy mostly names nobody in Slack yet when a channel is set up.
 */
function strangerIn(
  { settings, policy }: SlackDoorParts,
  payload: Extract<SlackPayload, { kind: 'click' | 'form' | 'words' }>,
): { readonly id: ObjectId } | string {
  const { user } = payload
  if (user.isProgram) return spoken.slack.program
  if (user.teams.some((team) => team !== settings.teamId)) return spoken.slack.otherWorkspace
  const account = `${settings.teamId}/${user.id}`
  const id = policy.personInSlack(account)
  if (id !== null) return { id }
  const unknown = spoken.slack.unknownPerson(account)
  if (payload.kind !== 'words' || payload.isPersonal) return unknown
  return `${unknown}\n\n${spoken.slack.channelId(placeName(settings.teamId, payload.channel))}`
}

/** What cannot be read does nothing. The sender learns why, where the payload says who that is. */
async function unread(parts: SlackDoorParts, json: JsonObject, isAmbiguous: boolean): Promise<SlackReply> {
  const { data } = senderSchema.safeParse(json)
  const code = isAmbiguous ? 'invalid-json' : 'invalid-input'
  if (!data) throw new Problem(code, 'This is no interaction of Slack that a card of ours makes.')
  const { user, channel, view } = data
  const place = { user: user.id, ...(channel && { channel: channel.id }), ...(view && { view: view.id }) }
  return privately(parts, place, isAmbiguous ? spoken.slack.ambiguous : spoken.clicks.notOurs, code)
}

/** Where one person alone reads, and how long Slack waits for it. */
interface PrivatePlace {
  readonly user: string
  readonly channel?: string
  /** A modal that is open. */
  readonly view?: string
  /** Milliseconds, if some were used up already. */
  readonly left?: number
}

/** Tells one person something that nobody else reads. */
async function privately(
  { api, failed, within = acknowledged }: SlackDoorParts,
  { user, channel, view, left = within }: PrivatePlace,
  words: string,
  code: string,
): Promise<SlackReply> {
  const tell = async (): Promise<SlackReply> => {
    const answer =
      view === undefined
        ? await api('chat.postEphemeral', { channel, user, ...wordsMessage(words) })
        : await api('views.update', { view_id: view, view: wordsView(words, spoken) })
    // A person who left, or a channel that is gone, is no fault of ours. Words in a form that Slack does not take are.
    if (!answer.ok && answer.error.startsWith('invalid_'))
      failed(new Error(`Slack did not take words for one person: ${answer.error}.`))
    return { ...done, code }
  }
  return inTime(tell(), left, () => ({ ...done, code }))
}

function answerFor(
  parts: SlackDoorParts,
  payload: Extract<SlackPayload, { kind: 'click' | 'form' | 'words' }>,
  who: ObjectId,
): Promise<SlackReply> {
  if (payload.kind === 'words') return commanded(parts, payload, who)
  const act = actOf(payload)
  const { user } = payload
  if (act === null) {
    const channel = payload.kind === 'click' ? payload.message?.channel : undefined
    const view = payload.view === undefined ? {} : { view: payload.view }
    const place = { user: user.id, ...(channel !== undefined && { channel }), ...view }
    return privately(parts, place, spoken.clicks.notOurs, 'invalid-input')
  }
  return payload.kind === 'form' ? sentForm(parts, payload, act, who) : clicked(parts, payload, act, who)
}

/** Does what a person wants; a bug becomes words too, because the modal would otherwise never end to wait. */
async function drawn(parts: SlackDoorParts, act: SlackAct, who: ObjectId): Promise<DrawnAct> {
  try {
    const { approvals, link } = parts
    return await actOn({ approvals, cards: await parts.cards(), ...(link && { link }) }, act, who)
  } catch (cause) {
    parts.failed(cause)
    return { view: wordsView(spoken.slack.failed, spoken, act.request), code: 'unavailable' }
  }
}

/** Opens the modal at once, since the right to open it ends soon, and fills it when the request is there. */
async function clicked(
  parts: SlackDoorParts,
  payload: Extract<SlackPayload, { kind: 'click' }>,
  act: SlackAct,
  who: ObjectId,
): Promise<SlackReply> {
  const { view: open, trigger, message, user } = payload
  const end = performance.now() + (parts.within ?? acknowledged)
  const left = () => Math.max(0, end - performance.now())
  const view = open ?? (await openedView(parts, trigger, act.request))
  if (view === null) {
    const place = { user: user.id, left: left(), ...(message && { channel: message.channel }) }
    return privately(parts, place, spoken.slack.late, 'unavailable')
  }
  noteCard(parts, payload, act)
  const work = drawn(parts, act, who).then(async ({ view: content, code }): Promise<SlackReply> => {
    await fill(parts, view, content)
    return { ...done, ...(code !== undefined && { code }) }
  })
  return inTime(work, left(), () => done)
}

async function openedView({ api }: SlackDoorParts, trigger: string, request: RequestId): Promise<string | null> {
  const working = wordsView(spoken.slack.working, spoken, request)
  const answer = await api('views.open', { trigger_id: trigger, view: working }, { within: opened })
  const { id } = Object(answer.ok ? answer.body['view'] : null) as { readonly id?: unknown }
  return typeof id === 'string' ? id : null
}

/** Puts a page into a modal that a person may have closed meanwhile. */
async function fill({ api, failed }: SlackDoorParts, id: string, view: SlackView): Promise<void> {
  const answer = await api('views.update', { view_id: id, view })
  if (!answer.ok && answer.error !== 'not_found') failed(new Error(`Slack did not take a modal: ${answer.error}.`))
}

/** Answers a form with what became of it: at once, or in the modal as soon as it is known. */
async function sentForm(
  parts: SlackDoorParts,
  { view }: Extract<SlackPayload, { kind: 'form' }>,
  act: SlackAct,
  who: ObjectId,
): Promise<SlackReply> {
  const work = drawn(parts, act, who)
  const late = (): DrawnAct => {
    void work.then(({ view: content }) => fill(parts, view, content)).catch(parts.failed)
    return { view: wordsView(spoken.slack.working, spoken, act.request) }
  }
  const { view: content, code } = await inTime(work, parts.within ?? acknowledged, late)
  return {
    ...done,
    body: { response_action: 'update', view: content },
    ...(code !== undefined && { code }),
  }
}

/** Records the message in a channel that a person clicked on, in case it is not known. */
function noteCard(
  { adopt, settings }: SlackDoorParts,
  { message }: Pick<Extract<SlackPayload, { kind: 'click' }>, 'message'>,
  act: SlackAct,
): void {
  if (act.kind !== 'review' || !act.posted || message === undefined) return
  const { channel, ts, thread } = message
  const name = placeName(settings.teamId, channel)
  void adopt(act.request, name, { conversation: cardPlace(name, thread), activity: ts })
}

/** Answers typed words where they were written: in a channel in their thread. */
async function commanded(
  parts: SlackDoorParts,
  { text, channel, thread, isPersonal }: Extract<SlackPayload, { kind: 'words' }>,
  who: ObjectId,
): Promise<SlackReply> {
  const name = placeName(parts.settings.teamId, channel)
  const work = async (): Promise<SlackReply> => {
    const command = { who, text, ...(!isPersonal && { channel: name }) }
    const { answer, code } = await answerTo({ ...parts, cards: await parts.cards() }, command)
    const sent = await parts.messenger.reply(isPersonal ? name : cardPlace(name, thread), answer)
    if ('unsent' in sent) throw new Problem('unavailable', 'Slack does not take our answer.', { retryAfter: 5 })
    return { ...done, ...(code !== undefined && { code }) }
  }
  const working = work()
  return inTime(working, parts.within ?? acknowledged, () => {
    working.catch(parts.failed)
    return done
  })
}
