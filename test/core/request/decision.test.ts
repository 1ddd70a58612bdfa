import { approvalsOf, confirmationOf, decide, type DecisionInput } from '../../../src/core/request/decision.ts'
import { digestOf, type ObjectId } from '../../../src/core/data/id.ts'
import type { ProblemCode } from '../../../src/core/data/problem.ts'
import type { Facts } from '../../../src/core/request/requirement.ts'
import { type ApprovalRequest, contentOf } from '../../../src/core/request/request.ts'
import { open } from '../../../src/core/request/submission.ts'
import {
  after,
  anyWith,
  approved,
  bot,
  code,
  dba,
  dba2,
  decision,
  facts,
  needs,
  oid,
  owner,
  pending,
  problem,
  runner,
  security,
  stored,
  slot,
  statuses,
  submission,
} from '../../support/build.ts'

const types = (events: readonly { readonly type: string }[]): readonly string[] => events.map(({ type }) => type)

test('the vote that fills the last place approves, in the same step', () => {
  const request = pending()
  const { request: now, events } = decide(request, decision(request))
  expect(now).toMatchObject({ status: 'approved', approvedAt: after(60), lapsesAt: after(3660) })
  expect(types(events)).toEqual(['decided', 'approved'])
  expect(events[1]).toMatchObject({ actor: { kind: 'person', id: dba }, data: { by: 'quorum', lapsesAt: after(3660) } })
})

test('a vote that fills a place and leaves another open keeps the request pending', () => {
  const request = pending({ judgement: needs([slot('dba'), slot('security')]) })
  const { request: now, events } = decide(request, decision(request))
  expect(now.status).toBe('pending')
  expect(types(events)).toEqual(['decided'])
  const second = decision(now, { approver: security, facts: facts(security, { groups: ['security'] }), at: after(90) })
  expect(decide(now, second).request).toMatchObject({ status: 'approved', approvedAt: after(90) })
})

test('one denial closes the request, whatever was approved before', () => {
  const request = pending({ judgement: needs([slot('dba', 3)]) })
  const one = stored(decide(request, decision(request)))
  const { request: now, events } = decide(one, decision(one, { approver: dba2, verdict: 'deny' }))
  expect(now).toMatchObject({ status: 'denied', closedAt: after(60), closedBy: { kind: 'person', id: dba2 } })
  expect(types(events)).toEqual(['decided', 'denied'])
})

test('an approval may become a denial while the request is pending', () => {
  const request = pending({ judgement: needs([slot('dba', 2)]) })
  const one = stored(decide(request, decision(request)))
  expect(decide(one, decision(one, { verdict: 'deny' })).request.status).toBe('denied')
})

test('an approval lapses as the policy says', () => {
  const request = pending({ judgement: needs([slot('dba')], { lapse: 600 }) })
  expect(decide(request, decision(request)).request).toMatchObject({ lapsesAt: after(660) })
})

test('a vote is recorded with its person, channel, facts and reason', () => {
  const request = pending()
  const { events } = decide(request, decision(request, { reason: 'Fine.' }))
  expect(events[0]).toEqual({
    type: 'decided',
    actor: { kind: 'person', id: dba },
    request: request.id,
    data: { verdict: 'approve', via: 'api', content: contentOf(request), facts: facts(dba) },
    said: { name: 'Dana', reason: 'Fine.' },
  })
})

test('a vote is recorded with the application, and with the proof of its person', () => {
  const request = pending()
  const seen = { via: 'console', digest: request.digest, client: oid(70), proved: 'c1' }
  const { request: now, events } = decide(request, decision(request, { seen }))
  expect(events[0]).toMatchObject({ data: { via: 'console', client: oid(70), proved: 'c1' } })
  expect(events[0]).not.toHaveProperty('data.view')
  expect(now.decisions).toMatchObject([{ via: 'console' }])
})

