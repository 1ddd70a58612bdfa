import type { ObjectId, RequestId } from '../../src/core/data/id.ts'
import type { JsonObject } from '../../src/core/data/json.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { type Bot, bot } from '../../src/teams/inbound/bot.ts'
import type { BotAnswer } from '../../src/teams/inbound/botAnswer.ts'
import { parseClick } from '../../src/teams/inbound/click.ts'
import { english } from '../../src/words/english.ts'
import { action, bot as deployBot, dba, dba2, needs, owner, scope, slot } from '../support/build.ts'
import { MemoryLedger } from '../support/fakes/ledger.ts'
import { MemoryOutbox } from '../support/fakes/outbox.ts'
import { agent, asks, history, stranger, type World, world } from '../support/world.ts'
import { buttons, cards, lines, objects, verbs } from '../cards/drawn.ts'

const registered = agent(deployBot, { narrowing: true })
const large = { ...action, params: { rows: 120_000, tables: ['accounts', 'orders', 'users'] } }
const terms = { narrow: ['rows', 'tables'], session: { for: 14_400, uses: 50, vary: ['rows'] } }

let place: World
let talk: Bot

beforeEach(async () => {
  place = await world(() => needs([slot('dba', 2)], terms), { agents: [registered] })
  const outbox = new MemoryOutbox(new MemoryLedger())
  talk = bot({
    approvals: place.approvals,
    cards,
    messenger: { reply: async () => ({ sent: null }) },
    arrivals: outbox,
    hearings: outbox,
    isShownIn: () => true,
    adopt: async () => undefined,
  })
})

const ask = async (other: Parameters<typeof asks>[0] = {}): Promise<ApprovalRequest> =>
  (await place.approvals.ask(asks({ action: large, agent: registered, ...other }))).request

async function click(who: ObjectId, verb: string, data: object): Promise<BotAnswer> {
  const value = { action: { type: 'Action.Execute', verb, data: data as JsonObject } }
  const read = parseClick({ type: 'invoke', name: 'adaptiveCard/action', value })
  if ('why' in read) throw new Error(read.why)
  return talk({ who, conversation: 'a:1', personal: true, ...read })
}

function drawn(answer: BotAnswer): object {
  if (answer.kind !== 'card') throw new Error(`This is ${JSON.stringify(answer)}.`)
  return answer.card
}

const open = async (who: ObjectId, request: RequestId) => drawn(await click(who, 'review', { request }))

/** Presses a button as a client does: with what the inputs hold, and what the person typed over that. */
function press(who: ObjectId, card: object, verb: string, typed: object = {}): Promise<BotAnswer> {
  const data = buttons(card).find((one) => one.verb === verb)?.data as object | undefined
  if (!data) throw new Error(`No button ${verb}: ${JSON.stringify(verbs(card))}`)
  return click(who, verb, { ...data, ...held(card), ...typed })
}

const held = (card: object) =>
  Object.fromEntries(
    objects(card).flatMap(({ type, id, value }) =>
      typeof id === 'string' && (type === 'Input.Number' || type === 'Input.ChoiceSet') ? [[id, value ?? '']] : [],
    ),
  )

const found = (id: RequestId) => place.ledger.find(id)
const types = (id: RequestId) => history(place, id)

test('an approver makes it smaller, is shown what is left, and approves that as the others do', async () => {
  const { id } = await ask()
  await press(dba2, await open(dba2, id), 'approve')
  const card = await open(dba, id)
  const less = drawn(await press(dba, card, 'narrow', { less1: 1_000, less2: '1,3', lessReason: 'A sample will do.' }))
  expect(await found(id)).toMatchObject({
    ...{ status: 'pending', action: { params: { rows: 1_000, tables: ['accounts', 'users'] } } },
  })
  expect(lines(less).join('\n')).toMatch(/Narrowed by Person/)
  expect(JSON.stringify(less)).toContain('asked for 120000')
  expect(await press(dba, card, 'approve')).toMatchObject({ code: 'digest-mismatch' })
  await press(dba, less, 'approve')
  expect((await found(id))?.status).toBe('pending')
  await press(dba2, await open(dba2, id), 'approve')
  expect((await found(id))?.status).toBe('approved')
})

