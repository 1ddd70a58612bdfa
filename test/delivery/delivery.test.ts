import type { RequestId } from '../../src/core/data/id.ts'
import { milliseconds, plusSeconds } from '../../src/core/data/instant.ts'
import { overdue, type ApprovalRequest, type Step } from '../../src/core/request/request.ts'
import { redeem, report } from '../../src/core/request/redemption.ts'
import type { Outbox } from '../../src/ports/outbox.ts'
import { dba, idOf, noon, oid, shard } from '../ports/story.ts'
import {
  dbaChannel,
  type DeliveryWorld,
  deliveryWorld,
  lasting,
  lies,
  needing,
  securityChannel,
} from '../support/deliveryWorld.ts'
import { redemption } from '../support/build.ts'
import { inTurn, type Send } from '../support/fakes/teams.ts'
import { flushed } from '../support/fakes/time.ts'

let world: DeliveryWorld

beforeEach(() => {
  world = deliveryWorld()
})

afterEach(() => expect(world.failures).toEqual([]))

const look = (request: ApprovalRequest): Step => ({
  request,
  events: [
    {
      type: 'shown',
      actor: { kind: 'person', id: dba },
      request: request.id,
      data: {
        view: request.digest,
        content: request.events[0]!.hash,
        template: request.events[0]!.hash,
        page: 1,
        pages: 1,
      },
    },
  ],
})

/** Changes nothing but that there is something new. */
const remark = (request: ApprovalRequest): Step => ({
  request,
  events: [{ type: 'unreported', actor: { kind: 'system' }, request: request.id }],
})

const kinds = () => world.teams.sends.map(({ kind }) => kind)
const types = async (id: RequestId) => (await world.find(id)).events.map(({ type }) => type)
const into = (channel: string) => (send: Send) => send.channel === channel

/** Sweeps as the timer does, for so long. */
async function sweepFor(seconds: number): Promise<void> {
  for (let passed = 0; passed < seconds; passed += 30) {
    const swept = world.delivery.sweep()
    await world.clock.pass(30)
    await swept
  }
}

