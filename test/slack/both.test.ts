import type { Digest, ObjectId } from '../../src/core/data/id.ts'
import { milliseconds } from '../../src/core/data/instant.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { viewOf } from '../../src/core/request/view.ts'
import type { Delivery } from '../../src/delivery/delivery.ts'
import { dispatch } from '../../src/delivery/dispatch.ts'
import { type Bot, bot } from '../../src/teams/inbound/bot.ts'
import type { SlackView } from '../../src/cards/blockKit.ts'
import { type SlackDoor, slackDoor } from '../../src/slack/door.ts'
import { cards } from '../cards/drawn.ts'
import { dba, dba2, needs, owner, policyVersion, security, slot } from '../support/build.ts'
import { type DeliveryWorld, deliveryWorld } from '../support/deliveryWorld.ts'
import { MemoryOutbox } from '../support/fakes/outbox.ts'
import { signed, slackApp, slackChannel, type SlackDouble, type SlackFate, slackPlace } from '../support/slackDouble.ts'
import { asks, history, type World, world } from '../support/world.ts'
import { objectsIn, textsIn } from './blockRules.ts'
import { slackWorld } from './slackWorld.ts'

const teamsChannel = '19:security@thread.tacv2'
const { teamId, appId } = slackApp
const accounts = new Map<ObjectId, string>([
  [dba, 'U0000000011'],
  [dba2, 'U0000000012'],
  [security, 'U0000000021'],
])

let slack: SlackDouble
let here: World
let rooms: DeliveryWorld
let delivery: Delivery
let inTeams: Bot
let inSlack: SlackDoor
let number: number

beforeEach(async () => {
  const room = await slackWorld()
  const { api, messenger, clock } = room
  ;({ slack } = room)
  number = 0
  here = await world(() => needs([slot('dba'), slot('security')]), {
    groups: [
      { name: 'dba', members: [dba, dba2, owner], channels: [slackPlace] },
      { name: 'security', members: [security], channels: [teamsChannel, slackPlace] },
    ],
  })
  rooms = deliveryWorld({ clock, ledger: here.ledger, outbox: new MemoryOutbox(here.ledger) })
  const channels: Readonly<Record<string, readonly string[]>> = {
    dba: [slackPlace],
    security: [teamsChannel, slackPlace],
  }
  const policy = {
    version: policyVersion,
    complianceChannel: () => null,
    group: (name: string) => ({ name, members: [], channels: channels[name] ?? [] }),
  }
  delivery = rooms.process({
    policy,
    messenger: dispatch(
      new Map([
        ['teams', rooms.teams],
        ['slack', messenger],
      ]),
    ),
  })
  const shared = {
    approvals: here.approvals,
    isShownIn: () => true,
    adopt: (...card: Parameters<Delivery['adopt']>) => delivery.adopt(...card),
  }
  inTeams = bot({ ...shared, cards, messenger: rooms.teams, arrivals: rooms.outbox, hearings: rooms.outbox })
  inSlack = slackDoor({
    ...{ ...shared, settings: slackApp, clock: here.clock, api, messenger, cards: async () => cards.slack },
    policy: {
      personInSlack: (account) => [...accounts].find(([, user]) => account === `${teamId}/${user}`)?.[0] ?? null,
    },
    failed: (cause) => {
      throw cause
    },
  })
})

afterEach(() => slack.close())

/** Asks, and lets the cards of both rooms appear. */
async function ask(): Promise<ApprovalRequest> {
  const { request } = await here.approvals.ask(asks())
  await settle()
  return request
}

/** Lets deliveries happen, at the pace of both rooms. */
async function settle(): Promise<void> {
  const swept = delivery.sweep()
  await rooms.clock.pass(40)
  await swept
  await delivery.idle()
}

const now = async ({ id }: ApprovalRequest): Promise<ApprovalRequest> => rooms.find(id)

/** Clicks in Slack as a person: on Review below a message, or on a button of the modal. */
async function click(who: ObjectId, action: string, value: string, view?: string): Promise<SlackView> {
  const place =
    view === undefined ? { channel: { id: slackChannel }, message: { ts: messageTs() } } : { view: { id: view } }
  const payload = {
    ...{ type: 'block_actions', api_app_id: appId, team: { id: teamId }, trigger_id: `t${++number}`, ...place },
    ...{ user: { id: accounts.get(who), team_id: teamId }, actions: [{ type: 'button', action_id: action, value }] },
  }
  const body = new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
  const call = signed(body, milliseconds(here.clock.now()))
  await (await inSlack({ ...call, contentType: 'application/x-www-form-urlencoded' })).answer
  return [...slack.views.values()].at(-1) as SlackView
}

const messageTs = (): string => slack.messages(slackChannel)[0]?.ts ?? '1772625600.999999'

/** Reviews and approves in Slack. Returns what the person sees then. */
async function approveInSlack(who: ObjectId, { id }: ApprovalRequest): Promise<string> {
  const view = await click(who, 'review', id)
  const button = objectsIn(view as never).find((one) => one['action_id'] === 'approve')
  if (typeof button?.['value'] !== 'string') return textsIn(view).join('\n')
  const [open = ''] = [...slack.views.keys()].slice(-1)
  return textsIn(await click(who, 'approve', button['value'], open)).join('\n')
}

