import type { Action, StandingScope } from '../../src/core/action/action.ts'
import { bounds } from '../../src/core/data/bound.ts'
import { digestOf, type RequestId } from '../../src/core/data/id.ts'
import type { Judgement } from '../../src/core/request/submission.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { action, after, bot, dba, dba2, needs, owner, runner, scope, slot } from '../support/build.ts'
import {
  agent,
  asks,
  claims,
  codeOf,
  count,
  history,
  type Instance,
  outcomeOf,
  roster,
  votes,
  type World,
  world,
} from '../support/world.ts'
import { deliveryWorld } from '../support/deliveryWorld.ts'
import { MemoryOutbox } from '../support/fakes/outbox.ts'
import { FakeTime } from '../support/fakes/time.ts'
import { fakePolicy } from '../support/fakes.ts'

const session = { for: 14_400, uses: 50, vary: ['rows', 'tables', 'target'] }
const judge = (asked: Action): Judgement => {
  if (asked.action === 'db.drop') return { outcome: 'forbid', rules: ['never'] }
  if (asked.action === 'db.read') return { outcome: 'allow', rules: ['free'], lapse: 600, grant: 300 }
  return asked.params['rows'] === 13 ? needs([slot('dba', 2)]) : needs([slot('dba')], { session })
}
const here = () => world(judge)

const standingAsk = (other: Partial<StandingScope> = {}) =>
  asks({ action: { ...action, standing: { ...scope, ...other } } })
const like = (other: object = {}): Action => ({ ...action, params: { ...action.params, ...other } })

async function standing(place: Instance, other: Partial<StandingScope> = {}): Promise<ApprovalRequest> {
  const { request } = await place.approvals.ask(standingAsk(other))
  return place.approvals.decide(request.id, votes(request))
}

const use = (place: Pick<Instance, 'approvals'>, under: RequestId, other: Parameters<typeof asks>[0] = {}) =>
  place.approvals.ask(asks({ action: like({ rows: 5 }), under, ...other }))

test('a use is granted at once, redeemed once and reported, as a request of its own', async () => {
  const place = await here()
  const approval = await standing(place)
  const { request, created, standing: known } = await use(place, approval.id)
  expect({ created, status: request.status, use: request.use }).toEqual({ created: true, status: 'approved', use: 1 })
  expect(known?.standing).toMatchObject({ used: 1 })
  await place.approvals.redeem(request.id, await claims(place, request, 'first'))
  await place.approvals.report(request.id, { executor: bot, result: 'succeeded' })
  expect(await history(place, request.id)).toEqual(['requested', 'approved', 'redeemed', 'succeeded'])
  expect(await history(place, approval.id)).toEqual(['requested', 'decided', 'approved', 'used'])
  expect(place.ledger.posts.has(request.id)).toBe(false)
})

test('a use that is withdrawn gets no card, which its standing approval has', async () => {
  const place = await here()
  const approval = await standing(place)
  const { request } = await use(place, approval.id)
  await place.approvals.cancel(request.id, bot)
  expect(place.ledger.posts.has(request.id)).toBe(true)
  const clock = new FakeTime(place.clock.now())
  const { delivery, teams, failures } = deliveryWorld({
    ...{ clock, ledger: place.ledger, outbox: new MemoryOutbox(place.ledger) },
  })
  for (const id of [request.id, approval.id]) await delivery.deliver(id)
  expect({ cards: teams.cards().length, failures }).toEqual({ cards: 1, failures: [] })
  expect(place.ledger.posts.size).toBe(0)
})

test('the grant of a use names who approved the standing approval, which itself is granted nothing', async () => {
  const place = await here()
  const approval = await standing(place)
  const { request } = await use(place, approval.id)
  const { grant } = await place.approvals.grant(request, bot)
  const body = JSON.parse(Buffer.from(grant?.token.split('.')[1] ?? '', 'base64url').toString()) as object
  expect(body).toMatchObject({ approvers: [dba], standing: approval.id, jti: request.id })
  expect((await place.approvals.grant(approval, bot)).grant).toBeNull()
})

test('a use takes no slot, asks no directory, and no person', async () => {
  const place = await here()
  const approval = await standing(place, { uses: 8 })
  place.directory.down = true
  for (let i = 0; i < 7; i++) expect((await use(place, approval.id)).request.status).toBe('approved')
})

