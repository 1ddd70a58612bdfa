import { randomBytes } from 'node:crypto'
import { erasable } from '../../src/core/request/erasure.ts'
import { saidDigest } from '../../src/core/request/event.ts'
import { digestOf, type RequestId, shardOf } from '../../src/core/data/id.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { leafHash } from '../../src/core/log/merkle.ts'
import { Conflict, type Ledger } from '../../src/ports/ledger.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { eraseAll, type ErasureOrder, type ErasureResult } from '../../src/evidence/erasures.ts'
import type { Holds } from '../../src/evidence/holds.ts'
import { after, bot, dba, noHolds, owner, policyVersion } from '../support/build.ts'
import { apart, asks, codeOf, ownerAlias, stranger, votes, type World, world } from '../support/world.ts'

const order = { names: erasable, why: 'A secret was in it.', by: owner }
const erasure = { ...order, by: stranger }

type Holdings = Pick<Holds, 'check'>

interface More {
  readonly ledger?: Ledger
  readonly version?: typeof policyVersion
  readonly told?: string[]
  readonly holds?: Holdings
}

const orderer =
  (here: World, { ledger = here.ledger, version = policyVersion, told = [], holds = noHolds }: More = {}) =>
  (id: RequestId, order: ErasureOrder): Promise<ErasureResult> =>
    eraseAll(
      {
        ...{ ledger, clock: here.clock, random: randomBytes },
        policy: { version, accounts: (one) => ([owner, ownerAlias].includes(one) ? [owner, ownerAlias] : [one]) },
        committed: ({ id }) => told.push(id),
        holds,
      },
      id,
      order,
    )

/** Erases by the orders of two people. */
const eraser =
  (here: World, more: More = {}) =>
  async (id: RequestId, second: ErasureOrder) => {
    await orderer(here, more)(id, { ...second, by: owner })
    return (await orderer(here, more)(id, second)).erased
  }

async function denied(here: World) {
  const { request } = await here.approvals.ask(asks({ links: [{ title: 'a', url: 'https://a.example' }] }))
  return here.approvals.decide(request.id, votes(request, undefined, { verdict: 'deny' }))
}

const logOf = async (ledger: Ledger, shard: ReturnType<typeof shardOf>) => {
  const { seq } = await ledger.news(shard, null)
  const events = []
  for await (const page of ledger.stream(shard, 0, seq)) events.push(...page)
  return events
}

test('a request on hold is neither asked for nor erased, and nothing is recorded', async () => {
  const here = await world()
  const request = await denied(here)
  const onHold = new Problem('on-hold', 'On hold.', { hold: 'h' })
  let isHeld = true
  const about: unknown[] = []
  const holds: Holdings = {
    check: async (one) => {
      about.push([one.id, one.agent.id, one.createdAt])
      if (isHeld) throw onHold
    },
  }
  const { id } = request
  expect(await codeOf(orderer(here, { holds })(id, { ...order, by: owner }))).toBe('on-hold')
  expect(about[0]).toEqual([id, request.agent.id, request.createdAt])
  isHeld = false
  await orderer(here, { holds })(id, { ...order, by: owner })
  isHeld = true
  expect(await codeOf(orderer(here, { holds })(id, erasure))).toBe('on-hold')
  expect((await here.ledger.find(id))?.said).toEqual(request.said)
  isHeld = false
  expect((await orderer(here, { holds })(id, erasure)).erased).toHaveLength(2)
})

test('the time of an erasure is taken after the holds were read', async () => {
  const here = await world()
  const { id } = await denied(here)
  await orderer(here)(id, { ...order, by: owner })
  const holds: Holdings = { check: async () => here.clock.set(after(500)) }
  await orderer(here, { holds })(id, erasure)
  const erased = (await here.ledger.find(id))?.events.at(-1)
  const [event] = (await logOf(here.ledger, shardOf(id))).filter(({ seq }) => seq === erased?.seq)
  expect(JSON.parse(event?.text ?? '')).toMatchObject({ type: 'erased', at: after(500) })
})

