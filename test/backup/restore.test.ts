import { randomBytes } from 'node:crypto'
import { placeOfKey } from '../../src/approvals/askKey.ts'
import { recordAlone } from '../../src/approvals/commit.ts'
import { TableHolds } from '../../src/azure/holds.ts'
import { rowKey } from '../../src/azure/rowKey.ts'
import { TableLedger } from '../../src/azure/ledger.ts'
import { type Hex, type HoldId, type ObjectId, sha256, shardOf, shardOfDeputy } from '../../src/core/data/id.ts'
import { takeSnapshot } from '../../src/evidence/backup/snapshot.ts'
import type { Draft } from '../../src/core/request/event.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { action, bot, dba, dba2, needs, oid, owner, policyVersion, runner, slot } from '../support/build.ts'
import { agent, asks, claims, outcomeOf, uuidOf, votes } from '../support/world.ts'
import { someOf } from '../support/whole.ts'
import { asked, at, day, live, scratch } from '../evidence/days.ts'
import { namesIn, textIn } from './files.ts'
import { comparable, erasing } from './lives.ts'
import { type Place, type Places, startPlaces } from './place.ts'

const { folder: spool, clean } = scratch()
let places: Places

beforeAll(async () => {
  places = await startPlaces(spool)
})
afterAll(async () => {
  await places.close()
  clean()
})

const hold = `01kjw2xm00${'a'.repeat(16)}` as HoldId

describe('a ledger of five sealed days and requests in every open state', () => {
  let place: Place
  let before: Awaited<ReturnType<typeof comparable>>
  let lives: Awaited<ReturnType<typeof lived>>
  let quorum = 1

  async function lived() {
    const one = place.uses()
    await live(one)
    quorum = 2
    place.clock.set(at(9, '00:05:00'))
    expect(await place.seal()).toEqual([4, 5, 6, 7, 8].map(day))
    place.clock.set(at(9, '00:06:00'))
    const ask = { ...asked('03'), expiresIn: 86_400 }
    const { request: pending } = await one.approvals.ask(ask)
    await one.approvals.decide(pending.id, votes(pending))
    const { request: granted } = await one.approvals.ask(asks({ executor: runner }))
    await one.approvals.decide(granted.id, votes(granted))
    const approved = await one.approvals.decide(granted.id, votes(granted, dba2))
    const { request: other } = await one.approvals.ask(asks())
    await one.approvals.decide(other.id, votes(other))
    const used = await one.approvals.decide(other.id, votes(other, dba2))
    const [grant, first] = [await claims(one, approved, 'granted'), await claims(one, used, 'used')]
    await one.approvals.redeem(used.id, first)
    return { ask, pending, approved, used, grant, first }
  }

  beforeAll(async () => {
    place = await places.anew(at(4, '08:00:00'), () => needs([slot('dba', quorum)]))
    lives = await lived()
    await new TableHolds(place.tables).create({ hold, scope: { agent: runner }, by: dba2, at: place.clock.now() })
    await place.snapshot()
    before = await comparable(place)
    await place.drop()
  })

  test('has every row unchanged', async () => {
    const restored = await place.restored()
    expect(restored).toMatchObject({ lost: { gaps: [], ends: [] }, proved: { date: day(8) }, erased: 0 })
    expect(await comparable(place)).toEqual(before)
    expect((await new TableHolds(place.tables).find(hold))?.row.scope).toEqual({ agent: runner })
    expect(await place.open()).not.toHaveProperty('incomplete')
    expect(place.failures).toEqual([])
  })

  test('goes on with the same votes, grants and redemptions', async () => {
    const { approvals, ledger } = place.uses()
    const { ask, pending, approved, used, grant, first } = lives
    expect((await approvals.ask(ask)).request.id).toBe(pending.id)
    const decided = await approvals.decide(pending.id, votes(pending, dba2))
    expect(decided.status).toBe('approved')
    expect(await approvals.redeem(approved.id, grant)).toMatchObject({ next: 'execute' })
    expect(await outcomeOf(approvals.redeem(approved.id, { ...grant, redemption: uuidOf('again') }))).toBe(
      'already-redeemed',
    )
    expect(await outcomeOf(approvals.redeem(used.id, { ...first, redemption: uuidOf('second') }))).toBe(
      'already-redeemed',
    )
    const done = await approvals.report(used.id, { executor: used.executor, result: 'succeeded' })
    expect(await ledger.find(used.id)).toEqual(done)
  })

  test('is sealed with later events, and later snapshots continue the earlier ones', async () => {
    place.clock.set(at(10, '00:05:00'))
    expect(await place.seal()).toEqual([day(9)])
    const names = await place.snapshot()
    const own = names.find((name) => name.startsWith('snapshots/') && name.includes(`/${shardOf(lives.pending.id)}-`))
    expect(own).not.toContain('-000000000000.')
    await place.drop()
    expect(await place.restored()).toMatchObject({ lost: { gaps: [] }, proved: { date: day(9) } })
    expect(place.failures).toEqual([])
  })

  test('is restored as of an earlier day, with later events as chunks have them', async () => {
    await place.drop()
    const { lost, proved, textless } = await place.restored(day(9))
    expect({ lost, proved }).toMatchObject({ lost: { gaps: [], ends: [] }, proved: { date: day(9) } })
    expect(textless.map(({ shard }) => shard)).toContain(shardOf(lives.approved.id))
    expect(await new TableLedger(place.tables).find(lives.approved.id)).toMatchObject({ status: 'redeemed' })
    expect((await place.open()).incomplete).toMatchObject({ gaps: [], textless })
  })
})

