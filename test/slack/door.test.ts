import type { Delivery } from '../../src/delivery/delivery.ts'
import type { ObjectId } from '../../src/core/data/id.ts'
import { milliseconds } from '../../src/core/data/instant.ts'
import { type ApprovalRequest, hashOfQuestion } from '../../src/core/request/request.ts'
import { mostViewPages, viewPagesOf } from '../../src/core/request/viewPage.ts'
import type { SlackView } from '../../src/cards/blockKit.ts'
import { type SlackDoor, slackDoor, type SlackDoorParts, type SlackReply } from '../../src/slack/door.ts'
import { slackMessenger } from '../../src/slack/messenger.ts'
import { webApi } from '../../src/slack/webApi.ts'
import { english } from '../../src/words/english.ts'
import { cards } from '../cards/drawn.ts'
import { slackDrawing } from './drawing.ts'
import {
  action,
  codeOf,
  dba,
  dba2,
  disabled,
  guest,
  needs,
  noon,
  oid,
  owner,
  scope,
  security,
  slot,
} from '../support/build.ts'
import { signed, slackApp, slackChannel, type SlackDouble, slackPlace, startSlack } from '../support/slackDouble.ts'
import { asks, history, type World, world } from '../support/world.ts'
import { until } from '../support/until.ts'
import { objectsIn, textsIn } from './blockRules.ts'

const { teamId, appId } = slackApp

/** The users of Slack whom policy names. */
const users: Readonly<Record<string, ObjectId>> = {
  ...{ U0000000011: dba, U0000000012: dba2, U0000000021: security, U0000000031: owner },
  ...{ U0000000051: guest, U0000000052: disabled, U0000000099: oid(99) },
}
const userOf = (id: ObjectId): string => Object.entries(users).find(([, one]) => one === id)?.[0] ?? ''
const known = Object.fromEntries(Object.entries(users).map(([user, id]) => [`${teamId}/${user}`, id]))

let slack: SlackDouble
let here: World
let door: SlackDoor
let failures: unknown[]
let adopted: unknown[]
let number: number

async function doorOf(judgement = needs([slot('dba')]), other: Partial<SlackDoorParts> = {}): Promise<void> {
  here = await world(() => judgement, {
    slack: known,
    groups: [
      { name: 'dba', members: [dba, dba2, owner, guest, disabled], channels: [slackPlace] },
      { name: 'security', members: [security], channels: ['19:security'] },
    ],
  })
  door = anotherDoor(other)
}

/** A door of another process, on the same rows and the same Slack. */
function anotherDoor(other: Partial<SlackDoorParts> = {}): SlackDoor {
  const api = webApi({ token: slackApp.token, url: slack.url })
  return slackDoor({
    ...{ settings: slackApp, clock: here.clock, api, cards: async () => cards.slack },
    policy: { personInSlack: (account) => known[account] ?? null },
    approvals: here.approvals,
    messenger: slackMessenger({ api, teamId, draw: slackDrawing }),
    isShownIn: (request, channel) => channel === slackPlace && request.requirement?.slots[0]?.groups[0] === 'dba',
    adopt: async (...card) => void adopted.push(card),
    failed: (cause) => void failures.push(cause),
    link: (id) => `https://countersign.example/console/requests/${id}`,
    ...other,
  })
}

beforeEach(async () => {
  slack = await startSlack()
  failures = []
  adopted = []
  number = 0
  await doorOf()
})

afterEach(() => slack.close())

const ask = async (more = {}): Promise<ApprovalRequest> => (await here.approvals.ask(asks(more))).request

/** Calls the door with a payload, as Slack does. */
async function send(
  payload: object | string,
  more: { secret?: string; at?: number; type?: string } = {},
): Promise<SlackReply> {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const isEvent = text.includes('"event_callback"') || text.includes('"url_verification"')
  const body = isEvent ? text : new URLSearchParams({ payload: text }).toString()
  const contentType = more.type ?? (isEvent ? 'application/json' : 'application/x-www-form-urlencoded')
  const call = { ...signed(body, more.at ?? milliseconds(here.clock.now()), more.secret), contentType }
  return (await door(call)).answer
}

const from = (who: ObjectId | string) => ({ id: users[who] ? who : userOf(who as ObjectId) || who, team_id: teamId })
const ours = { api_app_id: appId, team: { id: teamId, domain: 'contoso' } }

/** The click on Review below a message in the channel. */
const reviewed = (who: ObjectId | string, value: string, more: object = {}) => ({
  ...{ type: 'block_actions', user: from(who), ...ours, trigger_id: `trigger-${++number}` },
  ...{ channel: { id: slackChannel }, message: { ts: '1772625600.000001' } },
  actions: [{ type: 'button', block_id: 'b', action_id: 'review', value }],
  ...more,
})

const lastView = (): [string, SlackView] => [...slack.views].at(-1) ?? ['', {} as SlackView]