describe('a delivery', () => {
  test('posts one card into each channel of each group, and then keeps them up to date', async () => {
    const { id } = await world.ask(needing('dba', 'security', 'both'))
    await world.delivery.deliver(id)
    expect(world.teams.cards().map(({ channel }) => channel)).toEqual([dbaChannel, securityChannel])
    await world.deny(id)
    await world.delivery.deliver(id)
    expect(world.shown()).toEqual(['denied', 'denied'])
    expect(kinds()).toEqual(['post', 'post', 'update', 'update'])
    expect(await world.isQuiet()).toBe(true)
    expect(await lies(world, id)).toEqual([])
  })

  test('begins with a commit of this process, and with the timer for commits of others', async () => {
    const first = await world.ask()
    world.delivery.soon(first.id)
    await world.delivery.idle()
    const second = await world.ask()
    expect(await world.delivery.sweep()).toBe(1)
    expect(world.shown()).toEqual(['pending', 'pending'])
    expect(await world.delivery.sweep()).toBe(0)
    expect(await lies(world, second.id)).toEqual([])
  })

  test('with nothing new to show sends nothing', async () => {
    const { id } = await world.ask()
    await world.delivery.deliver(id)
    await world.delivery.deliver(id)
    await world.commit(id, look)
    await world.delivery.deliver(id)
    expect(kinds()).toEqual(['post'])
    expect(await world.isQuiet()).toBe(true)
  })

  test('sends no card for requests that policy decides, or whose groups have no channel', async () => {
    const allowed = await world.ask({ outcome: 'allow' })
    const silent = await world.ask(needing('silent'))
    for (const { id } of [allowed, silent]) await world.delivery.deliver(id)
    await world.delivery.deliver(idOf(noon, shard(3)))
    expect(kinds()).toEqual([])
    expect(await world.isQuiet()).toBe(true)
    await world.clock.pass(3_000)
    expect(await types(silent.id)).toEqual(['requested'])
  })

  test('lets a passed deadline take effect before it shows a request', async () => {
    const { id } = await world.ask()
    world.clock.jump(3_600)
    await world.delivery.deliver(id)
    await world.delivery.idle()
    expect(world.shown()).toEqual(['expired'])
    expect(kinds()).toEqual(['post'])
  })

  test('shows a commit that happens while it runs', async () => {
    const { id } = await world.ask(needing('dba', 'security'))
    world.teams.plan = inTurn([{ meanwhile: () => world.deny(id) }])
    await world.delivery.deliver(id)
    expect(world.shown()).toEqual(['denied', 'denied'])
    expect(kinds()).toEqual(['post', 'update', 'post'])
    expect(await world.isQuiet()).toBe(true)
  })

  test('shows a commit that happens during its last send', async () => {
    const { id } = await world.ask()
    const [approve, expire] = [
      () => world.approve(id),
      () => world.commit(id, (one) => overdue(one, plusSeconds(noon, 9_999)) ?? { request: one, events: [] }),
    ]
    world.teams.plan = inTurn([{ meanwhile: approve }, { meanwhile: expire }])
    await world.delivery.deliver(id)
    expect(world.shown()).toEqual(['lapsed'])
    expect(kinds()).toEqual(['post', 'update', 'update'])
    expect(await world.isQuiet()).toBe(true)
  })

  test('goes on after a commit that happens just before it pauses', async () => {
    const { id } = await world.ask(needing('dba', 'security'))
    world.teams.plan = (send) => (send.channel === dbaChannel ? { unsent: 'passing' } : null)
    const defer = world.outbox.defer.bind(world.outbox)
    world.outbox.defer = async (...args) => {
      world.outbox.defer = defer
      await world.deny(id)
      return defer(...args)
    }
    await world.delivery.deliver(id)
    expect(world.shown()).toEqual(['denied'])
  })

  test('begins again with a commit that happens just after it ended', async () => {
    const { id } = await world.ask()
    const finish = world.outbox.finish.bind(world.outbox)
    world.outbox.finish = async (claim) => {
      const ended = await finish(claim)
      world.outbox.finish = finish
      await world.approve(id)
      world.delivery.soon(id)
      return ended
    }
    await world.delivery.deliver(id)
    await world.delivery.idle()
    expect(world.shown()).toEqual(['approved'])
  })

  /** The reads of requests and of cards that a delivery makes from now on. */
  const reads = () => {
    const seen: string[] = []
    const [find, cards] = [world.ledger.find.bind(world.ledger), world.outbox.cards.bind(world.outbox)]
    world.ledger.find = (id) => {
      seen.push('request')
      return find(id)
    }
    world.outbox.cards = (id) => {
      seen.push('cards')
      return cards(id)
    }
    return () => seen.splice(0)
  }

  test('reads neither what a commit of this process made of a request, nor the cards of a new one', async () => {
    const seen = reads()
    const { id } = await world.ask()
    world.delivery.committed(await world.find(id))
    seen()
    await world.delivery.idle()
    expect(seen()).toEqual([])
    await world.approve(id)
    world.delivery.committed(await world.find(id))
    seen()
    await world.delivery.idle()
    expect(seen()).toEqual(['cards'])
    expect(world.shown()).toEqual(['approved'])
    expect(await lies(world, id)).toEqual([])
  })

  test('reads a request that another process changed since', async () => {
    const { id } = await world.ask()
    const old = await world.find(id)
    await world.approve(id)
    const seen = reads()
    world.delivery.committed(old)
    await world.delivery.idle()
    expect(seen()).toEqual(['request', 'cards'])
    expect(world.shown()).toEqual(['approved'])
  })

  test('reads the cards of a request whose first delivery left something for later', async () => {
    const { id } = await world.ask(needing('dba', 'security'))
    world.teams.plan = inTurn([null, { unsent: 'passing' }])
    world.delivery.committed(await world.find(id))
    await world.delivery.idle()
    await world.clock.pass(60)
    expect(kinds()).toEqual(['post', 'post', 'post'])
    expect(world.shown()).toEqual(['pending', 'pending'])
    expect(await lies(world, id)).toEqual([])
  })

  const redeemed = async () => {
    const { id } = await world.ask()
    await world.approve(id)
    await world.delivery.deliver(id)
    await world.commit(id, (one, at) =>
      redeem(one, { redemption, digest: one.digest, grantExpiresAt: plusSeconds(at, 60), at }),
    )
    world.delivery.committed(await world.find(id))
    return id
  }

  test('of a redemption waits for the outcome, so that there is one update for both', async () => {
    const id = await redeemed()
    await world.clock.pass(14)
    expect(world.shown()).toEqual(['approved'])
    await world.commit(id, (one, at) => report(one, { executor: one.executor, result: 'succeeded', at }))
    world.delivery.committed(await world.find(id))
    await world.clock.pass(60)
    expect(world.shown()).toEqual(['succeeded'])
    expect(kinds()).toEqual(['post', 'update'])
    expect(await world.isQuiet()).toBe(true)
  })

  test('of a redemption is made after 15 seconds without an outcome', async () => {
    const id = await redeemed()
    await world.clock.pass(15)
    expect(world.shown()).toEqual(['redeemed'])
    expect(await lies(world, id)).toEqual([])
  })

  test('runs for eight requests at once, oldest first, and for none of them for long', async () => {
    let under = 0
    let most = 0
    const busy = async () => {
      most = Math.max(most, ++under)
      await flushed()
      under--
    }
    world.teams.plan = () => ({ meanwhile: busy })
    const asked: ApprovalRequest[] = []
    for (let i = 0; i < 12; i++) {
      asked.push(await world.ask(needing('dba', 'security')))
      world.clock.jump(1)
    }
    const swept = world.delivery.sweep()
    await sweepFor(30)
    await swept
    expect(most).toBe(8)
    const posts = world.teams.sends.filter(into(dbaChannel)).map(({ request }) => request.id)
    expect(posts).toEqual(asked.map(({ id }) => id))
  })
})

