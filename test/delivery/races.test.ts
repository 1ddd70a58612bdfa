import { undeliverable } from '../../src/core/request/delivery.ts'
import * as fc from 'fast-check'
import type { CommitRule } from '../../src/approvals/commit.ts'
import { Problem } from '../../src/core/data/problem.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { cancel } from '../../src/core/request/withdrawal.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import type { Claim, Outbox } from '../../src/ports/outbox.ts'
import {
  dbaChannel,
  type DeliveryWorld,
  deliveryWorld,
  lies,
  needing,
  securityChannel,
} from '../support/deliveryWorld.ts'
import { sample } from '../support/chance.ts'
import { inTurn } from '../support/fakes/teams.ts'
import { flushed } from '../support/fakes/time.ts'

/** What happens to a call: it works; it fails before anything happened; its answer is lost. */
type Fate = 'ok' | 'before' | 'after'

type Event =
  | { readonly kind: 'approve' | 'deny' | 'cancel' | 'expire' | 'remark' | 'adopt' | 'delete' }
  | { readonly kind: 'deliver' | 'sweep'; readonly process: number }
  | { readonly kind: 'pass'; readonly seconds: number }
  | { readonly kind: 'outage'; readonly sends: number }

const fate: fc.Arbitrary<Fate> = fc.oneof(
  { weight: 10, arbitrary: fc.constant('ok' as const) },
  { weight: 1, arbitrary: fc.constant('before' as const) },
  { weight: 1, arbitrary: fc.constant('after' as const) },
)

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('approve', 'deny', 'cancel', 'expire' as const) }) },
  { weight: 2, arbitrary: fc.constant({ kind: 'remark' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'adopt' as const }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'delete' as const }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('outage' as const), sends: fc.integer({ min: 1, max: 40 }) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('deliver', 'sweep' as const), process: fc.nat({ max: 1 }) }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.constantFrom(5, 31, 700) }) },
)

/** How often each thing was reached, over all runs. */
const reached = { moved: 0, lost: 0, changed: 0, orphans: 0, adopted: 0, undeliverable: 0 }

class Injected extends Error {}

test('after any interleaving of calls and faults, every known card is up to date in the end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.scheduler(),
      fc.array(fate, { maxLength: 100, size: 'max' }),
      // Each after so many steps, so that it comes early or late.
      fc.array(fc.tuple(event, fc.nat({ max: 30 })), { minLength: 2, maxLength: 14, size: 'max' }),
      async (schedule, fates, events) => {
        const world = deliveryWorld()
        const faults = fates.filter((one) => one !== 'ok').length
        const { id } = await world.ask(needing('dba', 'security'))
        const left = [...fates]
        const processes = [0, 1].map(() => unreliable(world, schedule, () => left.shift() ?? 'ok'))
        const happenings = events.map(async ([event, steps]) => {
          for (let left = steps; left >= 0; left--) await schedule.schedule(Promise.resolve(), event.kind)
          await happen(world, id, processes, event)
        })
        processes[0]?.soon(id)
        do {
          await schedule.waitIdle()
          await flushed()
        } while (schedule.count() > 0)
        await Promise.all(happenings)
        await Promise.all(processes.map((process) => process.idle()))

        await untilQuiet(world)
        await check(world, id, faults)
        await clickEverywhere(world, id)
      },
    ),
    sample(200),
  )
  for (const [what, times] of Object.entries(reached)) expect([what, times > 0]).toEqual([what, true])
})

/** A process all of whose calls take their time, in any order, and may fail or lose their answers. */
function unreliable(world: DeliveryWorld, schedule: fc.Scheduler, fate: () => Fate) {
  const { ledger, outbox, teams, clock } = world
  const called = async <T>(name: string, call: () => Promise<T>): Promise<T> => {
    await schedule.schedule(Promise.resolve(), name)
    const fated = fate()
    if (fated === 'before') throw new Injected(`${name} failed`)
    const result = await call()
    await schedule.schedule(Promise.resolve(), `${name} is done`)
    if (fated === 'after') throw new Injected(`${name} lost its answer`)
    return result
  }
  const unstable: Outbox = {
    waiting: (...args) => called('waiting', () => outbox.waiting(...args)),
    claim: (...args) => called('claim', () => outbox.claim(...args)),
    renew: (...args) => called('renew', () => outbox.renew(...args).then(noted)),
    finish: (...args) =>
      called('finish', async () => {
        const ended = await outbox.finish(...args)
        if (!ended) reached.changed++
        return ended
      }),
    defer: (...args) => called('defer', () => outbox.defer(...args)),
    touch: (...args) => called('touch', () => outbox.touch(...args)),
    cards: (...args) => called('cards', () => outbox.cards(...args)),
    putCard: (...args) => called('putCard', () => outbox.putCard(...args)),
    dropCard: (...args) => called('dropCard', () => outbox.dropCard(...args)),
    told: (...args) => called('told', () => outbox.told(...args)),
    putTold: (...args) => called('putTold', () => outbox.putTold(...args)),
    hearings: () => outbox.hearings(),
    hearing: (...args) => outbox.hearing(...args),
    putHearing: (...args) => outbox.putHearing(...args),
    dropHearing: (...args) => outbox.dropHearing(...args),
    arrive: (...args) => outbox.arrive(...args),
    leave: (...args) => outbox.leave(...args),
  }
  const rows: Pick<Ledger, 'find' | 'load' | 'commit' | 'inTurn'> = {
    inTurn: (...args) => ledger.inTurn(...args),
    find: (...args) => called('find', () => ledger.find(...args)),
    load: (...args) => called('load', () => ledger.load(...args)),
    commit: (...args) => called('commit', () => ledger.commit(...args)),
  }
  const passing = () => ({ unsent: 'passing' }) as const
  return world.process({
    ledger: rows,
    outbox: unstable,
    messenger: {
      rulesOf: () => teams.rules,
      post: (...args) => called('post', () => teams.post(...args)).catch(passing),
      update: (...args) => called('update', () => teams.update(...args)).catch(passing),
      tell: (...args) => called('tell', () => teams.tell(...args)).catch(passing),
    },
    pause: async (ms) => {
      await schedule.schedule(Promise.resolve(), 'pause')
      clock.jump(ms / 1000)
    },
  })
}

