import type { Edits } from '../../src/core/action/edits.ts'
import type { DecideInput } from '../../src/approvals/approvals.ts'
import { type Digest, type ObjectId, type RequestId, sha256 } from '../../src/core/data/id.ts'
import { type Instant, instant } from '../../src/core/data/instant.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { openQuestions } from '../../src/core/request/conversation.ts'
import { type ApprovalRequest, askedDigestOf, contentOf, hashOfQuestion } from '../../src/core/request/request.ts'
import { viewDigest } from '../../src/core/request/view.ts'
import type { Action } from '../../src/core/action/action.ts'
import type { AgentRegistration } from '../../src/ports/policy.ts'
import { template } from '../../test/support/build.ts'
import type { Command } from './plan.ts'
import { cardsIn } from './stores.ts'
import {
  actionOf,
  agents,
  approvers,
  deputy,
  keyedName,
  keysOf,
  principalOf,
  standingAction,
  unkeyed,
  wantedWithin,
} from './roster.ts'
import type { Process, World } from './world.ts'

/** What somebody was told had happened: from then on it must be so, whatever happens. */
export type Answer = { readonly id: RequestId } & (
  | {
      readonly told: 'asked'
      readonly agent: ObjectId
      readonly key: string | null
      readonly digest: string
    }
  | { readonly told: 'voted'; readonly approver: ObjectId; readonly verdict: string }
  | { readonly told: 'cancelled' | 'revoked' | 'succeeded' | 'failed' }
  | { readonly told: 'asked back' | 'answered' | 'narrowed' | 'glass-broken' | 'reviewed'; readonly by: ObjectId }
  | { readonly told: 'granted'; readonly token: string; readonly after: number }
  | {
      readonly told: 'redeemed'
      readonly redemption: string
      readonly next: 'execute' | 'report'
      /** When the call began and ended. */
      readonly from: Instant
      readonly at: Instant
      readonly after: number
    }
)

/** A request as a process showed it, after so many events had been written. */
export interface Told {
  readonly by: string
  readonly request: ApprovalRequest
  readonly after: number
  /** How many of its events this process had shown when the call began. */
  readonly known: number
}

/** All that clients did and were answered, in order. */
export interface Heard {
  readonly answers: Answer[]
  readonly told: Told[]
  /** Votes that people gave, whether or not an answer came, and after how many events each began. */
  readonly votes: GivenVote[]
  /** Members who said that they are away or back, whether or not an answer came. */
  readonly absences: { readonly by: ObjectId; readonly type: 'delegated' | 'recalled' }[]
  /** Absences that a member was told are over, and after how many events. */
  readonly recalls: { readonly event: string; readonly after: number }[]
  /** What else people and agents did, by the type of the event that follows. */
  readonly talk: { readonly id: RequestId; readonly by: ObjectId; readonly type: string }[]
  /** Views that people asked for. */
  readonly looks: { readonly id: RequestId; readonly approver: ObjectId }[]
}

interface GivenVote {
  readonly id: RequestId
  readonly approver: ObjectId
  readonly verdict: string
  readonly after: number
  /** After how many events it was answered; `null` if nobody answers any more. */
  ended: number | null
}

/** Whoever asks, votes or redeems, at one process; what they are told is kept. */
export interface Client {
  readonly world: World
  readonly process: Process
  readonly heard: Heard
}

type Of<D extends Command['do']> = Command & { readonly do: D }

export async function ask({ process, world, heard }: Client, command: Of<'ask'>): Promise<void> {
  const agent = agents[command.agent] ?? agents[0]
  const name = command.key === null ? unkeyed : keyedName(command.key, command.body)
  const key = command.key === null ? null : (keysOf(agent.id)[command.key] ?? null)
  const more = key === null ? {} : { key: { text: key, body: sha256(`${command.verb} ${name}`) } }
  const { request, created } = await process.approvals.ask({ ...asking(agent, actionOf(command.verb, name)), ...more })
  world.reached(created ? 'asked' : 'key replayed')
  heard.answers.push({ told: 'asked', id: request.id, agent: agent.id, key, digest: askedDigestOf(request) })
}