describe('two deliveries of a request', () => {
  test('that race in two processes post one card', async () => {
    const { id } = await world.ask(needing('dba', 'security'))
    const others = [world.process(), world.process(), world.process()]
    await Promise.all([world.delivery, ...others].map((delivery) => delivery.deliver(id)))
    expect(kinds()).toEqual(['post', 'post'])
  })

  test('of which one outlasted its claim leave both cards known and up to date', async () => {
    const { id } = await world.ask()
    const other = world.process()
    const late = async () => {
      world.clock.jump(31)
      await other.deliver(id)
      await world.approve(id)
      await other.deliver(id)
    }
    world.teams.plan = inTurn([{ meanwhile: late }])
    await world.delivery.deliver(id)
    await sweepFor(60)
    expect(world.shown()).toEqual(['approved', 'approved'])
    expect(await world.outbox.cards(id)).toHaveLength(2)
    expect(await lies(world, id)).toEqual([])
  })

  test('of which one outlasted its claim do not end with an outdated card', async () => {
    const { id } = await world.ask()
    await world.delivery.deliver(id)
    await world.commit(id, remark)
    const other = world.process()
    const late = async () => {
      world.clock.jump(31)
      await world.approve(id)
      await other.deliver(id)
      expect(world.shown()).toEqual(['approved'])
    }
    world.teams.plan = inTurn([{ meanwhile: late }])
    await world.delivery.deliver(id)
    expect(world.shown()).toEqual(['pending'])
    await sweepFor(60)
    expect(world.shown()).toEqual(['approved'])
    expect(await world.isQuiet()).toBe(true)
  })

  test('do not send when a renewal took so long that the claim would not last', async () => {
    const { id } = await world.ask(needing('dba', 'security'))
    const renew = world.outbox.renew.bind(world.outbox)
    world.outbox.renew = async (claim, until) => {
      const renewed = await renew(claim, until)
      world.clock.jump(11)
      return renewed
    }
    await world.delivery.deliver(id)
    expect(kinds()).toEqual(['post'])
    world.outbox.renew = renew
    await sweepFor(60)
    expect(world.shown()).toEqual(['pending', 'pending'])
  })
})

describe('a crash', () => {
  /** Another process, whose outbox breaks down once. */
  const breaking = (method: 'putCard' | 'finish' | 'defer' | 'renew' | 'claim', when: 'before' | 'after') => {
    const { outbox } = world
    let broken = false
    const crash = async (...args: never[]) => {
      const call = outbox[method].bind(outbox) as (...args: never[]) => Promise<unknown>
      if (broken) return call(...args)
      if (when === 'after') await call(...args)
      broken = true
      throw new Error('crash')
    }
    const bound = Object.fromEntries(
      (['waiting', 'claim', 'renew', 'finish', 'defer', 'touch', 'cards', 'putCard', 'dropCard'] as const).map(
        (name) => [name, outbox[name].bind(outbox)],
      ),
    )
    return world.process({ outbox: { ...bound, [method]: crash } as unknown as Outbox })
  }
  const crashed = () => {
    expect(world.failures.map(String)).toEqual(['Error: crash'])
    world.failures.length = 0
  }

  test('between posting and recording leaves one unknown card, and the sweep leaves one that is up to date', async () => {
    const { id } = await world.ask()
    await breaking('putCard', 'before').deliver(id)
    crashed()
    expect(world.shown()).toEqual(['pending'])
    expect(await world.outbox.cards(id)).toEqual([])
    await sweepFor(60)
    expect(kinds()).toEqual(['post', 'post'])
    await world.approve(id)
    await sweepFor(60)
    expect(world.shown()).toEqual(['pending', 'approved'])
    expect(await lies(world, id)).toEqual([])
  })

  test.each([
    ['claim', 'before'],
    ['claim', 'after'],
    ['renew', 'before'],
    ['renew', 'after'],
    ['putCard', 'after'],
    ['finish', 'before'],
    ['finish', 'after'],
  ] as const)(
    'at %s, %s it, leaves no unknown card, and the sweep leaves one that is up to date',
    async (method, when) => {
      // The first send needs no renewal, the second does.
      const { id } = await world.ask(needing('dba', 'security'))
      await breaking(method, when).deliver(id)
      crashed()
      await sweepFor(60)
      expect(world.shown()).toEqual(['pending', 'pending'])
      expect(await lies(world, id)).toEqual([])
      expect(await world.isQuiet()).toBe(true)
    },
  )

  test.each(['before', 'after'] as const)('at defer, %s it, is recovered from', async (when) => {
    const { id } = await world.ask()
    world.teams.plan = inTurn([{ unsent: 'passing' }])
    await breaking('defer', when).deliver(id)
    crashed()
    await sweepFor(90)
    expect(world.shown()).toEqual(['pending'])
  })

  test('that happens each time makes posts ever rarer', async () => {
    const { id } = await world.ask()
    world.outbox.putCard = () => Promise.reject(new Error('crash'))
    await sweepFor(3_600)
    expect(kinds().length).toBeGreaterThan(5)
    expect(kinds().length).toBeLessThan(12)
    expect((await world.find(id)).status).toBe('pending')
    world.failures.length = 0
  })
})