function buttonIn(view: SlackView, id: string): string {
  const value = objectsIn(view as never).find((one) => one['action_id'] === id)?.['value']
  return typeof value === 'string' ? value : 'none'
}

/** The click on a button of the modal that was opened last. */
const pressed = (who: ObjectId | string, id: string, value = buttonIn(lastView()[1], id)) => ({
  ...{
    type: 'block_actions',
    user: from(who),
    ...ours,
    trigger_id: `trigger-${++number}`,
    view: { id: lastView()[0] },
  },
  actions: [{ type: 'button', action_id: id, value }],
})

/** Sends the form of the modal that was opened last. */
const sent = (who: ObjectId | string, words: string | null) => {
  const [id, { callback_id, private_metadata }] = lastView()
  const field = { type: 'plain_text_input', value: words }
  return {
    ...{ type: 'view_submission', user: from(who), ...ours, trigger_id: `trigger-${++number}` },
    view: { id, callback_id, private_metadata, state: { values: { words: { words: field } } } },
  }
}

const textOf = (view: unknown): string => textsIn(view as object).join('\n')

const event = (who: ObjectId | string, text: string, more: object = {}) => ({
  ...{ type: 'event_callback', api_app_id: appId, team_id: teamId, event_id: `Ev${++number}` },
  event: {
    ...{
      type: 'app_mention',
      user: from(who).id,
      channel: slackChannel,
      text: `<@U00BOT> ${text}`,
      ts: '1772625600.000009',
    },
    ...more,
  },
})

describe('an approver', () => {
  test('clicks Review, sees the request, and approves', async () => {
    const request = await ask()
    expect(await send(reviewed(dba, request.id))).toEqual({ status: 200 })
    const [, view] = lastView()
    expect(textOf(view)).toContain('Quarterly report')
    expect(await send(pressed(dba, 'approve'))).toEqual({ status: 200 })
    expect(textOf(lastView()[1])).toContain('Approved by Person 11')
    expect(await history(here, request.id)).toEqual(['requested', 'shown', 'decided', 'approved'])
    const now = await here.ledger.find(request.id)
    const events = now ? await here.approvals.events(now) : []
    const [, shown, decided] = events.map(({ text }) => JSON.parse(text) as { data: object })
    expect(shown?.data).toMatchObject({ template: cards.slack.template, page: 1 })
    expect(decided?.data).toMatchObject({ via: 'slack', verdict: 'approve' })
    expect(failures).toEqual([])
  })

  test('denies with a reason, in the same modal', async () => {
    const request = await ask()
    await send(reviewed(dba, request.id))
    await send(pressed(dba, 'deny'))
    const answer = await send(sent(dba, 'Not today.'))
    expect(answer).toMatchObject({ status: 200, body: { response_action: 'update' } })
    expect(textOf((answer.body as { view: SlackView }).view)).toContain('Denied by Person 11: “Not today.”')
    expect((await here.ledger.find(request.id))?.status).toBe('denied')
  })

  test('gets the form back when the reason is missing, and with what was typed when it is too long', async () => {
    const request = await ask()
    await send(reviewed(dba, request.id))
    await send(pressed(dba, 'deny'))
    for (const [words, fault] of [
      ['', english.card.reasonMissing],
      ['x'.repeat(501), 'at most 500'],
      ['a\u0007b', 'invisible'],
    ] as const) {
      const { body, code } = await send(sent(dba, words))
      const { view } = body as { view: SlackView }
      expect([code, view.callback_id]).toEqual(['invalid-input', 'deny'])
      expect(textOf(view)).toContain(fault)
      if (words !== '') expect(JSON.stringify(view)).toContain(JSON.stringify(words).slice(1, 400))
    }
    expect((await here.ledger.find(request.id))?.status).toBe('pending')
  })

  test('takes an approval back', async () => {
    const request = await ask()
    await send(reviewed(dba, request.id))
    await send(pressed(dba, 'approve'))
    await send(pressed(dba, 'revoke'))
    await send(sent(dba, null))
    expect((await here.ledger.find(request.id))?.status).toBe('revoked')
  })

  test('approves a long request on its last page alone, when all pages were shown', async () => {
    const long = { action: 'db.export', target: 'prod/x', environment: 'production', params: { a: 'x'.repeat(9_000) } }
    const request = await ask({ action: long })
    await send(reviewed(dba, request.id))
    const early = JSON.parse(buttonIn(lastView()[1], 'next')) as object
    expect(buttonIn(lastView()[1], 'approve')).toBe('none')
    await send(pressed(dba, 'approve', JSON.stringify({ ...early, page: 3 })))
    expect(textOf(lastView()[1])).toContain(english.bot.outOfDate)
    await send(pressed(dba, 'next'))
    await send(pressed(dba, 'next'))
    await send(pressed(dba, 'approve'))
    expect((await here.ledger.find(request.id))?.status).toBe('approved')
  })

  test('approves on the page of what was asked and answered, which may come after all pages of params', async () => {
    const params = { a: '\u00ad'.repeat(7_600) }
    const request = await ask({ action: { action: 'db.export', target: 'prod/x', environment: 'production', params } })
    const asked = await here.approvals.askBack(request.id, {
      ...{ approver: dba2, question: `?${'y'.repeat(499)}`, seen: { via: 'api', digest: request.digest } },
    })
    const question = hashOfQuestion(asked, asked.questions![0]!)
    const answer = `.${'\u00ad'.repeat(999)}`
    const now = await here.approvals.answer(request.id, { by: { kind: 'person', id: owner }, question, answer })
    expect(viewPagesOf(now, english.units)).toHaveLength(mostViewPages)
    await send(reviewed(dba, request.id))
    for (let page = 1; page < mostViewPages; page++) await send(pressed(dba, 'next'))
    await send(pressed(dba, 'approve'))
    expect((await here.ledger.find(request.id))?.status).toBe('approved')
  })

  test('sees that somebody else was faster', async () => {
    const request = await ask()
    await send(reviewed(dba, request.id))
    await here.approvals.decide(request.id, {
      ...{ approver: dba2, verdict: 'deny', reason: 'No.' },
      seen: { via: 'teams', digest: request.digest },
    })
    await send(pressed(dba, 'approve'))
    expect(textOf(lastView()[1])).toContain('Denied by Person 12')
    expect((await here.ledger.find(request.id))?.decisions).toHaveLength(1)
  })

  test('approves nothing of tier high, and denies it', async () => {
    await doorOf(needs([slot('dba')], { tier: 'high' }))
    const request = await ask()
    await send(reviewed(dba, request.id))
    const [, view] = lastView()
    expect(buttonIn(view, 'approve')).toBe('none')
    expect(JSON.stringify(view)).toContain(`https://countersign.example/console/requests/${request.id}`)
    const value = JSON.stringify({ ...(JSON.parse(buttonIn(view, 'deny')) as object) })
    await send(pressed(dba, 'approve', value))
    expect(textOf(lastView()[1])).toContain('teams or console')
    expect((await here.ledger.find(request.id))?.status).toBe('pending')
    await send(pressed(dba, 'deny'))
    await send(sent(dba, 'No.'))
    expect((await here.ledger.find(request.id))?.status).toBe('denied')
  })

  test('breaks no glass, and is sent to where that is done', async () => {
    await doorOf(needs([slot('dba')], { glass: { groups: ['security'], review: 3600 } }))
    const request = await ask()
    await send(reviewed(security, request.id))
    expect(textOf(lastView()[1])).toContain(english.slack.emergency)
    expect(await history(here, request.id)).toEqual(['requested'])
  })
})

