import { listQuery } from '../../src/contract/queries.ts'
import { parseObjectId } from '../../src/core/data/id.ts'
import { open } from '../../src/core/request/submission.ts'
import { filterOf, scopeOf } from '../../src/http/listing.ts'
import { oid, submission } from '../support/build.ts'

const { request } = open(submission({ onBehalfOf: oid(77) }))
const [rule = ''] = request.policy.rules
const { target = '' } = request.action ?? {}

const isKept = (query: object): boolean => filterOf(listQuery.parse(query))(request)

test.each([
  ['prefix', target.slice(0, 4), target.slice(1)],
  ['tier', request.requirement?.tier, request.requirement?.tier === 'low' ? 'high' : 'low'],
  ['rule', rule, 'another-rule'],
  ['onBehalfOf', oid(77), oid(78)],
  ['target', target, `${target}x`],
  ['action', request.verb, 'db.drop'],
])('a list can be narrowed by %s', (name, value, other) => {
  expect(isKept({ [name]: value })).toBe(true)
  expect(isKept({ [name]: other })).toBe(false)
})

test('a filter is no bound: an agent, an approver, pending ones, or a range of days is needed besides', () => {
  expect(() => scopeOf(listQuery.parse({ tier: 'high', rule: 'a' }))).toThrow('/from')
  expect(scopeOf(listQuery.parse({ agent: oid(1), tier: 'high' }))).toEqual({ by: 'agent', id: parseObjectId(oid(1)) })
})