/** Asks for the same once more, whatever became of it, without a key. */
export async function repeat({ process, heard }: Client, { action, agent: { id } }: ApprovalRequest): Promise<void> {
  const agent = agents.find((one) => one.id === id)
  if (action === null || !agent) return
  const { request } = await process.approvals.ask(asking(agent, { ...action, params: { name: unkeyed } }))
  heard.answers.push({ told: 'asked', id: request.id, agent: id, key: null, digest: askedDigestOf(request) })
}

/** Asks for a standing approval, of whose scope every name is. */
export async function askStanding({ process, heard }: Client, command: Of<'stand'>): Promise<void> {
  const agent = agents[command.agent] ?? agents[0]
  const { request } = await process.approvals.ask(asking(agent, standingAction))
  heard.answers.push({ told: 'asked', id: request.id, agent: agent.id, key: null, digest: askedDigestOf(request) })
}

/** Asks under a standing approval: the third name lies outside of its scope. */
export async function use({ process, world, heard }: Client, born: ApprovalRequest, command: Of<'use'>): Promise<void> {
  const isStanding = ({ standing }: ApprovalRequest) => standing !== undefined
  const standing = isStanding(born) ? born : [...world.stores.seen.born.values()].findLast(isStanding)
  const { id: under, agent: asker } = standing ?? born
  const agent = agents.find(({ id }) => id === asker.id) ?? agents[0]
  const name =
    command.key === null ? `${unkeyed}${command.body < 2 ? '' : ' otherwise'}` : keyedName(command.key, command.body)
  const text = command.key === null ? null : (keysOf(agent.id)[command.key] ?? null)
  const key = text === null ? {} : { key: { text, body: sha256(`stand ${name}`) } }
  const { request, created } = await process.approvals.ask({ ...asking(agent, actionOf('stand', name)), under, ...key })
  world.reached(created ? 'used' : 'use replayed')
  heard.answers.push({ told: 'asked', id: request.id, agent: agent.id, key: text, digest: askedDigestOf(request) })
}

function asking(agent: AgentRegistration, action: Action) {
  const onBehalfOf = principalOf(action)
  return {
    ...{ agent, action, reason: 'Because.', links: [], expiresIn: wantedWithin },
    ...(onBehalfOf !== undefined && { onBehalfOf }),
  }
}

export async function vote(client: Client, request: ApprovalRequest, command: Of<'vote'>): Promise<void> {
  const { process, world, heard } = client
  const { id } = request
  const { verdict, via } = command
  const approver = approvers[command.approver] ?? request.agent.id
  const seen = await lookedAt(client, request, approver, via)
  const { leaves } = world.stores.seen
  const given: GivenVote = { id, approver, verdict, after: leaves.length, ended: null }
  heard.votes.push(given)
  try {
    await told(client, id, () =>
      process.approvals.decide(id, { approver, verdict, seen, ...(verdict === 'deny' && { reason: 'No.' }) }),
    )
  } finally {
    given.ended = leaves.length
  }
  world.reached(via === 'api' ? 'voted by api' : `voted in ${via === 'slack' ? via : 'teams'}`)
  heard.answers.push({ told: 'voted', id, approver, verdict })
}

async function lookedAt(
  client: Client,
  request: ApprovalRequest,
  approver: ObjectId,
  via: Of<'vote'>['via'],
): Promise<DecideInput['seen']> {
  const { process, world, heard } = client
  if (via === 'api')
    return client.process.approvals.read(request.id, asPerson(approver)).then(digestOf, () => digestOf(request))
  if (via === 'unseen') return { via: 'teams', view: viewOf(request) }
  await click(client, request.id)
  heard.looks.push({ id: request.id, approver })
  const refusals: Problem[] = []
  const shown = await told(client, request.id, async () => {
    const { request: reviewed, refusal } = await process.approvals.review(request.id, approver, {
      page: 1,
      template,
      via,
    })
    if (refusal) refusals.push(refusal)
    return reviewed
  })
  for (const refusal of refusals) throw refusal
  // Somebody reads it.
  await world.schedule.point()
  return { via, view: viewOf(shown) }
}

