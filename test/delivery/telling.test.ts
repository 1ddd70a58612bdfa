import { hearersOf } from '../../src/delivery/hearers.ts'
import { dispatch } from '../../src/delivery/dispatch.ts'
import { answer, askBack } from '../../src/core/request/conversation.ts'
import { decide } from '../../src/core/request/decision.ts'
import { breakGlass, review } from '../../src/core/request/glass.ts'
import { prompted } from '../../src/core/request/prompt.ts'
import { type ApprovalRequest, contentOf, hashOfQuestion, type Step } from '../../src/core/request/request.ts'
import type { ObjectId, RequestId } from '../../src/core/data/id.ts'
import type { Instant } from '../../src/core/data/instant.ts'
import type { Facts } from '../../src/core/request/requirement.ts'
import { FakeDirectory, fakePolicy } from '../support/fakes.ts'
import { after, dba, dba2, decision, facts, guest, needs, oid, owner } from '../support/build.ts'
import { incident } from '../support/talked.ts'
import { roster } from '../support/world.ts'
import {
  complianceChannel,
  dbaChannel,
  type DeliveryWorld,
  deliveryWorld,
  securityChannel,
} from '../support/deliveryWorld.ts'

let world: DeliveryWorld
let directory: FakeDirectory
let delivery: DeliveryWorld['delivery']

beforeEach(() => {
  world = deliveryWorld()
  directory = new FakeDirectory(world.clock)
  for (const id of [dba, dba2, owner, incident]) directory.add(id)
  directory.add(guest, { member: false })
  delivery = another()
})

afterEach(() => expect(world.failures).toEqual([]))

/** A process that knows who wants to be told. */
function another(outbox: Partial<DeliveryWorld['outbox']> = {}) {
  const { ledger, clock } = world
  const policy = fakePolicy(
    roster({
      groups: [
        { name: 'dba', members: [dba, dba2, owner, guest], channels: [] },
        { name: 'oncall', members: [incident], channels: [] },
      ],
    }),
  )
  return world.process({
    outbox: Object.assign(Object.create(world.outbox) as DeliveryWorld['outbox'], outbox),
    messenger: dispatch(new Map([['teams', world.teams]])),
    hearers: hearersOf({ policy, directory, ledger, outbox: world.outbox, clock }),
  })
}

const asking = (other: Parameters<typeof needs>[1] = {}) => ({
  expiresIn: 7_200,
  excluded: [owner],
  judgement: needs([{ groups: ['dba'], quorum: 2, later: { after: 1_800, groups: ['security'] } }], {
    ...{ expires: 7_200, remind: [900, -600], glass: { groups: ['incident'], review: 86_400 } },
    ...other,
  }),
})

const ask = async (other: Parameters<typeof needs>[1] = {}): Promise<RequestId> => {
  const { id } = await world.ask(asking(other))
  await delivery.deliver(id)
  return id
}
const hear = (person: ObjectId, quiet?: string) =>
  world.outbox.putHearing({ person, conversation: `a:${person}`, ...(quiet !== undefined && { quiet }) })
const commit = async (id: RequestId, rule: (request: ApprovalRequest, at: Instant) => Step | null) => {
  await world.commit(id, (request, at) => rule(request, at) ?? { request, events: [] })
  await delivery.deliver(id)
}
const of = (who: ObjectId, at: Instant, other: Partial<Facts> = {}) => facts(who, { asOf: at, ...other })
const seen = (request: ApprovalRequest) => ({
  ...{ via: 'api', digest: request.digest },
  content: contentOf(request) ?? request.events[0]!.hash,
})
const prompt = async (id: RequestId, seconds: number) => {
  world.clock.jump(seconds)
  await commit(id, (request, at) => prompted(request, at))
}
const question = (id: RequestId, text = 'Why?') =>
  commit(id, (request, at) =>
    askBack(request, { approver: dba, name: 'Dana', question: text, seen: seen(request), facts: of(dba, at), at }),
  )
const approve = (id: RequestId) =>
  commit(id, (request, at) => decide(request, decision(request, { facts: of(dba, at), seen: seen(request), at })))
const answers = (id: RequestId) =>
  commit(id, (request, at) =>
    answer(request, {
      ...{ by: { kind: 'agent', id: request.agent.id }, answer: 'So.', warnings: [], at },
      question: hashOfQuestion(request, request.questions![0]!),
    }),
  )
