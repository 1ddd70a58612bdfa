import type { ObjectId } from '../../src/core/data/id.ts'
import { Problem } from '../../src/core/data/problem.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import { after, bot, dba, oid, runner } from '../support/build.ts'
import { agent, apart, asks, codeOf, count, history, outcomeOf, votes, type World, world } from '../support/world.ts'

const agentSlots = async ({ limits }: World, id: ObjectId = bot) => (await limits.read({ agent: id })).row.slots

describe('a crash', () => {
  /** A process whose first commit ends without an answer: before it was applied, or after. */
  const failing = (here: World, when: 'before' | 'after'): Ledger => {
    const ledger = apart(here.ledger)
    let failed = false
    return {
      ...ledger,
      commit: async (loaded, change) => {
        if (failed || when === 'after') await ledger.commit(loaded, change)
        if (failed) return
        failed = true
        throw new Problem('unavailable', 'No answer.')
      },
    }
  }

  test('between slot and commit leaves a slot, which the same ask takes over', async () => {
    const here = await world()
    const place = here.another({ ledger: failing(here, 'before') })
    const ask = asks({ key: 'run-1' })
    expect(await codeOf(place.approvals.ask(ask))).toBe('unavailable')
    const [left] = await agentSlots(here)
    here.clock.set(after(59))
    const { request, created } = await place.approvals.ask(ask)
    expect([created, request.id]).toEqual([true, left?.id])
    expect(await agentSlots(here)).toMatchObject([{ id: request.id, takenAt: after(59) }])
  })

  test('between slot and commit does not block the action for longer than a minute', async () => {
    const here = await world()
    const place = here.another({ ledger: failing(here, 'before') })
    const { action } = asks()
    await codeOf(place.approvals.ask(asks({ action })))
    expect(await codeOf(place.approvals.ask(asks({ action })))).toBe('busy')
    here.clock.set(after(60))
    const { request } = await place.approvals.ask(asks({ action }))
    expect((await agentSlots(here)).map(({ id }) => id)).toEqual([request.id])
  })

  test('after the commit leads to the same request when the agent asks again', async () => {
    const here = await world()
    const place = here.another({ ledger: failing(here, 'after') })
    const ask = asks({ key: 'run-1' })
    expect(await codeOf(place.approvals.ask(ask))).toBe('unavailable')
    const { request, created } = await place.approvals.ask(ask)
    expect(created).toBe(false)
    expect(await history(here, request.id)).toEqual(['requested'])
    expect((await agentSlots(here)).map(({ id }) => id)).toEqual([request.id])
  })

  test('is not involved when an ask finds its key used, and frees its second slot', async () => {
    const here = await world()
    const ask = asks({ key: 'run-1' })
    const { request } = await here.approvals.ask(ask)
    await here.approvals.cancel(request.id, bot)
    const late = here.another({ ledger: { ...apart(here.ledger), findKey: async () => null } })
    expect(await late.approvals.ask(ask)).toMatchObject({ created: false, request: { id: request.id } })
    expect(await agentSlots(here)).toEqual([])
  })

  test('that takes too long commits nothing, because its slot may be gone', async () => {
    const here = await world()
    const ledger = apart(here.ledger)
    const load: Ledger['load'] = (...args) => {
      here.clock.set(after(30))
      return ledger.load(...args)
    }
    expect(await codeOf(here.another({ ledger: { ...ledger, load } }).approvals.ask(asks()))).toBe('busy')
    expect(await here.ledger.due(after(10_000_000), 10)).toEqual([])
    expect(await agentSlots(here)).toEqual([])
  })
})