const viewOf = (request: ApprovalRequest): Digest =>
  viewDigest({ content: contentOf(request) ?? template, template, warnings: request.warnings })

const asPerson = (id: ObjectId) => ({ kind: 'person', id, evidence: false }) as const

/** What somebody rests on who has read the request over the API. */
function digestOf(request: ApprovalRequest) {
  const content = contentOf(request)
  return { via: 'api', digest: request.digest, ...(content && { content }) } as const
}

/** Asks the side that wants the action, approves alone, or reviews that, as one who has just read the request. */
export async function speak(
  client: Client,
  born: ApprovalRequest,
  command: Of<'askBack' | 'break' | 'review' | 'narrow'>,
): Promise<void> {
  const { process, heard, world } = client
  const { approvals } = process
  const { id } = born
  const approver = approvers[command.approver] ?? born.agent.id
  const type = ({ askBack: 'asked', break: 'glass-broken', review: 'reviewed', narrow: 'narrowed' } as const)[
    command.do
  ]
  heard.talk.push({ id, by: approver, type })
  const request = await told(client, id, () => approvals.read(id, asPerson(approver)))
  const seen = digestOf(request)
  await told(client, id, () => {
    if (command.do === 'askBack') return approvals.askBack(id, { approver, question: 'Why?', seen })
    if (command.do === 'narrow') return approvals.narrow(id, { approver, edits: halfOf(request), seen })
    if (command.do === 'review')
      return approvals.reviewGlass(id, { reviewer: approver, finding: 'justified', reason: 'Seen.' })
    const confirm = born.action?.target.split('/').at(-1) ?? ''
    return approvals.breakGlass(id, { approver, reason: 'Fire.', seen, confirm })
  })
  world.reached(type === 'asked' ? 'asked back' : type)
  heard.answers.push({ told: type === 'asked' ? 'asked back' : type, id, by: approver })
}

/** Half of what is left by now. */
const halfOf = ({ action }: ApprovalRequest): Edits => ({
  params: { size: Math.floor(Number(action?.params['size'] ?? 0) / 2) },
})

/** Answers the first open question, as the agent or as a person. Where none is open, somebody answers the first anew. */
export async function answer(client: Client, born: ApprovalRequest, command: Of<'answer'>): Promise<void> {
  const { process, heard, world } = client
  const { id, agent } = born
  const person = approvers[command.by]
  const by = person === undefined ? { kind: 'agent' as const, id: agent.id } : { kind: 'person' as const, id: person }
  const reader = by.kind === 'agent' ? by : asPerson(by.id)
  const request = await told(client, id, () => process.approvals.read(id, reader))
  const [open = request.questions?.[0]] = openQuestions(request)
  if (!open) return
  heard.talk.push({ id, by: by.id, type: 'answered' })
  const question = hashOfQuestion(request, open)
  await told(client, id, () =>
    process.approvals.answer(id, { by, question, answer: by.kind === 'agent' ? 'So.' : 'Because of this.' }),
  )
  world.reached('answered')
  heard.answers.push({ told: 'answered', id, by: by.id })
}

/** A member says that they are away. */
export async function leave({ process, world, heard }: Client, { approver, seconds }: Of<'away'>): Promise<void> {
  const by = approvers[approver] ?? deputy
  heard.absences.push({ by, type: 'delegated' })
  // Whoever says it again for the same deputy ends the earlier absence.
  heard.absences.push({ by, type: 'recalled' })
  await process.approvals.delegate({ by, to: deputy, until: instant(world.stores.time.ms + seconds * 1000) })
  world.reached('delegated')
}

