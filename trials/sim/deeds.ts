import type { DecideInput } from '../../src/approvals/approvals.ts'
import { type Digest, type ObjectId, type RequestId, sha256 } from '../../src/core/data/id.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { type ApprovalRequest, contentOf } from '../../src/core/request/request.ts'
import { viewDigest } from '../../src/core/request/view.ts'
import type { Action } from '../../src/core/action/action.ts'
import type { AgentRegistration } from '../../src/ports/policy.ts'
import type { Command } from './plan.ts'
import { actionOf, agents, approvers, keyedName, keysOf } from './roster.ts'
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
  | { readonly told: 'cancelled' | 'revoked' | 'succeeded' | 'failed' | 'granted' }
  | { readonly told: 'redeemed'; readonly redemption: string }
)

/** Whoever asks, votes or redeems, at one process; what they are told is kept. */
export interface Client {
  readonly world: World
  readonly process: Process
  readonly answers: Answer[]
}

type Of<D extends Command['do']> = Command & { readonly do: D }

export async function ask({ process, world, answers }: Client, command: Of<'ask'>): Promise<void> {
  const agent = agents[command.agent] ?? agents[0]
  const name = command.key === null ? unkeyed : keyedName(command.key, command.body)
  const key = command.key === null ? null : (keysOf(agent.id)[command.key] ?? null)
  const more = key === null ? {} : { key: { text: key, body: sha256(`${command.verb} ${name}`) } }
  const { request, created } = await process.approvals.ask({ ...asking(agent, actionOf(command.verb, name)), ...more })
  world.reached(created ? 'asked' : 'key replayed')
  answers.push({ told: 'asked', id: request.id, agent: agent.id, key, digest: request.digest })
}

/** Asks for the same once more, whatever became of it, without a key. */
export async function repeat({ process, answers }: Client, { action, agent: { id } }: ApprovalRequest): Promise<void> {
  const agent = agents.find((one) => one.id === id)
  if (action === null || !agent) return
  const { request } = await process.approvals.ask(asking(agent, { ...action, params: { name: unkeyed } }))
  answers.push({ told: 'asked', id: request.id, agent: id, key: null, digest: request.digest })
}

const unkeyed = 'unkeyed'

const asking = (agent: AgentRegistration, action: Action) =>
  ({ agent, action, reason: 'Because.', links: [], expiresIn: 3600 }) as const

export async function vote(client: Client, request: ApprovalRequest, command: Of<'vote'>): Promise<void> {
  const { process, world, answers } = client
  const { id } = request
  const { verdict, via } = command
  const approver = approvers[command.approver] ?? request.agent.id
  const seen = await lookedAt(client, request, approver, via)
  await process.approvals.decide(id, { approver, verdict, seen, ...(verdict === 'deny' && { reason: 'No.' }) })
  world.reached(via === 'api' ? 'voted by api' : 'voted in teams')
  answers.push({ told: 'voted', id, approver, verdict })
}

async function lookedAt(
  client: Client,
  request: ApprovalRequest,
  approver: ObjectId,
  via: Of<'vote'>['via'],
): Promise<DecideInput['seen']> {
  const { process, world } = client
  if (via === 'api') return { via, digest: request.digest }
  if (via === 'unseen') return { via: 'teams', view: viewOf(request) }
  await click(client, request.id)
  const reviewed = await process.approvals.review(request.id, approver, { page: 1, template })
  if (reviewed.refusal) throw reviewed.refusal
  // Somebody reads it.
  await world.schedule.point()
  return { via, view: viewOf(reviewed.request) }
}

const template = sha256('card')

const viewOf = (request: ApprovalRequest): Digest =>
  viewDigest({ content: contentOf(request) ?? template, template, warnings: request.warnings })

/** Of a card that lies in Teams and is clicked on, note is taken. */
export async function click({ process, world }: Client, id: RequestId): Promise<void> {
  const card = world.stores.teams.cards().findLast(({ request }) => request === id)
  if (card) await process.delivery.adopt(id, card.channel, { conversation: card.conversation, activity: card.activity })
}

/** The executor's way: reads until it is approved, takes the grant, comes back with it later, and reports. */
export async function redeem(
  client: Client,
  { id, agent, executor, digest }: ApprovalRequest,
  { redemption: number, report: result }: Of<'redeem'>,
): Promise<void> {
  const { process, world, answers } = client
  const { approvals } = process
  const redemption = `6f9619ff-8b86-4d01-b42d-00c04fc964f${number}`
  for (let left = 3; left > 0; left--) {
    const request = await approvals.read(id, { kind: 'agent', id: agent.id })
    const { grant } = await approvals.grant(request, executor)
    if (grant) {
      answers.push({ told: 'granted', id })
      await world.points(number * 3)
      const input = { caller: executor, mayRedeemForOthers: true, grant: grant.token, digest, redemption }
      await approvals.redeem(id, input)
      if (answers.some((one) => one.told === 'redeemed' && one.id === id)) world.reached('redeemed again')
      answers.push({ told: 'redeemed', id, redemption })
      return result === null ? undefined : report(client, id, executor, result)
    }
    if (request.status !== 'pending') throw new Problem('not-redeemable', 'Nothing is granted.')
    await world.points(8)
  }
}

export async function report(
  { process, answers }: Client,
  id: RequestId,
  executor: ObjectId,
  result: 'succeeded' | 'failed',
): Promise<void> {
  await process.approvals.report(id, { executor, result })
  answers.push({ told: result, id })
}
