import { milliseconds } from '../../src/core/data/instant.ts'
import type { RequestId } from '../../src/core/data/id.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import type { Again, Messenger } from '../../src/ports/messenger.ts'
import { connect } from '../../src/teams/outbound/connection.ts'
import { drawnBy, type Connector, type ConnectorCall, settingsOf, startConnector } from '../support/connector.ts'
import { noon } from '../ports/story.ts'
import { dbaChannel, type DeliveryWorld, deliveryWorld, lasting, securityChannel } from '../support/deliveryWorld.ts'
import { FakeTime, flushed } from '../support/fakes/time.ts'
import type { Fault, Plan } from '../support/faultProxy.ts'

/** Deliveries to a Bot Connector over HTTP. Rows are in memory and time is the test's: an hour is over in a moment. */
let connector: Connector
let clock: FakeTime
let world: DeliveryWorld

/** Calls of Teams that wait for an answer, and not for time to pass. */
let open = 0
let size = 10

beforeEach(async () => {
  size = 10
  clock = new FakeTime(noon, rest)
  connector = await startConnector(() => milliseconds(clock.now()))
  world = deliveryWorld({ clock, messenger: watched(messenger()) })
})

afterEach(async () => {
  await connector.close()
  expect(world.failures).toEqual([])
})

/** Until nothing happens any more but what waits for time to pass. */
async function rest(): Promise<void> {
  for (;;) {
    await flushed()
    if (open === 0) return
  }
}

const render = ({ id, status }: ApprovalRequest) => ({
  ...{ type: 'AdaptiveCard', version: '1.5' },
  body: [{ type: 'TextBlock', text: `${id} ${status} ${'x'.repeat(size)}` }],
})

function messenger(): Messenger {
  return connect(settingsOf(connector), drawnBy(render), { credentials: 'none', within: 60_000, pause: 1 })
}

/** Counts what is under way. */
function watched(teams: Messenger): Messenger {
  const during = async <T>(work: Promise<T>): Promise<T> => {
    open += 1
    return work.finally(() => (open -= 1))
  }
  const waiting =
    (again: Again = async () => true): Again =>
    async () => {
      open -= 1
      return again().finally(() => (open += 1))
    }
  return {
    rules: teams.rules,
    post: (channel, request, again) => during(teams.post(channel, request, waiting(again))),
    update: (card, request, again) => during(teams.update(card, request, waiting(again))),
    say: (channel, words, again) => during(teams.say(channel, words, waiting(again))),
    tell: (place, telling, again) => during(teams.tell(place, telling, waiting(again))),
    reply: (place, answer, again) => during(teams.reply(place, answer, waiting(again))),
  }
}

const status = (code: number, headers: Readonly<Record<string, string>> = {}): Fault => ({
  ...{ kind: 'status', status: code, headers },
})
const well: Plan = () => null
const week = (...groups: readonly string[]) => lasting(604_800, ...groups)

/** As the timer does: twice a minute. */
async function passes(seconds: number): Promise<void> {
  for (let left = seconds; left > 0; left -= 30) {
    void world.delivery.sweep()
    await clock.pass(Math.min(left, 30))
  }
}

const cardsOf = async (id: RequestId) => (await world.outbox.cards(id)).flatMap(({ card }) => card ?? [])

/** Each request has one card in each of so many channels, and they show it as it is. */
async function expectTruth(ids: readonly RequestId[], channels = 1): Promise<void> {
  for (const id of ids) {
    const cards = await cardsOf(id)
    expect(cards).toHaveLength(channels)
    const truth = render(await world.find(id))
    expect(cards.map((card) => connector.shown(card))).toEqual(cards.map(() => truth))
  }
  expect(await world.isQuiet()).toBe(true)
}

const deliveryOf = async (id: RequestId) => world.delivery.state(await world.find(id))
const placeOf = ({ conversation }: ConnectorCall) => conversation.split(';')[0] ?? ''

/** What Teams allows: for each thread, and for the app. */
const threadLimits = [
  [7, 1_000],
  [8, 2_000],
  [60, 30_000],
  [1_800, 3_600_000],
] as const
const appLimits = [[50, 1_000]] as const

/** The fullest that any stretch of so many milliseconds was. */
function fullest(calls: readonly ConnectorCall[], ms: number): number {
  const times = calls.map(({ at }) => at).sort((a, b) => a - b)
  let from = 0
  return Math.max(
    0,
    ...times.map((at, i) => {
      while ((times[from] ?? at) <= at - ms) from += 1
      return i - from + 1
    }),
  )
}

function expectPace(): void {
  for (const place of new Set(connector.calls.map(placeOf))) {
    const calls = connector.calls.filter((call) => placeOf(call) === place)
    for (const [most, ms] of threadLimits) expect(fullest(calls, ms)).toBeLessThanOrEqual(most)
  }
  for (const [most, ms] of appLimits) expect(fullest(connector.calls, ms)).toBeLessThanOrEqual(most)
}

