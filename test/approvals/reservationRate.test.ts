import type { Limits } from '../../src/ports/limits.ts'
import { after, bot, dba, needs, runner } from '../support/build.ts'
import {
  agent,
  anAction,
  asks,
  codeOf,
  count,
  type Instance,
  outcomeOf,
  votes,
  type World,
  world,
} from '../support/world.ts'

const hourly = 4
const busy = agent(bot, { limits: { pending: 2, hourly } })

const here = (judge?: Parameters<typeof world>[0]): Promise<World> => world(judge, { agents: [busy, agent(runner)] })

const asked = async ({ limits }: World) => (await limits.read({ agent: bot })).row.asked

/** Posts a card and takes it back. */
async function askAndCancel({ approvals }: Instance, key?: string): Promise<void> {
  const { request } = await approvals.ask(asks({ agent: busy, ...(key !== undefined && { key }) }))
  await approvals.cancel(request.id, bot)
}

describe('asking and cancelling in a loop', () => {
  test('posts no more cards in an hour than the agent may ask for', async () => {
    const place = await here()
    for (let i = 0; i < hourly; i++) {
      place.clock.set(after(i * 60))
      await askAndCancel(place, `run-${i}`)
    }
    const refused = place.approvals.ask(asks({ agent: busy }))
    await expect(refused).rejects.toMatchObject({ code: 'too-many', status: 429, details: { retryAfter: 3420 } })
    place.clock.set(after(3599))
    expect(await codeOf(place.another().approvals.ask(asks({ agent: busy })))).toBe('too-many')
    place.clock.set(after(3600))
    await askAndCancel(place)
    expect(await codeOf(place.approvals.ask(asks({ agent: busy })))).toBe('too-many')
    expect((await asked(place)).length).toBeLessThanOrEqual(hourly)
  })

  test('leaves other agents alone', async () => {
    const place = await here()
    for (let i = 0; i < hourly; i++) await askAndCancel(place)
    expect((await place.approvals.ask(asks({ agent: agent(runner) }))).created).toBe(true)
  })

  test('stays limited when many agents do it at once, from two processes', async () => {
    const place = await here()
    const places = [place.another(), place.another()]
    const loops = Array.from({ length: 50 }, async (_, i) => {
      const one = places[i % 2] ?? place
      return askAndCancel(one).then(
        () => 'asked',
        () => 'refused',
      )
    })
    const done = (await Promise.all(loops)).filter((outcome) => outcome === 'asked')
    expect(done.length).toBeGreaterThan(0)
    expect(done.length).toBeLessThanOrEqual(hourly)
    expect((await asked(place)).length).toBeLessThanOrEqual(hourly)
  })
})

describe('the hourly limit does not count', () => {
  test('an ask with the same key', async () => {
    const place = await here()
    const again = asks({ agent: busy, key: 'run-1' })
    for (let i = 0; i < 10; i++) await place.approvals.ask(again)
    expect(await asked(place)).toHaveLength(1)
  })

  test.each(['allow', 'forbid', 'no-policy'] as const)('an ask that policy answers with %s', async (outcome) => {
    const place = await here(() =>
      outcome === 'allow'
        ? { outcome, rules: ['r'], lapse: 60, grant: 60 }
        : { outcome, rules: outcome === 'forbid' ? ['r'] : [] },
    )
    for (let i = 0; i < 2 * hourly; i++) await place.approvals.ask(asks({ agent: busy }))
    expect(await asked(place)).toEqual([])
  })

  test('a refused ask, of which no person was asked', async () => {
    const place = await here()
    const action = anAction()
    for (let i = 0; i < 3; i++) await place.approvals.ask(asks({ agent: busy, action })).catch(() => {})
    await place.approvals.ask(asks({ agent: busy }))
    for (let i = 0; i < 3; i++) expect(await codeOf(place.approvals.ask(asks({ agent: busy })))).toBe('too-many')
    expect(await asked(place)).toHaveLength(2)
  })
})