describe('the state', () => {
  const closed = statuses.filter((status) => status !== 'pending')

  test.each(closed)('a request that is %s takes no vote', (status) => {
    const request = anyWith(status)
    const late = decision(request, { approver: dba2, at: after(200) })
    expect(code(() => decide(request, late))).toBe('not-pending')
    expect(code(() => decide(request, { ...late, verdict: 'deny', reason: 'No.' }))).toBe('not-pending')
  })

  test('a vote a millisecond before the deadline counts', () => {
    const request = pending()
    expect(decide(request, decision(request, { at: after(3599.999) })).request.status).toBe('approved')
  })

  test.each([0, 0.001, 3600])('a vote %p seconds after the deadline is too late', (seconds) => {
    const request = pending()
    expect(code(() => decide(request, decision(request, { at: after(3600 + seconds) })))).toBe('not-pending')
  })
})

describe('doors', () => {
  const request = pending({ judgement: needs([slot('dba')], { via: ['console', 'teams'] }) })

  test('an approval through a door that policy does not name is refused, with those that it names', () => {
    const refusal = problem(() => decide(request, decision(request)))
    expect(refusal.code).toBe('not-permitted')
    expect(refusal.message).toContain('console or teams')
  })

  test('an approval through a named door counts, and a denial through every door', () => {
    const named = { seen: { via: 'console', digest: request.digest } }
    expect(decide(request, decision(request, named)).request.status).toBe('approved')
    expect(decide(request, decision(request, { verdict: 'deny' })).request.status).toBe('denied')
  })

  describe('of another service than the tenant', () => {
    const high = pending({ judgement: needs([slot('dba')], { tier: 'high' }) })
    const inSlack = (request: ApprovalRequest) => ({ seen: { via: 'slack', digest: request.digest } }) as const

    test('approve what is not of tier high', () => {
      const medium = pending()
      expect(decide(medium, decision(medium, inSlack(medium))).request.status).toBe('approved')
    })

    test('approve nothing of tier high, and say where that is done', () => {
      const refusal = problem(() => decide(high, decision(high, { ...inSlack(high), confirm: 'customers' })))
      expect([refusal.code, refusal.message]).toEqual(['not-permitted', expect.stringContaining('teams or console')])
      const both = pending({ judgement: needs([slot('dba')], { tier: 'high', via: ['cli', 'slack'] }) })
      expect(problem(() => decide(both, decision(both, inSlack(both)))).message).toContain('via cli.')
    })

    test('deny all, since a denial only prevents something', () => {
      expect(decide(high, decision(high, { ...inSlack(high), verdict: 'deny' })).request.status).toBe('denied')
    })
  })

  test('the doors and the privacy of a request are in its event, and absent without them', () => {
    const judgement = needs([slot('dba')], { via: ['teams'], private: true })
    expect(open(submission({ judgement })).events[0]).toMatchObject({ data: { via: ['teams'], private: true } })
    const [plain] = open(submission()).events
    for (const name of ['via', 'private']) expect(plain).not.toHaveProperty(`data.${name}`)
  })
})

