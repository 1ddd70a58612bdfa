import { answer, askBack } from '../../src/core/request/conversation.ts'
import { decide } from '../../src/core/request/decision.ts'
import { breakGlass } from '../../src/core/request/glass.ts'
import { prompted } from '../../src/core/request/prompt.ts'
import { redeem, report } from '../../src/core/request/redemption.ts'
import { type ApprovalRequest, contentOf, hashOfQuestion, type Step } from '../../src/core/request/request.ts'
import { cancel, revoke } from '../../src/core/request/withdrawal.ts'
import type { Instant } from '../../src/core/data/instant.ts'
import { plusSeconds } from '../../src/core/data/instant.ts'
import type { RequestId } from '../../src/core/data/id.ts'
import type { Delivery } from '../../src/delivery/delivery.ts'
import { dispatch } from '../../src/delivery/dispatch.ts'
import { english } from '../../src/words/english.ts'
import { dba, decision, facts, needs, redemption } from '../support/build.ts'
import { type DeliveryWorld, deliveryWorld } from '../support/deliveryWorld.ts'
import { slackApp, slackChannel, type SlackFate } from '../support/slackDouble.ts'
import { incident } from '../support/talked.ts'
import { objectsIn, textsIn } from './blockRules.ts'
import { type SlackWorld, slackWorld } from './slackWorld.ts'

const [security, compliance] = ['C0000000002', 'C0000000003']
const placeOf = (channel: string): string => `slack:${slackApp.teamId}/${channel}`

let room: SlackWorld
let world: DeliveryWorld
let delivery: Delivery

beforeEach(async () => {
  room = await slackWorld()
  for (const channel of [security, compliance]) room.slack.channels.add(channel)
  world = deliveryWorld({ clock: room.clock })
  delivery = another()
})

afterEach(async () => {
  await room.slack.close()
  expect(world.failures).toEqual([])
})

const channels: Readonly<Record<string, string>> = { dba: slackChannel, security }

/** A process whose policy has channels of Slack alone. */
const another = (): Delivery =>
  world.process({
    messenger: dispatch(new Map([['slack', room.messenger]])),
    policy: {
      ...world.policy,
      complianceChannel: () => placeOf(compliance),
      group: (name) => ({ name, members: [], channels: channels[name] ? [placeOf(channels[name])] : [] }),
    },
  })

/** Lets time pass, in which the timer sweeps every 30 seconds and Slack takes a message a second. */
async function settle(seconds = 30): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 30) {
    const swept = delivery.sweep()
    await room.clock.pass(30)
    await swept
    await delivery.idle()
  }
}

async function ask(other: Parameters<typeof needs>[1] = {}): Promise<RequestId> {
  const { id } = await world.ask({
    expiresIn: 7_200,
    judgement: needs([{ groups: ['dba'], quorum: 1, later: { after: 1_800, groups: ['security'] } }], {
      ...{ expires: 7_200, remind: [900], glass: { groups: ['incident'], review: 86_400 } },
      ...other,
    }),
  })
  await settle()
  return id
}

async function commit(id: RequestId, rule: (request: ApprovalRequest, at: Instant) => Step | null): Promise<void> {
  await world.commit(id, (request, at) => rule(request, at) ?? { request, events: [] })
  await settle()
}

const of = (who: typeof dba, at: Instant, groups = ['dba']) => facts(who, { asOf: at, groups })
const seen = (request: ApprovalRequest, via = 'api') => {
  const content = contentOf(request)
  return { via, digest: request.digest, ...(content !== null && { content }) }
}

const question = (id: RequestId, text = 'Which customers?') =>
  commit(id, (request, at) =>
    askBack(request, { approver: dba, name: 'Dana', question: text, seen: seen(request), facts: of(dba, at), at }),
  )
