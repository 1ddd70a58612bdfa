import { randomBytes } from 'node:crypto'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { record, recordAlone } from '../../src/approvals/commit.ts'
import type { Day } from '../../src/core/data/day.ts'
import {
  type Hex,
  type HoldId,
  type ObjectId,
  type Shard,
  shardOf,
  shardOfDeputy,
  shards,
} from '../../src/core/data/id.ts'
import type { Instant } from '../../src/core/data/instant.ts'
import { eraseAll } from '../../src/evidence/erasures.ts'
import { decide } from '../../src/core/request/decision.ts'
import { actingFor } from '../../src/core/request/deputy.ts'
import type { Delegated, Draft } from '../../src/core/request/event.ts'
import type { HoldScope } from '../../src/core/request/hold.ts'
import { open } from '../../src/core/request/submission.ts'
import { verifyBundle } from '../../src/verify/bundle.ts'
import { verifySeries } from '../../src/verify/series.ts'
import { bot, dba, dba2, mayNotApprove, noHolds, oid, policyVersion, submission } from '../support/build.ts'
import { zipName } from '../evidence/bundle.ts'
import { asked, at, day } from '../evidence/days.ts'
import { MemoryArchive } from '../support/fakes/archive.ts'
import { claims, votes, type World } from '../support/world.ts'
import { someOf } from '../support/whole.ts'
import { dates, madeTwice, type Sealed, sealedDays } from './days.ts'

/** What somebody did who may change rows of the ledger: the seal does not see it, nor does any bundle alone. */
async function found(
  more: (world: World) => Promise<void>,
  from: Day = day(4),
  later?: (days: Sealed) => Promise<Day>,
) {
  const days = await sealedDays(more)
  try {
    const all = later ? [...dates, await later(days)] : dates
    const folder = mkdtempSync(join(days.place.path, 'days-'))
    const keys = [days.key.spki]
    for (const date of all) expect((await verifyBundle(await days.file(date), { keys })).problem).toBeUndefined()
    for (const date of all.filter((date) => date >= from))
      writeFileSync(join(folder, zipName(date)), await days.zip(date))
    return await verifySeries(folder, { keys })
  } finally {
    days.place.clean()
  }
}

/** A process that remembers nothing, beside an archive that kept nothing: only the verifier is left to find the fraud. */
const blind = (world: World) => world.another({ archive: new MemoryArchive() }).approvals

const soon = async ({ approvals, clock }: World) => {
  clock.set(at(7, '23:50:00'))
  return (await approvals.ask(asked('02'))).request
}

test.each(someOf([day(4), day(8), day(9)]))(
  'a series holds in which ended requests lose texts later, from %s on',
  async (from) => {
    let again = async () => {}
    const later = async ({ sealer: one }: Sealed) => {
      await again()
      one.clock.set(at(10, '00:05:00'))
      await one.run()
      return day(9)
    }
    const verdict = await found(
      async (world) => {
        const { ledger, clock, approvals } = world
        const policy = { version: policyVersion, accounts: (id: ObjectId) => [id] }
        const parts = { ledger, clock, policy, random: randomBytes, committed: () => undefined, holds: noHolds }
        const order = (by: ObjectId) => ({ names: ['reason', 'name'] as const, why: 'GDPR', by })
        const request = await soon(world)
        await approvals.decide(request.id, votes(request, dba2, { verdict: 'deny' }))
        clock.set(at(8, '09:00:00'))
        expect((await eraseAll(parts, request.id, order(oid(62)))).waits).not.toBeNull()
        again = async () => {
          clock.set(at(9, '09:00:00'))
          expect((await eraseAll(parts, request.id, order(oid(63)))).erased).toHaveLength(2)
        }
      },
      from,
      later,
    )
    expect(verdict.problem).toBeUndefined()
    expect(verdict.bundles.at(-1)?.manifest.counts).toMatchObject({ carried: 4, types: { erased: 2 } })
  },
)

