import { randomBytes } from 'node:crypto'
import { type Hex, type RequestId, shardOf, shards } from '../../src/core/data/id.ts'
import { authenticatedEnd, endPath, formatEnd, parseEnd } from '../../src/core/log/end.ts'
import { macOf } from '../../src/core/log/mac.ts'
import { authenticatedOpen, formatOpen, openPath, parseOpen } from '../../src/core/log/openRequests.ts'
import { authenticatedHeads, formatHeads, headsPath } from '../../src/core/log/witness.ts'
import { openAfter } from '../../src/evidence/seal/openRequests.ts'
import { Witness } from '../../src/evidence/witness.ts'
import { Sealing } from '../../src/evidence/seal/seal.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { MemoryArchive } from '../support/fakes/archive.ts'
import { macsFor, testKey, testOrigin } from '../support/fakes/macs.ts'
import { bot, dba, needs } from '../support/build.ts'
import { claims, votes, world } from '../support/world.ts'
import { asked, at, day, scratch, sealer } from './days.ts'

const { folder: spool, clean } = scratch()
afterAll(clean)

const redemption = '00000000-0000-4000-8000-000000000001'

/** A day in one shard, and a sealer that has the archive to which the files of ends go. */
async function aDay(judge?: Parameters<typeof world>[0]) {
  const here = await world(judge)
  const one = await sealer({ ledger: here.ledger, archive: here.archive, spool })
  here.clock.set(at(4, '12:00:00'))
  const { request } = await here.approvals.ask(asked('03'))
  const approved = await here.approvals.decide(request.id, votes(request))
  one.clock.set(at(5, '00:05:00'))
  return { here, one, approved }
}

type ADay = Awaited<ReturnType<typeof aDay>>

const redeem = async ({ here }: ADay, request: ApprovalRequest) =>
  here.approvals.redeem(request.id, await claims(here, request, redemption))

/** Takes the newest events of the shard away, with the head and the row: what a restored snapshot leaves. */
function rollBack({ here }: ADay, to: ApprovalRequest): void {
  here.ledger.cutOff(shardOf(to.id), to.events.at(-1)?.seq ?? 0)
  here.ledger.forge(to.id, to)
}

const alarmOf = async ({ one }: ADay) => (await one.seals.alarm())?.words

const nothingIsPublished = async ({ one }: ADay) => {
  expect((await one.seals.head()).head?.date ?? null).toBeNull()
  expect(await one.archive.list('checkpoints/')).toEqual([])
  expect(one.archive.published).toBeNull()
}

test('a day with everything that witness files name is sealed, with a list of open requests', async () => {
  const set = await aDay()
  const { here, one, approved } = set
  await redeem(set, approved)
  const { request: open } = await here.approvals.ask(asked('05'))
  expect(await one.run()).toEqual([day(4)])
  expect(one.failures).toEqual([])
  const text = Buffer.from((await one.archive.read(openPath(day(4)))) ?? []).toString()
  expect(parseOpen(text, day(4))?.open).toEqual({ date: day(4), ids: [open.id] })
})

test.each<[string, (set: ADay) => Promise<unknown>]>([
  ['an executed request, rolled back with its events and the head', (set) => redeem(set, set.approved)],
  ['a revoked one', ({ here, approved }) => here.approvals.revoke(approved.id, dba)],
  ['a cancelled one', ({ here, approved }) => here.approvals.cancel(approved.id, bot)],
])('a seal names an event that was cut off: %s', async (_what, act) => {
  const set = await aDay()
  await act(set)
  rollBack(set, set.approved)
  expect(await set.one.run()).toEqual([])
  expect(await alarmOf(set)).toBe('Event 5 of shard 03 was recorded, and is missing.')
  await nothingIsPublished(set)
})

test('a seal names an event that was cut off even if the chain grew again', async () => {
  const set = await aDay()
  await redeem(set, set.approved)
  rollBack(set, set.approved)
  await set.here.approvals.ask(asked('03'))
  expect(await set.one.run()).toEqual([])
  expect(await alarmOf(set)).toBe('Event 5 of shard 03 is not the one that a file in the archive names.')
  await nothingIsPublished(set)
  expect(await set.one.archive.list('tile/')).toEqual([])
})

test('a seal names an event that was cut off even if the chain grew again after midnight', async () => {
  const set = await aDay()
  await redeem(set, set.approved)
  rollBack(set, set.approved)
  set.here.clock.set(at(5, '00:00:01'))
  await set.here.approvals.ask(asked('03'))
  expect(await set.one.run()).toEqual([])
  expect(await alarmOf(set)).toBe('Event 5 of shard 03 is not the one that a file in the archive names.')
  await nothingIsPublished(set)
})