test.each<readonly [string, Parameters<typeof asks>[0], string, string | undefined]>([
  ['another executor', { executor: runner }, 'not-covered', '/executor'],
  ['somebody else', { onBehalfOf: dba2 }, 'not-covered', '/onBehalfOf'],
  ['more rows', { action: like({ rows: 200_001 }) }, 'not-covered', '/params/rows'],
  ['all rows', { action: like({ rows: -1 }) }, 'not-covered', '/params/rows'],
  ['a foreign table', { action: like({ tables: ['salaries'] }) }, 'not-covered', '/params/tables'],
  ['a param more', { action: like({ force: true }) }, 'not-covered', '/params/force'],
  ['a way out of the target', { action: { ...like(), target: 'prod/postgres/../mysql' } }, 'not-covered', '/target'],
  ['an empty part', { action: { ...like(), target: 'prod/postgres//mysql' } }, 'not-covered', '/target'],
  ['a sibling', { action: { ...like(), target: 'prod/postgresql/x' } }, 'not-covered', '/target'],
  ['an action that needs two people', { action: like({ rows: 13 }) }, 'not-covered', undefined],
])('a use for %s is not covered, nobody is asked, and no use is counted', async (_whom, other, code, pointer) => {
  const place = await here()
  const approval = await standing(place)
  const problem = await use(place, approval.id, other).catch((cause: unknown) => cause)
  expect(problem).toMatchObject({ code, details: pointer === undefined ? {} : { pointer } })
  expect((await place.ledger.find(approval.id))?.standing).toEqual({ uses: 3, used: 0 })
  expect(await place.ledger.pending(9)).toEqual([])
})

test('what policy allows or forbids uses nothing, whatever stands', async () => {
  const place = await here()
  const approval = await standing(place)
  const allowed = await use(place, approval.id, { action: { ...like(), action: 'db.read' } })
  expect(allowed.request).toMatchObject({ status: 'approved', policy: { outcome: 'allow' } })
  expect(allowed.request).not.toHaveProperty('under')
  const forbidden = await use(place, approval.id, { action: { ...like(), action: 'db.drop' } })
  expect(forbidden.request).toMatchObject({ status: 'denied', policy: { outcome: 'forbid' } })
  expect((await place.ledger.find(approval.id))?.standing).toEqual({ uses: 3, used: 0 })
})

test('another agent’s standing approval is not there, and neither is one that nobody asked for', async () => {
  const place = await here()
  const approval = await standing(place)
  expect(await codeOf(use(place, approval.id, { agent: agent(runner) }))).toBe('not-found')
  const digit = approval.id[25] === '0' ? '1' : '0'
  const gone = `${approval.id.slice(0, 25)}${digit}${approval.id.slice(26)}` as RequestId
  expect(await codeOf(use(place, gone))).toBe('not-found')
})

test('an approval of one action is no standing approval', async () => {
  const place = await here()
  const { request } = await place.approvals.ask(asks())
  const approved = await place.approvals.decide(request.id, votes(request))
  expect(await codeOf(use(place, approved.id))).toBe('standing-over')
})

test('a change of policy ends a standing approval in effect', async () => {
  const place = await here()
  const approval = await standing(place)
  const later = place.another({ policy: fakePolicy(roster({ judge, version: digestOf('another') })) })
  expect(await codeOf(use(later, approval.id))).toBe('not-covered')
  expect((await use(place, approval.id)).request.status).toBe('approved')
})

test('a use whose approver became the agent’s owner under the same version is not covered', async () => {
  const place = await here()
  const approval = await standing(place)
  expect(
    await codeOf(use(place, approval.id, { agent: agent(bot, { owners: [owner, dba], executors: [runner] }) })),
  ).toBe('not-covered')
})

