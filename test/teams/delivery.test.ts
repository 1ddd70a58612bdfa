import { dispatch } from '../../src/delivery/dispatch.ts'
import { TableLedger } from '../../src/azure/ledger.ts'
import { TableOutbox } from '../../src/azure/outbox.ts'
import type { RequestId } from '../../src/core/data/id.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import type { Messenger, PostedCard } from '../../src/ports/messenger.ts'
import { connect } from '../../src/teams/outbound/connection.ts'
import { drawnBy, type Connector, settingsOf, startConnector } from '../support/connector.ts'
import { startStorage, type TestStorage } from '../ports/tables.ts'
import { dbaChannel, type DeliveryWorld, deliveryWorld, needing, securityChannel } from '../support/deliveryWorld.ts'
import { type Call, type Fault, inOrder } from '../support/faultProxy.ts'

/** Deliveries with everything real: rows in Table Storage, calls to a Bot Connector over HTTP. Only time is not. */
let storage: TestStorage
let connector: Connector
let world: DeliveryWorld

beforeAll(async () => {
  storage = await startStorage()
})

afterAll(() => storage.close())

beforeEach(async () => {
  await storage.clear()
  connector = await startConnector()
  const tables = storage.connect()
  const rows = { ledger: new TableLedger(tables), outbox: new TableOutbox(tables) }
  world = deliveryWorld({ ...rows, messenger: messenger() })
})

afterEach(async () => {
  await world.delivery.idle()
  await connector.idle()
  await connector.close()
  expect(world.failures).toEqual([])
})

const render = ({ id, status, undeliverable }: ApprovalRequest) => ({
  type: 'AdaptiveCard',
  version: '1.5',
  body: [{ type: 'TextBlock', text: `${id} ${status}${undeliverable ? ', late' : ''}` }],
})

function messenger(): Messenger {
  return connect(settingsOf(connector), drawnBy(render), { credentials: 'none', within: 2_000, pause: 5 })
}

/** Another process, with clients of its own. */
const another = () =>
  world.process({ outbox: new TableOutbox(storage.connect()), messenger: dispatch(new Map([['teams', messenger()]])) })

const isPost = ({ method, path }: Call) => method === 'POST' && path.endsWith('/conversations')
const isUpdate = ({ method }: Call) => method === 'PUT'
const isSend = (call: Call) => isPost(call) || isUpdate(call)
const status = (code: number, headers: Readonly<Record<string, string>> = {}): Fault => ({
  ...{ kind: 'status', status: code, headers },
})
const forEver = (fault: Fault) => connector.plan((call) => (isSend(call) ? fault : null))
const allIsWell = () => connector.plan(() => null)

const posts = () => [dbaChannel, securityChannel].flatMap((channel) => connector.posts(channel))
/** The cards that rows tell of, oldest first. */
const known = async (id: RequestId): Promise<readonly PostedCard[]> =>
  (await world.outbox.cards(id))
    .flatMap(({ card }) => card ?? [])
    .toSorted((a, b) => Number(a.activity) - Number(b.activity))
const types = async (id: RequestId) => (await world.find(id)).events.map(({ type }) => type)

/** Whether each of these cards shows the request as it is. */
async function expectTruth(id: RequestId, cards: readonly PostedCard[]): Promise<void> {
  const truth = render(await world.find(id))
  for (const card of cards) expect(connector.shown(card)).toEqual(truth)
}

/** The minutes after a fault: whatever waits is swept, as often as it takes. */
async function afterwards(): Promise<void> {
  for (let left = 8; left > 0 && !(await world.isQuiet()); left--) {
    world.clock.jump(320)
    await world.delivery.sweep()
  }
  expect(await world.isQuiet()).toBe(true)
}

test('a card is posted and kept up to date through all changes, as its rows show', async () => {
  const { id } = await world.ask(needing('dba', 'security'))
  await world.delivery.deliver(id)
  expect(posts()).toHaveLength(2)
  await world.deny(id)
  await world.delivery.deliver(id)
  expect(posts()).toEqual(await known(id))
  await expectTruth(id, posts())
  expect(await world.isQuiet()).toBe(true)
})

test('two deliveries that race post one card', async () => {
  const { id } = await world.ask(needing('dba', 'security'))
  await Promise.all([world.delivery, another(), another()].map((delivery) => delivery.deliver(id)))
  expect(posts()).toHaveLength(2)
  await expectTruth(id, await known(id))
})