test('a seal names an event that was cut off while the day was planned, and put back', async () => {
  const set = await aDay()
  await redeem(set, set.approved)
  const { leaves } = set.here.ledger.lying('03' as never)
  const redeemed = leaves.at(-1) ?? null
  rollBack(set, set.approved)
  expect(await set.one.run()).toEqual([])
  expect(await set.one.seals.plan(day(4))).not.toBeNull()
  leaves.push(redeemed)
  expect(await set.one.run()).toEqual([])
  expect(await alarmOf(set)).toMatch(/^Event 5 of shard 03 is of .*, and was not there when the day was planned\.$/)
  await nothingIsPublished(set)
})

test.each([
  ['the head was witnessed', 1],
  ['the head was witnessed and the chain grew again', 2],
])('a seal names a request that is missing altogether: %s', async (_how, grows) => {
  const set = await aDay()
  const { here, one, approved } = set
  const { request } = await here.approvals.ask(asked('03'))
  const parts = { ledger: here.ledger, archive: here.archive, clock: here.clock, seals: one.seals }
  const witness = await Witness.begin({
    ...{ ...parts, macs: macsFor(testOrigin), random: randomBytes, failed: () => {} },
  })
  await witness.record()
  here.ledger.cutOff('03' as never, approved.events.at(-1)?.seq ?? 0)
  here.ledger.forge(request.id, null)
  if (grows === 2) await here.approvals.ask(asked('03'))
  expect(await one.run()).toEqual([])
  expect(await alarmOf(set)).toMatch(/^Event 5 of shard 03 (was recorded, and is missing|is not the one)/)
  await nothingIsPublished(set)
})

test('a seal that is days late names an event that only a file of the day before it names', async () => {
  const set = await aDay()
  const { here, one, approved } = set
  const { request } = await here.approvals.ask(asked('03'))
  const { ledger, archive, clock } = here
  clock.set(at(7, '09:00:00'))
  const parts = { ledger, archive, clock, seals: one.seals, macs: macsFor(testOrigin), random: randomBytes }
  await (await Witness.begin({ ...parts, failed: () => {} })).record()
  ledger.cutOff('03' as never, approved.events.at(-1)?.seq ?? 0)
  ledger.forge(request.id, null)
  one.clock.set(at(8, '00:05:00'))
  expect(await one.run()).toEqual([])
  expect(await alarmOf(set)).toMatch(/^Event 5 of shard 03 was recorded, and is missing/)
  await nothingIsPublished(set)
})

test("a seal finds the end of an older request by its file's name", async () => {
  const set = await aDay(() => needs(undefined, { expires: 604_800, lapse: 604_800 }))
  const { here, one, approved } = set
  expect(await one.run()).toEqual([day(4)])
  here.clock.set(at(7, '09:00:00'))
  await redeem(set, approved)
  rollBack(set, approved)
  one.clock.set(at(9, '00:05:00'))
  expect(await one.run()).toEqual([])
  expect(await alarmOf(set)).toBe('Event 5 of shard 03 was recorded, and is missing.')
})

test('an event after midnight that a file names belongs to its own day, if the ledger has it', async () => {
  const set = await aDay()
  const { here, one, approved } = set
  here.clock.set(at(5, '00:00:01'))
  const late = await here.approvals.ask(asked('03'))
  await here.approvals.cancel(late.request.id, bot)
  await here.approvals.cancel(approved.id, bot).catch(() => {})
  expect(await one.run()).toEqual([day(4)])
  one.clock.set(at(6, '00:05:00'))
  expect(await one.run()).toEqual([day(5)])
  expect(await one.seals.alarm()).toBeNull()
})

