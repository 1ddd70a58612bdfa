import {
  type AnswerInput,
  answer,
  askBack,
  openQuestions,
  type QuestionInput,
} from '../../../src/core/request/conversation.ts'
import { decide, show } from '../../../src/core/request/decision.ts'
import { sha256 } from '../../../src/core/data/id.ts'
import { type ApprovalRequest, contentOf, currentVotes, hashOfQuestion } from '../../../src/core/request/request.ts'
import type { Submission } from '../../../src/core/request/submission.ts'
import { viewOf } from '../../../src/core/request/view.ts'
import {
  after,
  approved,
  bot,
  dba,
  dba2,
  decision,
  facts,
  needs,
  oid,
  owner,
  pending,
  code,
  runner,
  security,
  slot,
  stored,
} from '../../support/build.ts'

const template = sha256('template')
const two = needs([slot('dba', 2)])

const question = (request: ApprovalRequest, other: Partial<QuestionInput> = {}): QuestionInput => {
  const approver = other.approver ?? dba
  const seen = { via: 'api', digest: request.digest, content: contentOf(request) ?? sha256('') } as const
  return { approver, name: 'Dana', question: 'Why all rows?', seen, facts: facts(approver), at: after(60), ...other }
}

/** Asked by dba a minute after noon. */
const asked = (other: Partial<Submission> = {}, more: Partial<QuestionInput> = {}): ApprovalRequest => {
  const request = pending(other)
  return stored(askBack(request, question(request, more)), after(60))
}

const reply = (request: ApprovalRequest, other: Partial<AnswerInput> = {}): AnswerInput => {
  const [first] = request.questions ?? []
  return {
    by: { kind: 'agent', id: bot },
    question: first ? hashOfQuestion(request, first) : sha256('none'),
    answer: 'The auditors want them.',
    warnings: [],
    at: after(120),
    ...other,
  }
}

/** Answered by the agent a minute later. */
const answered = (request = asked(), other: Partial<AnswerInput> = {}): ApprovalRequest =>
  stored(answer(request, reply(request, other)), after(120))

const asOwner = { by: { kind: 'person', id: owner }, name: 'Olga', facts: facts(owner, { groups: [] }) } as const

describe('a question', () => {
  test('decides nothing, and is open until it is answered', () => {
    const request = asked()
    expect(request).toMatchObject({ status: 'pending', decisions: [], questions: [{ by: dba, groups: ['dba'] }] })
    expect(openQuestions(request)).toHaveLength(1)
    expect(openQuestions(answered(request))).toHaveLength(0)
  })

  test('of the same words changes nothing while it is open', () => {
    const request = asked()
    expect(askBack(request, question(request, { at: after(90) }))).toEqual({ request, events: [] })
  })

  test('moves the deadline as far as policy lets it, and never back', () => {
    const moved = (within: number, expiresIn: number, at = 60) =>
      asked({ judgement: needs(undefined, { answer: within }), expiresIn }, { at: after(at) }).requirement?.expiresAt
    expect(moved(900, 600)).toBe(after(960))
    expect(moved(60, 600)).toBe(after(600))
    // As long as the rule gives people at all.
    expect(moved(900, 3600, 3500)).toBe(after(3600))
    expect(moved(3600, 600, 300)).toBe(after(3600))
    expect(asked({ expiresIn: 600 }).requirement?.expiresAt).toBe(after(600))
  })

  test('is one for each approver until it is answered, and five in all', () => {
    const once = asked()
    expect(code(() => askBack(once, question(once, { question: 'And why now?' })))).toBe('too-many')
    // Another account of the same person is no other approver.
    const alias = { approver: oid(51), facts: facts(oid(51), { accounts: [dba, oid(51)] }) }
    expect(code(() => askBack(once, question(once, alias)))).toBe('too-many')
    let request: ApprovalRequest = pending()
    for (const number of [1, 2, 3, 4, 5]) {
      const at = after(60 + number)
      request = stored(askBack(request, question(request, { question: `Why ${number}?`, at })), at)
      const open = openQuestions(request)[0]
      if (!open) throw new Error('It was asked.')
      request = stored(answer(request, reply(request, { question: hashOfQuestion(request, open), at })), at)
    }
    expect(code(() => askBack(request, question(request, { question: 'One more?' })))).toBe('too-many')
  })

  test.each<[string, string, Partial<QuestionInput>]>([
    ['of the side that asks', 'self-approval', { approver: owner, facts: facts(owner) }],
    ['of an owner by now', 'self-approval', { excluded: [dba] }],
    ['of the agent', 'self-approval', { approver: bot, facts: facts(bot) }],
    ['of a stranger', 'not-permitted', { facts: facts(dba, { groups: [] }) }],
    ['of a guest', 'not-permitted', { facts: facts(dba, { member: false }) }],
    ['about another action', 'digest-mismatch', { seen: { via: 'api', digest: `sha256:${'0'.repeat(64)}` as never } }],
    [
      'on a view that was not shown',
      'digest-mismatch',
      { seen: { via: 'teams', view: `sha256:${'0'.repeat(64)}` as never } },
    ],
    ['without words', 'invalid-input', { question: ' \u200b' }],
    ['of Braille blanks', 'invalid-input', { question: '\u2800\u2800' }],
    ['after the deadline', 'not-pending', { at: after(3600) }],
  ])('%s is refused', (_, expected, other) => {
    const request = pending()
    expect(code(() => askBack(request, question(request, other)))).toBe(expected)
  })

  test('needs one page of the view, where an approval needs all', () => {
    const shown = stored(show(pending(), { approver: dba, template, page: 1, pages: 2 }))
    const view = viewOf(shown, template)
    if (view === null) throw new Error('It has content.')
    expect(askBack(shown, question(shown, { seen: { via: 'teams', view } })).events).toHaveLength(1)
  })

  test('of an approved request is refused', () => {
    const request = approved()
    expect(code(() => askBack(request, question(request)))).toBe('not-pending')
  })
})