test('a crash between posting and recording leaves one unknown card, which is updated at a click', async () => {
  const { id } = await world.ask()
  const outbox = new TableOutbox(storage.connect())
  outbox.putCard = () => Promise.reject(new Error('crash'))
  await world.process({ outbox }).deliver(id)
  expect(world.failures.splice(0).map(String)).toEqual(['Error: crash'])
  await afterwards()
  await world.deny(id)
  await world.delivery.deliver(id)
  const [orphan, ...others] = posts()
  expect(await known(id)).toEqual(others)
  expect(others).toHaveLength(1)
  await expectTruth(id, others)

  await world.delivery.adopt(id, dbaChannel, orphan!)
  await world.delivery.idle()
  await expectTruth(id, posts())
})

test('a vote during a delivery is on the cards in the end', async () => {
  const { id } = await world.ask(needing('dba', 'security'))
  const votes: Promise<unknown>[] = []
  connector.plan((call) => {
    if (!isPost(call) || votes.length > 0) return null
    votes.push(world.deny(id))
    return { kind: 'delayed', ms: 150 }
  })
  await world.delivery.deliver(id)
  await Promise.all(votes)
  await world.delivery.deliver(id)
  await afterwards()
  expect((await world.find(id)).status).toBe('denied')
  expect(posts()).toHaveLength(2)
  await expectTruth(id, posts())
})

test.each<[string, Fault]>([
  ['answers 502', status(502)],
  ['answers 503', status(503)],
  ['breaks connections', { kind: 'lost' }],
  ['asks for patience', status(429, { 'retry-after': '60' })],
  ['throttles', status(429)],
  ['wants to be asked again', status(412)],
])('a connector that %s for a while gets everything when it is back', async (_what, fault) => {
  const { id } = await world.ask(needing('dba', 'security'))
  const posted = await world.ask()
  await world.delivery.deliver(posted.id)
  forEver(fault)
  await world.approve(posted.id)
  for (const each of [id, posted.id]) {
    world.clock.jump(10) // what is repeated has its pace
    await world.delivery.deliver(each)
  }
  await world.deny(id)
  world.clock.jump(10)
  await world.delivery.deliver(id)
  allIsWell()
  await afterwards()
  expect(await known(id)).toHaveLength(2)
  for (const each of [id, posted.id]) await expectTruth(each, await known(each))
  expect(posts()).toHaveLength(3)
})

test('a connector that hangs is not called for a while, and gets everything when it is back', async () => {
  const { id } = await world.ask()
  forEver({ kind: 'hanging' })
  await world.delivery.deliver(id)
  allIsWell()
  await afterwards()
  await expectTruth(id, await known(id))
  expect(await known(id)).toHaveLength(1)
})

test('a post whose answer is lost leaves one unknown card, which is updated at a click', async () => {
  const { id } = await world.ask()
  connector.plan(inOrder([{ kind: 'unanswered' }], isPost))
  await world.delivery.deliver(id)
  await afterwards()
  expect(posts()).toHaveLength(2)
  const [orphan, card] = posts()
  expect(await known(id)).toEqual([card])
  await world.delivery.adopt(id, dbaChannel, orphan!)
  await world.approve(id)
  await world.delivery.deliver(id)
  await world.delivery.idle()
  await expectTruth(id, posts())
})

test('an update whose answer is lost is sent again', async () => {
  const { id } = await world.ask()
  await world.delivery.deliver(id)
  await world.approve(id)
  connector.plan(inOrder([{ kind: 'unanswered' }], isUpdate))
  await world.delivery.deliver(id)
  await afterwards()
  expect(posts()).toHaveLength(1)
  await expectTruth(id, posts())
})

test.each([
  ['is gone', 404],
  ['threw the bot out', 403],
  ['takes no card as large', 413],
])('a channel that %s makes the request undeliverable, and gets its card later', async (_what, code) => {
  const { id } = await world.ask()
  forEver(status(code))
  await world.delivery.deliver(id)
  await world.delivery.idle()
  expect(await types(id)).toEqual(['requested', 'undeliverable'])
  expect(await world.delivery.state(await world.find(id))).toBe('undeliverable')
  allIsWell()
  world.clock.jump(3_599)
  await afterwards()
  expect(posts()).toHaveLength(1)
  await expectTruth(id, posts())
})

test('a deleted card is replaced by a new one', async () => {
  const { id } = await world.ask()
  await world.delivery.deliver(id)
  const [deleted] = posts()
  connector.remove(deleted!.conversation)
  await world.approve(id)
  await world.delivery.deliver(id)
  const [card] = await known(id)
  expect(card).not.toEqual(deleted)
  await expectTruth(id, [card!])
  expect(await world.outbox.cards(id)).toHaveLength(1)
})