describe('a question to the side that asks', () => {
  const asking = async (words: string, who: ObjectId = dba) => {
    await send(pressed(who, 'ask'))
    const { body, code } = await send(sent(who, words))
    return { view: (body as { view: SlackView }).view, code }
  }

  test('is asked in the modal, and recorded as asked here', async () => {
    const request = await ask()
    await send(reviewed(dba, request.id))
    const { view } = await asking('Which customers?')
    expect(textOf(view)).toContain('Person 11 asks: “Which customers?”')
    expect(buttonIn(view, 'ask')).toBe('none')
    expect(buttonIn(view, 'approve')).not.toBe('none')
    const now = await here.ledger.find(request.id)
    const events = now ? await here.approvals.events(now) : []
    expect(events.map(({ text }) => JSON.parse(text) as object)).toMatchObject([
      { type: 'requested' },
      { type: 'shown', data: { template: cards.slack.template } },
      { type: 'asked', data: { via: 'slack', view: expect.stringMatching(/^sha256:/) } },
    ])
  })

  test.each<[string, string, string, string]>([
    ['without words', '', english.card.questionMissing, 'invalid-input'],
    ['too long', 'x'.repeat(501), 'The question has at most 500 characters.', 'invalid-input'],
    ['with a secret', 'Is it ghp_0123456789abcdefghijklmnopqrstuvwxyzAB?', 'secret', 'secret-in-params'],
  ])('is given back %s', async (_what, words, why, code) => {
    const request = await ask()
    await send(reviewed(dba, request.id))
    const { view, code: found } = await asking(words)
    expect([found, view.callback_id]).toEqual([code, 'ask'])
    expect(textOf(view)).toContain(why)
    expect(textOf(view)).not.toContain('/question')
    expect(await history(here, request.id)).toEqual(expect.not.arrayContaining(['asked']))
  })

  test('is asked of a request of tier high too, since it approves nothing', async () => {
    await doorOf(needs([slot('dba')], { tier: 'high' }))
    const request = await ask()
    await send(reviewed(dba, request.id))
    expect(textOf((await asking('Which customers?')).view)).toContain('Which customers?')
  })

  test('is asked by none who may not approve', async () => {
    const request = await ask()
    await send(reviewed(dba, request.id))
    const button = pressed(dba, 'ask')
    const form = await send(button).then(() => sent(dba, 'Which customers?'))
    await send(reviewed(owner, request.id))
    expect(buttonIn(lastView()[1], 'ask')).toBe('none')
    const { body } = await send({ ...form, user: from(owner), trigger_id: 'another' })
    expect(textOf((body as { view: SlackView }).view)).toContain(english.bot.excluded.policy)
    expect(await history(here, request.id)).toEqual(expect.not.arrayContaining(['asked']))
  })

  test('is answered elsewhere, which the side that asks reads here', async () => {
    const request = await ask()
    await send(reviewed(dba, request.id))
    await asking('Which customers?')
    await send(reviewed(owner, request.id))
    expect(textOf(lastView()[1])).toContain(english.slack.answer)
    expect(textOf(lastView()[1])).toContain('Which customers?')
  })
})