describe('an unknown card', () => {
  const stray = { conversation: `${dbaChannel};messageid=77`, activity: '77' }
  /** A card that a crash left behind. */
  const orphan = async (id: RequestId) => {
    const sent = await world.teams.post(dbaChannel, await world.find(id))
    if (!('sent' in sent)) throw new Error('Nothing was posted.')
    return sent.sent
  }

  test('is adopted at a click and updated, and no other card is posted', async () => {
    const { id } = await world.ask()
    const card = await orphan(id)
    await world.approve(id)
    await world.delivery.adopt(id, dbaChannel, card)
    await world.delivery.idle()
    expect(kinds()).toEqual(['post', 'update'])
    expect(world.shown()).toEqual(['approved'])
    expect(await world.isQuiet()).toBe(true)
  })

  test('is adopted beside a known card, and both stay up to date', async () => {
    const { id } = await world.ask()
    const card = await orphan(id)
    await world.delivery.deliver(id)
    await world.approve(id)
    await world.delivery.deliver(id)
    expect(world.shown()).toEqual(['pending', 'approved'])
    await world.delivery.adopt(id, dbaChannel, card)
    await world.delivery.idle()
    expect(world.shown()).toEqual(['approved', 'approved'])
    await world.commit(id, (one) => overdue(one, plusSeconds(noon, 9_999)) ?? { request: one, events: [] })
    await world.delivery.deliver(id)
    expect(world.shown()).toEqual(['lapsed', 'lapsed'])
  })

  test('is adopted and updated even while a delivery runs', async () => {
    const { id } = await world.ask()
    const card = await orphan(id)
    await world.approve(id)
    world.teams.plan = inTurn([{ meanwhile: () => world.delivery.adopt(id, dbaChannel, card) }])
    await world.delivery.deliver(id)
    await world.delivery.idle()
    expect(world.shown()).toEqual(['approved', 'approved'])
    expect(await lies(world, id)).toEqual([])
  })

  test('is not adopted if it does not lie in the channel that the click names', async () => {
    const { id } = await world.ask()
    for (const conversation of ['a:person', `${securityChannel};messageid=77`, `${dbaChannel}x;messageid=77`, ''])
      await world.delivery.adopt(id, dbaChannel, { conversation, activity: '77' })
    await world.delivery.adopt(id, dbaChannel, { ...stray, conversation: `x${stray.conversation}` })
    expect(await world.outbox.cards(id)).toEqual([])
  })

  test('is not adopted in a channel of other groups, or without a request', async () => {
    const { id } = await world.ask()
    await world.delivery.adopt(id, securityChannel, stray)
    await world.delivery.adopt(idOf(noon, shard(3)), dbaChannel, stray)
    expect(await world.outbox.cards(id)).toEqual([])
    await world.delivery.idle()
    expect(kinds()).toEqual([])
  })

  test('is adopted only up to a limit for each request', async () => {
    const { id } = await world.ask()
    await world.delivery.deliver(id)
    for (let i = 0; i < 20; i++) await world.delivery.adopt(id, dbaChannel, { ...stray, activity: `stray${i}` })
    expect((await world.outbox.cards(id)).length).toBeLessThanOrEqual(5)
  })

  test('that turns out to be known changes nothing', async () => {
    const { id } = await world.ask()
    await world.delivery.deliver(id)
    const [card] = world.teams.cards()
    await world.delivery.adopt(id, dbaChannel, card!)
    expect(await world.isQuiet()).toBe(true)
  })

  test('that cannot be recorded is only reported', async () => {
    const { id } = await world.ask()
    world.outbox.putCard = () => Promise.reject(new Error('down'))
    await world.delivery.adopt(id, dbaChannel, stray)
    expect(world.failures).toHaveLength(1)
    world.failures.length = 0
  })
})

