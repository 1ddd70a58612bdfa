import { after, bot, dba, needs, runner } from '../support/build.ts'
import { agent, anAction, asks, codeOf, type Instance, votes, type World, world } from '../support/world.ts'

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

  test('cannot be asked for with other params after three denials, until one is ten minutes old', async () => {
    const place = await world()
    for (const number of [1, 2, 3]) {
      place.clock.set(after(number))
      await deny(place, { number })
    }
    const action = { ...anAction(), params: { number: 4 }, target: 'prod/db' }
    const refused = place.another().approvals.ask(asks({ action }))
    await expect(refused).rejects.toMatchObject({ code: 'cooling-down', details: { retryAfter: 598 } })
    place.clock.set(after(600))
    expect(await codeOf(place.approvals.ask(asks({ action })))).toBe('cooling-down')
    place.clock.set(after(601))
    expect((await place.approvals.ask(asks({ action }))).created).toBe(true)
  })

  test('does not block other targets and agents', async () => {
    const place = await world(() => needs())
    for (const number of [1, 2, 3]) await deny(place, { number })
    await deny(place, { number: 4 }, 'prod/other')
    const action = { ...anAction(), params: { number: 5 }, target: 'prod/db' }
    expect((await place.approvals.ask(asks({ action, agent: agent(runner) }))).created).toBe(true)
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