test('after the last use it is over, and the same ask again still has its answer', async () => {
  const place = await here()
  const approval = await standing(place, { uses: 1 })
  const first = await use(place, approval.id, { key: 'k' })
  expect(await history(place, approval.id)).toEqual(['requested', 'decided', 'approved', 'used', 'ended'])
  const again = await use(place, approval.id, { key: 'k' })
  expect([again.created, again.request.id]).toEqual([false, first.request.id])
  expect(await codeOf(use(place, approval.id, { key: 'another' }))).toBe('standing-over')
  expect(await codeOf(use(place, approval.id, { key: 'k', body: 'other' }))).toBe('idempotency-mismatch')
  await place.approvals.redeem(first.request.id, await claims(place, first.request, 'r'))
})

test('a revocation takes back at once, also what was granted and not redeemed', async () => {
  const place = await here()
  const approval = await standing(place)
  const { request } = await use(place, approval.id)
  const claim = await claims(place, request, 'late')
  await place.approvals.revoke(approval.id, dba2)
  expect(await codeOf(place.approvals.redeem(request.id, claim))).toBe('not-redeemable')
  expect((await place.approvals.grant(request, bot)).grant).toBeNull()
  expect(await codeOf(use(place, approval.id))).toBe('standing-over')
  expect(await history(place, request.id)).toEqual(['requested', 'approved'])
})

test('a use that policy forbids by now is not redeemed, and is revoked', async () => {
  const place = await here()
  const approval = await standing(place)
  const { request } = await use(place, approval.id)
  const claim = await claims(place, request, 'late')
  const forbids = () => ({ outcome: 'forbid', rules: ['never'] }) as const
  const later = place.another({ policy: fakePolicy(roster({ judge: forbids, version: digestOf('another') })) })
  expect(await codeOf(later.approvals.redeem(request.id, claim))).toBe('forbidden-by-policy')
  expect((await place.ledger.find(request.id))?.status).toBe('revoked')
})

test('a use can be revoked alone, by those who could have denied it', async () => {
  const place = await here()
  const approval = await standing(place)
  const { request } = await use(place, approval.id)
  await place.approvals.revoke(request.id, dba)
  expect((await use(place, approval.id)).request.use).toBe(2)
})

test('the agent gives a standing approval back', async () => {
  const place = await here()
  const approval = await standing(place)
  await place.approvals.cancel(approval.id, bot)
  expect(await codeOf(use(place, approval.id))).toBe('standing-over')
})

test('a use lapses after five minutes, and the standing approval ends by itself', async () => {
  const place = await here()
  const approval = await standing(place)
  const { request } = await use(place, approval.id)
  const claim = await claims(place, request, 'late')
  place.clock.set(after(301))
  expect(await outcomeOf(place.approvals.redeem(request.id, claim))).not.toBe('ok')
  expect((await place.ledger.find(request.id))?.status).toBe('lapsed')
  place.clock.set(after(3600))
  expect(await codeOf(use(place, approval.id))).toBe('standing-over')
  await place.approvals.sweep()
  expect(await history(place, approval.id)).toEqual(['requested', 'decided', 'approved', 'used', 'ended'])
})

test('an action that was denied a moment ago is not covered', async () => {
  const place = await here()
  const approval = await standing(place)
  const asked = await place.approvals.ask(asks({ action: like({ rows: 5 }) }))
  await place.approvals.decide(asked.request.id, votes(asked.request, dba2, { verdict: 'deny' }))
  expect(await codeOf(use(place, approval.id))).toBe('not-covered')
  place.clock.set(after(bounds.coolDown))
  expect((await use(place, approval.id)).request.status).toBe('approved')
})

test.each<readonly [string, Partial<StandingScope>, string]>([
  ['more uses than policy gives', { uses: 51 }, '/standing/uses'],
  ['longer than policy gives', { for: 14_401 }, '/standing/for'],
  [
    'what policy does not let vary',
    { vary: { params: { destination: ['s3://finance-exports'] } } },
    '/standing/vary/params/destination',
  ],
  ['a scope without the sample', { vary: { params: { rows: 5 } } }, '/standing/vary/params/rows'],
  ['more than stands on a page', { vary: { params: { tables: ['accounts', 'x'.repeat(600)] } } }, '/standing/vary'],
])('a standing approval for %s is not asked for', async (_what, other, pointer) => {
  const place = await here()
  const problem = await place.approvals.ask(standingAsk(other)).catch((cause: unknown) => cause)
  expect(problem).toMatchObject({ code: 'invalid-input', details: { pointer } })
})