describe('an idempotency key', () => {
  test('makes no second request after a restore, also one whose shard has no events', async () => {
    const session = { for: 3_600, uses: 9, vary: [] }
    const place = await places.anew(at(4, '08:00:00'), () => needs([slot('dba')], { session }))
    const one = place.uses()
    const scope = { for: 3_600, uses: 9, vary: {} }
    const { request } = await one.approvals.ask(asks({ action: { ...action, standing: scope } }))
    await one.approvals.decide(request.id, votes(request))
    const placeOf = (key: string) => placeOfKey({ agent: agent(bot), key: { text: key, body: sha256('body') } })
    const ask = (key: string) => asks({ key, action: key === 'taken' ? { ...action, target: key } : action })
    const idle = ['a', 'b', 'c', 'd'].find((key) => placeOf(key).shard !== shardOf(request.id)) ?? ''
    const use = await one.approvals.ask({ ...ask(idle), under: request.id })
    for (const key of ['left', 'taken']) {
      const { shard, hash } = placeOf(key)
      await one.ledger.claimKey(shard, hash, { request: use.request.id, body: sha256('body'), under: request.id })
    }
    await place.snapshot()
    const alone = await one.approvals.ask({ ...ask('taken'), expiresIn: 86_400 })
    place.clock.set(at(5, '00:05:00'))
    await place.snapshot()
    const before = await used(place)
    await place.drop()
    await place.restored()
    expect(await used(place)).toEqual(before)
    const { approvals } = place.uses()
    expect((await approvals.ask({ ...ask(idle), expiresIn: 86_400 })).request.id).toBe(use.request.id)
    expect((await approvals.ask({ ...ask('taken'), expiresIn: 86_400 })).request.id).toBe(alone.request.id)
  })

  /** The rows, without claims of keys that no use took: they are left out of a restore. */
  async function used(place: Place): Promise<ReadonlyMap<string, unknown>> {
    const rows = await comparable(place)
    const uses = new Set([...rows.values()].map(({ claim }) => claim))
    return new Map(
      [...rows].filter(([name, { under }]) => !/ key-/.test(name) || under === undefined || uses.has(name.slice(-64))),
    )
  }
})

test('who is away is away after a restore, and who was back is not', async () => {
  const place = await places.anew(at(4, '08:00:00'))
  const { ledger } = place.uses()
  const deputy = oid(65)
  const shard = shardOfDeputy(deputy)
  const say = async (member: ObjectId, over?: Hex) => {
    const loaded = await ledger.load(shard, {})
    const actor = { kind: 'person', id: member } as const
    const draft: Draft = over
      ? { type: 'recalled', actor, data: { event: over } }
      : { type: 'delegated', actor, data: { to: deputy, groups: ['dba'], until: at(9, '08:00:00') } }
    const parts = { ledger, policy: { version: policyVersion }, random: randomBytes }
    return recordAlone(parts, loaded, [draft], place.clock.now(), { deputy: { deputy, member } })
  }
  const [first] = (await say(dba)).slice(-1)
  await place.snapshot()
  await say(dba2)
  await say(dba, first?.hash)
  await say(owner)
  place.clock.set(at(5, '00:05:00'))
  await place.snapshot()
  const before = await ledger.deputies(shard)
  expect(before.map(({ member }) => member)).toEqual([dba2, owner])
  await place.drop()
  await place.restored()
  expect(await place.uses().ledger.deputies(shard)).toEqual(before)
})