test('a request is made smaller elsewhere, which those who may read here', async () => {
  await doorOf(needs([slot('dba')], { session: { for: 14_400, uses: 50, vary: [] } }))
  const request = await ask({ action: { ...action, standing: { ...scope, vary: {} } } })
  await send(reviewed(dba, request.id))
  expect(textOf(lastView()[1])).toContain(english.slack.narrow)
  await send(reviewed(owner, request.id))
  expect(textOf(lastView()[1])).not.toContain(english.slack.narrow)
})

describe('people who may not decide', () => {
  test.each<[string, ObjectId, string]>([
    ['of another group', security, english.card.refused],
    ['who own the agent', owner, english.bot.excluded.policy],
    ['who are guests', guest, english.bot.notFound],
    ['whose account is disabled', disabled, english.bot.notFound],
    ['whom the directory does not know', oid(99), english.bot.notFound],
  ])('%s read why, and approve nothing', async (_what, who, why) => {
    const request = await ask()
    await send(reviewed(who, request.id))
    expect(textOf(lastView()[1])).toContain(why)
    expect(buttonIn(lastView()[1], 'approve')).toBe('none')
    const before = JSON.stringify((await here.ledger.find(request.id))?.decisions)
    await send(pressed(who, 'approve', JSON.stringify({ request: request.id, page: 1, view: request.digest })))
    expect(JSON.stringify((await here.ledger.find(request.id))?.decisions)).toBe(before)
  })
})

/** That nothing was recorded, and no modal with a request was opened. */
async function nothingDone(request: ApprovalRequest): Promise<void> {
  expect(await history(here, request.id)).toEqual(['requested'])
  for (const view of slack.views.values()) expect(textOf(view)).not.toContain('Quarterly report')
}

describe('a call is refused, and nothing recorded:', () => {
  test.each<[string, (payload: object) => Promise<SlackReply>]>([
    ['signed with another secret', (payload) => send(payload, { secret: 'f'.repeat(32) })],
    ['of more than five minutes ago', (payload) => send(payload, { at: milliseconds(noon) - 301_000 })],
    ['of another app', (payload) => send({ ...payload, api_app_id: 'A0000000002' })],
    ['of no app', (payload) => send({ ...payload, api_app_id: undefined })],
    ['of another workspace', (payload) => send({ ...payload, team: { id: 'T0000000002' } })],
    ['of no workspace', (payload) => send({ ...payload, team: null })],
    [
      'that asks whether the address is ours, and is not signed',
      () => send({ type: 'url_verification', challenge: 'x' }, { secret: 'f'.repeat(32) }),
    ],
    [
      'without a signature',
      async (payload) =>
        (
          await door({
            ...{ timestamp: null, signature: null, contentType: 'application/json' },
            bytes: Buffer.from(JSON.stringify(payload)),
          })
        ).answer,
    ],
  ])('%s', async (_what, call) => {
    const request = await ask()
    expect(await codeOf(call(reviewed(dba, request.id)))).toBe('unauthenticated')
    expect(slack.calls).toEqual([])
    await nothingDone(request)
  })

  test.each<[string, string, string?]>([
    ['no JSON', '{"type":', 'invalid-json'],
    ['a list', '[]', 'invalid-input'],
    ['no object', '"block_actions"', 'invalid-input'],
  ])('a body that is %s', async (_what, text, code) => {
    expect(await codeOf(send(text))).toBe(code)
  })

  test.each([
    ...['', 'payload', 'payload=%7B%7D&payload=%7B%7D', 'other=%7B%7D', 'payload=%7B%7D&token=x', 'payload=%7B%7D&'],
    ...['&payload=%7B%7D', 'pay%6Coad=%7B%7D', 'payload=%7B%7D=', 'payload=%7B%7D\u00e9', 'payload=%C3', 'payload=%7'],
  ])('a form without its one field: %s', async (body) => {
    const call = signed(body, milliseconds(noon))
    const type = 'application/x-www-form-urlencoded'
    expect(await codeOf(door({ ...call, contentType: type }))).toBe('invalid-input')
  })

  test('a body that is too large', async () => {
    expect(await codeOf(send({ ...reviewed(dba, 'x'), more: 'x'.repeat(300_000) }))).toBe('too-large')
  })
})

