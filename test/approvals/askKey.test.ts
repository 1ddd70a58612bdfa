import fc from 'fast-check'
import type { Action } from '../../src/core/action/action.ts'
import { type RequestId, shards } from '../../src/core/data/id.ts'
import { Problem } from '../../src/core/data/problem.ts'
import type { Judgement } from '../../src/core/request/submission.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import type { Ledger } from '../../src/ports/ledger.ts'
import { sample } from '../support/chance.ts'
import { someOf } from '../support/whole.ts'
import { action, bot, dba, needs, scope, slot } from '../support/build.ts'
import { apart, asks, codeOf, outcomeOf, votes, type World, world } from '../support/world.ts'

const session = { for: 14_400, uses: 50, vary: ['rows', 'tables', 'target'] }
const judge = (asked: Action): Judgement =>
  asked.action === 'db.read'
    ? { outcome: 'allow', rules: ['free'], lapse: 600, grant: 300 }
    : needs([slot('dba')], { session })

interface Place extends World {
  readonly one: RequestId
  readonly other: RequestId
}

/** A world with two standing approvals. */
async function place(): Promise<Place> {
  const here = await world(judge)
  const standing = async (uses: number): Promise<RequestId> => {
    const { request } = await here.approvals.ask(asks({ action: { ...action, standing: { ...scope, uses } } }))
    return (await here.approvals.decide(request.id, votes(request))).id
  }
  return { ...here, one: await standing(3), other: await standing(4) }
}

type Way = 'alone' | 'one' | 'other'
const ways: readonly Way[] = ['alone', 'one', 'other']
const pairs = ways.flatMap((first) => ways.map((then) => [first, then] as const))

/** The call that a host makes: always the same, but for the standing approval. */
const call = (here: Place, way: Way, more: Parameters<typeof asks>[0] = {}) =>
  asks({ key: 'call-1', action: { ...action, params: { ...action.params, rows: 5 } }, ...under(here, way), ...more })

const under = (here: Place, way: Way) => (way === 'alone' ? {} : { under: here[way] })

/** What the call made that was not there before. */
async function made(here: Place): Promise<readonly ApprovalRequest[]> {
  const { requests } = await here.ledger.list(
    { by: 'agent', id: bot },
    { keep: ({ standing }) => !standing, limit: 50 },
  )
  return requests
}

test.each(pairs)('one key makes one request: first %s, then %s', async (first, then) => {
  const here = await place()
  const one = await here.approvals.ask(call(here, first))
  const again = await here.another().approvals.ask(call(here, then))
  expect([one.created, again.created]).toEqual([true, false])
  expect(again.request.id).toBe(one.request.id)
  expect(again.request.status).toBe(first === 'alone' ? 'pending' : 'approved')
})

test('a call that was asked for alone while people thought stays that one, once they have approved', async () => {
  const here = await world(judge)
  const { request } = await here.approvals.ask(asks({ action: { ...action, standing: scope } }))
  const host = { ...here, one: request.id, other: request.id }
  expect(await codeOf(here.approvals.ask(call(host, 'one')))).toBe('standing-over')
  const alone = await here.approvals.ask(call(host, 'alone'))
  await here.approvals.decide(request.id, votes(request))
  const again = await here.another().approvals.ask(call(host, 'one'))
  expect([again.created, again.request.id, again.request.status]).toEqual([false, alone.request.id, 'pending'])
  expect((await here.ledger.find(request.id))?.standing).toMatchObject({ used: 0 })
})

test.each(pairs)('another body is a mismatch: first %s, then %s', async (first, then) => {
  const here = await place()
  await here.approvals.ask(call(here, first))
  expect(await codeOf(here.approvals.ask(call(here, then, { body: 'other' })))).toBe('idempotency-mismatch')
  expect(await made(here)).toHaveLength(1)
})

test('what policy allows is asked for once, whatever standing approval comes with it', async () => {
  const here = await place()
  const read = { action: { ...action, action: 'db.read' } }
  const answers = [
    await here.approvals.ask(call(here, 'one', read)),
    await here.approvals.ask(call(here, 'alone', read)),
    await here.another().approvals.ask(call(here, 'other', read)),
  ]
  expect(new Set(answers.map(({ request }) => request.id)).size).toBe(1)
})

test('who is refused leaves no row behind, and costs the next ask nothing', async () => {
  const here = await place()
  const claimKey = jest.spyOn(here.ledger, 'claimKey')
  const outside = { action: { ...action, params: { ...action.params, rows: 10 ** 9 } } }
  expect(await codeOf(here.approvals.ask(call(here, 'one', outside)))).toBe('not-covered')
  const digit = here.one[25] === '0' ? '1' : '0'
  const gone = `${here.one.slice(0, 25)}${digit}${here.one.slice(26)}` as RequestId
  expect(await codeOf(here.approvals.ask({ ...call(here, 'alone'), under: gone }))).toBe('not-found')
  await here.approvals.revoke(here.other, dba)
  expect(await codeOf(here.approvals.ask(call(here, 'other')))).toBe('standing-over')
  expect(claimKey).not.toHaveBeenCalled()
})

test('a use reads its standing approval once, and writes two rows apart: the claim, and the commit', async () => {
  const here = await place()
  await here.approvals.ask(call(here, 'one', { key: 'first' }))
  const [find, findKey, load, claim, commit] = (['find', 'findKey', 'load', 'claimKey', 'commit'] as const).map(
    (name) => jest.spyOn(here.ledger, name),
  )
  await here.approvals.ask(call(here, 'one', { key: 'second' }))
  const calls = [find, findKey, load, claim, commit].map((spy) => spy?.mock.calls.length)
  expect(calls).toEqual([0, 0, 1, 1, 1])
})

