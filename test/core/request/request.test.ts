import { type ApprovalRequest, contentOf, due, overdue, saidIn } from '../../../src/core/request/request.ts'
import { open } from '../../../src/core/request/submission.ts'
import { cancel } from '../../../src/core/request/withdrawal.ts'
import { after, anyWith, approved, pending, redeemed, stored, statuses, submission } from '../../support/build.ts'

const system = { kind: 'system' }

describe('a deadline', () => {
  test.each<[string, ApprovalRequest, number, string]>([
    ['a pending request expires', pending(), 3600, 'expired'],
    ['an approval lapses', approved(), 3660, 'lapsed'],
  ])('%s at its deadline, and not before', (_what, request, deadline, status) => {
    expect(due(request)).toBe(after(deadline))
    expect(overdue(request, after(deadline - 0.001))).toBeNull()
    const step = overdue(request, after(deadline))
    expect(step).toMatchObject({
      request: { status, closedAt: after(deadline), closedBy: system },
      events: [{ type: status, actor: system, request: request.id }],
    })
    expect(step?.events[0]).not.toHaveProperty('data')
  })

  test('a redeemed request without outcome is called unreported after a day, once', () => {
    const request = redeemed()
    expect(due(request)).toBe(after(120 + 86_400))
    expect(overdue(request, after(120 + 86_399.999))).toBeNull()
    const step = overdue(request, after(120 + 86_400))
    expect(step).toMatchObject({
      request: { status: 'redeemed', unreported: true },
      events: [{ type: 'unreported', actor: system }],
    })
    const now = stored(step ?? { request, events: [] })
    expect(due(now)).toBeNull()
    expect(overdue(now, after(999_999))).toBeNull()
  })

  test.each(statuses.filter((status) => !['pending', 'approved', 'redeemed'].includes(status)))(
    'nothing is due for what is %s',
    (status) => {
      const request = anyWith(status)
      expect(due(request)).toBeNull()
      expect(overdue(request, after(10_000_000))).toBeNull()
    },
  )
})

describe('a closed request', () => {
  test('a closed request keeps its action and decisions, but no deadline of an approval', () => {
    const request = approved()
    const { request: now } = cancel(request, { at: after(90) })
    const { id, agent, action, digest, requirement, decisions, events, said } = request
    expect(now).toMatchObject({ id, agent, action, digest, requirement, decisions, events, said })
    expect(now).not.toHaveProperty('lapsesAt')
  })
})

describe('what was said', () => {
  test('a text is found by its name in the newest event of a type', () => {
    const request = pending({ reason: 'Because.', links: [{ title: 'FIN-881', url: 'https://example.com/' }] })
    expect(saidIn(request, 'requested', 'reason')).toBe('Because.')
    expect(saidIn(request, 'requested', 'links')).toBe('[{"title":"FIN-881","url":"https://example.com/"}]')
  })

  test('a text is null if none was written, or if it is erased', () => {
    const request = approved()
    expect(saidIn(request, 'decided', 'reason')).toBeNull()
    expect(saidIn(request, 'revoked', 'reason')).toBeNull()
    expect(saidIn({ ...request, said: [] }, 'requested', 'reason')).toBeNull()
  })
})

test('the content of a view is that of the request, whatever came after', () => {
  const request = pending()
  expect(contentOf(request)).toBe(request.events[0]?.hash)
  expect(contentOf(approved())).toBe(approved().events[0]?.hash)
  expect(contentOf(open(submission()).request)).toBeNull()
})

test('events are numbered on, and have the hash of their leaf', () => {
  expect(redeemed().events.map(({ seq, type }) => [seq, type])).toEqual([
    [1, 'requested'],
    [2, 'decided'],
    [3, 'approved'],
    [4, 'redeemed'],
  ])
})