const glass = (id: RequestId) =>
  commit(id, (request, at) =>
    breakGlass(request, {
      ...{ approver: incident, name: 'Ina', reason: 'Fire.', seen: seen(request), at },
      ...{ confirm: request.action?.target.split('/').at(-1) ?? '', facts: of(incident, at, { groups: ['incident'] }) },
    }),
  )

const told = () => world.teams.told.map(({ place, telling }) => [telling.notice.kind, place])
const thread = (id: RequestId) => world.teams.cards(dbaChannel).find(({ request }) => request === id)?.conversation
const sweepFor = async (seconds: number) => {
  for (let passed = 0; passed < seconds; passed += 300) {
    const swept = delivery.sweep()
    await world.clock.pass(300)
    await swept
  }
}

describe('a reminder', () => {
  test('lands in the thread of the card once, and changes no card', async () => {
    const id = await ask()
    await prompt(id, 900)
    for (let i = 0; i < 3; i++) await another().deliver(id)
    await world.outbox.touch(id)
    await another().deliver(id)
    expect(told()).toEqual([['reminded', thread(id)]])
    expect(world.teams.sends.map(({ kind }) => kind)).toEqual(['post'])
    expect(await world.isQuiet()).toBe(true)
  })

  test('of a request that is decided is dropped', async () => {
    const id = await ask()
    world.teams.refuses = () => ({ unsent: 'passing' })
    await prompt(id, 900)
    expect(await world.isQuiet()).toBe(false)
    await world.deny(id)
    world.teams.refuses = () => null
    await delivery.deliver(id)
    await sweepFor(900)
    expect(told()).toEqual([])
    expect(await world.isQuiet()).toBe(true)
  })

  test('that Teams does not take is told later', async () => {
    const id = await ask()
    world.teams.refuses = () => ({ unsent: 'throttled', retryAfter: 40 })
    await prompt(id, 900)
    expect(told()).toEqual([])
    world.teams.refuses = () => null
    await sweepFor(600)
    expect(told()).toEqual([['reminded', thread(id)]])
  })

  test('is told again after a crash before its row was written, and then no more', async () => {
    const id = await ask()
    world.clock.jump(900)
    await world.commit(id, (request, at) => prompted(request, at) ?? { request, events: [] })
    await another({ putTold: () => Promise.reject(new Error('crash')) }).deliver(id)
    expect(world.failures.splice(0).map(String)).toEqual(['Error: crash'])
    world.clock.jump(320)
    await delivery.sweep()
    await delivery.sweep()
    expect(told()).toEqual([
      ['reminded', thread(id)],
      ['reminded', thread(id)],
    ])
  })

  test('goes to people who said that they want to hear, and can still approve', async () => {
    for (const who of [dba, dba2, owner, guest, oid(99)]) await hear(who)
    const id = await ask()
    await approve(id)
    await prompt(id, 900)
    expect(told()).toEqual([
      ['reminded', thread(id)],
      ['reminded', `a:${dba2}`],
    ])
    expect(world.teams.told.map(({ telling }) => telling.isOwn)).toEqual([false, true])
    expect(world.teams.told[0]?.telling.mentioned.map((one) => one.id)).toEqual([dba2])
  })

  test('waits for the end of quiet hours, and is dropped if it is moot by then', async () => {
    await hear(dba2, '10:00-14:00 UTC')
    const [first, second] = [await ask(), await ask()]
    await prompt(first, 900)
    await commit(second, (request, at) => prompted(request, at))
    expect(told()).toEqual([
      ['reminded', thread(first)],
      ['reminded', thread(second)],
    ])
    expect(world.teams.told[0]?.telling.mentioned).toEqual([])
    await world.deny(second)
    await sweepFor(6_000)
    expect(told().slice(2)).toEqual([])
    await sweepFor(600)
    // The request expires at 14:00 as well: nothing is told that is over.
    expect(told().slice(2)).toEqual([])
  })
})

test('quiet hours that begin after a person was told keep no delivery waiting', async () => {
  await hear(dba2)
  const id = await ask()
  await prompt(id, 900)
  expect(told()).toContainEqual(['reminded', `a:${dba2}`])
  await hear(dba2, '00:00-23:59 UTC')
  await world.clock.pass(60)
  await world.outbox.touch(id)
  await delivery.deliver(id)
  expect(await world.outbox.waiting(after(86_400), 10)).toEqual([])
  expect(told()).toHaveLength(2)
})

