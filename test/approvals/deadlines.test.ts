import * as fc from 'fast-check'
import { digestOf, type RequestId, shardOf, shardOfKey } from '../../src/core/data/id.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { saidDigest } from '../../src/core/request/event.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import { action, after, bot, dba, needs, noon, policyVersion, slot } from '../support/build.ts'
import { fold, type Read } from '../core/log/fold.ts'
import { fakePolicy, FakeClock } from '../support/fakes.ts'
import {
  anApproved,
  apart,
  asks,
  claims,
  codeOf,
  history,
  type Instance,
  outcomeOf,
  roster,
  uuidOf,
  votes,
  type World,
  world,
} from '../support/world.ts'

const evidence = { kind: 'person', id: dba, evidence: true } as const

/** A request that ends after a minute, and a way to write something else in its shard. */
async function neighbours(here: World): Promise<readonly [ApprovalRequest, () => Promise<unknown>]> {
  const { request } = await here.approvals.ask(asks({ key: 'run-1', expiresIn: 60 }))
  const keys = Array.from({ length: 500 }, (_, i) => `neighbour-${i}`)
  const key = keys.find((key) => shardOfKey(bot, key) === shardOf(request.id)) ?? ''
  return [request, () => here.approvals.ask(asks({ key }))]
}

async function story(here: Pick<Instance, 'approvals' | 'ledger'>, id: RequestId): Promise<readonly Read[]> {
  const request = await here.ledger.find(id)
  const events = request ? await here.approvals.events(request) : []
  return events.map(({ text }) => JSON.parse(text) as Read)
}

describe('an instance with a slow clock', () => {
  test('does not decide after a deadline that the shard has seen pass', async () => {
    const here = await world()
    const [request, neighbour] = await neighbours(here)
    const slow = here.another({ clock: new FakeClock(after(59)) })
    here.clock.set(after(61))
    await neighbour()
    expect(await codeOf(slow.approvals.decide(request.id, votes(request)))).toBe('not-pending')
    expect(await history(here, request.id)).toEqual(['requested', 'expired'])
  })

  test('does not record after the deadline a vote from just before it', async () => {
    const here = await world()
    const [request, neighbour] = await neighbours(here)
    const ledger = apart(here.ledger)
    let delayed = false
    const commit: Ledger['commit'] = async (loaded, change) => {
      if (!delayed) {
        delayed = true
        here.clock.set(after(61))
        await neighbour()
      }
      await ledger.commit(loaded, change)
    }
    const slow = here.another({ ledger: { ...ledger, commit }, clock: new FakeClock(after(59)) })
    expect(await codeOf(slow.approvals.decide(request.id, votes(request)))).toBe('not-pending')
    expect(delayed).toBe(true)
    const events = await story(here, request.id)
    expect(events.map(({ type }) => type)).toEqual(['requested', 'expired'])
    expect(events.every(({ type, at }) => type !== 'decided' || at < after(60))).toBe(true)
  })

  test('decides in time while the shard is quiet, and then the request does not expire', async () => {
    const here = await world()
    const { request } = await here.approvals.ask(asks({ expiresIn: 60 }))
    const slow = here.another({ clock: new FakeClock(after(59)) })
    expect(await slow.approvals.decide(request.id, votes(request))).toMatchObject({ approvedAt: after(59) })
    here.clock.set(after(61))
    await here.approvals.sweep()
    expect(await history(here, request.id)).toEqual(['requested', 'decided', 'approved'])
  })

  test('does not redeem a lapsed approval', async () => {
    const here = await world(() => needs([slot('dba')], { lapse: 60 }))
    const request = await anApproved(here)
    const slow = here.another({ clock: new FakeClock(after(119)) })
    const claim = await claims(here, request, 'one')
    here.clock.set(after(121))
    await here.approvals.sweep()
    expect(await codeOf(slow.approvals.redeem(request.id, claim))).toBe('grant-invalid')
    expect(await history(here, request.id)).toEqual(['requested', 'decided', 'approved', 'lapsed', 'refused'])
  })
})