function refused(cause: unknown): void {
  if (!(cause instanceof Problem)) throw cause
}

function noted(claim: Claim | null): Claim | null {
  if (claim === null) reached.lost++
  if (claim?.moved) reached.moved++
  return claim
}

async function happen(
  world: DeliveryWorld,
  id: ApprovalRequest['id'],
  processes: readonly ReturnType<DeliveryWorld['process']>[],
  event: Event,
): Promise<void> {
  const [process] = processes
  /** What is refused, since something else came first, is no event. */
  const commit = (rule: CommitRule) => world.commit(id, rule).catch(refused)
  switch (event.kind) {
    case 'approve':
    case 'deny':
      await world[event.kind](id).catch(refused)
      return process?.soon(id)
    case 'cancel':
      await commit((one, at) => cancel(one, { at }))
      return process?.soon(id)
    case 'remark':
      await commit(undeliverable)
      return process?.soon(id)
    case 'expire':
      await commit((one) => ({ request: one, events: [] }))
      return
    case 'deliver':
      return processes[event.process]?.soon(id)
    case 'sweep':
      await processes[event.process]?.sweep().catch(() => 0)
      return
    case 'outage':
      world.teams.plan = inTurn(Array.from({ length: event.sends }, () => ({ unsent: 'passing' }) as const))
      return
    case 'pass':
      return world.clock.jump(event.seconds)
    case 'adopt': {
      const card = (await orphans(world, id))[0] ?? world.teams.cards()[0]
      if (card) await process?.adopt(id, card.channel, { conversation: card.conversation, activity: card.activity })
      return
    }
    case 'delete': {
      const [card] = world.teams.cards()
      if (card) world.teams.remove(card)
    }
  }
}

/** Cards that lie in Teams and of which no row tells. */
async function orphans(world: DeliveryWorld, id: ApprovalRequest['id']) {
  const known = new Set((await world.outbox.cards(id)).map(({ card }) => card?.activity))
  return world.teams.cards().filter(({ activity }) => !known.has(activity))
}

/** Lets a process that nothing happens to sweep until nothing waits any more. */
async function untilQuiet(world: DeliveryWorld): Promise<void> {
  world.teams.plan = () => null
  const healthy = world.process({ pause: async (ms) => world.clock.jump(ms / 1000) })
  for (let left = 20; left > 0 && !(await world.isQuiet()); left--) {
    world.clock.jump(1_000)
    await healthy.sweep()
    await healthy.idle()
  }
}

/** Whatever lies in Teams heals when somebody touches it. */
async function clickEverywhere(world: DeliveryWorld, id: ApprovalRequest['id']): Promise<void> {
  const healthy = world.process()
  const strays = await orphans(world, id)
  for (const { channel, conversation, activity } of strays) await healthy.adopt(id, channel, { conversation, activity })
  await untilQuiet(world)
  const { status } = await world.find(id)
  // So many cards of one request are adopted in each channel, and no more.
  if (strays.length < 4) expect(world.shown().filter((shown) => shown !== status)).toEqual([])
  if (strays.length > 0) reached.adopted++
}

async function check(world: DeliveryWorld, id: ApprovalRequest['id'], faults: number): Promise<void> {
  expect(await world.isQuiet()).toBe(true)
  expect(await lies(world, id)).toEqual([])
  expect(world.failures.filter((cause) => !(cause instanceof Injected))).toEqual([])

  const request = await world.find(id)
  const rows = await world.outbox.cards(id)
  const strays = await orphans(world, id)
  expect(strays.length).toBeLessThanOrEqual(faults)
  // A request that has been closed for long is no news where it was never heard of.
  if (!('closedAt' in request))
    expect([...new Set(rows.map(({ channel }) => channel))].sort()).toEqual([dbaChannel, securityChannel])
  const marks = request.events.filter(({ type }) => type === 'undeliverable').length
  expect(marks).toBeLessThanOrEqual(1)
  reached.undeliverable += marks
  reached.orphans += strays.length
}