test('an escalation posts the card into the channels of the groups that join, and knows no quiet hours', async () => {
  await hear(dba2, '10:00-14:00 UTC')
  const id = await ask({ remind: [] })
  await prompt(id, 1_800)
  expect(world.teams.cards().map(({ channel }) => channel)).toEqual([dbaChannel, securityChannel])
  expect(told()).toEqual([
    ['escalated', thread(id)],
    ['escalated', world.teams.cards(securityChannel)[0]?.conversation],
    ['escalated', `a:${dba2}`],
  ])
})

describe('a question', () => {
  test('is told in the thread and to the side, and its answer to those whose approvals count no more', async () => {
    for (const who of [dba, dba2, owner]) await hear(who)
    const id = await ask()
    await approve(id)
    await question(id)
    await answers(id)
    expect(told()).toEqual([
      ['asked', thread(id)],
      ['asked', `a:${owner}`],
      ['answered', thread(id)],
      ['answered', `a:${dba}`],
    ])
    expect(world.teams.sends.map(({ kind }) => kind)).toEqual(['post', 'update', 'update', 'update'])
  })

  test('is not told once it is answered', async () => {
    const id = await ask()
    world.teams.refuses = () => ({ unsent: 'passing' })
    await question(id)
    world.teams.refuses = () => null
    await answers(id)
    expect(told()).toEqual([['answered', thread(id)]])
  })
})

describe('a broken glass', () => {
  test('is told in each thread, to the compliance channel and the owner, once, and in quiet hours', async () => {
    await hear(owner, '00:00-23:59 UTC')
    const id = await ask()
    await glass(id)
    await commit(id, (request, at) =>
      review(request, { reviewer: dba, name: 'Dana', finding: 'justified', reason: 'Yes.', facts: of(dba, at), at }),
    )
    expect(told()).toEqual([
      ['glass-broken', thread(id)],
      ['glass-broken', complianceChannel],
      ['glass-broken', `a:${owner}`],
    ])
    expect(world.teams.sends.map(({ kind }) => kind)).toEqual(['post', 'update', 'update'])
  })

  test('is told to the channels while the directory does not answer, and to people later', async () => {
    await hear(owner)
    const id = await ask()
    directory.down = true
    await glass(id)
    expect(told()).toHaveLength(2)
    directory.down = false
    await sweepFor(600)
    expect(told().slice(2)).toEqual([['glass-broken', `a:${owner}`]])
  })
})

test('a person who removed the bot is not written to again, and the delivery ends', async () => {
  await hear(owner)
  world.teams.refuses = (place) => (place.startsWith('a:') ? { unsent: 'refused' } : null)
  const id = await ask()
  await question(id)
  world.teams.refuses = () => null
  await world.outbox.touch(id)
  await delivery.deliver(id)
  expect(told()).toEqual([['asked', thread(id)]])
  expect(await world.isQuiet()).toBe(true)
})

test('an end that somebody should look into is told to the owner alone, and to none who did not say so', async () => {
  await hear(owner)
  await hear(dba)
  const id = await ask()
  world.clock.jump(7_300)
  await world.outbox.touch(id)
  await delivery.deliver(id)
  expect(told()).toEqual([['expired', `a:${owner}`]])
})

test('questions cannot flood a thread: each is told once, and there are five at most', async () => {
  const id = await ask()
  for (let i = 0; i < 5; i++) {
    world.clock.jump(60)
    await question(id, `Question ${i}?`)
    await commit(id, (request, at) =>
      answer(request, {
        ...{ by: { kind: 'agent', id: request.agent.id }, answer: `${i}`, warnings: [], at },
        question: hashOfQuestion(request, request.questions!.at(-1)!),
      }),
    )
  }
  await world.outbox.touch(id)
  await delivery.deliver(id)
  expect(told().filter(([kind]) => kind === 'asked')).toHaveLength(5)
  expect(told().filter(([kind]) => kind === 'answered')).toHaveLength(5)
})

test('a row that somebody forged keeps a notice from being told, and does no more', async () => {
  const id = await ask()
  world.clock.jump(900)
  await world.commit(id, (request, at) => prompted(request, at) ?? { request, events: [] })
  const seq = (await world.find(id)).events.at(-1)?.seq ?? 0
  await world.outbox.putTold(id, { seq, whom: dbaChannel, attempts: 0, at: world.clock.now() })
  await delivery.deliver(id)
  expect(told()).toEqual([])
})
