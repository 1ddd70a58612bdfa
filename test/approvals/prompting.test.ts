import { action, after, bot, dba, dba2, needs, security } from '../support/build.ts'
import { agent, asks, history, outcomeOf, votes, world } from '../support/world.ts'

const later = (name: string, joining: string) => ({
  groups: [name],
  later: { after: 1800, groups: [joining] },
  quorum: 1,
})

test('the sweep reminds and escalates when the moment comes, and each once', async () => {
  const here = await world(() => needs([later('dba', 'security')], { remind: [900] }))
  const { request } = await here.approvals.ask(asks())
  for (const seconds of [899, 900, 930, 1800, 1830, 3599]) {
    here.clock.set(after(seconds))
    await here.approvals.sweep()
  }
  expect(await history(here, request.id)).toEqual(['requested', 'reminded', 'escalated'])
  const done = await here.approvals.decide(request.id, votes(request, security))
  expect(done.status).toBe('approved')
})

test('a deadline that has passed comes before a prompt', async () => {
  const here = await world(() => needs(undefined, { remind: [900] }))
  const { request } = await here.approvals.ask(asks({ expiresIn: 1200 }))
  here.clock.set(after(1200))
  await here.approvals.sweep()
  expect(await history(here, request.id)).toEqual(['requested', 'expired'])
})

test('a vote after the moment of a reminder is not kept by it, and nobody is told any more', async () => {
  const here = await world(() => needs(undefined, { remind: [900] }))
  const { request } = await here.approvals.ask(asks())
  here.clock.set(after(960))
  await here.approvals.decide(request.id, votes(request))
  await here.approvals.sweep()
  expect(await history(here, request.id)).toEqual(['requested', 'decided', 'approved'])
})

test('an escalation that completes looks at the votes again, and voids that of a person who left', async () => {
  const here = await world(() => needs([{ groups: ['dba'], quorum: 1 }, later('security', 'dba')]))
  const [one, two] = [(await here.approvals.ask(asks())).request, (await here.approvals.ask(asks())).request]
  for (const request of [one, two])
    for (const id of [dba, dba2]) await here.approvals.decide(request.id, votes(request, id))
  here.clock.set(after(1800))
  await here.approvals.sweep()
  for (const { id } of [one, two])
    expect(await history(here, id)).toEqual(['requested', 'decided', 'decided', 'escalated', 'approved'])
  const three = (await here.approvals.ask(asks())).request
  for (const id of [dba, dba2]) await here.approvals.decide(three.id, votes(three, id))
  here.directory.add(dba2, { enabled: false })
  here.clock.set(after(3600))
  await here.approvals.sweep()
  expect(await history(here, three.id)).toEqual(['requested', 'decided', 'decided', 'vote-void', 'escalated'])
})

test('after hours without a timer each request is told of once, however many moments passed', async () => {
  const here = await world(() => needs(undefined, { expires: 7200, remind: [-600, 900, 1800] }))
  const ids = await Promise.all(
    ['one', 'two', 'three'].map(async (name) => {
      const { request } = await here.approvals.ask(asks({ action: { ...action, params: { name } }, expiresIn: 7200 }))
      return request.id
    }),
  )
  for (const seconds of [6600, 6630, 6660]) {
    here.clock.set(after(seconds))
    await here.approvals.sweep()
  }
  for (const id of ids) expect(await history(here, id)).toEqual(['requested', 'reminded'])
})

test('an escalation and a vote race, and one of them approves', async () => {
  const here = await world(() => needs([{ groups: ['dba'], quorum: 1 }, later('security', 'dba')]))
  const { request } = await here.approvals.ask(asks())
  for (const id of [dba, dba2]) await here.approvals.decide(request.id, votes(request, id))
  here.clock.set(after(1800))
  const [timer, door] = [here.another({ clock: here.clock }), here.another({ clock: here.clock })]
  const [, voted] = await Promise.all([
    timer.approvals.sweep(),
    outcomeOf(door.approvals.decide(request.id, votes(request, security))),
  ])
  const types = (await history(here, request.id)).filter((type) => type !== 'refused')
  expect([
    ['ok', 'requested decided decided decided approved'],
    ['not-pending', 'requested decided decided escalated approved'],
  ]).toContainEqual([voted, types.join(' ')])
})

test('a question and an escalation race, and nobody joins while it is open', async () => {
  const here = await world(() => needs([{ ...later('dba', 'security'), quorum: 2 }], { expires: 7200, answer: 3600 }), {
    agents: [agent(bot, { answers: 'both' })],
  })
  const { request } = await here.approvals.ask(asks())
  here.clock.set(after(1800))
  const [timer, door] = [here.another({ clock: here.clock }), here.another({ clock: here.clock })]
  const seen = { via: 'api', digest: request.digest } as const
  await Promise.all([
    timer.approvals.sweep(),
    door.approvals.askBack(request.id, { approver: dba, question: 'Why?', seen }),
  ])
  here.clock.set(after(2400))
  await here.approvals.sweep()
  expect(['requested asked', 'requested escalated asked']).toContain((await history(here, request.id)).join(' '))
})

test('two sweeps at the same moment remind once', async () => {
  const here = await world(() => needs(undefined, { remind: [900] }))
  const { request } = await here.approvals.ask(asks())
  here.clock.set(after(900))
  const others = [here.another({ clock: here.clock }), here.another({ clock: here.clock })]
  await Promise.all(others.map(({ approvals }) => approvals.sweep()))
  expect(await history(here, request.id)).toEqual(['requested', 'reminded'])
})