describe('an erased text', () => {
  const said = async (place: Place) => JSON.stringify([...(await place.dump())])

  test('is erased again, even if an older part of the snapshot has it', async () => {
    const place = await places.anew(at(4, '08:00:00'))
    const one = place.uses()
    const ask = { ...asked('03'), reason: 'Because of Dana' }
    const { request } = await one.approvals.ask(ask)
    await one.approvals.decide(request.id, votes(request, dba, { verdict: 'deny', reason: 'Not for Dana' }))
    await place.snapshot()
    const backup = place.container('backup')
    const [texts = ''] = await namesIn(backup, /03-.*texts/)
    expect(await textIn(backup, texts)).toContain('Because of Dana')
    await erasing(place, request.id)
    place.clock.set(at(5, '00:05:00'))
    await place.snapshot()
    expect(await namesIn(backup, /03-.*texts/)).toHaveLength(2)
    const before = await comparable(place)
    await place.drop()
    expect(await place.restored()).toMatchObject({ erased: 2, lost: { gaps: [] } })
    expect(await said(place)).not.toMatch(/Because of Dana|Not for Dana|customers/)
    expect(texted(await comparable(place))).toEqual(texted(before))
    expect(await place.uses().approvals.read(request.id, { kind: 'agent', id: bot })).toMatchObject({ action: null })
  })

  /** An erasure leaves empty columns behind, which a restore does not make. */
  const texted = (rows: ReadonlyMap<string, Readonly<Record<string, unknown>>>) =>
    [...rows].map(([name, row]) => [
      name,
      Object.fromEntries(Object.entries(row).filter(([column, value]) => !/^said\d*$/.test(column) || value !== '')),
    ])
})

describe('a request that changes while its shard is copied', () => {
  const acts: readonly (readonly [string, (place: Place, request: ApprovalRequest) => Promise<unknown>])[] = [
    ['gets a vote', (place, request) => place.uses().approvals.decide(request.id, votes(request))],
    [
      'is approved and redeemed',
      async (place, request) => {
        const one = place.uses()
        await one.approvals.decide(request.id, votes(request))
        const approved = await one.approvals.decide(request.id, votes(request, dba2))
        await one.approvals.redeem(request.id, await claims(one, approved, 'used'))
      },
    ],
    ['is withdrawn', (place, { id }) => place.uses().approvals.cancel(id, bot)],
    ['is asked for', (place) => place.uses().approvals.ask(asked('03'))],
  ]

  test.each(someOf(acts, () => '', 2))('is restored as of the head that was read, if it %s', async (_what, act) => {
    const place = await places.anew(at(4, '08:00:00'), () => needs([slot('dba', 2)]))
    const { request } = await place.uses().approvals.ask(asked('03'))
    const before = (await comparable(place)).get(`ledger 03 ${rowKey.request(request.id)}`)
    const parts = place.snapshotParts()
    const rows = new Proxy(parts.rows, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        if (name !== 'requests') return value.bind(target) as unknown
        return async function* (shard: string) {
          if (shard === '03') await act(place, request)
          yield* value.call(target, shard) as AsyncIterable<unknown>
        }
      },
    })
    await takeSnapshot({ ...parts, rows })
    await place.drop()
    const { lost } = await place.restored()
    const after = (await comparable(place)).get(`ledger 03 ${rowKey.request(request.id)}`)
    expect(parsed(after)).toEqual(parsed(before))
    expect(await new TableLedger(place.tables).list({ by: 'pending' }, { keep: () => true, limit: 9 })).toMatchObject({
      requests: [{ id: request.id, status: 'pending' }],
    })
    const isEnded = (await place.archive().list('ends/')).length > 0
    expect({ ends: lost.ends.length, gaps: lost.gaps.length }).toEqual(
      isEnded ? { ends: 1, gaps: 1 } : { ends: 0, gaps: 0 },
    )
  })

  const parsed = (row: Readonly<Record<string, unknown>> | undefined) => ({
    ...row,
    state: JSON.parse(String(row?.['state'])) as unknown,
    said: JSON.parse(String(row?.['said'])) as unknown,
  })
})
