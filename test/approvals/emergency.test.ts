import { bounds } from '../../src/core/data/bound.ts'
import type { ObjectId } from '../../src/core/data/id.ts'
import { type ApprovalRequest, hashOfQuestion } from '../../src/core/request/request.ts'
import { after, bot, dba, dba2, needs, owner, security, slot } from '../support/build.ts'
import {
  agent,
  asks,
  claims,
  codeOf,
  history,
  type Instance,
  outcomeOf,
  ownerAlias,
  stranger,
  world,
} from '../support/world.ts'

const judge = () => needs([slot('dba')], { glass: { groups: ['security', 'fire'], review: 7200 } })
const groups = [
  { name: 'dba', members: [dba, dba2, owner], channels: ['19:dba'] },
  { name: 'security', members: [security], channels: ['19:security'] },
  { name: 'fire', members: [dba2, ownerAlias], channels: [] },
]
const here = () => world(judge, { groups })

const breaking = (request: ApprovalRequest, approver: ObjectId = security) => ({
  ...{ approver, reason: 'The site is down.', seen: { via: 'api', digest: request.digest } as const },
  confirm: request.action?.target.split('/').at(-1) ?? '',
})

async function broken(place: Instance, by: ObjectId = security): Promise<ApprovalRequest> {
  const { request } = await place.approvals.ask(asks())
  return place.approvals.breakGlass(request.id, breaking(request, by))
}

const finding = (reviewer: ObjectId) => ({ reviewer, finding: 'justified', reason: 'It was.' }) as const

test('one person of the group that policy names approves alone, and the action is carried out', async () => {
  const place = await here()
  const request = await broken(place)
  expect(request.status).toBe('approved')
  const claim = await claims(place, request, 'first')
  await place.approvals.redeem(request.id, claim)
  await place.approvals.reviewGlass(request.id, finding(dba))
  expect(await history(place, request.id)).toEqual([
    ...['requested', 'glass-broken', 'approved', 'redeemed', 'reviewed'],
  ])
})

test.each([
  ['an approver who is not in the group', dba, 'not-permitted'],
  ['the owner, who is in the group with another account', ownerAlias, 'self-approval'],
  ['a stranger', stranger, 'not-found'],
] as const)('%s does not', async (_, id, expected) => {
  const place = await here()
  const { request } = await place.approvals.ask(asks())
  expect(await codeOf(place.approvals.breakGlass(request.id, breaking(request, id)))).toBe(expected)
  expect(await history(place, request.id)).toEqual(expected === 'not-found' ? ['requested'] : ['requested', 'refused'])
})

test('who may break the glass is shown the request, which is recorded, and may not decide it', async () => {
  const place = await here()
  const { request } = await place.approvals.ask(asks())
  const wanted = { page: 1, template: 'a'.repeat(64) as never, via: 'teams' }
  const seen = await place.approvals.review(request.id, security, wanted)
  expect(seen).toMatchObject({ mayBreak: true, mayReview: false, stranger: false })
  expect(seen.view).not.toBeNull()
  expect(seen.refusal?.code).toBe('not-permitted')
  const vote = {
    approver: security,
    verdict: 'approve',
    seen: { via: 'teams', view: seen.view ?? request.digest },
  } as const
  expect(await codeOf(place.approvals.decide(request.id, vote))).toBe('not-permitted')
  const { seen: _, ...rest } = breaking(request)
  const done = await place.approvals.breakGlass(request.id, { ...rest, seen: vote.seen })
  expect(done.status).toBe('approved')
  expect(await history(place, request.id)).toEqual(['requested', 'shown', 'refused', 'glass-broken', 'approved'])
})

test('a review is for another person who may decide', async () => {
  const place = await here()
  const request = await broken(place, dba2)
  expect(await codeOf(place.approvals.reviewGlass(request.id, finding(dba2)))).toBe('self-approval')
  expect(await codeOf(place.approvals.reviewGlass(request.id, finding(owner)))).toBe('self-approval')
  expect(await codeOf(place.approvals.reviewGlass(request.id, finding(security)))).toBe('not-permitted')
  const wanted = { page: 1, template: 'a'.repeat(64) as never, via: 'teams' }
  expect(await place.approvals.review(request.id, dba, wanted)).toMatchObject({ mayReview: true })
  expect(await place.approvals.review(request.id, dba2, wanted)).toMatchObject({ mayReview: false })
  expect((await place.approvals.reviewGlass(request.id, finding(dba))).glass?.review?.by).toBe(dba)
})