/** A member says that they are back. */
export async function comeBack({ process, world, heard }: Client, { approver }: Of<'back'>): Promise<void> {
  const by = approvers[approver] ?? deputy
  const own = (await process.approvals.delegations(asPerson(by))).filter(({ member }) => member === by)
  for (const { event } of own) {
    heard.absences.push({ by, type: 'recalled' })
    await process.approvals.recall({ event, by })
    heard.recalls.push({ event, after: world.stores.seen.leaves.length })
    world.reached('recalled')
  }
}

/** Of a card that lies in a channel and is clicked on, note is taken. */
export async function click({ process, world }: Client, id: RequestId): Promise<void> {
  const card = cardsIn(world.stores).findLast(({ request }) => request === id)
  if (card) await process.delivery.adopt(id, card.channel, { conversation: card.conversation, activity: card.activity })
}

export const read = (client: Client, { id, agent }: ApprovalRequest): Promise<ApprovalRequest> =>
  told(client, id, () => client.process.approvals.read(id, { kind: 'agent', id: agent.id }))

/** The executor's way: reads until it is approved, takes the grant, comes back with it later, and reports. */
export async function redeem(
  client: Client,
  born: ApprovalRequest,
  { redemption: number, report: result }: Pick<Of<'redeem'>, 'redemption' | 'report'>,
): Promise<void> {
  const { process, world, heard } = client
  const { approvals } = process
  const { id, executor } = born
  const redemption = `6f9619ff-8b86-4d01-b42d-00c04fc964f${number}`
  const leaves = world.stores.seen.leaves
  const now = () => instant(world.stores.time.ms)
  for (let left = 3; left > 0; left--) {
    const request = await read(client, born)
    const { grant } = await approvals.grant(request, executor)
    if (grant) {
      heard.answers.push({ told: 'granted', id, token: grant.token, after: leaves.length })
      await world.points(number * 3)
      const input = {
        caller: executor,
        mayRedeemForOthers: true,
        grant: grant.token,
        digest: request.digest,
        redemption,
      }
      const from = now()
      const { next } = await approvals.redeem(id, input)
      if (heard.answers.some((one) => one.told === 'redeemed' && one.id === id)) world.reached('redeemed again')
      heard.answers.push({ told: 'redeemed', id, redemption, next, from, at: now(), after: leaves.length })
      return result === null ? undefined : report(client, id, executor, result)
    }
    if (request.status !== 'pending') throw new Problem('not-redeemable', 'Nothing is granted.')
    await world.points(8)
  }
}

export async function report(client: Client, id: RequestId, executor: ObjectId, result: 'succeeded' | 'failed') {
  await told(client, id, () => client.process.approvals.report(id, { executor, result }))
  client.heard.answers.push({ told: result, id })
}

export async function withdraw(
  client: Client,
  { id, agent }: ApprovalRequest,
  command: Of<'cancel' | 'revoke'>,
): Promise<void> {
  const { approvals } = client.process
  const isCancelled = command.do === 'cancel'
  await told(client, id, () =>
    isCancelled
      ? approvals.cancel(id, agent.id, 'No longer.')
      : approvals.revoke(id, approvers[command.approver] ?? agent.id),
  )
  client.heard.answers.push({ told: isCancelled ? 'cancelled' : 'revoked', id })
}

/** Records what a process shows of a request. */
async function told(
  { process, world, heard }: Client,
  id: RequestId,
  work: () => Promise<ApprovalRequest>,
): Promise<ApprovalRequest> {
  const known = process.told.get(id) ?? 0
  const request = await work()
  process.told.set(id, Math.max(request.events.length, process.told.get(id) ?? 0))
  heard.told.push({ by: process.life.name, request, after: world.stores.seen.leaves.length, known })
  return request
}
