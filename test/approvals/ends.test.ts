import { Ends } from '../../src/approvals/ends.ts'
import { authenticatedEnd, endPath, formatEnd, parseEnd } from '../../src/core/log/end.ts'
import { macOf } from '../../src/core/log/mac.ts'
import { Problem } from '../../src/core/data/problem.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { after, bot, dba, noon } from '../support/build.ts'
import { FakeClock } from '../support/fakes.ts'
import { MemoryArchive } from '../support/fakes/archive.ts'
import { macsFor, testKey, testOrigin } from '../support/fakes/macs.ts'
import { anApproved, asks, claims, codeOf, type Instance, votes, type World, world } from '../support/world.ts'

const one = '00000000-0000-4000-8000-000000000001'
const two = '00000000-0000-4000-8000-000000000002'

const away = new Problem('unavailable', 'The archive is away.')

/** An archive that can be away. */
class Archive extends MemoryArchive {
  isAway = false
  /** Its answers are lost, but not the files. */
  isMute = false

  override async createOrRead(...args: Parameters<MemoryArchive['createOrRead']>): Promise<Uint8Array> {
    if (this.isAway) throw away
    const standing = await super.createOrRead(...args)
    if (this.isMute) throw away
    return standing
  }
}

async function fileOf({ archive }: Pick<World, 'archive'>, { id }: Pick<ApprovalRequest, 'id'>) {
  const bytes = await archive.read(endPath(id))
  return bytes && (parseEnd(Buffer.from(bytes).toString())?.end ?? 'foreign')
}

const lives: readonly (readonly [string, (here: World) => Promise<ApprovalRequest>])[] = [
  [
    'denied',
    async ({ approvals }) => {
      const { request } = await approvals.ask(asks())
      return approvals.decide(request.id, votes(request, dba, { verdict: 'deny' }))
    },
  ],
  ['revoked', async (here) => here.approvals.revoke((await anApproved(here)).id, dba)],
  ['cancelled', async ({ approvals }) => approvals.cancel((await approvals.ask(asks())).request.id, bot)],
  ['cancelled', async (here) => here.approvals.cancel((await anApproved(here)).id, bot)],
  [
    'redeemed',
    async (here) => {
      const request = await anApproved(here)
      return (await here.approvals.redeem(request.id, await claims(here, request, one))).request
    },
  ],
]

describe('the file of an end', () => {
  test.each(lives)('exists when the caller gets the answer: %s', async (act, live) => {
    const here = await world()
    const request = await live(here)
    const event = request.events.at(-1)
    expect(await fileOf(here, request)).toEqual({
      ...{ request: request.id, act, shard: request.id.slice(-2), seq: event?.seq, leaf: event?.hash },
      ...{ at: here.clock.now(), ...(act === 'redeemed' && { redemption: one }) },
    })
    const [file] = await here.archive.list('ends/')
    expect(file?.note).toBe(Buffer.from((await here.archive.read(endPath(request.id))) ?? []).toString())
  })

  test('exists for a redemption that policy alone allowed', async () => {
    const here = await world(() => ({ outcome: 'allow', rules: ['rule'], lapse: 3600, grant: 300 }))
    const { request } = await here.approvals.ask(asks())
    await here.approvals.redeem(request.id, await claims(here, request, one))
    expect(await fileOf(here, request)).toMatchObject({ act: 'redeemed', redemption: one })
  })

  test('is not written for an end by a deadline or by policy', async () => {
    const here = await world()
    await anApproved(here)
    await here.approvals.ask(asks())
    here.clock.set(after(99_999))
    await here.approvals.sweep()
    const strict = await world(() => ({ outcome: 'forbid', rules: ['rule'] }))
    await strict.approvals.ask(asks())
    expect([...(await here.archive.list('')), ...(await strict.archive.list(''))]).toEqual([])
  })

  test('of a reported request names the redemption', async () => {
    const here = await world()
    const request = await anApproved(here)
    await here.approvals.redeem(request.id, await claims(here, request, one))
    const reported = await here.approvals.report(request.id, { executor: bot, result: 'succeeded' })
    const found = await endsOn(here.archive).leave(reported)
    expect(found).toEqual({ end: await fileOf(here, request), isNew: false })
  })
})

/** A process of its own, which remembers nothing yet. */
const endsOn = (archive: Archive | MemoryArchive, more: Partial<ConstructorParameters<typeof Ends>[0]> = {}) =>
  new Ends({ archive, macs: macsFor(testOrigin), clock: new FakeClock(noon), failed: () => {}, ...more })

