import { bind } from '../../src/runtime/bind.ts'
import { randomBytes } from 'node:crypto'
import { erasable } from '../../src/core/request/erasure.ts'
import { saidDigest } from '../../src/core/request/event.ts'
import { digestOf, shardOf } from '../../src/core/data/id.ts'
import { leafHash } from '../../src/core/log/merkle.ts'
import { Conflict, type Ledger } from '../../src/ports/ledger.ts'
import { eraseAll } from '../../src/evidence/erasures.ts'
import { after, policyVersion } from '../support/build.ts'
import { apart, asks, codeOf, stranger, votes, type World, world } from '../support/world.ts'

const erasure = { names: erasable, why: 'A secret was in it.', by: stranger }

const eraser = (here: World, more: { ledger?: Ledger; version?: typeof policyVersion; told?: string[] } = {}) =>
  bind(
    {
      ledger: more.ledger ?? here.ledger,
      clock: here.clock,
      policy: { version: more.version ?? policyVersion },
      random: randomBytes,
      committed: ({ id }: { id: string }) => more.told?.push(id),
    },
    { eraseAll },
  ).eraseAll

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

test('an erasure removes texts from events and request, keeps what hashes cover, and records its person', async () => {
  const here = await world()
  const request = await denied(here)
  const before = await here.ledger.events(request)
  const told: string[] = []
  const erased = await eraser(here, { told })(request.id, erasure)
  expect(erased.map(({ names }) => names)).toEqual([
    ['action', 'links', 'reason'],
    ['name', 'reason'],
  ])
  const now = await here.ledger.find(request.id)
  expect(now).toMatchObject({ action: null, said: [], digest: request.digest, events: request.events })
  const events = await here.ledger.events(request)
  expect(events.map(({ text, hash }) => ({ text, hash }))).toEqual(before.map(({ text, hash }) => ({ text, hash })))
  expect(events.map(({ said }) => said)).toEqual(events.map(() => ({})))

  const log = await logOf(here.ledger, shardOf(request.id))
  const records = log.slice(-2)
  const [first] = records.map(({ text }) => JSON.parse(text))
  expect(first).toMatchObject({
    type: 'erased',
    actor: { kind: 'person', id: stranger },
    data: { event: request.events[0]?.hash, names: ['action', 'links', 'reason'] },
  })
  expect(first.request).toBeUndefined()
  expect(records[0]?.said['why']).toMatchObject({ text: erasure.why })
  expect(first.said).toEqual({ why: saidDigest(records[0]?.said['why'] ?? { salt: '', text: '' }) })
  log.forEach(({ text }, i) =>
    expect(JSON.parse(text).prev).toBe(i === 0 ? '0'.repeat(64) : leafHash(log[i - 1]?.text ?? '')),
  )
  expect(told).toEqual([request.id])
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
  const slow = [apart(here.ledger), apart(here.ledger)].map((ledger) => eraser(here, { ledger })(request.id, erasure))
  const answers = await Promise.all(slow)
  expect(answers.map(({ length }) => length).toSorted((a, b) => a - b)).toEqual([0, 2])
  const records = (await logOf(here.ledger, shardOf(request.id))).filter(({ text }) => text.includes('"erased"'))
  expect(records).toHaveLength(2)
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
  expect(types.slice(-3)).toEqual(['policy-changed', 'erased', 'erased'])
})