describe('an answer', () => {
  test('makes approvals from before it count no more, and their givers may vote again', () => {
    const request = pending({ judgement: two })
    const voted = stored(decide(request, decision(request, { at: after(30) })), after(30))
    const open = stored(askBack(voted, question(voted, { approver: dba2 })), after(60))
    expect(currentVotes(open)).toHaveLength(1)
    const said = answered(open)
    expect(currentVotes(said)).toEqual([])
    const seen = { via: 'api', digest: said.digest, ...content(said) } as const
    const one = stored(decide(said, decision(said, { seen, at: after(130) })), after(130))
    expect(one).toMatchObject({ status: 'pending' })
    expect(currentVotes(one)).toHaveLength(1)
    const both = decide(one, decision(one, { approver: dba2, seen, at: after(140) }))
    expect(both.request.status).toBe('approved')
  })

  test('is content: the digest alone, and a view from before it, are no longer enough to vote', () => {
    const shown = stored(show(pending(), { approver: dba, template, page: 1, pages: 1 }))
    const view = viewOf(shown, template)
    if (view === null) throw new Error('It has content.')
    const said = answered(stored(askBack(shown, question(shown)), after(60)))
    const at = after(130)
    const digest = { via: 'api', digest: said.digest } as const
    for (const seen of [digest, { ...digest, ...content(shown) }, { via: 'teams', view } as const])
      expect(code(() => decide(said, decision(said, { seen, at })))).toBe('digest-mismatch')
    const again = stored(show(said, { approver: dba, template, page: 1, pages: 1 }), after(125))
    const now = viewOf(again, template)
    if (now === null) throw new Error('It has content.')
    expect(now).not.toBe(view)
    expect(decide(again, decision(again, { seen: { via: 'teams', view: now }, at })).request.status).toBe('approved')
  })

  test('adds its warnings to those of the request, and so to the view', () => {
    const request = asked({ warnings: ['long-target'] })
    const said = answered(request, { warnings: ['mixed-scripts', 'long-target'] })
    expect(said.warnings).toEqual(['long-target', 'mixed-scripts'])
    expect(viewOf(said, template)).not.toBe(viewOf(answered(request), template))
  })

  test('of the same words changes nothing, even later, and other words are refused', () => {
    const said = answered()
    expect(answer(said, reply(said))).toEqual({ request: said, events: [] })
    expect(code(() => answer(said, reply(said, { answer: 'Well.' })))).toBe('already-answered')
    const seen = { via: 'api', digest: said.digest, ...content(said) } as const
    const done = stored(decide(said, decision(said, { seen, at: after(130) })), after(130))
    expect(answer(done, reply(done))).toEqual({ request: done, events: [] })
  })

  test('of a person who answers for the agent has their name and facts', () => {
    const said = answered(asked(), asOwner)
    expect(said.questions).toMatchObject([{ answer: { by: asOwner.by, place: 0 } }])
    expect(said.said.filter(({ name }) => name === 'answer' || name === 'name').map(({ text }) => text)).toContain(
      'Olga',
    )
  })

  test.each<[string, string, Partial<AnswerInput>]>([
    ['of an approver', 'not-permitted', { by: { kind: 'person', id: dba2 }, facts: facts(dba2) }],
    ['of who asked', 'not-permitted', { by: { kind: 'person', id: dba }, facts: facts(dba) }],
    ['of the executor', 'not-permitted', { by: { kind: 'agent', id: runner } }],
    ['of another agent', 'not-permitted', { by: { kind: 'agent', id: oid(99) } }],
    ['of an owner who is a guest by now', 'not-permitted', { ...asOwner, facts: facts(owner, { member: false }) }],
    ['of a disabled owner', 'not-permitted', { ...asOwner, facts: facts(owner, { enabled: false }) }],
    ['to a question that nobody asked', 'not-found', { question: sha256('another') }],
    ['without words', 'invalid-input', { answer: '' }],
    ['after the deadline', 'not-pending', { at: after(3600) }],
  ])('%s is refused', (_, expected, other) => {
    const request = asked({ executor: runner })
    expect(code(() => answer(request, reply(request, other)))).toBe(expected)
  })

  test('comes too late once the request was decided', () => {
    const request = asked()
    const denied = stored(decide(request, decision(request, { verdict: 'deny', at: after(90) })), after(90))
    expect(code(() => answer(denied, reply(denied)))).toBe('not-pending')
  })
})

test('a denial beside an open question closes the request', () => {
  const request = asked({ judgement: needs([slot('dba|security')]) })
  const guard = { approver: security, facts: facts(security, { groups: ['security'] }) }
  expect(decide(request, decision(request, { ...guard, verdict: 'deny', at: after(90) })).request.status).toBe('denied')
})

const content = (request: ApprovalRequest) => ({ content: contentOf(request) ?? sha256('') })
