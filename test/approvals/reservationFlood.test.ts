import type { ObjectId } from '../../src/core/data/id.ts'
import type { AgentRegistration } from '../../src/ports/policy.ts'
import { after, bot, needs, oid, slot } from '../support/build.ts'
import { agent, anAction, asks, count, type Instance, outcomeOf, type World, world } from '../support/world.ts'

const agents = Array.from({ length: 40 }, (_, i) => agent(oid(1000 + i)))

/** Three processes on the same rows. */
const processes = (place: World): readonly Instance[] => [place, place.another(), place.another()]

async function pendingOf({ ledger }: World, id?: ObjectId): Promise<number> {
  const ids = await ledger.due(after(10_000_000), 1000)
  const requests = await Promise.all(ids.map((one) => ledger.find(one)))
  return requests.filter((request) => request?.status === 'pending' && (id === undefined || request.agent.id === id))
    .length
}

/** Asks as often as it takes until none is turned away for having lost a race. */
async function persistently(place: Instance, one: AgentRegistration, key: string): Promise<string> {
  const action = anAction()
  for (;;) {
    const outcome = await outcomeOf(place.approvals.ask(asks({ agent: one, action, key })))
    if (outcome !== 'busy') return outcome
  }
}

test('1,000 asks of one agent, each with its own key, leave 5 cards', async () => {
  const place = await world()
  const places = processes(place)
  const outcomes: string[] = []
  for (let i = 0; i < 1000; i += 50)
    outcomes.push(
      ...(await Promise.all(
        Array.from({ length: 50 }, (_, j) => persistently(places[j % 3] ?? place, agent(bot), `run-${i + j}`)),
      )),
    )
  expect(await pendingOf(place)).toBe(5)
  expect([count(outcomes, 'ok'), count(outcomes, 'too-many')]).toEqual([5, 995])
  expect((await place.limits.read({ channel: '19:dba' })).row.slots).toHaveLength(5)
})

test('1,000 asks of many agents leave 20 cards in a channel, at most 5 of each agent', async () => {
  const place = await world(undefined, { agents })
  const places = processes(place)
  const outcomes: string[] = []
  for (let i = 0; i < 1000; i += 50)
    outcomes.push(
      ...(await Promise.all(
        Array.from({ length: 50 }, (_, j) => {
          const one = agents[(i + j) % 7 === 0 ? (i + j) % agents.length : (i + j) % 4] ?? agent(bot)
          return persistently(places[j % 3] ?? place, one, `run-${i + j}`)
        }),
      )),
    )
  expect(await pendingOf(place)).toBe(20)
  expect(count(outcomes, 'ok')).toBe(20)
  expect((await place.limits.read({ channel: '19:dba' })).row.slots).toHaveLength(20)
  for (const { id } of agents) expect(await pendingOf(place, id)).toBeLessThanOrEqual(5)
})

test('two channels that share a flood both keep their limit', async () => {
  const place = await world((action) => needs([slot(action.target === 'both' ? 'dba' : 'security')]), { agents })
  const places = processes(place)
  await Promise.all(
    agents.flatMap((one, i) =>
      ['both', 'other'].map((target) =>
        outcomeOf((places[i % 3] ?? place).approvals.ask(asks({ agent: one, action: { ...anAction(), target } }))),
      ),
    ),
  )
  for (const channel of ['19:dba', '19:security'])
    expect((await place.limits.read({ channel })).row.slots.length).toBeLessThanOrEqual(20)
  expect(await pendingOf(place)).toBeLessThanOrEqual(40)
})

test('an agent that cancels at once to ask again keeps the limit all the same', async () => {
  const limits = { pending: 5, hourly: 12 }
  const one = agent(bot, { limits })
  const place = await world(undefined, { agents: [one] })
  const places = processes(place)
  const loop = async (at: Instance, i: number): Promise<number> => {
    const asked = await at.approvals.ask(asks({ agent: one, key: `loop-${i}` })).catch(() => null)
    if (asked) await at.approvals.cancel(asked.request.id, bot)
    return asked ? 1 : 0
  }
  let posted = 0
  for (let i = 0; i < 10; i++) {
    const all = await Promise.all(places.flatMap((at, p) => [0, 1].map((j) => loop(at, i * 6 + p * 2 + j))))
    posted += all.reduce((sum, made) => sum + made, 0)
    expect(await pendingOf(place)).toBeLessThanOrEqual(limits.pending)
  }
  expect(posted).toBe(limits.hourly)
})