test('an erasure removes texts from events and request, keeps what hashes cover, and records its person', async () => {
  const here = await world()
  const request = await denied(here)
  const before = await here.ledger.events(request)
  const told: string[] = []
  const erased = await eraser(here, { told })(request.id, erasure)
  expect(erased.map(({ names }) => names)).toEqual([
    ['action', 'links', 'owner', 'reason'],
    ['name', 'reason'],
  ])
  const now = await here.ledger.find(request.id)
  expect(now).toMatchObject({ action: null, said: [], digest: request.digest })
  expect(now?.events.slice(0, -3)).toEqual(request.events)
  const events = await here.ledger.events(request)
  expect(events.map(({ text, hash }) => ({ text, hash }))).toEqual(before.map(({ text, hash }) => ({ text, hash })))
  expect(events.map(({ said }) => said)).toEqual(events.map(() => ({})))

  const log = await logOf(here.ledger, shardOf(request.id))
  const records = log.slice(-2)
  const [first] = records.map(({ text }) => JSON.parse(text))
  expect(first).toMatchObject({
    type: 'erased',
    actor: { kind: 'person', id: stranger },
    data: { event: request.events[0]?.hash, names: ['action', 'links', 'owner', 'reason'] },
  })
  expect(first).toMatchObject({ request: request.id, data: { askedBy: owner, accounts: [stranger] } })
  expect(records[0]?.said['why']).toMatchObject({ text: erasure.why })
  expect(first.said).toEqual({ why: saidDigest(records[0]?.said['why'] ?? { salt: '', text: '' }) })
  log.forEach(({ text }, i) =>
    expect(JSON.parse(text).prev).toBe(i === 0 ? '0'.repeat(64) : leafHash(log[i - 1]?.text ?? '')),
  )
  expect(told).toEqual([request.id, request.id])
})

describe('the order of one person', () => {
  const stands = (here: World, { id }: ApprovalRequest) => here.ledger.find(id)

  test.each([
    ['twice', owner],
    ['again by another account of theirs', ownerAlias],
  ])('erases nothing: %s', async (_how, again) => {
    const here = await world()
    const request = await denied(here)
    const given = orderer(here)
    const first = await given(request.id, order)
    expect(first).toMatchObject({ erased: [], waits: { by: owner, accounts: [owner, ownerAlias], at: after(0) } })
    const asked = await stands(here, request)
    expect(asked).toMatchObject({ said: request.said, action: request.action, erasureAsks: [{ by: owner }] })
    here.clock.set(after(60))
    expect(await given(request.id, { ...order, by: again })).toEqual(first)
    expect(await stands(here, request)).toEqual(asked)
    const [event] = (await logOf(here.ledger, shardOf(request.id))).slice(-1)
    expect(event?.said['why']).toMatchObject({ text: order.why })
    expect(event?.text).not.toContain(order.why)
  })

  test('is a first one again after seven days', async () => {
    const here = await world()
    const request = await denied(here)
    await orderer(here)(request.id, order)
    here.clock.set(after(7 * 86_400))
    expect(await orderer(here)(request.id, erasure)).toMatchObject({ erased: [], waits: { by: stranger } })
    expect((await orderer(here)(request.id, order)).erased).toHaveLength(2)
  })

  test('agrees with the events that say it, in any process', async () => {
    const here = await world()
    const request = await denied(here)
    await orderer(here)(request.id, order)
    const reader = { kind: 'agent', id: bot } as const
    const asked = await stands(here, request)
    if (!asked) throw new Error('The request is gone.')
    expect((await here.another().approvals.read(request.id, reader)).erasureAsks).toHaveLength(1)
    const { erasureAsks: _gone, ...without } = asked
    const other = { by: dba, accounts: [dba], names: [...erasable], at: after(0) }
    for (const row of [without, { ...asked, erasureAsks: [other] }]) {
      here.ledger.forge(request.id, row)
      expect(await codeOf(here.another().approvals.read(request.id, reader))).toBe('evidence-broken')
      expect(await codeOf(orderer(here, { ledger: apart(here.ledger) })(request.id, erasure))).toBe('evidence-broken')
    }
  })
})