describe('the sender alone reads why nothing was counted:', () => {
  const whispered = async (payload: object | string, why: string, code: string) => {
    const request = await ask()
    const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
    const answer = await send(text.replaceAll('REQUEST', request.id))
    expect(answer).toEqual({ status: 200, code })
    expect(slack.whispers.at(-1)).toMatchObject({ channel: slackChannel, text: expect.stringContaining(why) })
    expect(slack.views.size).toBe(0)
    await nothingDone(request)
  }

  test.each<[string, () => object | string, string, string]>([
    ['an unknown user', () => reviewed('U0000000404', 'REQUEST'), `${teamId}/U0000000404`, 'not-permitted'],
    [
      'a user of another workspace',
      () => reviewed(dba, 'REQUEST', { user: { ...from(dba), team_id: 'T0000000002' } }),
      english.slack.otherWorkspace,
      'not-permitted',
    ],
    [
      'the account of a program',
      () => reviewed(dba, 'REQUEST', { user: { ...from(dba), is_bot: true } }),
      english.slack.program,
      'not-permitted',
    ],
    ['a button of another card', () => reviewed(dba, 'no-id'), english.clicks.notOurs, 'invalid-input'],
    [
      'a button that we do not make',
      () => reviewed(dba, 'REQUEST', { actions: [{ type: 'button', action_id: 'approve', value: 'REQUEST' }] }),
      english.clicks.notOurs,
      'invalid-input',
    ],
    [
      'somebody of no workspace',
      () => reviewed(dba, 'REQUEST', { user: { id: userOf(dba) } }),
      english.clicks.notOurs,
      'invalid-input',
    ],
    [
      'an approver whom only their mail address names',
      () =>
        reviewed('U0000000405', 'REQUEST', {
          user: { ...from('U0000000405'), name: 'dba-1', email: 'dba-1@contoso.example' },
        }),
      `${teamId}/U0000000405`,
      'not-permitted',
    ],
    [
      'two buttons at once',
      () => {
        const one = { type: 'button', action_id: 'review', value: 'REQUEST' }
        return reviewed(dba, 'REQUEST', { actions: [one, one] })
      },
      english.clicks.notOurs,
      'invalid-input',
    ],
    [
      'a menu in place of a button',
      () => reviewed(dba, 'REQUEST', { actions: [{ type: 'static_select', action_id: 'review' }] }),
      english.clicks.notOurs,
      'invalid-input',
    ],
    [
      'what two readers could understand differently',
      () => JSON.stringify(reviewed(dba, 'REQUEST')).replace('{', '{"trigger_id":"other",'),
      english.slack.ambiguous,
      'invalid-json',
    ],
  ])('%s', async (_what, payload, why, code) => {
    await whispered(payload(), why, code)
  })

  test('a form whose request was changed, or that is of no act of ours', async () => {
    const request = await ask()
    await send(reviewed(dba, request.id))
    await send(pressed(dba, 'deny'))
    const form = sent(dba, 'No.')
    const about = JSON.parse(form.view.private_metadata ?? '') as object
    const changed = [{ page: 0 }, { page: 1.5 }, { page: 99 }, { view: 'sha256:0' }, { request: 'x' }, { more: 1 }]
    const metadata = changed.map((more) => JSON.stringify({ ...about, ...more }))
    const acts = ['break-glass', 'approve ', 'constructor', '']
    for (const more of [
      ...['{}', 'x', '', 'null', '[]', ...metadata].map((text) => ({ private_metadata: text })),
      ...acts.map((act) => ({ callback_id: act })),
    ])
      expect(await send({ ...form, trigger_id: `t${++number}`, view: { ...form.view, ...more } })).toMatchObject({
        code: 'invalid-input',
      })
    expect(await history(here, request.id)).toEqual(['requested', 'shown'])
  })
})

