import { listQuery } from '../../src/contract/queries.ts'
import { type ObjectId, parseObjectId } from '../../src/core/data/id.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { open } from '../../src/core/request/submission.ts'
import { revoke } from '../../src/core/request/withdrawal.ts'
import { filterOf, scopeOf } from '../../src/http/listing.ts'
import { after, anyWith, approved, dba, dba2, facts, oid, owner, stored, submission } from '../support/build.ts'

const { request } = open(submission({ onBehalfOf: oid(77) }))
const [rule = ''] = request.policy.rules
const { target = '' } = request.action ?? {}

const isKept = (query: object): boolean => filterOf(listQuery.parse(query))(request)

test.each([
  ['prefix', target.slice(0, 4), target.slice(1)],
  ['tier', request.requirement?.tier, request.requirement?.tier === 'low' ? 'high' : 'low'],
  ['rule', rule, 'another-rule'],
  ['onBehalfOf', oid(77), oid(78)],
  ['person', oid(77), oid(78)],
  ['target', target, `${target}x`],
  ['action', request.verb, 'db.drop'],
])('a list can be narrowed by %s', (name, value, other) => {
  expect(isKept({ [name]: value })).toBe(true)
  expect(isKept({ [name]: other })).toBe(false)
})

test.each<[string, ApprovalRequest, ObjectId]>([
  ['decided it', anyWith('denied'), dba],
  ['revoked it', stored(revoke(approved(), { approver: dba2, facts: facts(dba2), at: after(90) })), dba2],
  ['owns the agent', request, owner],
])('a list finds the requests of a person who %s', (_how, found, person) => {
  expect(filterOf(listQuery.parse({ person }))(found)).toBe(true)
  expect(filterOf(listQuery.parse({ person: oid(79) }))(found)).toBe(false)
})

test('a filter is no bound: an agent, an approver, pending ones, or a range of days is needed besides', () => {
  expect(() => scopeOf(listQuery.parse({ tier: 'high', rule: 'a' }))).toThrow('/from')
  expect(scopeOf(listQuery.parse({ agent: oid(1), tier: 'high' }))).toEqual({ by: 'agent', id: parseObjectId(oid(1)) })
})