test.each<[string, Plan]>([
  ['breaks every connection', () => ({ kind: 'lost' })],
  ['answers 503', () => status(503)],
])('a connector that %s for an hour gets everything when it is back', async (_how, down) => {
  const before = await Promise.all(Array.from({ length: 2 }, () => world.ask(week('dba'))))
  await passes(30)
  connector.plan(down)
  const during = await Promise.all(
    Array.from({ length: 5 }, (_, i) => world.ask(week(i < 3 && i % 2 ? 'security' : 'dba'))),
  )
  await passes(1_200)
  for (const { id } of during) expect(await deliveryOf(id)).toBe('undeliverable')
  expect(world.delivery.isFailing()).toBe(true)
  for (const { id } of [...before.slice(1), ...during.slice(3)]) {
    await world.approve(id)
    world.delivery.soon(id)
  }
  await passes(2_400)
  connector.plan(well)
  await passes(900)
  await expectTruth([...before, ...during].map(({ id }) => id))
  for (const { id } of during.slice(0, 3)) expect(await deliveryOf(id)).toBe('ok')
  expect(world.delivery.isFailing()).toBe(false)
  const types = (await world.find(during[0]!.id)).events.map(({ type }) => type)
  expect(types).toEqual(['requested', 'undeliverable'])
  expectPace()
})

test.each<[string, () => void, () => void]>([
  ['was deleted, and restored', () => connector.remove(dbaChannel), () => connector.restore(dbaChannel)],
  [
    'threw the bot out, and added it again',
    () =>
      connector.plan((call) =>
        call.body.toString().includes(dbaChannel) || call.path.includes('dba') ? status(403) : null,
      ),
    () => connector.plan(well),
  ],
  ['takes no card that large, until it is smaller', () => (size = 60_000), () => (size = 10)],
])('a channel that %s gets its card later', async (_what, breaks, mends) => {
  breaks()
  const [one, both] = [await world.ask(week('dba')), await world.ask(week('dba', 'security'))]
  await passes(60)
  expect(await deliveryOf(one.id)).toBe('undeliverable')
  expect((await world.find(one.id)).status).toBe('pending')
  if (size === 10) expect(await deliveryOf(both.id)).toBe('late')
  expect(world.delivery.isFailing()).toBe(true)
  const tries = connector.calls.length
  await passes(3_000)
  expect(connector.calls.length).toBeLessThan(tries + 8)
  mends()
  await passes(4_200)
  await expectTruth([one.id])
  await expectTruth([both.id], 2)
  expect(await deliveryOf(one.id)).toBe('ok')
  expect(world.delivery.isFailing()).toBe(false)
})

test.each<[string, Fault, number]>([
  ['for ten minutes', status(429, { 'retry-after': '600' }), 600],
  ['without saying how long', status(429), 2],
])('a channel that throttles %s gets nothing meanwhile, and others do', async (_how, fault, seconds) => {
  connector.plan((call) => (call.body.toString().includes(dbaChannel) ? fault : null))
  const [one, other] = [await world.ask(week('dba')), await world.ask(week('security'))]
  for (const { id } of [one, other]) world.delivery.soon(id)
  await clock.pass(1.5)
  await expectThere(securityChannel, 1)
  const mine = () => connector.calls.filter((call) => placeOf(call) === dbaChannel)
  const last = mine().at(-1)?.at ?? 0
  connector.plan(well)
  await passes(900)
  const next = mine().find(({ at }) => at > last)
  expect((next?.at ?? 0) - last).toBeGreaterThanOrEqual(seconds * 1000)
  await expectTruth([one.id, other.id])
})

const expectThere = async (channel: string, count: number) => expect(connector.posts(channel)).toHaveLength(count)

test('sends and their repetitions keep the limits of Teams, whichever are refused', async () => {
  let number = 0
  connector.plan(() => [null, status(412), status(503), null, status(429), null][number++ % 6] ?? null)
  const many = await Promise.all(Array.from({ length: 64 }, () => world.ask(week('dba'))))
  const wide = await Promise.all(Array.from({ length: 2 }, () => world.ask(week('wide'))))
  for (const { id } of [...many, ...wide]) world.delivery.soon(id)
  await passes(120)
  expectPace()
  connector.plan(well)
  await passes(1_200)
  await expectTruth(many.map(({ id }) => id))
  await expectTruth(
    wide.map(({ id }) => id),
    60,
  )
  expectPace()
  const busiest = connector.calls.filter((call) => placeOf(call) === dbaChannel)
  expect([fullest(busiest, 1_000), fullest(busiest, 30_000)]).toEqual([7, 60])
})