describe('the limit', () => {
  const pendingIn = async ({ ledger }: World) => (await ledger.due(after(10_000_000), 1000)).length

  test('of 5 per agent is not exceeded by 50 asks at once, from three processes', async () => {
    const here = await world()
    const places = [here, here.another(), here.another()]
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, i) => outcomeOf(places[i % 3]?.approvals.ask(asks()) ?? Promise.reject())),
    )
    expect(await pendingIn(here)).toBe(5)
    expect(count(outcomes, 'ok')).toBe(5)
    expect(count(outcomes, 'too-many') + count(outcomes, 'busy')).toBe(45)
    expect(await codeOf(here.approvals.ask(asks()))).toBe('too-many')
  })

  test('of 20 per channel is not exceeded by 50 agents that ask at once', async () => {
    const agents = Array.from({ length: 50 }, (_, i) => agent(oid(1000 + i)))
    const here = await world(undefined, { agents })
    const places = [here, here.another()]
    const ask = (one: (typeof agents)[number], i: number) => {
      const place = places[i % 2] ?? here
      return outcomeOf(place.approvals.ask(asks({ agent: one })))
    }
    const outcomes = await Promise.all(agents.map(ask))
    expect(await pendingIn(here)).toBe(count(outcomes, 'ok'))
    expect(count(outcomes, 'ok')).toBeLessThanOrEqual(20)
    // Whoever lost too many races may ask again, until all are taken.
    for (const [i, outcome] of outcomes.entries()) if (outcome === 'busy' && agents[i]) await ask(agents[i], i)
    expect(await pendingIn(here)).toBe(20)
    const [refused] = outcomes.flatMap((outcome, i) => (outcome === 'too-many' ? [agents[i]] : []))
    expect(refused && (await agentSlots(here, refused.id))).toEqual([])
  })

  test('keeps the slot of an ask that was sent twice if one of the two is refused', async () => {
    const others = Array.from({ length: 20 }, (_, i) => agent(oid(1000 + i)))
    const here = await world(undefined, { agents: [agent(bot), ...others] })
    const open = await Promise.all(others.map((one) => here.approvals.ask(asks({ agent: one }))))
    let go = () => {}
    const freed = new Promise<void>((done) => (go = done))
    const slow = here.another({
      limits: {
        read: async (key) => ('channel' in key ? freed.then(() => here.limits.read(key)) : here.limits.read(key)),
        replace: (key, version, row) => here.limits.replace(key, version, row),
      },
    })
    const ask = asks({ key: 'run-1' })
    const first = slow.approvals.ask(ask)
    while ((await agentSlots(here)).length === 0) await new Promise((done) => setTimeout(done, 1))
    expect(await codeOf(here.approvals.ask(ask))).toBe('too-many')
    const [one] = open
    await here.approvals.cancel(one?.request.id as never, one?.request.agent.id as never)
    go()
    const { request } = await first
    expect((await agentSlots(here)).map(({ id }) => id)).toEqual([request.id])
  })

  test("frees the agent's slot when a channel is full, so that the action can be asked for again", async () => {
    const others = Array.from({ length: 20 }, (_, i) => agent(oid(1000 + i)))
    const here = await world(undefined, { agents: [agent(bot), ...others] })
    await Promise.all(others.map((one) => here.approvals.ask(asks({ agent: one }))))
    const { action } = asks()
    expect(await codeOf(here.approvals.ask(asks({ action, key: 'run-1' })))).toBe('too-many')
    expect(await codeOf(here.approvals.ask(asks({ action, key: 'run-2' })))).toBe('too-many')
    expect(await agentSlots(here)).toEqual([])
  })

  test('frees a slot when the request is closed, and not before', async () => {
    const here = await world(undefined, { agents: [agent(bot, { limits: { pending: 1, hourly: 60 } })] })
    const ask = () => asks({ agent: agent(bot, { limits: { pending: 1, hourly: 60 } }) })
    const { request } = await here.approvals.ask(ask())
    expect(await codeOf(here.approvals.ask(ask()))).toBe('too-many')
    await here.approvals.cancel(request.id, bot)
    const second = await here.approvals.ask(ask())
    here.clock.set(after(3600))
    expect((await here.approvals.ask(ask())).created).toBe(true)
    expect(await history(here, second.request.id)).toEqual(['requested'])
  })

  test('does not count requests that need no human', async () => {
    const here = await world(() => ({ outcome: 'allow', rules: ['r'], lapse: 60, grant: 60 }))
    for (let i = 0; i < 7; i++) expect((await here.approvals.ask(asks())).request.status).toBe('approved')
  })
})

describe('the same action', () => {
  test('is not asked for while it is pending', async () => {
    const here = await world()
    const { action } = asks()
    const { request } = await here.approvals.ask(asks({ action }))
    const refused = here.approvals.ask(asks({ action }))
    await expect(refused).rejects.toMatchObject({ code: 'already-pending', details: { request: request.id } })
    expect((await here.approvals.ask(asks({ action, agent: agent(runner) }))).created).toBe(true)
  })

  test('is not asked for again for ten minutes after it was denied', async () => {
    const here = await world()
    const { action } = asks()
    const { request } = await here.approvals.ask(asks({ action }))
    await here.approvals.decide(request.id, votes(request, dba, { verdict: 'deny' }))
    here.clock.set(after(599.999))
    expect(await codeOf(here.approvals.ask(asks({ action })))).toBe('cooling-down')
    expect((await here.approvals.ask(asks())).created).toBe(true)
    here.clock.set(after(600))
    expect((await here.approvals.ask(asks({ action }))).created).toBe(true)
  })

  test('may be asked for again after it was withdrawn', async () => {
    const here = await world()
    const { action } = asks()
    const { request } = await here.approvals.ask(asks({ action }))
    await here.approvals.cancel(request.id, bot)
    expect((await here.approvals.ask(asks({ action }))).created).toBe(true)
  })
})