describe('a file that the service did not write is reported and does not stop a seal', () => {
  const end = (id: RequestId, text: (id: RequestId) => string) => async (archive: MemoryArchive) =>
    void (await archive.createOrRead(endPath(id), Buffer.from(text(id)), 'text/plain', text(id)))

  const forged = (id: RequestId, key = testKey, origin = testOrigin) => {
    const value = { request: id, act: 'revoked' as const, shard: '03' as never, seq: 2, leaf: 'a'.repeat(64) as Hex }
    const all = { ...value, at: at(4, '12:00:00') }
    return formatEnd(all, macOf(key, authenticatedEnd(origin, all)))
  }

  const unknown = '01jg0000000000000000000000-03' as RequestId

  test.each<[string, (archive: MemoryArchive, request: RequestId) => Promise<void>]>([
    ['anything', async (archive, id) => end(id, () => 'anything')(archive)],
    [
      'with the key of another',
      async (archive, id) => end(id, () => forged(id, { ...testKey, secret: Buffer.alloc(32) }))(archive),
    ],
    ['of another log', async (archive, id) => end(id, () => forged(id, testKey, 'other.example/evidence'))(archive)],
    ['a true one under another name', async (archive, id) => end(id, () => forged(unknown))(archive)],
    [
      'without a note',
      async (archive, id) => void (await archive.createOrRead(endPath(id), Buffer.from(forged(id)), '')),
    ],
    [
      'heads',
      async (archive) =>
        void (await archive.createOrRead('heads/2026-03-04/1200', Buffer.of(), 'text/plain', 'anything')),
    ],
  ])('%s', async (_what, create) => {
    const set = await aDay()
    await create(set.here.archive, set.approved.id)
    expect(await set.one.run()).toEqual([day(4)])
    expect(set.one.failures).toMatchObject([{ code: 'evidence-broken', details: { broken: { check: 'mac' } } }])
  })

  test('a list of open requests', async () => {
    const set = await aDay()
    await set.one.archive.createOrRead(openPath(day(4)), Buffer.from(`${'a'.repeat(64)} key-1\n`), 'text/plain')
    set.one.clock.set(at(6, '00:05:00'))
    expect(await set.one.run()).toEqual([day(4), day(5)])
    const files = await set.one.archive.list(openPath(day(4)))
    expect(files.map(({ name }) => name)).toEqual([
      'open/2026-03-04',
      expect.stringMatching(/^open\/2026-03-04\.[0-9a-f]{16}$/),
    ])
  })
})

test('a genuine file for a missing event stops the seal', async () => {
  const set = await aDay()
  const heads = { at: at(4, '13:00:00'), heads: { ['0f' as never]: { seq: 1, hash: 'b'.repeat(64) as Hex } } }
  const text = formatHeads(heads, macOf(testKey, authenticatedHeads(testOrigin, heads)))
  await set.one.archive.createOrRead(headsPath(heads.at), Buffer.from(text), 'application/json', text)
  expect(await set.one.run()).toEqual([])
  expect(await alarmOf(set)).toBe('Event 1 of shard 0f was recorded, and is missing.')
})

test('a day is not sealed if the list of open requests of the day before is missing', async () => {
  const set = await aDay()
  expect(await set.one.run()).toEqual([day(4)])
  const other = new MemoryArchive()
  for (const { name } of await set.one.archive.list(''))
    if (!name.startsWith('open/')) await other.create(name, (await set.one.archive.read(name)) ?? Buffer.of())
  set.one.clock.set(at(6, '00:05:00'))
  expect(await new Sealing({ ...set.one.parts, archive: other }).run()).toEqual([])
  expect((await set.one.seals.alarm())?.code).toBe('missing-member')
})

test.each([
  [['a', 'b'], [], ['a', 'b']],
  [['a', 'b'], [['b', 'redeemed']], ['a']],
  [
    ['b'],
    [
      ['b', 'approved'],
      ['a', 'pending'],
      ['c', 'denied'],
    ],
    ['a', 'b'],
  ],
] as const)('of the open requests %p and those of the day %p, %p are open afterwards', (before, told, expected) => {
  const states = told.map(([id, status]) => ({ id: id as RequestId, status }))
  expect(openAfter(before as unknown as RequestId[], states)).toEqual(expected)
})

test.each([
  ['no line', ''],
  ['no mac', 'key-1\n'],
  ['a line that is no id', `${'a'.repeat(64)} key-1\nid\n`],
  ['no end', `${'a'.repeat(64)} key-1\n01jg0000000000000000000000-03`],
])('a list of open requests with %s is refused', (_what, text) => {
  expect(parseOpen(text, day(4))).toBeNull()
})

test('a list of open requests is read as it was written', () => {
  const open = { date: day(4), ids: ['01jg0000000000000000000000-03' as RequestId] }
  const mac = macOf(testKey, authenticatedOpen(testOrigin, open))
  expect(parseOpen(formatOpen(open, mac), day(4))).toEqual({ open, mac })
  expect(parseEnd(formatOpen(open, mac))).toBeNull()
  expect(shards).toHaveLength(16)
})
