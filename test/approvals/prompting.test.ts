import { after, dba, dba2, needs, security } from '../support/build.ts'
import { asks, history, votes, world } from '../support/world.ts'

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

test('two sweeps at the same moment remind once', async () => {
  const here = await world(() => needs(undefined, { remind: [900] }))
  const { request } = await here.approvals.ask(asks())
  here.clock.set(after(900))
  const others = [here.another({ clock: here.clock }), here.another({ clock: here.clock })]
  await Promise.all(others.map(({ approvals }) => approvals.sweep()))
  expect(await history(here, request.id)).toEqual(['requested', 'reminded'])
})