test('an ask that only the row has erases nothing', async () => {
  const here = await world()
  const request = await denied(here)
  const ask = { by: dba, accounts: [dba], names: [...erasable], at: after(0) }
  here.ledger.forge(request.id, { ...request, erasureAsks: [ask] })
  for (const ledger of [here.ledger, apart(here.ledger)])
    expect(await codeOf(orderer(here, { ledger })(request.id, erasure))).toBe('evidence-broken')
  expect(await here.ledger.find(request.id)).toMatchObject({ said: request.said, events: request.events })
})

test('an erasure with nothing left to clear records nothing', async () => {
  const here = await world()
  const request = await denied(here)
  await eraser(here)(request.id, erasure)
  const before = await here.ledger.news(shardOf(request.id), null)
  expect(await eraser(here)(request.id, erasure)).toEqual([])
  expect(await here.ledger.news(shardOf(request.id), null)).toEqual(before)
})

test('an open request keeps its texts, but not after its deadline', async () => {
  const here = await world()
  const { request } = await here.approvals.ask(asks())
  expect(await codeOf(eraser(here)(request.id, erasure))).toBe('still-open')
  expect((await here.ledger.find(request.id))?.said).not.toEqual([])
  here.clock.set(after(3601))
  expect(await eraser(here)(request.id, erasure)).toHaveLength(1)
  expect((await here.ledger.find(request.id))?.status).toBe('expired')
})

test('an unknown request has nothing to erase', async () => {
  const here = await world()
  expect(await codeOf(eraser(here)('01kjw2xm00abcdefghjkmnpqrs-07' as never, erasure))).toBe('not-found')
})

test('an erasure that loses a race is repeated, and recorded once', async () => {
  const here = await world()
  const request = await denied(here)
  await orderer(here)(request.id, order)
  const slow = [1, 2].map(() => orderer(here, { ledger: apart(here.ledger) })(request.id, erasure))
  const answers = await Promise.all(slow)
  expect(answers.map(({ erased }) => erased.length).toSorted((a, b) => a - b)).toEqual([0, 2])
  const records = (await logOf(here.ledger, shardOf(request.id))).filter(({ text }) => text.includes('"erased"'))
  expect(records).toHaveLength(2)
})

test('of two people who order at the same time one asks, and the other erases', async () => {
  const here = await world()
  const request = await denied(here)
  const both = [order, erasure].map((one) => orderer(here, { ledger: apart(here.ledger) })(request.id, one))
  const answers = await Promise.all(both)
  expect(answers.map(({ erased }) => erased.length).toSorted((a, b) => a - b)).toEqual([0, 2])
  expect(answers.filter(({ waits }) => waits !== null)).toHaveLength(1)
})

test('a failed commit leaves texts and log unchanged', async () => {
  const here = await world()
  const request = await denied(here)
  const ledger = apart(here.ledger)
  const broken: Ledger = { ...ledger, commit: async () => Promise.reject(new Conflict()) }
  expect(await codeOf(eraser(here, { ledger: broken })(request.id, erasure))).toBe('busy')
  expect((await here.ledger.find(request.id))?.said).toEqual(request.said)
})

test('an erasure under a new policy version records the change, too', async () => {
  const here = await world()
  const request = await denied(here)
  await eraser(here, { version: digestOf('another') })(request.id, erasure)
  const types = (await logOf(here.ledger, shardOf(request.id))).map(({ text }) => JSON.parse(text).type)
  expect(types.slice(-4)).toEqual(['policy-changed', 'erasure-asked', 'erased', 'erased'])
})
