import { type Action, actionDigest } from '../../src/core/action/action.ts'
import type { Edits } from '../../src/core/action/edits.ts'
import { type ApprovalRequest, contentOf } from '../../src/core/request/request.ts'
import type { Judgement } from '../../src/core/request/submission.ts'
import { action, after, bot, dba, dba2, needs, owner, runner, scope, security, slot } from '../support/build.ts'
import {
  agent,
  asks,
  claims,
  codeOf,
  history,
  type Instance,
  stranger,
  uuidOf,
  votes,
  world,
} from '../support/world.ts'

const narrow = ['rows', 'tables']
const session = { for: 14_400, uses: 50, vary: ['rows'] }

/** Thirteen rows are another rule's, ten and fewer are nobody's business, and none at all is forbidden. */
const judge = (asked: Action): Judgement => {
  const { rows } = asked.params
  if (rows === 13) return needs([slot('security')], { narrow })
  if (rows === 0) return { outcome: 'forbid', rules: ['never'] }
  if (typeof rows === 'number' && rows > 0 && rows <= 10)
    return { outcome: 'allow', rules: ['free'], lapse: 600, grant: 300 }
  return needs([slot('dba', 2)], { narrow, session })
}

const goesAlong = agent(bot, { executors: [runner], narrowing: true })
const here = () => world(judge, { agents: [goesAlong, agent(runner)] })

const large: Action = { ...action, params: { rows: 120_000, tables: ['accounts', 'orders'] } }
const ask = (place: Instance, other: Parameters<typeof asks>[0] = {}) =>
  place.approvals.ask(asks({ agent: goesAlong, action: large, ...other }))

const seenOf = (request: ApprovalRequest) => ({
  ...{ via: 'api', digest: request.digest },
  ...(contentOf(request) !== null && { content: contentOf(request) ?? undefined }),
})

const narrowing = (request: ApprovalRequest, edits: Edits = { params: { rows: 1000 } }, approver = dba) => ({
  ...{ approver, edits, seen: { via: 'api', digest: request.digest, content: contentOf(request) as never } },
})

const approvedByBoth = async (place: Instance, request: ApprovalRequest): Promise<ApprovalRequest> => {
  await place.approvals.decide(request.id, votes(request, dba, { seen: seenOf(request) as never }))
  return place.approvals.decide(request.id, votes(request, dba2, { seen: seenOf(request) as never }))
}

test('what is left is decided anew, granted and redeemed, and what was asked for is not', async () => {
  const place = await here()
  const { request } = await ask(place)
  await place.approvals.decide(request.id, votes(request, dba2))
  const left = await place.approvals.narrow(request.id, narrowing(request))
  expect(left).toMatchObject({ status: 'pending', action: { params: { rows: 1000 } }, askedDigest: request.digest })
  const approved = await approvedByBoth(place, left)
  const claim = await claims(place, approved, 'first')
  expect(await codeOf(place.approvals.redeem(request.id, { ...claim, digest: request.digest }))).toBe('digest-mismatch')
  expect((await place.approvals.redeem(request.id, claim)).request.status).toBe('redeemed')
  expect(await history(place, request.id)).toEqual([
    ...['requested', 'decided', 'narrowed', 'decided', 'decided', 'approved', 'refused', 'redeemed'],
  ])
})

test('another process reads, checks and goes on with what is left', async () => {
  const place = await here()
  const { request } = await ask(place)
  const left = await place.approvals.narrow(request.id, narrowing(request))
  const other = place.another()
  const twice = await other.approvals.narrow(
    request.id,
    narrowing(left, { params: { rows: 500, tables: ['orders'] } }, dba2),
  )
  expect(twice).toMatchObject({ action: { params: { rows: 500, tables: ['orders'] } }, askedAction: large })
  expect((await approvedByBoth(place, twice)).status).toBe('approved')
})

test('the same ask again is the same request, and its action stays asked for', async () => {
  const place = await here()
  const { request } = await ask(place, { key: 'one' })
  await place.approvals.narrow(request.id, narrowing(request))
  expect(await ask(place, { key: 'one' })).toMatchObject({ created: false, request: { id: request.id } })
  expect(await codeOf(ask(place))).toBe('already-pending')
})

test('a narrowing whose answer was lost is sent again, and recorded once', async () => {
  const place = await here()
  const { request } = await ask(place)
  const left = await place.approvals.narrow(request.id, narrowing(request))
  expect(await place.approvals.narrow(request.id, narrowing(request))).toEqual(left)
  expect(await history(place, request.id)).toEqual(['requested', 'narrowed'])
})