describe('an older row', () => {
  /** Puts the row back to what it was before the life went on. */
  async function turned(live: (here: World, request: ApprovalRequest) => Promise<unknown>, approved = true) {
    const here = await world()
    const before = approved ? await anApproved(here) : (await here.approvals.ask(asks())).request
    const claim = approved ? await claims(here, before, one) : null
    await live(here, before)
    here.ledger.forge(before.id, before)
    return { here, before, claim: claim ?? (await approvedAgain(here.another(), before)) }
  }

  /** In a process that does not remember what became of it. */
  const approvedAgain = async (other: Instance, request: ApprovalRequest) =>
    claims(other, await other.approvals.decide(request.id, votes(request)), one)

  test.each<[string, (here: World, request: ApprovalRequest) => Promise<unknown>, boolean]>([
    ['before it was revoked', (here, { id }) => here.approvals.revoke(id, dba), true],
    ['before it was cancelled', (here, { id }) => here.approvals.cancel(id, bot), true],
    [
      'before another redemption',
      async (here, request) => here.approvals.redeem(request.id, await claims(here, request, two)),
      true,
    ],
    [
      'before the outcome of another redemption',
      async (here, request) => {
        await here.approvals.redeem(request.id, await claims(here, request, two))
        await here.approvals.report(request.id, { executor: bot, result: 'succeeded' })
      },
      true,
    ],
    [
      'before it was denied',
      (here, request) => here.approvals.decide(request.id, votes(request, dba, { verdict: 'deny' })),
      false,
    ],
    ['before it was cancelled while pending', (here, { id }) => here.approvals.cancel(id, bot), false],
  ])('does not let an approval be used again: from %s', async (_when, live, approved) => {
    const { here, before, claim } = await turned(live, approved)
    // what a process remembers of the request, or the archive's file, or the ledger by then
    for (const place of [here, here.another()])
      for (const redemption of [one, two])
        expect(await codeOf(place.approvals.redeem(before.id, { ...claim, redemption }))).toMatch(
          /^(evidence-broken|already-redeemed)$/,
        )
  })

  test('is not redeemed again with the same redemption, which would be another event', async () => {
    const { here, before, claim } = await turned(async (here, request) =>
      here.approvals.redeem(request.id, await claims(here, request, one)),
    )
    expect(await codeOf(here.another().approvals.redeem(before.id, claim))).toBe('evidence-broken')
  })

  test('is not revoked a second time without being noticed', async () => {
    const { here, before } = await turned(async (here, request) =>
      here.approvals.redeem(request.id, await claims(here, request, one)),
    )
    expect(await codeOf(here.approvals.revoke(before.id, dba))).toBe('evidence-broken')
  })
})

describe('a file that the service did not write', () => {
  const end = (request: ApprovalRequest) => ({
    ...{ origin: testOrigin, request: request.id, act: 'redeemed' as const, redemption: one },
    ...{ shard: request.id.slice(-2) as never, seq: 1, leaf: request.events[0]?.hash ?? ('' as never), at: noon },
  })

  test.each<[string, (request: ApprovalRequest) => string]>([
    ['no file', () => 'anything'],
    ['nothing', () => ''],
    ['another key', (r) => written(r, { ...testKey, secret: Buffer.alloc(32, 8) })],
    ['a key that is not listed', (r) => written(r, { ...testKey, id: 'key-2' })],
    ['a mac for another log', (r) => written(r, testKey, 'other.example/evidence')],
    ['a mac for another redemption', (r) => written(r, testKey).replace(one, two)],
  ])('makes the service refuse the redemption: %s', async (_what, text) => {
    const here = await world()
    const request = await anApproved(here)
    await here.archive.createOrRead(endPath(request.id), Buffer.from(text(request)), 'text/plain')
    const claim = await claims(here, request, one)
    expect(await codeOf(here.approvals.redeem(request.id, claim))).toBe('evidence-broken')
    expect(await codeOf(here.approvals.redeem(request.id, claim))).toBe('evidence-broken')
  })

  const written = (request: ApprovalRequest, key: typeof testKey, origin = testOrigin) => {
    const { origin: _, ...value } = end(request)
    return formatEnd(value, macOf(key, authenticatedEnd(origin, value)))
  }

  test('is refused even if it agrees with the ledger', async () => {
    const here = await world()
    const archive = new Archive()
    const place = here.another({ archive })
    const request = await anApproved(here)
    const claim = await claims(here, request, one)
    archive.isAway = true
    expect(await codeOf(place.approvals.redeem(request.id, claim))).toBe('unavailable')
    archive.isAway = false
    const event = (await here.ledger.find(request.id))?.events.at(-1)
    const value = {
      ...end(request),
      seq: event?.seq ?? 0,
      leaf: event?.hash ?? ('' as never),
      redemption: claim.redemption,
    }
    const { origin, ...said } = value
    const text = formatEnd(said, macOf({ ...testKey, secret: Buffer.alloc(32, 8) }, authenticatedEnd(origin, said)))
    await archive.createOrRead(endPath(request.id), Buffer.from(text), 'text/plain')
    expect(await codeOf(place.approvals.redeem(request.id, claim))).toBe('evidence-broken')
  })

  test('of another request does not count for this one', async () => {
    const here = await world()
    const [request, other] = [await anApproved(here), await anApproved(here)]
    await here.approvals.redeem(other.id, await claims(here, other, one))
    const stolen = (await here.archive.read(endPath(other.id))) ?? Buffer.of()
    await here.archive.createOrRead(endPath(request.id), stolen, 'text/plain')
    expect(await codeOf(here.approvals.redeem(request.id, await claims(here, request, one)))).toBe('evidence-broken')
  })
})