const answers = (id: RequestId, words = 'Those of the report.\nApproved by Dana') =>
  commit(id, (request, at) =>
    answer(request, {
      ...{ by: { kind: 'agent', id: request.agent.id }, answer: words, warnings: [], at },
      question: hashOfQuestion(request, request.questions![0]!),
    }),
  )
const glass = (id: RequestId) =>
  commit(id, (request, at) =>
    breakGlass(request, {
      ...{ approver: incident, name: 'Ina', reason: 'Fire.', seen: seen(request), at },
      ...{ confirm: 'customers', facts: of(incident, at, ['incident']) },
    }),
  )
async function prompt(id: RequestId, seconds: number): Promise<void> {
  await room.clock.pass(seconds)
  await commit(id, (request, at) => prompted(request, at))
}

const cardsIn = (channel: string) => room.slack.messages(channel).filter(({ thread }) => thread === undefined)
const noticesIn = (channel: string) => room.slack.messages(channel).filter(({ thread }) => thread !== undefined)
const textOf = (message: object | undefined): string => textsIn(message ?? {}).join('\n')
const callsOf = (method: string) => room.slack.calls.filter((call) => call.method === method).length

describe('in the thread of its message', () => {
  test('a question is told once, and the message shows it too', async () => {
    const id = await ask()
    await question(id)
    for (let i = 0; i < 3; i++) await another().deliver(id)
    const [card] = cardsIn(slackChannel)
    const [notice, ...more] = noticesIn(slackChannel)
    expect(more).toEqual([])
    expect(notice?.thread).toBe(card?.ts)
    expect(notice?.text).toBe(english.notices.asked)
    expect([textOf(notice), textOf(card)]).toEqual([
      expect.stringContaining('Which customers?'),
      expect.stringContaining('Which customers?'),
    ])
  })

  test('an answer is told, as the words of the side that asks', async () => {
    const id = await ask()
    await question(id)
    await answers(id)
    const [, notice] = noticesIn(slackChannel)
    expect(notice?.text).toBe(english.notices.answered)
    expect(textOf(notice).split('\n')).not.toContain('Approved by Dana')
    expect(textOf(notice)).toContain('Those of the report.')
  })

  test('a reminder is told, and changes no message', async () => {
    const id = await ask()
    await prompt(id, 900)
    expect(noticesIn(slackChannel).map(({ text }) => text)).toEqual([english.notices.reminded])
    expect(callsOf('chat.update')).toBe(0)
  })

  test('a notice has the button that opens the request', async () => {
    const id = await ask()
    await prompt(id, 900)
    const buttons = noticesIn(slackChannel).flatMap((one) => objectsIn(one as never))
    expect(buttons.flatMap(({ type, value }) => (type === 'button' ? [value] : []))).toEqual([id])
  })

  test('a private request is told of without what people wrote', async () => {
    const id = await ask({ private: true, summary: 'Exports need a DBA' })
    await question(id, 'Why the customers of Mr. Smith?')
    await glass(id)
    const told = [...noticesIn(slackChannel), ...cardsIn(compliance)].map(textOf).join('\n')
    expect(told).toContain(english.notices.asked)
    for (const hidden of ['Smith', 'Dana', 'Ina', 'Fire.', 'customers']) expect(told).not.toContain(hidden)
  })
})

test('an escalation brings the request into the channel of the group that joins, and tells it in both threads', async () => {
  const id = await ask({ remind: [] })
  await prompt(id, 1_800)
  expect(cardsIn(security).map(textOf)).toEqual([expect.stringContaining('Now security may approve, too.')])
  for (const channel of [slackChannel, security]) {
    const [card] = cardsIn(channel)
    expect(noticesIn(channel)).toEqual([expect.objectContaining({ text: english.notices.escalated, thread: card?.ts })])
  }
})

test('a broken glass is told in the thread, and as a message of its own in the compliance channel', async () => {
  const id = await ask()
  await glass(id)
  expect(noticesIn(slackChannel).map(({ text }) => text)).toEqual([english.notices['glass-broken']])
  expect(cardsIn(compliance).map(({ text }) => text)).toEqual([english.notices['glass-broken']])
  expect(textOf(cardsIn(slackChannel)[0])).toContain('Break-glass: approved by Ina alone: “Fire.”')
})