describe('a form that says it is about something else counts for nothing:', () => {
  const sending = async (about: object, form = sent(dba, 'No.')) => {
    const before = JSON.parse(form.view.private_metadata ?? '') as object
    const private_metadata = JSON.stringify({ ...before, ...about })
    return send({ ...form, trigger_id: `t${++number}`, view: { ...form.view, private_metadata } })
  }
  const statusOf = async ({ id }: ApprovalRequest) => (await here.ledger.find(id))?.status

  test('another request, which was not shown to this person', async () => {
    const [one, other] = [await ask(), await ask({ key: 'other' })]
    await send(reviewed(dba, one.id))
    await send(pressed(dba, 'deny'))
    const { code } = await sending({ request: other.id })
    expect(code).toBe('digest-mismatch')
    expect([await statusOf(one), await statusOf(other)]).toEqual(['pending', 'pending'])
  })

  test('a view that was shown to somebody else', async () => {
    const request = await ask()
    await send(reviewed(dba2, request.id))
    const { view } = JSON.parse(buttonIn(lastView()[1], 'approve')) as { view: string }
    await send(pressed(dba2, 'deny'))
    expect((await sending({ view }, sent(dba, 'No.'))).code).toBe('digest-mismatch')
    expect(await statusOf(request)).toBe('pending')
  })

  test('another act than the one whose form was opened is that act, and follows its rules', async () => {
    const request = await ask()
    await send(reviewed(dba, request.id))
    await send(pressed(dba, 'note'))
    const form = sent(dba, '')
    expect((await send({ ...form, view: { ...form.view, callback_id: 'deny' } })).code).toBe('invalid-input')
    expect((await send({ ...form, trigger_id: 'b', view: { ...form.view, callback_id: 'revoke' } })).code).toBe(
      'not-redeemable',
    )
    expect(await statusOf(request)).toBe('pending')
  })

  test.each(['approve', 'deny', 'ask'] as const)('a request that changed meanwhile: %s', async (act) => {
    const request = await ask()
    await send(reviewed(dba, request.id))
    await send(pressed(dba, act === 'approve' ? 'note' : act))
    const form = sent(dba, 'Words of mine.')
    const asked = await here.approvals.askBack(request.id, {
      ...{ approver: dba2, question: 'Which?', seen: { via: 'api', digest: request.digest } },
    })
    const question = hashOfQuestion(asked, asked.questions![0]!)
    await here.approvals.answer(request.id, { by: { kind: 'person', id: owner }, question, answer: 'All.' })
    const { body, code } = await send(form)
    expect(code).toBe('digest-mismatch')
    const text = textOf((body as { view: SlackView }).view)
    for (const said of [english.bot.outOfDate, 'Words of mine.', 'All.']) expect(text).toContain(said)
    expect((await here.ledger.find(request.id))?.decisions).toEqual([])
  })
})

describe('the same click again', () => {
  test('gets the same answer, and counts once', async () => {
    const request = await ask()
    const click = reviewed(dba, request.id)
    await Promise.all([send(click), send(click)])
    await send(click)
    expect(slack.calls.filter(({ method }) => method === 'views.open')).toHaveLength(1)
    const approve = pressed(dba, 'approve')
    const answers = await Promise.all([send(approve), send(approve)])
    expect(answers).toEqual([{ status: 200 }, { status: 200 }])
    expect(await history(here, request.id)).toEqual(['requested', 'shown', 'decided', 'approved'])
  })

  test('counts once in another process too', async () => {
    const request = await ask()
    await send(reviewed(dba, request.id))
    const approve = pressed(dba, 'approve')
    await send(approve)
    const events = await history(here, request.id)
    door = anotherDoor()
    await send(approve)
    expect(await history(here, request.id)).toEqual(events)
  })
})

/** Work waits in front of it until it is opened. */
function closedGate() {
  let open = () => {}
  const passed = new Promise<void>((done) => {
    open = done
  })
  return { passed, open: () => open() }
}