describe('while the archive does not answer', () => {
  async function apartFrom(request?: (here: World) => Promise<ApprovalRequest>) {
    const here = await world()
    const archive = new Archive()
    const place = here.another({ archive })
    return { here, archive, place, request: request ? await request(here) : await anApproved(here) }
  }

  test.each(['isAway', 'isMute'] as const)('a redemption fails, and repeating it later succeeds: %s', async (how) => {
    const { here, archive, place, request } = await apartFrom()
    const claim = await claims(here, request, one)
    archive[how] = true
    expect(await codeOf(place.approvals.redeem(request.id, claim))).toBe('unavailable')
    expect(await codeOf(place.approvals.redeem(request.id, claim))).toBe('unavailable')
    expect(await codeOf(place.approvals.redeem(request.id, { ...claim, redemption: two }))).toBe('already-redeemed')
    archive[how] = false
    expect(await place.approvals.redeem(request.id, claim)).toMatchObject({ next: 'execute' })
  })

  test('the call that writes the file executes, even if it is late', async () => {
    const { here, archive, place, request } = await apartFrom()
    const claim = await claims(here, request, one)
    archive.isAway = true
    expect(await codeOf(place.approvals.redeem(request.id, claim))).toBe('unavailable')
    here.clock.set(after(80_000))
    archive.isAway = false
    expect(await place.approvals.redeem(request.id, claim)).toMatchObject({ next: 'execute' })
  })

  test.each<[string, (place: World['approvals'], request: ApprovalRequest) => Promise<ApprovalRequest>]>([
    ['revoked', (place, { id }) => place.revoke(id, dba)],
    ['cancelled', (place, { id }) => place.cancel(id, bot)],
  ])('a call that takes an approval away is answered all the same: %s', async (status, act) => {
    const { archive, place, request } = await apartFrom()
    archive.isAway = true
    expect((await act(place.approvals, request)).status).toBe(status)
    archive.isAway = false
    expect((await act(place.approvals, request)).status).toBe(status)
    expect(await archive.list('ends/')).toHaveLength(1)
  })

  test('a call that takes an approval away waits two seconds for the file, and a later failure is logged', async () => {
    const here = await world()
    const request = await here.approvals.cancel((await anApproved(here)).id, bot)
    const failures: unknown[] = []
    const waited: number[] = []
    let fail: (cause: Error) => void = () => {}
    const createOrRead = () => new Promise<never>((_done, reject) => (fail = reject))
    const pause = async (ms: number) => void waited.push(ms)
    const ends = endsOn(new MemoryArchive(), {
      archive: { createOrRead },
      pause,
      failed: (cause) => failures.push(cause),
    })
    await ends.leaveSoon(request)
    expect(waited).toEqual([2_000])
    fail(new Error('A bug.'))
    await new Promise(setImmediate)
    expect(failures).toEqual([new Error('A bug.')])
  })
})

describe('a repeated redemption', () => {
  test.each([
    [0, 'execute'],
    [119.999, 'execute'],
    [120, 'report'],
    [80_000, 'report'],
  ])('%s seconds after the file was written has to %s, in every process', async (seconds, next) => {
    const here = await world()
    const request = await anApproved(here)
    const claim = await claims(here, request, one)
    expect(await here.approvals.redeem(request.id, claim)).toMatchObject({ next: 'execute' })
    here.clock.set(after(60 + seconds))
    for (const { approvals } of [here, here.another()])
      expect(await approvals.redeem(request.id, claim)).toMatchObject({ next })
  })
})

test('a process remembers 10,000 ends, and reads older ones from the archive', async () => {
  const here = await world()
  const request = await here.approvals.cancel((await here.approvals.ask(asks())).request.id, bot)
  let asked = 0
  const archive = {
    createOrRead: (...args: Parameters<Archive['createOrRead']>) => (asked++, here.archive.createOrRead(...args)),
  }
  const ends = endsOn(here.archive, { archive })
  const leave = (id: string) => ends.leave({ ...request, id: id as never })
  await ends.leave(request)
  await ends.leave(request)
  expect(asked).toBe(1)
  for (let i = 0; i < 10_000; i++) await leave(`${String(i).padStart(26, '0')}-00`)
  expect(asked).toBe(10_001)
  await leave('00000000000000000000009999-00')
  expect(asked).toBe(10_001)
  await ends.leave(request)
  expect(asked).toBe(10_002)
})

test('two callers in one process share one write, and both count as its writer', async () => {
  const here = await world()
  const request = await here.approvals.cancel((await here.approvals.ask(asks())).request.id, bot)
  const ends = endsOn(new MemoryArchive())
  const both = await Promise.all([ends.leave(request), ends.leave(request)])
  expect(both.map((one) => one?.isNew)).toEqual([true, true])
})