describe('a series shows that', () => {
  test('a denial was left out, and the request approved', async () => {
    const { problem } = await found(async (world) => {
      const request = await soon(world)
      await world.approvals.decide(request.id, votes(request, dba2, { verdict: 'deny' }))
      world.ledger.forge(request.id, request)
      world.clock.set(at(8, '00:10:00'))
      await blind(world).decide(request.id, votes(request))
    })
    expect(problem).toMatchObject({ code: 'broken-series', check: 'carried', file: zipName(day(8)) })
  })

  test('a withdrawal was left out, and the approval used', async () => {
    const { problem } = await found(async (world) => {
      const { id, ...rest } = await soon(world)
      const approved = await world.approvals.decide(id, votes({ id, ...rest }))
      await world.approvals.cancel(id, bot)
      world.ledger.forge(id, approved)
      world.clock.set(at(8, '00:10:00'))
      await blind(world).redeem(id, await claims(world.another(), approved, crypto.randomUUID()))
    })
    expect(problem).toMatchObject({ code: 'broken-series', file: zipName(day(8)) })
  })

  test.each(someOf([day(4), day(8)]))('a report was left out, and another made, from %s on', async (from) => {
    let again = async () => {}
    const later = async ({ sealer: one }: Sealed) => {
      await again()
      one.clock.set(at(10, '00:05:00'))
      await one.run()
      return day(9)
    }
    const { problem } = await found(
      async (world) => {
        const { approvals, clock, ledger } = world
        const request = await soon(world)
        const approved = await approvals.decide(request.id, votes(request))
        const { request: redeemed } = await approvals.redeem(
          request.id,
          await claims(world, approved, crypto.randomUUID()),
        )
        clock.set(at(8, '09:00:00'))
        await approvals.report(request.id, { executor: bot, result: 'failed' })
        again = async () => {
          ledger.forge(request.id, redeemed)
          clock.set(at(9, '09:00:00'))
          await blind(world).report(request.id, { executor: bot, result: 'succeeded' })
        }
      },
      from,
      later,
    )
    expect(problem).toMatchObject({ code: 'broken-series', file: zipName(day(9)) })
  })

  test.each(someOf(['00:10:00', '12:00:00']))('a request was made twice, again at %s', async (time) => {
    const { problem } = await found((world) => madeTwice(world, time))
    expect(problem).toMatchObject({ code: 'broken-series', member: 'requests.csv', file: zipName(day(7)) })
  })
})

test('requests go on over midnight, whatever their end', async () => {
  const { problem, bundles } = await found(async (world) => {
    const { approvals, clock } = world
    const request = await soon(world)
    const approved = await approvals.decide(request.id, votes(request))
    const { request: other } = await approvals.ask(asked('02'))
    await approvals.decide(other.id, votes(other, dba2, { verdict: 'deny' }))
    clock.set(at(8, '00:10:00'))
    await approvals.redeem(request.id, await claims(world, approved, crypto.randomUUID()))
    await approvals.report(request.id, { executor: bot, result: 'succeeded' })
  })
  expect(problem).toBeUndefined()
  expect(bundles).toHaveLength(5)
})

test('an id that was made just before midnight names a request of the day after', async () => {
  const { problem } = await found(async ({ ledger, clock }) => {
    clock.set(at(8, '00:00:00'))
    const id = submission().id
    const loaded = await ledger.load(shardOf(id), {})
    const parts = { ledger, clock, random: randomBytes, policy: { version: policyVersion }, committed: () => undefined }
    await record(parts, loaded, open(submission({ id, at: clock.now(), excluded: mayNotApprove })), clock.now())
  })
  expect(problem).toBeUndefined()
})