describe('people who may decide', () => {
  const alias = oid(111)

  test.each<[string, Partial<Facts>, ProblemCode]>([
    ['a person in no group', { groups: [] }, 'not-permitted'],
    ['a member of another group', { groups: ['security'] }, 'not-permitted'],
    ['the agent itself', { accounts: [bot] }, 'self-approval'],
    ['a guest', { member: false }, 'not-permitted'],
    ['a person whose account is disabled', { enabled: false }, 'not-permitted'],
    ['an owner who is not in the group', { accounts: [owner], groups: [] }, 'not-permitted'],
  ])('do not include %s', (_who, other, expected) => {
    const request = pending()
    expect(code(() => decide(request, decision(request, { facts: facts(dba, other) })))).toBe(expected)
    expect(code(() => decide(request, decision(request, { verdict: 'deny', facts: facts(dba, other) })))).toBe(expected)
  })

  test('do not include the executor', () => {
    const request = pending({ executor: runner })
    const as = { facts: facts(dba, { accounts: [runner, dba].sort() }) }
    expect(code(() => decide(request, decision(request, as)))).toBe('self-approval')
    expect(code(() => decide(request, decision(request, { ...as, verdict: 'deny' })))).toBe('self-approval')
  })

  test.each<[string, Partial<Facts>, readonly ObjectId[]]>([
    ['the owner of the agent', { accounts: [owner] }, []],
    ['another account of the owner', { accounts: [alias, owner].sort() }, []],
    ['a person whom policy excludes by now', {}, [dba]],
  ])('may deny what they may not approve: %s', (_who, other, excluded) => {
    const request = pending()
    const vote = decision(request, { facts: facts(dba, other), excluded })
    expect(code(() => decide(request, vote))).toBe('self-approval')
    const { request: now, events } = decide(request, { ...vote, verdict: 'deny', reason: 'I did not ask for this.' })
    expect(now).toMatchObject({ status: 'denied', closedBy: { kind: 'person', id: dba } })
    expect(types(events)).toEqual(['decided', 'denied'])
  })

  test.each<[string, Partial<Facts>]>([
    ['in no group', { groups: [] }],
    ['a guest', { member: false }],
    ['disabled', { enabled: false }],
  ])('do not include an excluded person who is %s', (_what, other) => {
    const request = pending()
    const vote = decision(request, { verdict: 'deny', facts: facts(owner, other), approver: owner })
    expect(code(() => decide(request, vote))).toBe('not-permitted')
  })

  test('do not include anyone if no group is required', () => {
    const request = pending({ judgement: needs([]) })
    expect(code(() => decide(request, decision(request)))).toBe('not-permitted')
    expect(code(() => decide(request, decision(request, { facts: facts(dba, { groups: [] }) })))).toBe('not-permitted')
  })

  test('do not include anyone if the required group is empty text or unknown', () => {
    const request = pending({ judgement: needs([{ groups: [], quorum: 1 }]) })
    expect(code(() => decide(request, decision(request, { facts: facts(dba, { groups: [''] }) })))).toBe(
      'not-permitted',
    )
  })

  test('do not vote again with a second account', () => {
    const request = pending({ judgement: needs([slot('dba', 2)]) })
    const both = [dba, alias].sort()
    const one = stored(decide(request, decision(request, { facts: facts(dba, { accounts: both }) })))
    const again = decision(one, { approver: alias, facts: facts(alias, { accounts: both }) })
    expect(code(() => decide(one, again))).toBe('already-decided')
    expect(code(() => decide(one, { ...again, verdict: 'deny', reason: 'No.' }))).toBe('already-decided')
  })

  test('do not vote again with a second account that only the first vote names', () => {
    const request = pending({ judgement: needs([slot('dba', 2)]) })
    const one = stored(decide(request, decision(request, { facts: facts(dba, { accounts: [dba, alias].sort() }) })))
    expect(code(() => decide(one, decision(one, { approver: alias })))).toBe('already-decided')
  })

  test('do not fill the places of two groups alone', () => {
    const request = pending({ judgement: needs([slot('dba'), slot('security')]) })
    const both = facts(dba, { groups: ['dba', 'security'] })
    const one = stored(decide(request, decision(request, { facts: both })))
    expect(one.status).toBe('pending')
    expect(decide(one, decision(one, { facts: both, at: after(90) })).events).toEqual([])
  })
})