test('the same click again changes nothing, though the list is shorter by then', async () => {
  const { id } = await ask()
  const card = await open(dba, id)
  for (let i = 0; i < 2; i++) drawn(await press(dba, card, 'narrow', { less1: '1000', less2: '2,3' }))
  expect((await types(id)).filter((type) => type === 'narrowed')).toHaveLength(1)
  expect(await found(id)).toMatchObject({ action: { params: { rows: 1_000, tables: ['orders', 'users'] } } })
})

test('a field that is left as it is changes nothing', async () => {
  const { id } = await ask()
  await press(dba, await open(dba, id), 'narrow', { less2: '1' })
  expect(await found(id)).toMatchObject({ action: { params: { rows: 120_000, tables: ['accounts'] } } })
})

test('of a standing approval the uses and the time get less', async () => {
  const { id } = await ask({ action: { ...large, standing: { ...scope, vary: {} } } })
  const { uses, for: seconds } = scope
  await press(dba, await open(dba, id), 'narrow', { less1: uses - 1, less2: seconds - 1 })
  expect(await found(id)).toMatchObject({ action: { standing: { uses: uses - 1, for: seconds - 1 } } })
})

test.each<[string, object, string]>([
  ['nothing changed', {}, english.less.missing],
  ['a number that is none', { less1: '1e3' }, english.less.noNumber('rows')],
  ['a negative number', { less1: -1 }, english.less.noNumber('rows')],
  ['a higher number', { less1: '120001' }, 'rows: it is lower than 120000.'],
  ['no item', { less1: '5', less2: '' }, 'tables: a list keeps at least one item'],
  ['a list that is not sent', { less1: '5', less2: undefined }, 'tables: a list keeps at least one item'],
  ['a secret as reason', { less1: '5', lessReason: 'postgres://admin:hunter2hunter2@db/x' }, 'looks like a secret'],
  ['too many words', { less1: '5', lessReason: 'w'.repeat(501) }, english.clicks.tooLong('The reason', 500)],
])('with %s nothing gets smaller, and the form comes back', async (_what, typed, why) => {
  const { id } = await ask()
  const answer = await press(dba, await open(dba, id), 'narrow', typed)
  expect(answer).toHaveProperty('code')
  expect(lines(drawn(answer)).join('\n')).toContain(why)
  expect(verbs(drawn(answer))).toEqual(['narrow', 'review'])
  expect(await types(id)).not.toContain('narrowed')
})

test('of a view from before another narrowing nothing gets smaller', async () => {
  const { id } = await ask()
  const stale = await open(dba, id)
  await press(dba2, await open(dba2, id), 'narrow', { less2: '2,3' })
  const late = await press(dba, stale, 'narrow', { less2: '1' })
  expect(late).toMatchObject({ code: 'digest-mismatch' })
  expect(await found(id)).toMatchObject({ action: { params: { tables: ['orders', 'users'] } } })
})

test('by somebody who may not approve it is refused, and the refusal is recorded', async () => {
  const { id } = await ask()
  const card = await open(owner, id)
  expect(verbs(card)).not.toContain('narrow')
  const { view } = (buttons(card).find(({ verb }) => verb === 'deny')?.data ?? {}) as { view?: string }
  const refused = await click(owner, 'narrow', { request: id, view, less1: 5, less2: '1' })
  expect(refused).toMatchObject({ kind: 'card', code: 'self-approval' })
  expect(await types(id)).toEqual(['requested', 'shown', 'refused'])
  expect(await click(stranger, 'narrow', { request: id, view, less1: 5 })).toMatchObject({ code: 'not-found' })
})