test('a standing approval needs rules that say so, and people to give it', async () => {
  const place = await here()
  const asked = (other: Partial<Action>) =>
    codeOf(place.approvals.ask(asks({ action: { ...like(), ...other, standing: { ...scope, vary: {} } } })))
  expect(await asked({ params: { ...action.params, rows: 13 } })).toBe('invalid-input')
  expect(await asked({ action: 'db.read' })).toBe('invalid-input')
  const denied = await place.approvals.ask(
    asks({ action: { ...like(), action: 'db.drop', standing: { ...scope, vary: {} } } }),
  )
  expect(denied.request.status).toBe('denied')
  const approval = await standing(place)
  expect(await codeOf(place.approvals.ask({ ...standingAsk(), under: approval.id }))).toBe('invalid-input')
})

test('an agent has five standing approvals at most, and those that are over make room', async () => {
  const place = await here()
  const made: ApprovalRequest[] = []
  for (let uses = 1; uses <= bounds.standing.open; uses++) made.push(await standing(place, { uses }))
  expect(await codeOf(place.approvals.ask(standingAsk({ uses: 40 })))).toBe('too-many')
  await use(place, made[0]?.id as RequestId)
  expect((await place.approvals.ask(standingAsk({ uses: 40 }))).created).toBe(true)
})

test('48 uses of 20 from two processes give 20, each with a number of its own', async () => {
  const place = await here()
  const approval = await standing(place, { uses: 20 })
  const places = [place.another(), place.another()] as const
  const outcomes = await Promise.all(
    Array.from({ length: 48 }, (_, i) =>
      use(places[i % 2 === 0 ? 0 : 1], approval.id, { action: like({ rows: 100 + i }) }).then(
        ({ request }) => request.use,
        (cause: { readonly code?: string }) => cause.code,
      ),
    ),
  )
  const numbers = outcomes.filter((one) => typeof one === 'number').sort((a, b) => a - b)
  expect(numbers).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
  expect(count(outcomes.map(String), 'standing-over')).toBe(28)
  expect((await place.ledger.find(approval.id))?.status).toBe('ended')
})

test('whatever races a revocation, no use is granted or redeemed after it', async () => {
  for (let round = 0; round < 12; round++) {
    const place: World = await here()
    const approval = await standing(place, { uses: 20 })
    const granted = await Promise.all([1, 2, 3].map((rows) => use(place, approval.id, { action: like({ rows }) })))
    const ready = await Promise.all(
      granted.map(async ({ request }, i) => ({ request, claim: await claims(place, request, `r${i}`) })),
    )
    const [one, other] = [place.another(), place.another()]
    const works: (() => Promise<unknown>)[] = [
      ...ready.map(
        ({ request, claim }, i) =>
          () =>
            (i % 2 === 0 ? one : other).approvals.redeem(request.id, claim),
      ),
      ...[4, 5, 6, 7].map((rows) => () => use(rows % 2 === 0 ? one : other, approval.id, { action: like({ rows }) })),
    ]
    works.splice(round % works.length, 0, () => other.approvals.revoke(approval.id, dba))
    await Promise.all(works.map((work) => outcomeOf(work())))
    const all = await place.ledger.list({ by: 'agent', id: bot }, { keep: () => true, limit: 50 })
    const events = all.requests.flatMap((request) =>
      request.events.map((event) => ({ ...event, under: request.under })),
    )
    const revoked = events.find(({ type }) => type === 'revoked')?.seq ?? 0
    const late = events.filter(
      ({ type, seq, under }) => under && seq > revoked && ['approved', 'redeemed'].includes(type),
    )
    expect(revoked).toBeGreaterThan(0)
    expect(late).toEqual([])
  }
})

test('standing approvals that can be used are a list of their own', async () => {
  const place = await here()
  const [one, other] = [await standing(place), await standing(place, { uses: 1 })]
  await use(place, other.id)
  await place.approvals.ask(standingAsk({ uses: 2 }))
  const reader = { kind: 'agent', id: bot } as const
  const { requests } = await place.approvals.list({ by: 'standing' }, { keep: () => true, limit: 9 }, reader)
  expect(requests.map(({ id }) => id)).toEqual([one.id])
})