test.each<[string, Edits, string]>([
  ['more', { params: { rows: 120_001 } }, 'not-narrower'],
  ['-1', { params: { rows: -1 } }, 'not-narrower'],
  ['an empty list', { params: { tables: [] } }, 'not-narrower'],
  ['a param that policy does not name', { params: { destination: 'x' } }, 'not-narrower'],
  ['an action of another rule', { params: { rows: 13 } }, 'not-narrower'],
  ['an action that needs nobody', { params: { rows: 10 } }, 'not-narrower'],
  ['an action that is forbidden', { params: { rows: 0 } }, 'not-narrower'],
  ['uses of an action', { standing: { uses: 1 } }, 'not-narrower'],
])('nothing is made of %s', async (_what, edits, expected) => {
  const place = await here()
  const { request } = await ask(place)
  expect(await codeOf(place.approvals.narrow(request.id, narrowing(request, edits)))).toBe(expected)
  expect(await history(place, request.id)).toEqual(['requested'])
})

test.each([
  ['the owner', owner, 'self-approval', ['refused']],
  ['somebody in no group', stranger, 'not-found', []],
  ['another group', security, 'not-found', []],
])('%s makes nothing smaller', async (_who, approver, expected, recorded) => {
  const place = await here()
  const { request } = await ask(place)
  expect(await codeOf(place.approvals.narrow(request.id, narrowing(request, undefined, approver)))).toBe(expected)
  expect(await history(place, request.id)).toEqual(['requested', ...recorded])
})

test('an agent that does not go along gets what it asked for, or nothing', async () => {
  const place = await world(judge)
  const { request } = await place.approvals.ask(asks({ action: large }))
  expect(request.requirement?.narrowable).toBeUndefined()
  expect(await codeOf(place.approvals.narrow(request.id, narrowing(request)))).toBe('not-narrower')
})

test('a reason with a secret is refused', async () => {
  const place = await here()
  const { request } = await ask(place)
  const reason = `use ${['ghp', 'x'.repeat(36)].join('_')}`
  expect(await codeOf(place.approvals.narrow(request.id, { ...narrowing(request), reason }))).toBe('secret-in-params')
})

test('of tier high it takes the same proof as a vote', async () => {
  const stepUp = { context: 'c1', authorizationUri: 'https://login.example/authorize' }
  const high = () => needs([slot('dba')], { narrow, tier: 'high' })
  const place = await world(high, { agents: [goesAlong, agent(runner)] }, { stepUp })
  const { request } = await ask(place)
  const sent = narrowing(request)
  const input = { ...sent, seen: { ...sent.seen, client: stranger } }
  expect(await codeOf(place.approvals.narrow(request.id, input))).toBe('step-up')
  const left = await place.approvals.narrow(request.id, { ...input, contexts: ['c1'] })
  expect(left.narrowed).toHaveLength(1)
})

test('it is offered while it would be taken', async () => {
  const place = await here()
  const { request } = await ask(place)
  const offered = async (id = dba) =>
    (await place.approvals.review(request.id, id, { page: 1, template: 'a'.repeat(64) as never, via: 'teams' }))
      .mayNarrow
  expect([await offered(), await offered(owner)]).toEqual([true, false])
  let latest = request
  for (const rows of [1000, 500, 100])
    latest = await place.approvals.narrow(request.id, narrowing(latest, { params: { rows } }))
  expect(await offered()).toBe(false)
})

test('a standing approval that was made smaller has fewer uses', async () => {
  const place = await here()
  const { request } = await ask(place, { action: { ...large, standing: { ...scope, uses: 5, vary: {} } } })
  const left = await place.approvals.narrow(request.id, narrowing(request, { standing: { uses: 2, for: 600 } }))
  expect(left.action && actionDigest(left.action)).toBe(left.digest)
  const approved = await approvedByBoth(place, left)
  expect(approved).toMatchObject({ status: 'approved', lapsesAt: after(600), standing: { uses: 2 } })
  const use = () => place.approvals.ask(asks({ agent: goesAlong, action: large, under: request.id }))
  for (const number of [1, 2]) expect((await use()).request.use).toBe(number)
  expect(await codeOf(use())).toBe('standing-over')
})

test('of what a pipeline would run nothing less is used up', async () => {
  const place = await here()
  const { request } = await ask(place)
  const approved = await approvedByBoth(place, await place.approvals.narrow(request.id, narrowing(request)))
  expect(await codeOf(place.approvals.useForGate(request.id))).toBe('not-redeemable')
  const claim = await claims(place, approved, uuidOf('other'))
  expect((await place.approvals.redeem(request.id, claim)).next).toBe('execute')
})