describe('Teams', () => {
  test('that is down for a while is tried ever more rarely, and gets everything when it is back', async () => {
    const { id } = await world.ask()
    let isDown = true
    world.teams.plan = () => (isDown ? { unsent: 'passing' } : null)
    world.delivery.soon(id)
    await sweepFor(540)
    const tries = world.teams.sends.map(({ at }) => (milliseconds(at) - milliseconds(noon)) / 1000)
    expect(tries.length).toBeGreaterThan(5)
    expect(tries.length).toBeLessThan(11)
    const gaps = tries.slice(1).map((at, i) => at - (tries[i] ?? 0))
    for (const [i, gap] of gaps.entries()) expect(gap).toBeGreaterThanOrEqual(Math.min(2 ** (i + 1), 150))
    expect(gaps[0]).toBeLessThanOrEqual(4)

    isDown = false
    await world.approve(id)
    await sweepFor(330)
    expect(world.shown()).toEqual(['approved'])
    expect(await types(id)).not.toContain('undeliverable')
    expect(await world.isQuiet()).toBe(true)
    expect((await world.outbox.cards(id)).map(({ attempts }) => attempts)).toEqual([0])
  })

  test('that throttles a conversation gets nothing there for as long as it asks', async () => {
    const first = await world.ask()
    world.teams.plan = inTurn([{ unsent: 'throttled', retryAfter: 47 }])
    await world.delivery.deliver(first.id)
    const [second, elsewhere] = [await world.ask(), await world.ask(needing('security'))]
    for (const { id } of [second, elsewhere]) world.delivery.soon(id)
    await sweepFor(120)
    const seconds = ({ at }: Send) => (milliseconds(at) - milliseconds(noon)) / 1000
    const [refused, ...later] = world.teams.sends.filter(into(dbaChannel)).map(seconds)
    expect(refused).toBe(0)
    expect(later).toHaveLength(2)
    for (const at of later) expect(at).toBeGreaterThanOrEqual(47)
    expect(world.teams.sends.filter(into(securityChannel)).map(seconds)).toEqual([0])
  })

  test('that asks for more than an hour is asked again after one', async () => {
    const { id } = await world.ask(lasting(90_000, 'dba'))
    world.teams.plan = inTurn([{ unsent: 'throttled', retryAfter: Number.MAX_SAFE_INTEGER }])
    world.delivery.soon(id)
    await sweepFor(3_570)
    expect(kinds()).toEqual(['post'])
    await sweepFor(330)
    expect(world.shown()).toEqual(['pending'])
  })

  test('that throttles without a time gets nothing for a moment', async () => {
    const { id } = await world.ask()
    world.teams.plan = inTurn([{ unsent: 'throttled' }])
    world.delivery.soon(id)
    await world.clock.pass(1.9)
    expect(kinds()).toEqual(['post'])
    await world.clock.pass(3)
    expect(kinds()).toEqual(['post', 'post'])
    expect(world.shown()).toEqual(['pending'])
  })

  test('that fails in one channel does not stop updates in the other', async () => {
    const { id } = await world.ask(needing('dba', 'security'))
    world.teams.plan = (send) => (send.channel === dbaChannel ? { unsent: 'refused' } : null)
    await world.delivery.deliver(id)
    expect(world.shown()).toEqual(['pending'])
    await world.deny(id)
    await world.delivery.deliver(id)
    expect(world.shown()).toEqual(['denied'])
  })

  test('that fails in one channel does not delay the other for long, even without a new commit', async () => {
    const { id } = await world.ask(needing('dba', 'security'))
    world.teams.plan = (send) => (send.channel === dbaChannel ? { unsent: 'refused' } : null)
    await world.delivery.deliver(id)
    await world.deny(id)
    await sweepFor(330)
    expect(world.shown()).toEqual(['denied'])
  })

  test('whose answer was lost has an unknown card and a known one', async () => {
    const { id } = await world.ask()
    world.teams.plan = inTurn([{ lost: true }])
    world.delivery.soon(id)
    await world.clock.pass(5)
    await world.approve(id)
    await world.delivery.deliver(id)
    expect(world.shown()).toEqual(['pending', 'approved'])
    expect(await lies(world, id)).toEqual([])
  })

  test("is tried again later after an error of the service's own, which is reported", async () => {
    const { id } = await world.ask()
    world.teams.plan = inTurn([{ throws: new Error('bug') }])
    world.delivery.soon(id)
    await world.clock.pass(5)
    expect(world.failures.map(String)).toEqual(['Error: bug'])
    world.failures.length = 0
    expect(await lies(world, id)).toEqual([])
    expect(await world.isQuiet()).toBe(true)
  })

  test('where a card was deleted gets another', async () => {
    const { id } = await world.ask()
    await world.delivery.deliver(id)
    world.teams.remove(world.teams.cards()[0]!)
    await world.approve(id)
    await world.delivery.deliver(id)
    expect(kinds()).toEqual(['post', 'update', 'post'])
    expect(world.shown()).toEqual(['approved'])
    expect(await world.outbox.cards(id)).toHaveLength(1)
  })

  test('where one of two cards was deleted keeps the other', async () => {
    const { id } = await world.ask()
    const sent = await world.teams.post(dbaChannel, await world.find(id))
    await world.delivery.deliver(id)
    if ('sent' in sent) await world.delivery.adopt(id, dbaChannel, sent.sent)
    await world.delivery.idle()
    world.teams.remove(world.teams.cards()[0]!)
    await world.approve(id)
    await world.delivery.deliver(id)
    expect(world.shown()).toEqual(['approved'])
    expect(kinds().filter((kind) => kind === 'post')).toHaveLength(2)
  })
})