describe('the same vote again', () => {
  test.each<[string, Partial<DecisionInput>]>([
    ['at once', {}],
    ['with a note', { reason: 'Fine.' }],
    ['later', { at: after(100) }],
    ['by a person who has left the group meanwhile', { facts: facts(dba, { groups: [] }) }],
  ])('the same vote again changes nothing and records nothing: %s', (_how, other) => {
    const request = pending({ judgement: needs([slot('dba', 2)]) })
    const one = stored(decide(request, decision(request)))
    expect(decide(one, decision(one, other))).toEqual({ request: one, events: [] })
  })

  test('the same vote is answered alike after it approved the request', () => {
    const request = approved()
    expect(decide(request, decision(request))).toEqual({ request, events: [] })
  })

  test('the same denial is answered alike with the same reason only', () => {
    const request = anyWith('denied')
    const same = decision(request, { verdict: 'deny' })
    expect(decide(request, same)).toEqual({ request, events: [] })
    expect(code(() => decide(request, { ...same, reason: 'For another reason.' }))).toBe('not-pending')
  })

  test('a vote about another action is another vote', () => {
    const other = { seen: { via: 'api', digest: digestOf('another') } } as const
    const request = pending({ judgement: needs([slot('dba', 2)]) })
    const one = stored(decide(request, decision(request)))
    expect(code(() => decide(one, decision(one, other)))).toBe('digest-mismatch')
    const closed = approved()
    expect(code(() => decide(closed, decision(closed, other)))).toBe('not-pending')
  })

  test('a denial never becomes an approval', () => {
    const request = anyWith('denied')
    expect(code(() => decide(request, decision(request)))).toBe('not-pending')
  })
})

describe('the subject of a vote', () => {
  test('over the API is the digest', () => {
    const request = pending()
    const blind = decision(request, { seen: { via: 'api', digest: digestOf('another') } })
    const refused = problem(() => decide(request, blind))
    expect(refused).toMatchObject({ code: 'digest-mismatch', details: { pointer: '/digest' } })
  })

  test.each([undefined, '', ' ', '\u200b', '\u3164\n\u2060'])('a denial needs a reason, which %p is not', (reason) => {
    const request = pending()
    const { reason: _none, ...vote } = decision(request, { verdict: 'deny' })
    const refused = problem(() => decide(request, { ...vote, ...(reason !== undefined && { reason }) }))
    expect(refused).toMatchObject({ code: 'invalid-input', details: { pointer: '/reason' } })
  })

  const high = needs([slot('dba')], { tier: 'high' })

  test.each([undefined, '', 'customer', 'Customers', 'prod/postgres/customers'])(
    'an approval of tier high is not confirmed by %p',
    (confirm) => {
      const request = pending({ judgement: high })
      const vote = decision(request, { ...(confirm !== undefined && { confirm }) })
      expect(problem(() => decide(request, vote))).toMatchObject({
        code: 'invalid-input',
        details: { pointer: '/confirm' },
      })
    },
  )

  test.each([
    ['prod/roles/admin', 'admin'],
    ['prod/roles/admin/', 'admin'],
    ['admin', 'admin'],
    ['//', '//'],
  ])('the target %s is confirmed by typing %s', (target, last) => {
    expect(confirmationOf(target)).toBe(last)
  })

  test('an approval of tier high is confirmed by the last part of the target; a denial needs none', () => {
    const request = pending({ judgement: high })
    expect(decide(request, decision(request, { confirm: 'customers' })).request.status).toBe('approved')
    expect(decide(request, decision(request, { verdict: 'deny' })).request.status).toBe('denied')
  })

  test.each([
    ['prod/postgres/customers', 'customers'],
    ['customers', 'customers'],
    ['a//b', 'b'],
    ['prod/', 'prod'],
    ['/', '/'],
  ])('of %p one types %p', (target, last) => {
    expect(confirmationOf(target)).toBe(last)
  })
})

test('approvals are those that did not become denials', () => {
  const request = pending({ judgement: needs([slot('dba', 3)]) })
  const one = stored(decide(request, decision(request)))
  const two = stored(decide(one, decision(one, { approver: dba2 })))
  expect(approvalsOf(two).map(({ accounts }) => accounts)).toEqual([[dba], [dba2]])
})

test('an agent has no facts that would let it vote', () => {
  const request = pending()
  const asAgent = facts(bot, { groups: [], member: false })
  expect(code(() => decide(request, decision(request, { approver: bot, facts: asAgent })))).toBe('not-permitted')
})