/** Reviews and votes in Teams. */
async function voteInTeams(who: ObjectId, request: ApprovalRequest, verdict: 'approve' | 'deny'): Promise<object> {
  const about = { who, conversation: teamsChannel, request: request.id, page: 1 }
  await inTeams({ ...about, kind: 'review', posted: false })
  const view = viewOf(await now(request), cards.template) as Digest
  return inTeams({ ...about, kind: 'decide', verdict, view, ...(verdict === 'deny' && { reason: 'No.' }) })
}

/** What the newest message in Slack and the card in Teams say of the request. */
const shown = (): readonly [string, string | undefined] => [
  slack
    .messages(slackChannel)
    .map((one) => textsIn(one).join('\n'))
    .join('\n---\n'),
  rooms.shown(teamsChannel)[0],
]

test('a request goes to both rooms, and half of its approval comes from each', async () => {
  const request = await ask()
  expect(slack.messages(slackChannel)).toHaveLength(1)
  expect(shown()).toEqual([expect.stringContaining('Waiting for approval'), 'pending'])
  await approveInSlack(dba, request)
  await settle()
  expect(shown()[0]).toContain('✓ Approved by Person 11')
  await voteInTeams(security, request, 'approve')
  await settle()
  expect((await now(request)).decisions.map(({ via }) => via)).toEqual(['slack', 'teams'])
  expect(shown()).toEqual([expect.stringContaining('Approved by Person 11, Person 21'), 'approved'])
})

test('what is denied in Teams shows in Slack, and no later vote of Slack counts', async () => {
  const request = await ask()
  await voteInTeams(security, request, 'deny')
  await settle()
  expect(shown()).toEqual([expect.stringContaining('Denied by Person 21: “No.”'), 'denied'])
  expect(await approveInSlack(dba, request)).toContain('Denied by Person 21')
  expect((await now(request)).decisions).toHaveLength(1)
})

test('votes in both rooms at once: each counts, or the denial ends it, and both rooms show the same', async () => {
  for (const verdict of ['approve', 'deny'] as const) {
    const request = await ask()
    await Promise.all([approveInSlack(dba, request), voteInTeams(security, request, verdict)])
    await settle()
    const { status, decisions } = await now(request)
    if (verdict === 'approve') expect([status, decisions.length]).toEqual(['approved', 2])
    else expect(status).toBe('denied')
    const types = await history(here, request.id)
    expect(types.filter((type) => type === 'approved' || type === 'denied')).toEqual([status])
    const last = slack.messages(slackChannel).at(-1)
    expect(textsIn(last ?? {}).join('\n')).toContain(status === 'denied' ? '✕ Denied' : '✓ Approved')
    expect(rooms.shown(teamsChannel).at(-1)).toBe(status)
  }
})

test('one person who votes in both rooms at once counts once', async () => {
  const request = await ask()
  await Promise.all([approveInSlack(security, request), voteInTeams(security, request, 'approve')])
  const { status, decisions } = await now(request)
  expect([status, decisions.length]).toEqual(['pending', 1])
})

describe('deliveries to Slack', () => {
  const once = (fate: SlackFate) => {
    let left = true
    slack.plan = ({ method }) => {
      if (!method.startsWith('chat.') || !left) return null
      left = false
      return fate
    }
  }

  test('wait as long as Slack asks, and Teams has its card at once', async () => {
    once({ http: { status: 429, headers: { 'retry-after': '9' }, body: { ok: false, error: 'ratelimited' } } })
    const { request } = await here.approvals.ask(asks())
    await settle()
    expect(rooms.shown(teamsChannel)).toEqual(['pending'])
    expect(slack.messages(slackChannel)).toHaveLength(1)
    expect(await delivery.state(await now(request))).toBe('ok')
  })

  test('that are refused leave the request to Teams, which is told to health', async () => {
    slack.plan = ({ method }) => (method === 'chat.postMessage' ? { error: 'not_in_channel' } : null)
    const request = await ask()
    expect([rooms.shown(teamsChannel), slack.messages(slackChannel)]).toEqual([['pending'], []])
    expect(delivery.isFailing()).toBe(true)
    expect((await now(request)).undeliverable).toBe(false)
    await voteInTeams(security, request, 'approve')
    expect((await now(request)).decisions).toHaveLength(1)
  })

  test('post another card where a person deleted one', async () => {
    const request = await ask()
    slack.remove(slackChannel, messageTs())
    await voteInTeams(security, request, 'approve')
    await settle()
    await settle()
    expect(slack.messages(slackChannel)).toHaveLength(1)
    expect(shown()[0]).toContain('✓ Approved by Person 21')
  })

  test('post another card where the old one is of an earlier app', async () => {
    const request = await ask()
    slack.plan = ({ method }) => (method === 'chat.update' ? { error: 'cant_update_message' } : null)
    await voteInTeams(security, request, 'deny')
    await settle()
    await settle()
    const [old, ...others] = slack.messages(slackChannel).map((one) => textsIn(one).join('\n'))
    expect(old).toContain('Waiting for approval')
    expect(others).toEqual([expect.stringContaining('Denied by Person 21')])
  })

  test('whose answer is lost leave one more card at most, which a click corrects', async () => {
    once('lost')
    const request = await ask()
    await settle()
    expect(slack.messages(slackChannel)).toHaveLength(2)
    await voteInTeams(security, request, 'deny')
    await settle()
    expect(textsIn(slack.messages(slackChannel)[0] ?? {}).join('\n')).toContain('Waiting for approval')
    await click(dba, 'review', request.id)
    await settle()
    for (const message of slack.messages(slackChannel)) expect(textsIn(message).join('\n')).toContain('Denied by')
  })
})
