import { actionDigest } from '../../../src/core/action/action.ts'
import { open, type Submission } from '../../../src/core/request/submission.ts'
import {
  action,
  after,
  bot,
  needs,
  noon,
  oid,
  owner,
  policyVersion,
  runner,
  slot,
  submission,
} from '../../support/build.ts'

const requested = (more: Partial<Submission> = {}) => open(submission(more)).events[0]

test('a request that people must approve is pending, with the requirement of policy', () => {
  const { request, events } = open(submission({ judgement: needs([slot('dba', 2), slot('security|oncall')]) }))
  expect(request).toMatchObject({
    status: 'pending',
    digest: actionDigest(action),
    verb: 'db.export',
    policy: { version: policyVersion, outcome: 'approve', rules: ['export-needs-dba'] },
    requirement: {
      slots: [slot('dba', 2), slot('security|oncall')],
      excluded: [owner],
      tier: 'medium',
      expiresAt: after(3600),
    },
    createdAt: noon,
    decisions: [],
  })
  expect(events).toHaveLength(1)
})

test("the event has facts and digests, and the agent's texts are beside it", () => {
  const links = [{ url: 'https://example.com/', title: 'FIN-881' }]
  expect(requested({ onBehalfOf: oid(41), executor: runner, links, warnings: ['long-target'] })).toEqual({
    type: 'requested',
    actor: { kind: 'agent', id: bot },
    request: submission().id,
    data: {
      action: 'db.export',
      digest: actionDigest(action),
      executor: runner,
      onBehalfOf: oid(41),
      policy: { version: policyVersion, outcome: 'approve', rules: ['export-needs-dba'] },
      warnings: ['long-target'],
      tier: 'medium',
      requirement: [slot('dba')],
      excluded: [owner],
      expiresAt: after(3600),
      lapse: 3600,
      grant: 300,
    },
    said: {
      reason: 'Quarterly churn report, ticket FIN-881',
      links: '[{"title":"FIN-881","url":"https://example.com/"}]',
    },
  })
  expect(requested()?.said).toEqual({ reason: 'Quarterly churn report, ticket FIN-881' })
  expect(requested({ owner: 'Dana Diaz' })?.said).toMatchObject({ owner: 'Dana Diaz' })
})

test.each([
  ["the agent's, when it is sooner", 60, 3600, 60],
  ["the policy's, when it is sooner", 604_800, 900, 900],
])('the deadline is %s', (_whose, expiresIn, expires, seconds) => {
  const { request, events } = open(submission({ expiresIn, judgement: needs([slot('dba')], { expires }) }))
  expect(request.requirement?.expiresAt).toBe(after(seconds))
  expect(events[0]).toMatchObject({ data: { expiresAt: after(seconds) } })
})

test('a request that a rule allows is approved in the same step, without people', () => {
  const { request, events } = open(
    submission({ judgement: { outcome: 'allow', rules: ['restart'], lapse: 600, grant: 120 } }),
  )
  expect(request).toMatchObject({ status: 'approved', approvedAt: noon, lapsesAt: after(600), lapse: 600, grant: 120 })
  expect(request).not.toHaveProperty('requirement')
  expect(events.map(({ type }) => type)).toEqual(['requested', 'approved'])
  expect(events[1]).toMatchObject({
    actor: { kind: 'policy' },
    data: { by: 'policy', rules: ['restart'], lapsesAt: after(600) },
  })
  for (const absent of ['tier', 'requirement', 'excluded', 'expiresAt'])
    expect(events[0]).not.toHaveProperty(['data', absent])
})

test.each([
  ['forbid', ['never']],
  ['no-policy', []],
] as const)('a request that policy answers with %s is denied in the same step', (outcome, rules) => {
  const { request, events } = open(submission({ judgement: { outcome, rules } }))
  expect(request).toMatchObject({ status: 'denied', closedAt: noon, closedBy: { kind: 'policy' }, policy: { outcome } })
  expect(events.map(({ type }) => type)).toEqual(['requested', 'denied'])
  expect(events[1]).toMatchObject({ actor: { kind: 'policy' }, data: { by: 'policy', rules } })
  for (const absent of ['lapse', 'grant', 'requirement']) expect(events[0]).not.toHaveProperty(['data', absent])
})

test('the summary of a rule is for people, and is in no event', () => {
  const { request, events } = open(submission({ judgement: needs([slot('dba')], { summary: 'Export of customers' }) }))
  expect(request.policy.summary).toBe('Export of customers')
  expect(JSON.stringify(events)).not.toContain('Export of customers')
})