/** Ends a process at a write: before it, or after it. */
function endingAt(ledger: Ledger, number: number, when: 'before' | 'after'): Ledger {
  let writes = 0
  const counted =
    <A extends unknown[], R>(write: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const isLast = writes++ === number
      if (writes > number + 1 || (isLast && when === 'before')) throw new Problem('unavailable', 'The process ended.')
      const answer = await write(...args)
      if (isLast) throw new Problem('unavailable', 'The process ended.')
      return answer
    }
  return {
    ...ledger,
    commit: counted((...args) => ledger.commit(...args)),
    claimKey: counted((...args) => ledger.claimKey(...args)),
  }
}

const histories = ways.flatMap((one) => pairs.map((pair) => [one, ...pair] as const))

const crashes = [0, 1, 2, 3].flatMap((at) => (['before', 'after'] as const).map((when) => [at, when] as const))

test.each(crashes)('a crash at write %p, %s it, leaves one request at most, and a way on', async (at, when) => {
  for (const [setting, first, then] of someOf(histories, ([setting, first]) => `${setting} ${first}`)) {
    const here = await place()
    // A claim that nobody took, of a process that ended, is there in some of the histories.
    await outcomeOf(crashing(here, 1, 'before').approvals.ask(call(here, setting)))
    await outcomeOf(crashing(here, at, when).approvals.ask(call(here, first)))
    await outcomeOf(here.another().approvals.ask(call(here, then)))
    await here.another().approvals.ask(call(here, 'alone'))
    await outcomeOf(here.another().approvals.ask(call(here, first)))
    expect([setting, first, then, (await made(here)).length]).toEqual([setting, first, then, 1])
  }
})

const crashing = (here: Place, at: number, when: 'before' | 'after') =>
  here.another({ ledger: endingAt(apart(here.ledger), at, when) })

test('an ask that comes between the claim of a use and its commit closes the key: the use is refused', async () => {
  const here = await place()
  const ledger = apart(here.ledger)
  const claimKey: Ledger['claimKey'] = async (...args) => {
    const found = await ledger.claimKey(...args)
    await here.another().approvals.ask(call(here, 'alone'))
    return found
  }
  const late = await here.another({ ledger: { ...ledger, claimKey } }).approvals.ask(call(here, 'one'))
  expect([late.created, late.request.status]).toEqual([false, 'pending'])
  expect(await made(here)).toHaveLength(1)
  expect((await here.ledger.find(here.one))?.standing).toMatchObject({ used: 0 })
})

test('an ask that finds a use answers with it, also if the use was committed after the claim was read', async () => {
  const here = await place()
  await outcomeOf(crashing(here, 1, 'before').approvals.ask(call(here, 'one')))
  const ledger = apart(here.ledger)
  const claimKey: Ledger['claimKey'] = async (...args) => {
    await here.another().approvals.ask(call(here, 'one'))
    return ledger.claimKey(...args)
  }
  const alone = await here.another({ ledger: { ...ledger, claimKey } }).approvals.ask(call(here, 'alone'))
  expect([alone.created, alone.request.use]).toEqual([false, 1])
})

/** Lets one call of the ledger at a time go on, in the order that the numbers say. */
function scheduled(order: readonly number[]) {
  const waiting: (() => void)[] = []
  let step = 0
  let isBusy = false
  const goOn = (): void => {
    if (isBusy) return
    const next = waiting.splice((order[step++ % order.length] ?? 0) % Math.max(1, waiting.length), 1)[0]
    if (next) {
      isBusy = true
      next()
    }
  }
  return async <R>(work: () => Promise<R>): Promise<R> => {
    await new Promise<void>((done) => {
      waiting.push(done)
      setImmediate(goOn)
    })
    try {
      return await work()
    } finally {
      isBusy = false
      setImmediate(goOn)
    }
  }
}

test('asks that race make one request, in whatever order their calls of the ledger come', async () => {
  const way = fc.constantFrom(...ways)
  const race = fc.record({
    racers: fc.array(way, { minLength: 2, maxLength: 4 }),
    order: fc.array(fc.nat(3), { minLength: 1, maxLength: 30 }),
  })
  await fc.assert(
    fc.asyncProperty(race, async ({ racers, order }) => {
      const here = await place()
      const turn = scheduled(order)
      const asked = racers.map(async (racer) => {
        const ledger = apart(here.ledger)
        const slow: Ledger = {
          ...ledger,
          load: (...args) => turn(() => here.ledger.load(...args)),
          commit: (...args) => turn(() => here.ledger.commit(...args)),
          find: (...args) => turn(() => here.ledger.find(...args)),
          findKey: (...args) => turn(() => here.ledger.findKey(...args)),
          claimKey: (...args) => turn(() => here.ledger.claimKey(...args)),
        }
        const approvals = here.another({ ledger: slow, backOff: () => Promise.resolve() }).approvals
        return outcomeOf(approvals.ask(call(here, racer)))
      })
      await Promise.all(asked)
      await here.another().approvals.ask(call(here, 'alone'))
      expect(await made(here)).toHaveLength(1)
    }),
    sample(40),
  )
})

test('keys of other agents and other calls are not taken', async () => {
  const here = await place()
  await here.approvals.ask(call(here, 'one'))
  const next = await here.approvals.ask(call(here, 'alone', { key: 'call-2', action: { ...action, target: 'prod/x' } }))
  expect(next.created).toBe(true)
  expect(shards).toContain(next.request.id.slice(27))
})