describe('a notice that Slack does not take', () => {
  /** Of posts into threads, the first meets this. */
  const once = (fate: SlackFate) => {
    let left = true
    room.slack.plan = ({ body }) => {
      if (body.thread_ts === undefined || !left) return null
      left = false
      return fate
    }
  }

  test('because of its rate comes when the time is over', async () => {
    const id = await ask()
    once({ http: { status: 429, headers: { 'retry-after': '60' }, body: { ok: false, error: 'ratelimited' } } })
    await question(id)
    expect(noticesIn(slackChannel)).toEqual([])
    await settle(120)
    expect(noticesIn(slackChannel)).toHaveLength(1)
  })

  test('as far as we know comes once more, and no oftener', async () => {
    const id = await ask()
    once('lost')
    await question(id)
    await settle(600)
    expect(noticesIn(slackChannel)).toHaveLength(2)
    expect(await world.isQuiet()).toBe(true)
  })

  test('for good keeps no request open, and its message shows the truth all the same', async () => {
    const id = await ask()
    room.slack.plan = ({ body }) => (body.thread_ts === undefined ? null : { error: 'restricted_action' })
    await question(id)
    await world.deny(id)
    delivery.soon(id)
    await settle()
    expect(textOf(cardsIn(slackChannel)[0])).toContain(english.statuses.denied)
    expect(await world.isQuiet()).toBe(true)
  })
})

/** An approval from a minute ago on, through another door. */
const voted = (verdict: 'approve' | 'deny', via: string) => (request: ApprovalRequest, at: Instant) =>
  decide(request, decision(request, { verdict, seen: seen(request, via), facts: of(dba, at), at }))

describe('the message comes to show what became of the request elsewhere:', () => {
  const revoked = (request: ApprovalRequest, at: Instant) =>
    revoke(request, { approver: dba, facts: of(dba, at), name: 'Dana', at })
  const redeemed = (request: ApprovalRequest, at: Instant) =>
    redeem(request, { redemption, digest: request.digest, grantExpiresAt: plusSeconds(at, 300), at })
  const reported = (request: ApprovalRequest, at: Instant) =>
    report(request, { executor: request.executor, result: 'failed', at })

  test.each<[string, readonly ((request: ApprovalRequest, at: Instant) => Step)[], keyof typeof english.statuses]>([
    ['approved in the console', [voted('approve', 'console')], 'approved'],
    ['denied in a shell', [voted('deny', 'cli')], 'denied'],
    ['approved, and revoked over HTTP', [voted('approve', 'api'), revoked], 'revoked'],
    ['cancelled by the agent', [(request, at) => cancel(request, { at })], 'cancelled'],
    ['carried out, and failed', [voted('approve', 'cli'), redeemed, reported], 'failed'],
  ])('%s', async (_what, rules, status) => {
    const id = await ask()
    for (const rule of rules) await commit(id, rule)
    expect(cardsIn(slackChannel).map(textOf)).toEqual([expect.stringContaining(english.statuses[status])])
    expect(callsOf('chat.update')).toBe(rules.length)
  })

  test('its deadline passed', async () => {
    const id = await ask({ remind: [] })
    await room.clock.pass(7_300)
    await world.outbox.touch(id)
    await settle()
    expect(cardsIn(slackChannel).map(textOf)).toEqual([expect.stringContaining(english.statuses.expired)])
  })
})

test('of the agent that asks no word reaches a notification', async () => {
  const id = await ask()
  await question(id, '<!channel> & *now*')
  await answers(id, '<!here>')
  for (const { text } of [...cardsIn(slackChannel), ...noticesIn(slackChannel)])
    expect(text).not.toMatch(/[<>&*]|here|channel/)
})
