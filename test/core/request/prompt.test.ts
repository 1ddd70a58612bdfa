import { answer, askBack } from '../../../src/core/request/conversation.ts'
import { decide } from '../../../src/core/request/decision.ts'
import { escalationCompletes, nextPrompt, prompted } from '../../../src/core/request/prompt.ts'
import { type ApprovalRequest, hashOfQuestion } from '../../../src/core/request/request.ts'
import type { Slot } from '../../../src/core/request/requirement.ts'
import type { Submission } from '../../../src/core/request/submission.ts'
import {
  after,
  type Approve,
  bot,
  dba,
  dba2,
  decision,
  facts,
  needs,
  pending,
  problem,
  security,
  slot,
  stored,
} from '../../support/build.ts'

const ask = (other: Partial<Approve>, more: Partial<Submission> = {}) =>
  pending({ judgement: needs(other.slots, other), ...more })

const at = (request: ApprovalRequest, seconds: number): ApprovalRequest => {
  const step = prompted(request, after(seconds))
  return step ? stored(step, after(seconds)) : request
}

const later = (name: string, joining: string, quorum = 1): Slot => ({
  groups: [name],
  later: { after: 1800, groups: [joining] },
  quorum,
})

const guard = { approver: security, facts: facts(security, { groups: ['security'] }) }

describe('a reminder', () => {
  test('is due after the ask and before the deadline, each once', () => {
    const request = ask({ remind: [-600, 900] })
    expect(nextPrompt(request)).toEqual({ at: after(900), kind: 'remind' })
    expect(prompted(request, after(899))).toBeNull()
    const once = at(request, 910)
    expect(once.reminded).toEqual({ round: 1, at: after(910) })
    expect(nextPrompt(once)).toEqual({ at: after(3000), kind: 'remind' })
    const twice = at(once, 3000)
    expect(twice.reminded).toEqual({ round: 2, at: after(3000) })
    expect(nextPrompt(twice)).toBeNull()
  })

  test('of moments that passed together is one', () => {
    const once = at(ask({ remind: [-600, 900] }), 3100)
    expect(once.reminded?.round).toBe(1)
    expect(nextPrompt(once)).toBeNull()
  })

  test('that does not fall between ask and deadline is left out when the request is made', () => {
    expect(ask({ remind: [-7200, -600, 900, 3600] }).requirement?.remind).toEqual([-600, 900])
    expect(ask({ remind: [-600, 900] }, { expiresIn: 600 }).requirement).not.toHaveProperty('remind')
  })

  test('before the deadline moves with it', () => {
    const request = ask({ remind: [-600], answer: 3600, expires: 7200 })
    expect(nextPrompt(request)?.at).toBe(after(3000))
    const seen = { via: 'api', digest: request.digest } as const
    const input = { approver: dba, name: 'D', question: 'Why?', seen, facts: facts(dba), at: after(1800) }
    const asked = stored(askBack(request, input), after(1800))
    expect(asked.requirement?.expiresAt).toBe(after(5400))
    // They rest while the question is open.
    expect(nextPrompt(asked)).toBeNull()
    const [question] = asked.questions ?? []
    if (!question) throw new Error('It was asked.')
    const by = { kind: 'agent', id: bot } as const
    const reply = { by, question: hashOfQuestion(asked, question), answer: 'So.', warnings: [], at: after(1900) }
    expect(nextPrompt(stored(answer(asked, reply), after(1900)))?.at).toBe(after(4800))
  })

  test('comes never after the deadline, and not of a request that is decided', () => {
    const request = ask({ remind: [900] })
    expect(prompted(request, after(3600))).toBeNull()
    const done = stored(decide(request, decision(request)), after(60))
    expect(prompted(done, after(900))).toBeNull()
  })
})

describe('an escalation', () => {
  test('lets further groups fill the slots that are not filled, with the same quorum', () => {
    const request = ask({ slots: [later('dba', 'security', 2), slot('oncall')] })
    expect(nextPrompt(request)).toEqual({ at: after(1800), kind: 'escalate' })
    const joined = at(request, 1800)
    expect(joined.requirement?.slots).toEqual([{ groups: ['dba', 'security'], quorum: 2 }, slot('oncall')])
    expect(joined.escalated).toEqual(['security'])
    expect(nextPrompt(joined)).toBeNull()
  })

  test('does not let those groups in before, and not for a slot that is filled', () => {
    const request = ask({ slots: [later('dba', 'security'), slot('oncall')] })
    expect(problem(() => decide(request, decision(request, guard))).code).toBe('not-permitted')
    const voted = stored(decide(request, decision(request)), after(60))
    expect(nextPrompt(voted)).toBeNull()
  })

  test('approves if the votes suffice by then, and looks at all of them again', () => {
    const first = ask({ slots: [slot('dba'), later('security', 'dba')] })
    const one = stored(decide(first, decision(first)), after(60))
    const two = stored(decide(one, decision(one, { approver: dba2, at: after(61) })), after(61))
    expect(two.status).toBe('pending')
    expect(escalationCompletes(two, after(1799))).toBe(false)
    expect(escalationCompletes(two, after(1800))).toBe(true)
    const still = (who: typeof dba, other: object = {}) => [who, { facts: facts(who, other), excluded: false }] as const
    const step = prompted(two, after(1800), new Map([still(dba), still(dba2)]))
    expect(step?.request).toMatchObject({ status: 'approved', approvedAt: after(1800) })
    expect(step?.events.map(({ type }) => type)).toEqual(['escalated', 'approved'])
    const left = prompted(two, after(1800), new Map([still(dba), still(dba2, { groups: [] })]))
    expect(left?.request.status).toBe('pending')
    expect(left?.events.map(({ type }) => type)).toEqual(['vote-void', 'escalated'])
    expect(() => prompted(two, after(1800), new Map([still(dba)]))).toThrow(RangeError)
  })

  test('never takes the place of a deadline', () => {
    const request = ask({ slots: [later('dba', 'security')] }, { expiresIn: 1200 })
    expect(nextPrompt(request)).toBeNull()
    expect(prompted(request, after(1800))).toBeNull()
  })
})
