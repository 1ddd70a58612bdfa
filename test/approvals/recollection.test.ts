import { Recollection } from '../../src/approvals/recollection.ts'
import { sha256 } from '../../src/core/data/id.ts'
import { Conflict, type Ledger } from '../../src/ports/ledger.ts'
import type { Requirement } from '../../src/core/request/request.ts'
import { bot, dba, needs, runner, slot } from '../support/build.ts'
import { apart, asks, claims, codeOf, type Instance, votes, type World, world } from '../support/world.ts'

/** The ledger as another process has it, and the types of the events that it reads. */
function watched(here: World) {
  const ledger = apart(here.ledger)
  const read: string[][] = []
  const events: Ledger['events'] = (request) => {
    read.push(request.events.map(({ type }) => type))
    return here.ledger.events(request)
  }
  return { ...here.another({ ledger: { ...ledger, events } }), read }
}

async function approved(instance: Instance) {
  const { request } = await instance.approvals.ask(asks({ executor: runner }))
  await instance.approvals.review(request.id, dba, { page: 1, template: sha256('card'), via: 'teams' })
  return instance.approvals.decide(request.id, votes(request))
}

test('a process that makes all changes to a request reads none of its events', async () => {
  const one = watched(await world())
  const request = await approved(one)
  await one.approvals.redeem(request.id, await claims(one, request, 'first'))
  await one.approvals.report(request.id, { executor: runner, result: 'succeeded' })
  await one.approvals.read(request.id, { kind: 'agent', id: bot })
  expect(one.read).toEqual([])
})

test('another process reads each event once, and later only new ones', async () => {
  const here = await world()
  const [one, two] = [watched(here), watched(here)]
  const request = await approved(one)
  const reader = { kind: 'agent', id: bot } as const
  for (let i = 0; i < 3; i++) await two.approvals.read(request.id, reader)
  expect(two.read).toEqual([['requested', 'shown', 'decided', 'approved']])
  await one.approvals.redeem(request.id, await claims(one, request, 'first'))
  await two.approvals.report(request.id, { executor: runner, result: 'failed' })
  expect(two.read.slice(1)).toEqual([['redeemed']])
})

test('a request that the same process changed after it was read is read again, not refused', async () => {
  const here = await world()
  const request = await approved(here)
  const claim = await claims(here, request, 'first')
  await here.approvals.redeem(request.id, claim)
  expect((await here.approvals.cancel(request.id, bot).catch(() => null)) ?? null).toBeNull()
  // The grant is asked for with the request as it was before the redemption.
  expect((await here.approvals.grant(request, runner)).grant).toBeNull()
})

test('simultaneous votes and revocations are counted once, and none is refused as busy', async () => {
  const here = await world()
  const { request } = await here.approvals.ask(asks({ executor: runner }))
  const given = await Promise.all([1, 2, 3].map(() => here.approvals.decide(request.id, votes(request))))
  expect(given.map(({ status }) => status)).toEqual(['approved', 'approved', 'approved'])
  const taken = await Promise.all([1, 2, 3].map(() => here.approvals.revoke(request.id, dba, { reason: 'No.' })))
  expect(taken.map(({ status }) => status)).toEqual(['revoked', 'revoked', 'revoked'])
})

test('an erased request agrees with its events, in any process', async () => {
  const here = await world()
  const { request } = await here.approvals.ask(asks())
  await here.approvals.cancel(request.id, bot)
  const row = await here.ledger.find(request.id)
  if (!row) throw new Error('The request is gone.')
  here.ledger.forge(request.id, { ...row, action: null, said: [] })
  const reader = { kind: 'agent', id: bot } as const
  expect((await here.approvals.read(request.id, reader)).action).toBeNull()
  expect((await here.another().approvals.read(request.id, reader)).action).toBeNull()
})

test('an open request whose texts are missing is refused, because only closed ones are erased', async () => {
  const here = await world()
  const { request } = await here.approvals.ask(asks())
  const reader = { kind: 'agent', id: bot } as const
  for (const less of [{ action: null }, { said: [] }]) {
    here.ledger.forge(request.id, { ...request, ...less })
    expect(await codeOf(here.another().approvals.read(request.id, reader))).toBe('evidence-broken')
  }
})

