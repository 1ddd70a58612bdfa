import { randomBytes } from 'node:crypto'
import type { Hex, Shard } from '../../src/core/data/id.ts'
import { plusSeconds } from '../../src/core/data/instant.ts'
import { authenticatedEnd, endPath, formatEnd } from '../../src/core/log/end.ts'
import { macOf } from '../../src/core/log/mac.ts'
import { authenticatedHeads, formatHeads, headsPath } from '../../src/core/log/witness.ts'
import { Repairing } from '../../src/evidence/repair/repair.ts'
import { Witness } from '../../src/evidence/witness.ts'
import { bot, dba, oid } from '../support/build.ts'
import { fakePolicy } from '../support/fakes.ts'
import { macsFor, testKey, testOrigin } from '../support/fakes/macs.ts'
import { MemoryRepairs } from '../support/fakes/repairs.ts'
import { codeOf, roster, votes, type World, world } from '../support/world.ts'
import { asked, at, day, scratch, type Sealer, sealer } from './days.ts'

const { folder: spool, clean } = scratch()
afterAll(clean)

const shard = '03' as Shard
const noon = at(4, '12:00:00')
const macs = macsFor(testOrigin)

/** A chain of two events, and of two more that somebody changed and a person took out: 3 is the repair now. */
async function repaired() {
  const here = await world()
  const one = await sealer({ ledger: here.ledger, archive: here.archive, spool })
  here.clock.set(noon)
  const { request } = await here.approvals.ask(asked(shard))
  const approved = await here.approvals.decide(request.id, votes(request))
  const before = await here.ledger.load(shard, {})
  here.ledger.tamper(shard, 4, (leaf) => ({ ...leaf, text: leaf.text.replace('quorum', 'policy') }))
  const seen = await witnessOf(here, one)
  await seen.ledger.load(shard, {})
  const repairing = new Repairing({
    ...{ ledger: here.ledger, repairs: new MemoryRepairs(here.ledger), archive: here.archive, seals: one.seals },
    ...{ macs, clock: here.clock, random: randomBytes, policy: fakePolicy(roster()), broken: () => [] },
    ...{ committed: () => undefined, ends: { leaveSoon: async () => undefined } },
  })
  const result = await repairing.repair({ shard, why: 'A key had leaked.', by: oid(63), requests: [] })
  expect(result).toMatchObject({ chain: { from: 3, to: 4, moved: 2, recorded: 3 }, requests: [{ done: 'ended' }] })
  one.clock.set(at(5, '00:05:00'))
  return { here, one, approved, seen, head: before.head }
}

type Set = Awaited<ReturnType<typeof repaired>>

const witnessOf = ({ ledger, archive, clock }: World, one: Sealer): Promise<Witness> =>
  Witness.begin({ ledger, archive, clock, seals: one.seals, macs, random: randomBytes, failed: () => {} })

describe('a file that names an event which a repair took out', () => {
  /** Written by a process that had read the head before the repair, so many seconds after it. */
  const named = async ({ here, head }: Set, seconds: number, other: Partial<{ seq: number; hash: Hex }> = {}) => {
    const heads = { at: plusSeconds(noon, seconds), heads: { [shard]: { seq: head.seq, hash: head.hash, ...other } } }
    const text = formatHeads(heads, macOf(testKey, authenticatedHeads(testOrigin, heads)))
    await here.archive.createOrRead(headsPath(heads.at), Buffer.from(text), 'application/json', text)
  }

  test.each([
    ['in the place of another', 0, {}],
    ['after the end', 0, { seq: 9 }],
  ])('does not stop the seal if it was written before the repair: %s', async (_where, seconds, other) => {
    const set = await repaired()
    await named(set, seconds, other)
    expect(await set.one.run()).toEqual([day(4)])
    expect(set.one.failures).toEqual([])
  })

  test.each([
    ['in the place of another', 1, {}],
    ['after the end', 1, { seq: 9 }],
    ['before what the repair is about', 0, { seq: 2, hash: 'a'.repeat(64) as Hex }],
  ])('stops the seal otherwise: %s', async (_where, seconds, other) => {
    const set = await repaired()
    await named(set, seconds, other)
    expect(await set.one.run()).toEqual([])
    expect((await set.one.seals.alarm())?.code).toBe('broken-chain')
  })

  test('is told from one that names the same number later', async () => {
    const set = await repaired()
    await named(set, 0)
    const { head } = await set.here.ledger.load(shard, {})
    await named({ ...set, head }, 600)
    expect(await set.one.run()).toEqual([day(4)])
  })

  test('may be that of an end', async () => {
    const set = await repaired()
    const { id } = set.approved
    const end = { request: id, act: 'revoked', shard, seq: 4, leaf: set.head.hash, at: noon } as const
    const text = formatEnd(end, macOf(testKey, authenticatedEnd(testOrigin, end)))
    await set.here.archive.createOrRead(endPath(id), Buffer.from(text), 'application/json', text)
    expect(await set.one.run()).toEqual([day(4)])
  })
})

describe('a process that saw the chain before', () => {
  test('goes on in the repaired one', async () => {
    const { here, seen } = await repaired()
    const place = here.another({ ledger: seen.ledger })
    const { request } = await place.approvals.ask(asked(shard))
    expect((await place.approvals.decide(request.id, votes(request, dba))).status).toBe('approved')
  })

  test('does not take a chain for repaired that was cut off after the repair', async () => {
    const { here, seen } = await repaired()
    here.clock.set(plusSeconds(noon, 60))
    const place = here.another({ ledger: seen.ledger })
    const { request } = await place.approvals.ask(asked(shard))
    here.ledger.cutOff(shard, 3)
    for (const _ of [1, 2]) expect(await codeOf(seen.ledger.load(shard, {}))).toBe('evidence-broken')
    expect(await codeOf(place.approvals.cancel(request.id, bot))).toBe('evidence-broken')
  })
})
