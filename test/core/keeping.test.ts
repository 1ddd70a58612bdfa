import * as fc from 'fast-check'
import { decide, show } from '../../src/core/request/decision.ts'
import { undeliverable } from '../../src/core/request/delivery.ts'
import { askErasure, type Erasure, erase } from '../../src/core/request/erasure.ts'
import { type ObjectId, sha256 } from '../../src/core/data/id.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { refuse } from '../../src/core/request/refusal.ts'
import { redeem, report } from '../../src/core/request/redemption.ts'
import { type ApprovalRequest, overdue, type Status, type Step } from '../../src/core/request/request.ts'
import { begin, open } from '../../src/core/request/submission.ts'
import { cancel, revoke } from '../../src/core/request/withdrawal.ts'
import {
  after,
  anyWith,
  bot,
  dba,
  decision,
  facts,
  oid,
  owner,
  redemption,
  statuses,
  submission,
} from '../support/build.ts'

const order = (by: ObjectId): Erasure => ({
  ...{ names: ['action', 'reason'], why: 'They asked.', by, accounts: [by], at: after(200) },
})

/** Every command there is, given so that it succeeds wherever the status allows it. */
const commands = {
  approve: (request) => decide(request, decision(request, { approver: oid(12) })),
  deny: (request) => decide(request, decision(request, { approver: oid(12), verdict: 'deny' })),
  see: (request) => show(request, { approver: dba, template: sha256('template'), page: 1, pages: 1 }),
  cancel: (request) => cancel(request, { at: after(120), reason: 'Not needed.' }),
  revoke: (request) => revoke(request, { approver: dba, facts: facts(dba), at: after(120), reason: 'Too late.' }),
  redeem: (request) =>
    redeem(request, { redemption, digest: request.digest, grantExpiresAt: after(400), at: after(120) }),
  succeed: (request) => report(request, { executor: bot, result: 'succeeded', at: after(180) }),
  fail: (request) => report(request, { executor: bot, result: 'failed', summary: 'Exit 1', at: after(180) }),
  wait: (request) => overdue(request, after(200_000)) ?? { request, events: [] },
  reachNobody: undeliverable,
  beRefused: (request) => refuse(request, { by: { kind: 'person', id: owner }, act: 'decide', code: 'self-approval' }),
  askToErase: (request) => erase(request, order(owner)),
  erase: (request) => erase(askErasure(request, order(owner)).request, order(dba)),
} as const satisfies Record<string, (request: ApprovalRequest) => Step>

/** What no other status has to keep. */
const ofStatus = ['status', 'approvedAt', 'lapsesAt', 'redeemedAt', 'redemption', 'unreported']
const ofClosed = ['closedAt', 'closedBy', 'output']

/** What commands write: it stays, though not as it was. */
const written = ['action', 'decisions', 'shown', 'undeliverable', 'said', 'erasureAsks', 'refusals', 'unreported']

/** Members that no program knows yet, and all that a request may have and need not. */
const further = fc.record({
  later: fc.jsonValue(),
  onBehalfOf: fc.constant(oid(77)),
  laterStill: fc.dictionary(fc.string(), fc.jsonValue()),
  warnings: fc.subarray(['denied-before', 'asks-often']),
})

test('no command drops a member of a request, known or unknown, in any status', () => {
  const made = new Set<string>()
  fc.assert(
    fc.property(further, (more) => {
      for (const status of statuses)
        for (const [name, command] of Object.entries(commands)) {
          const before: ApprovalRequest = { ...anyWith(status), ...more }
          const after = outcome(() => command(before).request)
          if (after === null || after === before) continue
          const lost = after.status === status ? [] : [...ofStatus, ...ofClosed]
          for (const [member, value] of Object.entries(before)) {
            if (lost.includes(member)) continue
            expect(after).toHaveProperty([member])
            if (!written.includes(member)) expect(after).toMatchObject({ [member]: value })
          }
          made.add(`${name}: ${status} → ${after.status}`)
        }
    }),
    { numRuns: 20 },
  )
  expect([...made].sort()).toEqual(
    [
      'approve: pending → approved',
      'cancel: approved → cancelled',
      'cancel: pending → cancelled',
      'deny: pending → denied',
      ...closed.flatMap((status) => ['askToErase', 'erase'].map((name) => `${name}: ${status} → ${status}`)),
      ...statuses.map((status) => `beRefused: ${status} → ${status}`),
      'fail: redeemed → failed',
      'reachNobody: pending → pending',
      'redeem: approved → redeemed',
      'revoke: approved → revoked',
      'see: approved → approved',
      'see: pending → pending',
      'succeed: redeemed → succeeded',
      'wait: approved → lapsed',
      'wait: pending → expired',
      'wait: redeemed → redeemed',
    ].sort(),
  )
})

const closed = statuses.filter((status) => !['pending', 'approved', 'redeemed'].includes(status))

test.each<Status>(['denied', 'expired', 'cancelled', 'lapsed', 'revoked'])(
  'a request that is %s has no deadline, grant or approval of an earlier status left',
  (status) => {
    for (const member of ofStatus.slice(1)) expect(anyWith(status)).not.toHaveProperty(member)
  },
)

test('a new request has everything that its event records', () => {
  const { id, at, agent } = submission()
  const [requested] = open(submission({ onBehalfOf: oid(77) })).events
  if (requested?.type !== 'requested') throw new Error('It begins with another event.')
  const data = { ...requested.data, later: { uses: 3 } }
  const { request } = begin({ id, at, agent: agent.id, data })
  const { action, requirement, excluded, tier, expiresAt, ...kept } = data
  expect(request).toMatchObject({ ...kept, verb: action })
  expect(request.requirement).toEqual({ slots: requirement, excluded, tier, expiresAt })
  expect(request).not.toHaveProperty('excluded')
})

/** `null` where the rules refuse the command. */
function outcome(run: () => ApprovalRequest): ApprovalRequest | null {
  try {
    return run()
  } catch (cause) {
    if (cause instanceof Problem) return null
    throw cause
  }
}