describe('an action that is denied again and again', () => {
  const deny = async (place: World, params: { readonly number: number }, target = 'prod/db'): Promise<void> => {
    const action = { ...anAction(), params, target }
    const { request } = await place.approvals.ask(asks({ action }))
    await place.approvals.decide(request.id, votes(request, dba, { verdict: 'deny' }))
  }

  test('cannot be asked for with other params or in another spelling for ten minutes', async () => {
    const place = await world()
    await deny(place, { number: 1 })
    for (const target of ['prod/db', 'PROD/db', '\uff50rod/DB']) {
      const action = { ...anAction(), params: { number: 4 }, target }
      const refused = place.another().approvals.ask(asks({ action }))
      await expect(refused).rejects.toMatchObject({ code: 'cooling-down' })
    }
    const action = { ...anAction(), params: { number: 4 }, target: 'prod/db' }
    place.clock.set(after(599.999))
    expect(await codeOf(place.approvals.ask(asks({ action })))).toBe('cooling-down')
    place.clock.set(after(600))
    const { request } = await place.approvals.ask(asks({ action }))
    expect(request.warnings).toEqual(['denied-before'])
  })

  test('does not block other targets and agents, whose approvers are warned', async () => {
    const place = await world(() => needs())
    await deny(place, { number: 1 })
    await deny(place, { number: 4 }, 'prod/other')
    const ask = async (target: string) => {
      const action = { ...anAction(), params: { number: 5 }, target }
      return (await place.another().approvals.ask(asks({ action, agent: agent(runner) }))).request.warnings
    }
    expect(await ask('Prod/DB')).toEqual(['denied-to-others'])
    expect(await ask('prod/third')).toEqual([])
  })
})

/** The same rows, as another process reaches them. */
const apartLimits = ({ limits }: World): Limits => ({
  read: (key) => limits.read(key),
  replace: (key, version, row) => limits.replace(key, version, row),
})

describe('what policy answers without people', () => {
  const answers = async (outcome: 'allow' | 'forbid' | 'no-policy', most: number) => {
    const few = agent(bot, { limits: { pending: 5, hourly: 60, answered: most } })
    const place = await world(
      () =>
        outcome === 'allow'
          ? { outcome, rules: ['r'], lapse: 60, grant: 60 }
          : { outcome, rules: outcome === 'forbid' ? ['r'] : [] },
      { agents: [few, agent(runner)] },
    )
    return { place, ask: (at: Instance = place) => outcomeOf(at.approvals.ask(asks({ agent: few }))) }
  }

  test.each(['allow', 'forbid', 'no-policy'] as const)('is counted by agent and hour: %s', async (outcome) => {
    const { place, ask } = await answers(outcome, 50)
    const process = () => place.another({ limits: apartLimits(place) })
    const places = [place, process(), process()]
    const first = await Promise.all(Array.from({ length: 45 }, (_, i) => ask(places[i % 3])))
    expect(count(first, 'ok')).toBeGreaterThan(40)
    const more: string[] = []
    for (let i = 0; i < 30; i++) more.push(await ask(places[i % 3]))
    expect(count([...first, ...more], 'ok')).toBeLessThanOrEqual(50)
    expect(more.at(-1)).toBe('too-many')
    expect(await outcomeOf(place.approvals.ask(asks({ agent: agent(runner) })))).toBe('ok')
    place.clock.set(after(3_661))
    expect(await ask()).toBe('ok')
  })

  test('is counted to the last one, and 600 if the registration says nothing', async () => {
    const { place, ask } = await answers('allow', 3)
    expect([await ask(), await ask(), await ask(place.another({ limits: apartLimits(place) })), await ask()]).toEqual([
      'ok',
      'ok',
      'ok',
      'too-many',
    ])
    const many = agent(runner)
    for (let i = 0; i < 600; i++) await place.approvals.ask(asks({ agent: many }))
    expect(await codeOf(place.approvals.ask(asks({ agent: many })))).toBe('too-many')
  })
})

describe('approvers are warned', () => {
  const warnings = async (place: Instance, more: Parameters<typeof asks>[0] = {}) =>
    (await place.approvals.ask(asks({ agent: busy, ...more }))).request.warnings

  test('if the same action was denied before, once it may be asked for again', async () => {
    const place = await here()
    const action = anAction()
    const { request } = await place.approvals.ask(asks({ agent: busy, action }))
    await place.approvals.decide(request.id, votes(request, dba, { verdict: 'deny' }))
    place.clock.set(after(3_601))
    expect(await warnings(place, { action: { ...action, target: 'prod/other' } })).toEqual([])
    expect(await warnings(place.another(), { action })).toEqual(['denied-before'])
  })

  test('if the agent has used half of its hourly limit', async () => {
    const place = await here()
    for (let i = 0; i < hourly / 2; i++) await askAndCancel(place)
    expect(await warnings(place)).toEqual(['asks-often'])
    place.clock.set(after(3_600))
    expect(await warnings(place)).toEqual([])
  })

  test('if a text looks like another text, and the warning is recorded', async () => {
    const place = await here()
    const { request } = await place.approvals.ask(asks({ agent: busy, reason: 'f\u043er\u200b finance' }))
    expect(request.warnings).toEqual(['hidden-characters', 'mixed-scripts'])
    const [requested] = await place.approvals.events(request)
    expect(JSON.parse(requested?.text ?? '')).toMatchObject({ data: { warnings: request.warnings } })
  })
})