test('a request whose row names other doors, or is private no longer, is refused', async () => {
  const here = await world(() => needs([slot('dba')], { via: ['teams'], private: true }))
  const { request } = await here.approvals.ask(asks())
  const reader = { kind: 'agent', id: bot } as const
  const { via: _via, private: _private, ...rest } = request.requirement as Requirement
  for (const requirement of [
    { ...rest, private: true as const },
    { ...rest, via: ['teams'] },
    { ...rest, via: ['api', 'teams'], private: true as const },
  ]) {
    here.ledger.forge(request.id, { ...request, requirement })
    expect(await codeOf(here.another().approvals.read(request.id, reader))).toBe('evidence-broken')
    expect(await codeOf(here.another().approvals.decide(request.id, votes(request)))).toBe('evidence-broken')
  }
})

test('a request that policy allowed by itself agrees with its events', async () => {
  const here = await world(() => ({ outcome: 'allow', rules: ['r'], lapse: 60, grant: 60 }))
  const { request } = await here.approvals.ask(asks({ executor: runner }))
  const other = here.another()
  const claim = await claims(other, request, 'first')
  expect((await here.another().approvals.redeem(request.id, claim)).request.status).toBe('redeemed')
})

test('a request is compared with its events once while no newer event is known', async () => {
  const here = await world()
  const { request } = await here.approvals.ask(asks())
  const looked: PropertyKey[] = []
  const row = new Proxy(request, {
    get(target, name) {
      looked.push(name)
      return Reflect.get(target, name) as unknown
    },
  })
  const recollection = new Recollection(here.ledger)
  await recollection.check(row)
  expect(looked).toContain('requirement')
  looked.length = 0
  await recollection.check(row)
  expect(looked).not.toContain('requirement')
  await here.approvals.decide(request.id, votes(request))
  const newer = await here.ledger.find(request.id)
  await recollection.check(newer ?? request)
  await expect(recollection.check(row)).rejects.toBeInstanceOf(Conflict)
})

test('a limited number of requests is remembered, and the least recently used one goes first', async () => {
  const here = await world()
  const read: string[] = []
  const events: Ledger['events'] = (request) => {
    read.push(request.id)
    return here.ledger.events(request)
  }
  const recollection = new Recollection({ events, find: (id) => here.ledger.find(id) }, 2)
  const asked = async () => (await here.approvals.ask(asks())).request
  const [a, b, c] = [await asked(), await asked(), await asked()]
  for (const request of [a, b, a, c, a, b]) await recollection.check(request)
  expect(read).toEqual([a, b, c, b].map(({ id }) => id))
})

test('what is remembered stays when a row names a repair that no event records', async () => {
  const here = await world()
  const request = await approved(here)
  const claim = await claims(here, request, 'first')
  await here.approvals.redeem(request.id, claim)
  const events = [...request.events.slice(0, 1), { seq: 9, type: 'tampered', hash: sha256('x') }] as const
  here.ledger.forge(request.id, { ...request, events })
  const reader = { kind: 'agent', id: bot } as const
  expect(await codeOf(here.approvals.read(request.id, reader))).toBe('evidence-broken')
  // The row of before the redemption names true events alone.
  here.ledger.forge(request.id, request)
  expect(await codeOf(here.approvals.read(request.id, reader))).toBe('evidence-broken')
})

test('a slow check of an older row does not make a process forget what a faster one saw', async () => {
  const here = await world()
  const { request: older } = await here.approvals.ask(asks())
  const newer = await here.approvals.decide(older.id, votes(older))
  let go = (): void => {}
  const opened = new Promise<void>((done) => {
    go = done
  })
  const events: Ledger['events'] = async (request) => {
    if (request.events.length === older.events.length) await opened
    return here.ledger.events(request)
  }
  const recollection = new Recollection({ events, find: (id) => here.ledger.find(id) })
  const slow = recollection.check(older)
  await recollection.check(newer)
  go()
  await expect(slow).rejects.toBeInstanceOf(Conflict)
  // The older row is put back: this process has seen more.
  here.ledger.forge(older.id, older)
  expect(await codeOf(recollection.check(older))).toBe('evidence-broken')
})

test('a commit that a faster read has told of does not make a process forget it', async () => {
  const here = await world()
  const { request: older } = await here.approvals.ask(asks())
  const newer = await here.approvals.decide(older.id, votes(older))
  const leaves = await here.ledger.events({ ...newer, events: newer.events.slice(older.events.length) })
  const recollection = new Recollection(here.ledger)
  await recollection.check(older)
  // The commit is done, and a reader comes before the one that made it hears of that.
  await recollection.check(newer)
  recollection.keep(newer, leaves)
  here.ledger.forge(older.id, older)
  expect(await codeOf(recollection.check(older))).toBe('evidence-broken')
})