test('a review that is due is listed until it is given, and told when it is late', async () => {
  const place = await here()
  const [one, two] = [await broken(place), await broken(place)]
  const reader = { kind: 'person', id: dba, evidence: false } as const
  const due = async () => {
    const page = { keep: () => true, limit: 50 }
    return (await place.approvals.list({ by: 'review' }, page, reader)).requests.map(({ id }) => id).toSorted()
  }
  expect(await due()).toEqual([one.id, two.id].toSorted())
  await place.approvals.reviewGlass(one.id, finding(dba))
  expect(await due()).toEqual([two.id])
  expect(await place.ledger.open('review', 9)).toEqual([two.id])
  place.clock.set(after(7200))
  await place.approvals.sweep()
  expect(await history(place, two.id)).toEqual(['requested', 'glass-broken', 'approved', 'lapsed', 'unreviewed'])
  expect(await due()).toEqual([two.id])
  await place.approvals.reviewGlass(two.id, finding(dba))
  expect(await due()).toEqual([])
})

test('who broke five glasses that nobody reviewed breaks no more', async () => {
  const place = await here()
  const requests: ApprovalRequest[] = []
  for (let count = 0; count < bounds.unreviewed; count++) requests.push(await broken(place))
  const { request } = await place.approvals.ask(asks())
  expect(await codeOf(place.approvals.breakGlass(request.id, breaking(request)))).toBe('too-many')
  // The call that was answered before is answered again.
  const [first] = requests
  if (!first) throw new Error('Five were broken.')
  expect((await place.approvals.breakGlass(first.id, breaking(first))).status).toBe('approved')
  await place.approvals.reviewGlass(first.id, finding(dba))
  expect((await place.approvals.breakGlass(request.id, breaking(request))).status).toBe('approved')
})

test('two people break one glass at the same moment, and one of them approves alone', async () => {
  const place = await world(judge, {
    groups: groups.map((one) => (one.name === 'fire' ? { ...one, members: [dba2] } : one)),
  })
  const { request } = await place.approvals.ask(asks())
  const results = await Promise.all(
    [security, dba2].map((id) => outcomeOf(place.another().approvals.breakGlass(request.id, breaking(request, id)))),
  )
  expect(results.toSorted()).toEqual(['not-pending', 'ok'])
  expect(await history(place, request.id)).toEqual(['requested', 'glass-broken', 'approved'])
})

test('two people review at the same moment, and one finding counts', async () => {
  const place = await here()
  const request = await broken(place)
  const results = await Promise.all([
    outcomeOf(place.another().approvals.reviewGlass(request.id, finding(dba))),
    outcomeOf(place.another().approvals.reviewGlass(request.id, { ...finding(dba2), finding: 'unjustified' })),
  ])
  expect(results.toSorted()).toEqual(['already-reviewed', 'ok'])
  const types = await history(place, request.id)
  expect(types.filter((type) => type === 'reviewed')).toHaveLength(1)
})

test('a glass is broken while a question is open, which then nobody answers any more', async () => {
  const place = await world(judge, { groups, agents: [agent(bot, { answers: 'both' })] })
  const { request } = await place.approvals.ask(asks())
  const seen = { via: 'api', digest: request.digest } as const
  const open = await place.approvals.askBack(request.id, { approver: dba, question: 'Why?', seen })
  expect((await place.approvals.breakGlass(request.id, breaking(request))).status).toBe('approved')
  const [one] = open.questions ?? []
  if (!one) throw new Error('It was asked.')
  const said = { by: { kind: 'agent', id: bot }, question: hashOfQuestion(open, one), answer: 'So.' } as const
  expect(await codeOf(place.approvals.answer(request.id, said))).toBe('not-pending')
})

test('what people may do beside deciding is told to whoever reads a list, and nothing of what is over', async () => {
  const place = await here()
  const { request } = await place.approvals.ask(asks())
  const told = (id: ObjectId, of: ApprovalRequest) => place.approvals.further(of, id)
  expect(await told(security, request)).toMatchObject({ mayAsk: false, mayBreak: true, mayReview: false })
  expect(await told(dba, request)).toMatchObject({ mayAsk: true, mayBreak: false, mayReview: false })
  expect(await told(ownerAlias, request)).toMatchObject({ mayAsk: false, mayBreak: false, mayAnswer: false })
  const done = await place.approvals.breakGlass(request.id, breaking(request))
  expect(await told(dba, done)).toMatchObject({ mayAsk: false, mayReview: true })
  expect(await told(security, done)).toMatchObject({ mayReview: false })
  const reviewed = await place.approvals.reviewGlass(request.id, finding(dba))
  expect(Object.values(await told(dba2, reviewed))).not.toContain(true)
})