describe('Slack in trouble', () => {
  test.each<[string, number]>([
    ['user_not_in_channel', 0],
    ['channel_not_found', 0],
    ['invalid_blocks', 1],
  ])('words for one person that are not taken are a fault of ours or not: %s', async (error, faults) => {
    slack.plan = () => ({ error })
    expect(await send(reviewed('U0000000404', 'x'))).toEqual({ status: 200, code: 'not-permitted' })
    expect(failures).toHaveLength(faults)
  })

  test('a modal that did not open in time is told of, and a later click opens one', async () => {
    const request = await ask()
    slack.plan = ({ method }) => (method === 'views.open' ? { error: 'expired_trigger_id' } : null)
    expect(await send(reviewed(dba, request.id))).toEqual({ status: 200, code: 'unavailable' })
    expect(slack.whispers.at(-1)?.text).toBe(english.slack.late)
    await nothingDone(request)
    slack.plan = () => null
    await send(reviewed(dba, request.id))
    expect(textOf(lastView()[1])).toContain('Quarterly report')
  })

  test('a modal that was closed meanwhile is no error', async () => {
    const request = await ask()
    slack.plan = ({ method }) => (method === 'views.update' ? { error: 'not_found' } : null)
    expect(await send(reviewed(dba, request.id))).toEqual({ status: 200 })
    expect(failures).toEqual([])
  })

  test('a part of ours that does not answer is said in the modal', async () => {
    const request = await ask()
    here.directory.down = true
    const answer = await send(reviewed(dba, request.id))
    expect(answer.code).toBe('unavailable')
    expect(textOf(lastView()[1])).toContain('The directory does not answer.')
    here.directory.down = false
  })

  test('a bug is said in the modal, and reaches the log', async () => {
    const request = await ask()
    const bug = new TypeError('a bug')
    await doorOf(needs([slot('dba')]), {
      approvals: { ...here.approvals, review: async () => Promise.reject(bug) },
    })
    await send(reviewed(dba, request.id))
    const { title, close, failed } = english.slack
    expect(textOf(lastView()[1])).toBe([title, close, failed, english.card.review].join('\n'))
    expect(failures).toEqual([bug])
  })

  test('a slow service acknowledges in time, and the modal is filled when the request is there', async () => {
    const request = await ask()
    const gate = closedGate()
    door = anotherDoor({
      within: 1,
      approvals: {
        ...here.approvals,
        review: async (...all) => gate.passed.then(async () => here.approvals.review(...all)),
        decide: async (...all) => gate.passed.then(async () => here.approvals.decide(...all)),
      },
    })
    expect(await send(reviewed(dba, request.id))).toEqual({ status: 200 })
    expect(textOf(lastView()[1])).toContain(english.slack.working)
    gate.open()
    await until(
      () => textOf(lastView()[1]),
      (text) => text.includes('Quarterly report'),
    )
  })

  test('a modal that is never filled has a button that fills it', async () => {
    const request = await ask()
    slack.plan = ({ method }) => (method === 'views.update' ? { error: 'internal_error' } : null)
    await send(reviewed(dba, request.id))
    expect(textOf(lastView()[1])).toContain(english.slack.working)
    expect(failures.splice(0).map(String)).toEqual(['Error: Slack did not take a modal: internal_error.'])
    slack.plan = () => null
    await send(pressed(dba, 'look'))
    expect(textOf(lastView()[1])).toContain('Quarterly report')
    expect(adopted).toHaveLength(1)
  })

  test('a form that takes long is answered in time, and its modal is filled when it is done', async () => {
    const request = await ask()
    await send(reviewed(dba, request.id))
    await send(pressed(dba, 'deny'))
    const gate = closedGate()
    door = anotherDoor({
      within: 1,
      approvals: {
        ...here.approvals,
        decide: async (...all) => gate.passed.then(async () => here.approvals.decide(...all)),
      },
    })
    const { body } = await send(sent(dba, 'No.'))
    expect(textOf((body as { view: SlackView }).view)).toContain(english.slack.working)
    gate.open()
    await until(
      () => textOf(lastView()[1]),
      (text) => text.includes('Denied by Person 11'),
    )
  })
})