/** What a service without the check would record: a member is away since the first day, and a deputy votes on the last. */
const deputised =
  (backAt?: Instant, more: Partial<Delegated> = {}) =>
  async (world: World) => {
    const { ledger, clock } = world
    const parts = { ledger, clock, policy: { version: policyVersion }, random: randomBytes, committed: () => undefined }
    const person = { kind: 'person', id: dba } as const
    const deputy = oid(65)
    const until = at(9, '00:00:00')
    const note = async (draft: Draft, moment: Instant) => {
      clock.set(moment)
      const loaded = await ledger.load(shardOfDeputy(deputy), {})
      return (await recordAlone(parts, loaded, [draft], moment)).at(-1)?.hash ?? ('' as Hex)
    }
    const data = { to: deputy, groups: ['dba'], until, ...more }
    const event = await note({ type: 'delegated', actor: person, data }, at(7, '23:40:00'))
    const request = await soon(world)
    if (backAt) await note({ type: 'recalled', actor: person, data: { event } }, backAt)
    clock.set(at(8, '00:20:00'))
    const own = { accounts: [deputy], groups: [], member: true, enabled: true, asOf: clock.now() }
    const facts = actingFor(own, { accounts: [dba], groups: ['dba'], event, until })
    const vote = { approver: deputy, name: 'Dora', verdict: 'deny', reason: 'No.', facts, at: clock.now() } as const
    const loaded = await ledger.load(shardOf(request.id), { request: request.id })
    const seen = { via: 'api', digest: request.digest }
    await record(parts, loaded, decide(loaded.request ?? request, { ...vote, seen }), clock.now())
  }

test.each<[string, Instant | undefined, Partial<Delegated>, string | null]>([
  ['holds in which a deputy acted on a later day', undefined, {}, null],
  ['in which the member was back does not hold', at(8, '00:10:00'), {}, 'the member was back'],
  ['in which another deputy was named does not hold', undefined, { groups: ['security'] }, 'for other groups'],
])('a series %s', async (_, backAt, more, expected) => {
  const { problem } = await found(deputised(backAt, more))
  if (expected === null) expect(problem).toBeUndefined()
  else {
    expect(problem).toMatchObject({ code: 'broken-series', file: zipName(day(8)) })
    expect(problem?.words).toContain(expected)
  }
})

/** A hold of the first day as a service without the check would have it, and an erasure of the last day. */
const held = (scope: HoldScope, releasedAt?: Instant) => async (world: World) => {
  const { ledger, clock, approvals } = world
  const policy = { version: policyVersion, accounts: (id: ObjectId) => [id] }
  const parts = { ledger, clock, policy, random: randomBytes, committed: () => undefined, holds: noHolds }
  const person = { kind: 'person', id: oid(66) } as const
  const note = async (draft: Draft, moment: Instant) => {
    clock.set(moment)
    await recordAlone(parts, await ledger.load(shards[0] as Shard, {}), [draft], moment)
  }
  await note({ type: 'held', actor: person, data: { hold, scope }, said: { why: 'Case' } }, at(7, '23:40:00'))
  const request = await soon(world)
  await approvals.decide(request.id, votes(request, dba2, { verdict: 'deny' }))
  if (releasedAt) await note({ type: 'released', actor: person, data: { hold }, said: { why: 'Over' } }, releasedAt)
  clock.set(at(8, '12:00:00'))
  for (const by of [62, 63]) await eraseAll(parts, request.id, { names: ['reason'], why: 'GDPR', by: oid(by) })
}

const hold = `01kjw2xm00${'a'.repeat(16)}` as HoldId

test('a series in which a request lost a text on a later day than that of its hold does not hold', async () => {
  const { problem } = await found(held({ agent: bot }))
  expect(problem).toMatchObject({ code: 'broken-series', file: zipName(day(8)) })
  expect(problem?.words).toContain(`while hold ${hold} covered it`)
})

test.each<[string, HoldScope, Instant | undefined]>([
  ['of another agent', { agent: dba2 }, undefined],
  ['that was released before', { agent: bot }, at(8, '11:00:00')],
])('a series with a hold %s holds', async (_, scope, released) => {
  expect((await found(held(scope, released))).problem).toBeUndefined()
})