describe('a channel', () => {
  test.each(['gone', 'refused', 'too-large'] as const)(
    'that is %s makes a request undeliverable, once, and is tried each hour',
    async (unsent) => {
      const { id } = await world.ask(needing('dba', 'security'))
      world.teams.plan = () => ({ unsent })
      await world.delivery.deliver(id)
      await world.delivery.idle()
      expect(await types(id)).toEqual(['requested', 'undeliverable'])
      expect((await world.find(id)).status).toBe('pending')
      expect(kinds()).toEqual(['post', 'post'])
      await sweepFor(3_540)
      expect(kinds()).toEqual(['post', 'post'])
      await sweepFor(120)
      expect(kinds()).toEqual(['post', 'post', 'post', 'post'])
      expect(await types(id)).toEqual(['requested', 'undeliverable', 'expired'])
    },
  )

  test('that takes cards again gets the missing one', async () => {
    const { id } = await world.ask(lasting(90_000, 'dba'))
    world.teams.plan = inTurn([{ unsent: 'refused' }])
    world.delivery.soon(id)
    await sweepFor(3_600)
    expect(world.shown()).toEqual([])
    await sweepFor(330)
    expect(world.shown()).toEqual(['pending'])
    expect(await world.isQuiet()).toBe(true)
    expect(await world.delivery.state(await world.find(id))).toBe('ok')
  })

  test('that refuses updates counts as one in which no one is reached', async () => {
    const { id } = await world.ask(needing('dba', 'silent'))
    await world.delivery.deliver(id)
    world.teams.plan = () => ({ unsent: 'refused' })
    await world.approve(id)
    await world.delivery.deliver(id)
    await world.delivery.idle()
    expect(await types(id)).toEqual(['requested', 'decided', 'undeliverable'])
    expect(kinds()).toEqual(['post', 'update'])
    world.teams.plan = () => null
    const [card] = world.teams.cards()
    await world.delivery.adopt(id, dbaChannel, card!)
    await world.delivery.idle()
    expect(await lies(world, id)).toEqual([])
    expect(await world.isQuiet()).toBe(true)
  })

  test('that is lost among others makes no request undeliverable', async () => {
    const { id } = await world.ask(needing('dba', 'security'))
    world.teams.plan = (send) => (send.channel === dbaChannel ? { unsent: 'gone' } : null)
    world.delivery.soon(id)
    await sweepFor(1_200)
    expect(await types(id)).toEqual(['requested'])
  })

  test('that is lost is given up after two days, until the request changes', async () => {
    const { id } = await world.ask(lasting(90_000, 'dba'))
    await world.approve(id)
    world.teams.plan = () => ({ unsent: 'refused' })
    await world.outbox.putCard(id, { channel: dbaChannel, rev: 0, attempts: 46, lost: true })
    await world.delivery.deliver(id)
    await sweepFor(3_000)
    expect([kinds().length, await world.isQuiet()]).toEqual([1, false])
    await sweepFor(900)
    expect([kinds().length, await world.isQuiet()]).toEqual([2, true])
    world.clock.jump(3_600)
    await world.commit(id, remark)
    await world.delivery.deliver(id)
    expect([kinds().length, await world.isQuiet()]).toEqual([3, true])
  })

  test('that never had a card gets none for a request that closed an hour ago', async () => {
    const { id } = await world.ask()
    await world.deny(id)
    world.clock.jump(3_601)
    await world.delivery.deliver(id)
    expect(kinds()).toEqual([])
    expect(await world.isQuiet()).toBe(true)
  })
})

