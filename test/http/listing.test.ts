import { listQuery } from '../../src/contract/queries.ts'
import { type ObjectId, parseObjectId } from '../../src/core/data/id.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { open } from '../../src/core/request/submission.ts'
import { revoke } from '../../src/core/request/withdrawal.ts'
import { filterOf, scopeOf } from '../../src/http/listing.ts'
import { asks } from '../support/world.ts'
import { served } from './served.ts'
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

describe('the list of pending requests', () => {
  const pending = (headers: Record<string, string> = {}) => ({ query: '?status=pending', headers })

  test('has an entity tag of what this reader gets, and is not sent to a reader who has it', async () => {
    const here = await served()
    const { request } = await here.approvals.ask(asks())
    const [first, auditor] = await Promise.all(
      ['approver', 'Evidence.Read'].map((who) => here.call('list', who, pending())),
    )
    const etag = first?.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[0-9a-f]{64}"$/)
    // They may not ask back, which their list says.
    expect(auditor?.headers.get('etag')).not.toBe(etag)
    const again = await here.call('list', 'approver', pending({ 'if-none-match': etag }))
    expect([again.status, again.text, again.headers.get('etag')]).toEqual([304, '', etag])
    const other = await here.call('list', 'no role', pending({ 'if-none-match': etag }))
    expect([other.status, other.json]).toEqual([200, { requests: [] }])
    await here.approvals.cancel(request.id, request.agent.id)
    const later = await here.call('list', 'approver', pending({ 'if-none-match': etag, prefer: 'wait=25' }))
    expect([later.status, later.json, later.headers.get('preference-applied')]).toEqual([
      200,
      { requests: [] },
      'wait=25',
    ])
  })

  test('is waited for only by a reader who has one, and by nobody in a process that ends', async () => {
    const here = await served()
    const first = await here.call('list', 'approver', pending({ prefer: 'wait=25' }))
    expect([first.status, first.headers.get('preference-applied')]).toEqual([200, null])
    here.waiting.stop()
    const known = { 'if-none-match': first.headers.get('etag') ?? '', prefer: 'wait=25' }
    const again = await here.call('list', 'approver', pending(known))
    expect([again.status, again.headers.get('preference-applied')]).toEqual([304, 'wait=25'])
  })

  test('alone has a tag: other lists have none, and do not wait', async () => {
    const here = await served()
    const headers = { 'if-none-match': '*', prefer: 'wait=25' }
    const { status, headers: answered } = await here.call('list', 'approver', { query: `?agent=${oid(1)}`, headers })
    expect([status, answered.get('etag')]).toEqual([200, null])
  })
})
