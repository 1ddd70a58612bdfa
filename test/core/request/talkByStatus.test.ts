import { answer, askBack } from '../../../src/core/request/conversation.ts'
import { decide } from '../../../src/core/request/decision.ts'
import { breakGlass, review } from '../../../src/core/request/glass.ts'
import { prompted } from '../../../src/core/request/prompt.ts'
import { redeem, report } from '../../../src/core/request/redemption.ts'
import { type ApprovalRequest, contentOf, hashOfQuestion, type Status } from '../../../src/core/request/request.ts'
import { cancel, revoke } from '../../../src/core/request/withdrawal.ts'
import { after, bot, code, dba, dba2, decision, facts, redemption, statuses, stored } from '../../support/build.ts'
import { askedBack, glassBroken, incident, passedAt, talkative, votedFor } from '../../support/talked.ts'

/** Two people approve. */
const voted = (request: ApprovalRequest): ApprovalRequest =>
  votedFor(votedFor(request, dba, 'Dana', 300), dba2, 'Dora', 310)

/** Leads a request that waits to a status, and on its way there lets it be approved so. */
function led(status: Status, waiting: ApprovalRequest, approve = voted): ApprovalRequest {
  const used = (request: ApprovalRequest) => {
    const claim = { redemption, digest: request.digest, grantExpiresAt: after(900), at: after(400) }
    return stored(redeem(request, claim), after(400))
  }
  switch (status) {
    case 'pending':
      return waiting
    case 'approved':
      return approve(waiting)
    case 'denied':
      return stored(decide(waiting, { ...decision(waiting, { verdict: 'deny' }), at: after(300) }), after(300))
    case 'cancelled':
      return stored(cancel(waiting, { at: after(300) }), after(300))
    case 'expired':
      return passedAt(waiting, 7_200)
    case 'lapsed':
      return passedAt(approve(waiting), 7_000)
    case 'ended':
      return passedAt(approve({ ...waiting, standing: { uses: 3, used: 0 } }), 7_000)
    case 'revoked':
      return stored(revoke(approve(waiting), { approver: dba, facts: facts(dba), at: after(400) }), after(400))
    case 'redeemed':
      return used(approve(waiting))
    case 'succeeded':
    case 'failed':
      return stored(report(used(approve(waiting)), { executor: bot, result: status, at: after(500) }), after(500))
  }
}

const seenOf = (request: ApprovalRequest) => ({
  ...{ via: 'api', digest: request.digest },
  content: contentOf(request) ?? request.events[0]!.hash,
})

const asks = (request: ApprovalRequest) =>
  askBack(request, {
    ...{ approver: dba2, name: 'Dora', question: 'Why now?', seen: seenOf(request) },
    ...{ facts: facts(dba2), at: after(600) },
  })

const answers = (request: ApprovalRequest) => {
  const [question] = request.questions ?? []
  if (!question) throw new Error('Nothing was asked.')
  const by = { kind: 'agent', id: bot } as const
  return answer(request, {
    ...{ by, question: hashOfQuestion(request, question), answer: 'So.', warnings: [], at: after(600) },
  })
}

const breaks = (request: ApprovalRequest) =>
  breakGlass(request, {
    ...{ approver: incident, name: 'Ina', reason: 'Fire.', seen: seenOf(request), at: after(600) },
    ...{ confirm: 'customers', facts: facts(incident, { groups: ['incident'] }) },
  })

const reviews = (request: ApprovalRequest, reason = 'It burnt.') =>
  review(request, {
    ...{ reviewer: dba2, name: 'Dora', finding: 'justified', reason, facts: facts(dba2), at: after(8_000) },
  })

describe.each(statuses)('of a request that is %s', (status) => {
  const asked = led(status, askedBack(talkative()))
  const isPending = status === 'pending'

  test.each([
    ['a question', asks, ['asked']],
    ['an answer to an open question', answers, ['answered']],
    ['a glass', breaks, ['glass-broken', 'approved']],
  ] as const)('%s is taken only while people decide', (_, act, types) => {
    if (isPending) expect(act(asked).events.map(({ type }) => type)).toEqual(types)
    else expect(code(() => act(asked))).toBe('not-pending')
  })

  test('nobody is told again but while people decide', () => {
    const request = led(status, talkative())
    expect(prompted(request, after(1_000))?.events.map(({ type }) => type)).toEqual(
      isPending ? ['reminded'] : undefined,
    )
  })

  test('nothing is reviewed where no glass was broken', () => {
    expect(code(() => reviews(asked))).toBe('not-found')
  })
})

describe.each(['approved', 'lapsed', 'revoked', 'redeemed', 'succeeded', 'failed'] as const)(
  'a broken glass of a request that is %s',
  (status) => {
    const broken = led(status, talkative(), glassBroken)

    test('is reviewed once, late as well, and the request stays as it is', () => {
      for (const request of [broken, { ...broken, glass: { ...broken.glass!, unreviewed: true as const } }]) {
        const reviewed = stored(reviews(request), after(8_000))
        expect([reviewed.status, reviewed.glass?.review?.finding]).toEqual([status, 'justified'])
        expect(reviews(reviewed).events).toEqual([])
        expect(code(() => reviews(reviewed, 'Other words.'))).toBe('already-reviewed')
      }
    })
  },
)