describe('words', () => {
  const replies = () => slack.messages(slackChannel).map((one) => textOf(one))

  test('the address is confirmed with what Slack sends', async () => {
    expect(await send({ type: 'url_verification', token: 'x', challenge: 'c'.repeat(40) })).toEqual({
      status: 200,
      body: { challenge: 'c'.repeat(40) },
    })
  })

  test('"help" in a channel says its id, in a thread', async () => {
    await send(event(dba, 'help'))
    expect(replies()[0]).toContain(`"${slackPlace}"`)
    expect(slack.messages(slackChannel)[0]?.thread).toBe('1772625600.000009')
  })

  test('"pending" lists what waits for this person in this channel, each with Review', async () => {
    const request = await ask()
    await send(event(dba, 'PENDING '))
    const [list] = slack.messages(slackChannel)
    expect(objectsIn(list as never).map(({ value }) => value)).toContain(request.id)
    await send(event(owner, 'pending'))
    expect(replies()[1]).toContain(english.bot.nothingPendingHere)
  })

  test('"pending" lists again what was answered since this person approved it', async () => {
    await doorOf(needs([slot('dba', 2)]))
    const request = await ask()
    await here.approvals.decide(request.id, {
      ...{ approver: dba, verdict: 'approve', seen: { via: 'api', digest: request.digest } },
    })
    await send(event(dba, 'pending'))
    const asked = await here.approvals.askBack(request.id, {
      ...{ approver: dba2, question: 'Which?', seen: { via: 'api', digest: request.digest } },
    })
    await send(event(owner, 'pending'))
    const question = hashOfQuestion(asked, asked.questions![0]!)
    await here.approvals.answer(request.id, { by: { kind: 'person', id: owner }, question, answer: 'All.' })
    await send(event(dba, 'pending'))
    const listed = slack.messages(slackChannel).map((one) => JSON.stringify(one).includes(request.id))
    // Not to the voter; to the owner, who may answer; and to the voter, whose approval counts no more.
    expect(listed).toEqual([false, true, true])
  })

  test('"pending" lists what the agent says that it asks for this person', async () => {
    const request = await ask({ onBehalfOf: dba })
    await send(event(dba, 'pending'))
    expect(JSON.stringify(slack.messages(slackChannel))).toContain(request.id)
  })

  test('"pending" lists nothing to people of a group that does not decide it', async () => {
    const request = await ask()
    await send(event(security, 'pending'))
    expect(JSON.stringify(slack.messages(slackChannel))).not.toContain(request.id)
  })

  test('"show" shows a request of this channel alone', async () => {
    const request = await ask()
    await send(event(dba, `show ${request.id}`))
    expect(replies()[0]).toContain('Quarterly report')
    await send(event(dba, 'show 01kjw2xm00abcdefghjkmnpqrs-07'))
    await send(event(dba, 'show'))
    expect(replies().slice(1)).toEqual([english.bot.notHere, english.bot.showNeedsId])
  })

  test('"approve" does nothing, and other words are unknown', async () => {
    const request = await ask()
    await send(event(dba, `approve ${request.id}`))
    await send(event(dba, 'sudo'))
    expect(replies()).toEqual([english.bot.textDoesNothing, english.bot.unknownCommand])
    await nothingDone(request)
  })

  test('in a conversation with the app people see what waits for them', async () => {
    const personal = { type: 'message', channel_type: 'im', channel: 'D0000000011' }
    await send(event(dba, 'pending', personal))
    expect(slack.messages('D0000000011').map(textOf)).toEqual([english.bot.nothingPending])
  })

  test('an event that Slack repeats is answered once', async () => {
    const mention = event(dba, 'help')
    await Promise.all([send(mention), send(mention)])
    expect(replies()).toHaveLength(1)
  })

  test.each<[string, object]>([
    ['of a program', { bot_id: 'B0000000001' }],
    ['that was edited', { type: 'message', channel_type: 'im', subtype: 'message_changed' }],
    ['in a channel, which is not for the app', { type: 'message', channel_type: 'channel' }],
    ['of another type', { type: 'reaction_added' }],
    ['that Slack joined to a channel', { subtype: 'channel_join' }],
    ['of nobody', { user: undefined }],
  ])('a message is passed over %s', async (_what, more) => {
    expect(await send(event(dba, 'help', more))).toEqual({ status: 200 })
    expect(slack.calls).toEqual([])
  })

  test.each(['team', 'user_team', 'source_team'])('a person of another workspace is told so: %s', async (member) => {
    await ask()
    await send(event(dba, 'pending', { [member]: 'T0000000002' }))
    expect(slack.whispers.at(-1)).toMatchObject({ user: userOf(dba), text: english.slack.otherWorkspace })
    expect(replies()).toEqual([])
  })

  test('an unknown user reads alone that policy does not name them', async () => {
    await send(event('U0000000404', 'pending'))
    const { user, text } = slack.whispers.at(-1) ?? { text: '' }
    expect([user, text]).toEqual(['U0000000404', expect.stringContaining('U0000000404')])
    // Who sets Slack up is mostly not named yet.
    expect(text).toContain(`In approvers.json this channel is "${slackPlace}".`)
    expect(replies()).toEqual([])
    await send(event('U0000000404', 'pending', { type: 'message', channel_type: 'im', channel: 'D0000000011' }))
    expect(slack.whispers.at(-1)?.text).not.toContain('this channel')
  })
})

describe('the message that was clicked on', () => {
  const ts = '1772625600.000001'
  const adoption = (request: ApprovalRequest, thread: string): Parameters<Delivery['adopt']> => [
    request.id,
    slackPlace,
    { conversation: `${slackPlace};ts=${thread}`, activity: ts },
  ]

  test('is kept up to date from then on', async () => {
    const request = await ask()
    await send(reviewed(dba, request.id))
    expect(adopted).toEqual([adoption(request, ts)])
  })

  test('in a thread is kept up to date too, and what people are told of goes on in that thread', async () => {
    const request = await ask()
    const parent = '1772625599.000001'
    await send(reviewed(dba, request.id, { message: { ts, thread_ts: parent } }))
    expect(adopted).toEqual([adoption(request, parent)])
  })

  test('is not kept if it is a list or a notice: it would become the message of a request', async () => {
    const request = await ask()
    await send(event(dba, 'pending'))
    const [list] = slack.messages(slackChannel)
    const [button] = objectsIn(list as never).filter(({ type }) => type === 'button')
    const actions = [{ type: 'button', action_id: button?.['action_id'], value: button?.['value'] }]
    await send(reviewed(dba, request.id, { actions }))
    expect(textOf(lastView()[1])).toContain('Quarterly report')
    expect(adopted).toEqual([])
  })
})

test('the link to the console says nothing to whoever follows it: they may be known there', async () => {
  const action = { type: 'button', action_id: 'open', url: 'https://countersign.example' }
  expect(await send(reviewed('U0000000404', '', { actions: [action] }))).toEqual({ status: 200 })
  expect(slack.calls).toEqual([])
})