test("jumping clocks and racing commands never break a request's history", async () => {
  const jump = fc.record({
    first: fc.boolean(),
    seconds: fc.nat({ max: 200 }),
    kind: fc.constantFrom('decide', 'deny', 'cancel', 'redeem', 'read', 'sweep'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(jump, { minLength: 1, maxLength: 8 }), async (jumps) => {
      const here = await world(() => needs([slot('dba')], { lapse: 60 }))
      const other = here.another({ clock: new FakeClock(noon) })
      const { request } = await here.approvals.ask(asks({ expiresIn: 60 }))
      await Promise.all(
        jumps.map(async ({ first, seconds, kind }, i) => {
          const place = first ? here : other
          place.clock.set(after(seconds))
          return outcomeOf(command(place, request, kind, i))
        }),
      )
      const events = await story(here, request.id)
      expect(fold(events)).toBe((await here.ledger.find(request.id))?.status)
    }),
    { numRuns: 100 },
  )
})

async function command(place: Instance, request: ApprovalRequest, kind: string, number: number): Promise<unknown> {
  const { approvals } = place
  if (kind === 'decide') return approvals.decide(request.id, votes(request))
  if (kind === 'deny') return approvals.decide(request.id, votes(request, dba, { verdict: 'deny' }))
  if (kind === 'cancel') return approvals.cancel(request.id, bot)
  if (kind === 'read') return approvals.read(request.id, evidence)
  if (kind === 'sweep') return approvals.sweep()
  const now = await approvals.read(request.id, evidence)
  const { grant } = await approvals.grant(now, bot)
  if (grant === null) return now
  const { digest } = request
  const claim = { caller: bot, mayRedeemForOthers: false, grant: grant.token, digest, redemption: uuidOf(`${number}`) }
  return approvals.redeem(request.id, claim)
}

describe('a passed deadline takes effect at the call of', () => {
  const overdue = async (): Promise<readonly [World, ApprovalRequest]> => {
    const here = await world()
    const { request } = await here.approvals.ask(asks({ key: 'run-1', action }))
    here.clock.set(after(3600))
    return [here, request]
  }

  test.each<[string, (here: World, request: ApprovalRequest) => Promise<unknown>]>([
    ['a reader', (here, { id }) => here.approvals.read(id, evidence)],
    ['an approver', (here, request) => outcomeOf(here.approvals.decide(request.id, votes(request)))],
    ['the agent that withdraws it', (here, { id }) => outcomeOf(here.approvals.cancel(id, bot))],
    ['the agent that asks again with its key', (here) => here.approvals.ask(asks({ key: 'run-1', action }))],
    ['a waiting caller', (here, { id }) => here.approvals.wait(id, 5)],
    ['the timer', (here) => here.approvals.sweep()],
    [
      'a reader of a list',
      (here) => here.approvals.list({ by: 'agent', id: bot }, { keep: () => true, limit: 5 }, evidence),
    ],
  ])('%s', async (_who, meet) => {
    const [here, request] = await overdue()
    await meet(here, request)
    expect(await history(here, request.id)).toEqual(['requested', 'expired'])
  })

  test('a reader of pending requests, whose list leaves it out', async () => {
    const [here] = await overdue()
    const page = { keep: ({ status }: ApprovalRequest) => status === 'pending', limit: 5 }
    expect(await here.approvals.list({ by: 'pending' }, page, evidence)).toEqual({ requests: [] })
  })
})

describe('the timer', () => {
  test('expires every overdue request once, even if other processes do so too', async () => {
    const here = await world()
    const waits = (await here.approvals.ask(asks())).request
    const unused = await anApproved(here)
    const used = await anApproved(here)
    await here.approvals.redeem(used.id, await claims(here, used, 'one'))
    here.clock.set(after(90_000))
    const other = here.another()
    await Promise.all([here.approvals.sweep(), other.approvals.sweep()])
    expect((await history(here, waits.id)).at(-1)).toBe('expired')
    expect((await history(here, unused.id)).at(-1)).toBe('lapsed')
    expect((await history(here, used.id)).slice(-2)).toEqual(['redeemed', 'unreported'])
    expect(await here.approvals.sweep()).toBe(0)
  })

  test('leaves requests alone that are not due', async () => {
    const here = await world()
    const { request } = await here.approvals.ask(asks())
    here.clock.set(after(3599.999))
    expect(await here.approvals.sweep()).toBe(0)
    expect(await history(here, request.id)).toEqual(['requested'])
  })
})

describe('a change of policy', () => {
  const newer = digestOf('newer')
  const policy = fakePolicy(roster({ version: newer }))

  /** What the request's shard recorded of its policy. */
  const changes = async ({ ledger }: World, request: ApprovalRequest): Promise<readonly unknown[]> => {
    const { head } = await ledger.load(shardOf(request.id), {})
    const events = Array.from(
      { length: head.seq },
      (_, i) => ({ seq: i + 1, type: 'erased', hash: head.hash }) as const,
    )
    const leaves = (await ledger.events({ ...request, events })).map(({ text }) => JSON.parse(text) as Read)
    return leaves.flatMap(({ type, data }) => (type === 'policy-changed' ? [data] : []))
  }

  test('is recorded once in each shard, with the first commit under it', async () => {
    const here = await world()
    const [request, neighbour] = await neighbours(here)
    await neighbour()
    expect(await changes(here, request)).toEqual([{ to: policyVersion }])
    const other = here.another({ policy })
    await other.approvals.decide(request.id, votes(request))
    await other.approvals.cancel(request.id, bot)
    expect(await changes(here, request)).toEqual([{ to: policyVersion }, { from: policyVersion, to: newer }])
    expect(await history(here, request.id)).toEqual(['requested', 'decided', 'approved', 'cancelled'])
  })

  test('bears what the deployer said of it, in each shard', async () => {
    const here = await world()
    const [request, neighbour] = await neighbours(here)
    const ref = '4d13ddb by Ann Li, CHG0031337'
    const other = here.another({ policy: { ...policy, ref } })
    await other.approvals.cancel(request.id, bot)
    await neighbour()
    const log = []
    for await (const page of here.ledger.stream(shardOf(request.id), 0, 99)) log.push(...page)
    const changed = log.filter(({ text }) => text.includes('"policy-changed"'))
    expect(changed.map(({ said }) => said['ref']?.text)).toEqual([undefined, ref, undefined])
    for (const { text, said } of changed)
      expect(JSON.parse(text).said).toEqual(said['ref'] && { ref: saidDigest(said['ref']) })
  })

  test('does not change the requirement of pending requests', async () => {
    const here = await world()
    const { request } = await here.approvals.ask(asks())
    const stricter = fakePolicy(roster({ version: newer, judge: () => needs([slot('dba', 2), slot('security')]) }))
    const now = await here.another({ policy: stricter }).approvals.decide(request.id, votes(request))
    expect(now).toMatchObject({ status: 'approved', policy: { version: policyVersion } })
  })
})