describe('the event `undeliverable`', () => {
  test('is recorded once for a request without a delivered card after ten minutes', async () => {
    const { id } = await world.ask()
    world.teams.plan = () => ({ unsent: 'passing' })
    world.delivery.soon(id)
    await sweepFor(570)
    expect(await types(id)).toEqual(['requested'])
    await sweepFor(60)
    expect(await types(id)).toEqual(['requested', 'undeliverable'])
    expect(world.undelivered).toEqual([id])
    await sweepFor(1_200)
    expect(await types(id)).toEqual(['requested', 'undeliverable'])
    expect(world.undelivered).toEqual([id])
    world.teams.plan = () => null
    await sweepFor(330)
    expect(world.shown()).toEqual(['pending'])
    expect(await lies(world, id)).toEqual([])
  })

  test('is not recorded for a request with a card, or a decided one', async () => {
    const carded = await world.ask()
    await world.delivery.deliver(carded.id)
    const decided = await world.ask()
    await world.approve(decided.id)
    await world.commit(carded.id, remark)
    world.teams.plan = () => ({ unsent: 'passing' })
    await sweepFor(1_200)
    for (const { id } of [carded, decided]) expect(await types(id)).not.toContain('undeliverable')
  })
})

describe('the state of a delivery', () => {
  const state = async (id: RequestId) => world.delivery.state(await world.find(id))

  test('goes from pending to late to undeliverable while no card arrives, and to ok when one does', async () => {
    const { id } = await world.ask()
    world.teams.plan = () => ({ unsent: 'passing' })
    world.delivery.soon(id)
    await sweepFor(30)
    expect(await state(id)).toBe('pending')
    await sweepFor(30)
    expect(await state(id)).toBe('late')
    await sweepFor(600)
    expect(await state(id)).toBe('undeliverable')
    world.teams.plan = () => null
    await sweepFor(330)
    expect(await state(id)).toBe('ok')
  })

  test('is ok, without a read, for a request that is closed, or was decided by policy', async () => {
    const open = await world.ask()
    const closed = await world.ask()
    await world.deny(closed.id)
    const allowed = await world.ask({ outcome: 'allow' })
    world.clock.jump(659)
    world.outbox.cards = () => Promise.reject(new Error('read'))
    for (const { id } of [closed, allowed]) expect(await state(id)).toBe('ok')
    await expect(state(open.id)).rejects.toThrow('read')
  })

  test('is pending before the first try to send, without a read while this process delivers, and ok with the card', async () => {
    world.teams.plan = ({ channel }) => (channel === securityChannel ? { unsent: 'gone' } : null)
    const untried = [await world.ask(needing('dba')), await world.ask(needing('security'))]
    for (const { id } of untried) expect(await state(id)).toBe('pending')
    const [claim, cards] = [world.outbox.claim.bind(world.outbox), world.outbox.cards.bind(world.outbox)]
    let answer = () => {}
    const answered = new Promise<void>((done) => (answer = done))
    world.outbox.claim = (...args) => answered.then(() => claim(...args))
    world.outbox.cards = () => Promise.reject(new Error('read'))
    const under = untried.map(({ id }) => world.delivery.deliver(id))
    for (const { id } of untried) expect(await state(id)).toBe('pending')
    world.outbox.cards = cards
    answer()
    await Promise.all(under)
    expect(await Promise.all(untried.map(({ id }) => state(id)))).toEqual(['ok', 'undeliverable'])
  })

  test('is told by the rows of another process, too', async () => {
    const both = await world.ask(needing('dba', 'security'))
    world.teams.plan = ({ channel }) => (channel === securityChannel ? { unsent: 'gone' } : null)
    await world.delivery.deliver(both.id)
    const stranger = world.process()
    expect(await stranger.state(await world.find(both.id))).toBe('late')
    const dba = await world.ask(needing('dba'))
    expect(await stranger.state(dba)).toBe('pending')
    await world.delivery.deliver(dba.id)
    expect(await stranger.state(dba)).toBe('ok')
  })

  test('is never ok while a group that decides has no channel', async () => {
    const silent = await world.ask(needing('silent'))
    const both = await world.ask(needing('dba', 'silent'))
    await world.delivery.deliver(both.id)
    for (const { id } of [silent, both]) expect(await state(id)).toBe('late')
  })

  test('is never ok, from the first try on, while the channel of one group does not exist', async () => {
    world.teams.plan = ({ channel }) => (channel === securityChannel ? { unsent: 'gone' } : null)
    const { id } = await world.ask(needing('dba', 'security'))
    await world.delivery.deliver(id)
    expect(await state(id)).toBe('late')
    const next = await world.ask(needing('security'))
    expect(await state(next.id)).toBe('late')
    world.teams.plan = () => null
    await world.delivery.deliver(next.id)
    expect(await state(next.id)).toBe('ok')
  })

  test('is never ok while the channel of one group has no card', async () => {
    world.teams.plan = ({ channel }) => (channel === securityChannel ? { unsent: 'passing' } : null)
    const { id } = await world.ask(needing('dba', 'security'))
    world.delivery.soon(id)
    await sweepFor(90)
    expect(await state(id)).toBe('late')
  })
})

