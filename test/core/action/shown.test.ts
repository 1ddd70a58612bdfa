import { type DecisionInput, decide, show } from '../../../src/core/request/decision.ts'
import { type Digest, type Hex, sha256 } from '../../../src/core/data/id.ts'
import type { ApprovalRequest } from '../../../src/core/request/request.ts'
import { contentOf } from '../../../src/core/request/request.ts'
import { viewDigest } from '../../../src/core/request/view.ts'
import { anyWith, code, dba, dba2, decision, needs, pending, stored, slot, statuses } from '../../support/build.ts'

const template: Hex = sha256('template')

const page = (number = 1, pages = 1, approver = dba) => ({ approver, template, page: number, pages })

const viewOf = (request: ApprovalRequest): Digest =>
  viewDigest({ content: contentOf(request) ?? sha256(''), template, warnings: request.warnings })

const fromTeams = (request: ApprovalRequest, other: Partial<DecisionInput> = {}): DecisionInput =>
  decision(request, { seen: { via: 'teams', view: viewOf(request) }, ...other })

test('a shown page is recorded with its content', () => {
  const request = pending({ warnings: ['long-target'] })
  const { request: now, events } = show(request, page())
  const content = contentOf(request)
  expect(events).toEqual([
    {
      type: 'shown',
      actor: { kind: 'person', id: dba },
      request: request.id,
      data: { view: viewOf(request), content, template, page: 1, pages: 1 },
    },
  ])
  expect(now.status).toBe('pending')
})

test('a shown page is recorded once for each approver, view and page', () => {
  const one = stored(show(pending(), page()))
  expect(show(one, page()).events).toEqual([])
  expect(show(one, page(2, 2)).events).toHaveLength(1)
  expect(show(one, page(1, 1, dba2)).events).toHaveLength(1)
  expect(show(one, { ...page(), template: sha256('another') }).events).toHaveLength(1)
})

test.each(statuses)('a shown page of a request that is %s is recorded while it can matter', (status) => {
  const matters = status === 'pending' || status === 'approved'
  expect(show(anyWith(status), page()).events).toHaveLength(matters ? 1 : 0)
})

test('from Teams an approver approves what was shown to them', () => {
  const request = stored(show(pending(), page()))
  const { request: now, events } = decide(request, fromTeams(request))
  expect(now.status).toBe('approved')
  expect(events[0]).toMatchObject({ data: { via: 'teams', view: viewOf(request) } })
})

test('a vote needs a view that was shown', () => {
  const request = pending()
  expect(code(() => decide(request, fromTeams(request)))).toBe('digest-mismatch')
  expect(code(() => decide(request, fromTeams(request, { verdict: 'deny' })))).toBe('digest-mismatch')
})

test('a vote needs a view that was shown to the same person', () => {
  const request = stored(show(pending(), page(1, 1, dba2)))
  expect(code(() => decide(request, fromTeams(request)))).toBe('digest-mismatch')
})

test('approving needs every page, denying needs one', () => {
  const one = stored(show(pending(), page(1, 3)))
  const two = stored(show(one, page(3, 3)))
  expect(code(() => decide(two, fromTeams(two)))).toBe('digest-mismatch')
  expect(decide(one, fromTeams(one, { verdict: 'deny' })).request.status).toBe('denied')
  const three = stored(show(two, page(2, 3)))
  expect(decide(three, fromTeams(three)).request.status).toBe('approved')
})

test('pages of two views do not add up', () => {
  const one = stored(show(pending(), page(1, 2)))
  const two = stored(show(one, { ...page(2, 2), template: sha256('another') }))
  expect(code(() => decide(two, fromTeams(two)))).toBe('digest-mismatch')
})

test("a colleague's vote does not make a shown view invalid", () => {
  const request = stored(show(pending({ judgement: needs([slot('dba', 2)]) }), page()))
  const voted = stored(decide(request, decision(request, { approver: dba2 })))
  expect(decide(voted, fromTeams(voted)).request.status).toBe('approved')
})

test('a view is not that of another request, and no digest of an action', () => {
  const request = stored(show(pending(), page()))
  const other = pending({ reason: 'Another reason' })
  for (const view of [viewOf(other), request.digest])
    expect(code(() => decide(request, fromTeams(request, { seen: { via: 'teams', view } })))).toBe('digest-mismatch')
})