describe('the pace', () => {
  test('keeps the limit of each conversation, and lets other sends wait', async () => {
    const asked: ApprovalRequest[] = []
    for (let i = 0; i < 70; i++) asked.push(await world.ask({ ...needing('dba'), agent: oid(500 + i) }))
    for (const { id } of asked) world.delivery.soon(id)
    await sweepFor(120)
    expect(world.shown(dbaChannel)).toHaveLength(70)
    const at = world.teams.sends.map((send) => milliseconds(send.at))
    const within = (ms: number) =>
      Math.max(...at.map((from) => at.filter((one) => one >= from && one < from + ms).length))
    expect(within(1_000)).toBeLessThanOrEqual(7)
    expect(within(2_000)).toBeLessThanOrEqual(8)
    expect(within(30_000)).toBe(60)
    expect(kinds().every((kind) => kind === 'post')).toBe(true)
    expect(await world.isQuiet()).toBe(true)
  })

  test('keeps the limit of all conversations together', async () => {
    const { id } = await world.ask(needing('wide'))
    world.delivery.soon(id)
    await world.clock.pass(0.9)
    expect(world.teams.cards()).toHaveLength(50)
    await world.clock.pass(0.1)
    expect(world.teams.cards()).toHaveLength(60)
  })

  test('goes on after the clock was put back', async () => {
    for (let i = 0; i < 7; i++) await world.delivery.deliver((await world.ask()).id)
    world.clock.jump(-3_000)
    world.delivery.soon((await world.ask()).id)
    await world.clock.pass(10)
    expect(world.shown()).toHaveLength(8)
  })
})

test('a failing storage is reported, and nothing else happens', async () => {
  const { id } = await world.ask()
  world.outbox.claim = () => Promise.reject(new Error('down'))
  world.delivery.soon(id)
  await world.delivery.deliver(id)
  await world.delivery.idle()
  expect(world.failures.map(String)).toEqual(['Error: down', 'Error: down'])
  world.failures.length = 0
  world.outbox.waiting = () => Promise.reject(new Error('down'))
  await expect(world.delivery.sweep()).rejects.toThrow('down')
})

describe('a sweep', () => {
  /** Lets the outbox have so many requests that wait until they are claimed. */
  function crowd(count: number): Set<RequestId> {
    const left = new Set(Array.from({ length: count }, () => idOf(noon, shard(3))))
    world.outbox.waiting = async (_now, limit) => [...left].slice(0, limit)
    world.outbox.claim = async (id) => {
      left.delete(id)
      return null
    }
    return left
  }

  test('takes on all requests that wait, a hundred at a time', async () => {
    const left = crowd(730)
    expect(await world.delivery.sweep()).toBe(730)
    expect(left.size).toBe(0)
  })

  test('ends when nothing else waits than what it took on already', async () => {
    const left = crowd(130)
    world.outbox.claim = async () => null
    expect(await world.delivery.sweep()).toBe(100)
    expect(left.size).toBe(130)
  })

  test('takes on no more when the next one is near', async () => {
    const left = crowd(730)
    world.outbox.claim = async (id) => {
      world.clock.jump(0.2)
      left.delete(id)
      return null
    }
    expect(await world.delivery.sweep()).toBe(200)
    expect(left.size).toBe(530)
  })
})
