import { sha256 } from '../../src/core/data/id.ts'
import { type ApprovalRequest, contentOf, hashOfQuestion } from '../../src/core/request/request.ts'
import type { AgentRegistration } from '../../src/ports/policy.ts'
import { after, bot, dba, dba2, needs, oid, owner, runner, security, slot } from '../support/build.ts'
import {
  agent,
  asks,
  codeOf,
  guest,
  history,
  type Instance,
  outcomeOf,
  stranger,
  votes,
  world,
} from '../support/world.ts'

const seenOf = (request: ApprovalRequest) => {
  const content = contentOf(request)
  return { via: 'api', digest: request.digest, ...(content && { content }) } as const
}

const question = (request: ApprovalRequest, approver = dba, text = 'Why all rows?') => ({
  ...{ approver, question: text, seen: seenOf(request) },
})

const reply = (request: ApprovalRequest, by: { kind: 'agent' | 'person'; id: typeof dba }, text = 'FIN-881.') => {
  const [first] = request.questions ?? []
  return { by, question: first ? hashOfQuestion(request, first) : sha256('none'), answer: text }
}

const shownIn = (via: string) => ({ page: 1, template: sha256('template'), via })
const dbaAlias = oid(51)

const asAgent = { kind: 'agent', id: bot } as const
const asOwner = { kind: 'person', id: owner } as const

async function asked(here: Instance): Promise<ApprovalRequest> {
  const { request } = await here.approvals.ask(asks())
  return here.approvals.askBack(request.id, question(request))
}

const answeredBy = (answers: AgentRegistration['answers'], judge = () => needs([slot('dba', 2)])) =>
  world(judge, { agents: [agent(bot, { executors: [runner], answers }), agent(runner)] })

test('a question, its answer and the votes after it lead to an approval', async () => {
  const here = await answeredBy('both')
  const { request } = await here.approvals.ask(asks())
  await here.approvals.decide(request.id, votes(request, dba2))
  const open = await here.approvals.askBack(request.id, question(request))
  const said = await here.approvals.answer(request.id, reply(open, asAgent))
  expect(said.status).toBe('pending')
  for (const id of [dba, dba2]) await here.approvals.decide(request.id, votes(said, id, { seen: seenOf(said) }))
  expect(await history(here, request.id)).toEqual([
    ...['requested', 'decided', 'asked', 'answered', 'decided', 'decided', 'approved'],
  ])
})

test.each([
  ['owners', 'not-permitted', 'ok'],
  ['agent', 'ok', 'not-permitted'],
  ['both', 'ok', 'ok'],
] as const)('who answers is said in approvers.json: %s', async (answers, byAgent, byOwner) => {
  const here = await answeredBy(answers)
  const [one, two] = [await asked(here), await asked(here)]
  expect(await outcomeOf(here.approvals.answer(one.id, reply(one, asAgent)))).toBe(byAgent)
  expect(await outcomeOf(here.approvals.answer(two.id, reply(two, asOwner)))).toBe(byOwner)
  expect(here.approvals.awaitsAgent(one)).toBe(byAgent === 'ok')
})

test('where nobody answers, nothing is asked, since people would wait in vain', async () => {
  const here = await answeredBy('nobody')
  const { request } = await here.approvals.ask(asks())
  expect(await codeOf(here.approvals.askBack(request.id, question(request)))).toBe('not-permitted')
  expect(await here.approvals.review(request.id, dba, shownIn('teams'))).toMatchObject({ refusal: null, mayAsk: false })
  expect(await history(here, request.id)).toEqual(['requested', 'refused', 'shown'])
})

test('a question is offered while it would be taken', async () => {
  const here = await world(() => needs([slot('dba', 2)]), {
    agents: [agent(bot, { executors: [runner], answers: 'agent' }), agent(runner)],
    people: [[dba, dbaAlias]],
    groups: [{ name: 'dba', members: [dba, dbaAlias, dba2, owner], channels: ['19:dba'] }],
  })
  here.directory.add(dbaAlias)
  const { request } = await here.approvals.ask(asks())
  const offered = async () =>
    Promise.all(
      [dba, dbaAlias, dba2, owner].map(
        async (id) => (await here.approvals.review(request.id, id, shownIn('teams'))).mayAsk,
      ),
    )
  expect(await offered()).toEqual([true, true, true, false])
  const open = await here.approvals.askBack(request.id, question(request))
  expect(await offered()).toEqual([false, false, true, false])
  // The other account of a person whose question is open is the same person.
  const again = { ...question(request, dbaAlias, 'Why now?'), seen: seenOf(open) }
  expect(await codeOf(here.approvals.askBack(request.id, again))).toBe('too-many')
  let said = await here.approvals.answer(request.id, reply(open, asAgent))
  for (const text of ['2?', '3?', '4?', '5?']) {
    const next = await here.approvals.askBack(request.id, { ...question(said, dba, text), seen: seenOf(said) })
    const last = next.questions?.at(-1)
    if (!last) throw new Error('It was asked.')
    said = await here.approvals.answer(request.id, { by: asAgent, question: hashOfQuestion(next, last), answer: 'So.' })
  }
  expect(await offered()).toEqual([false, false, false, false])
})

test('those who may not know of a request ask and answer nothing, and leave no trace', async () => {
  const here = await answeredBy('both')
  const request = await asked(here)
  for (const id of [guest, stranger, security]) {
    expect(await codeOf(here.approvals.askBack(request.id, question(request, id)))).toBe('not-found')
    expect(await codeOf(here.approvals.answer(request.id, reply(request, { kind: 'person', id })))).toBe('not-found')
  }
  const another = { kind: 'agent', id: stranger } as const
  expect(await codeOf(here.approvals.answer(request.id, reply(request, another)))).toBe('not-found')
  expect(await history(here, request.id)).toEqual(['requested', 'asked'])
})

test('who may know of it and may not is refused, which is recorded', async () => {
  const here = await answeredBy('both')
  const request = await asked(here)
  expect(await codeOf(here.approvals.askBack(request.id, question(request, owner)))).toBe('self-approval')
  expect(await codeOf(here.approvals.answer(request.id, reply(request, { kind: 'person', id: dba2 })))).toBe(
    'not-permitted',
  )
  expect(await history(here, request.id)).toEqual(['requested', 'asked', 'refused', 'refused'])
})

test('a secret is taken neither as a question nor as an answer', async () => {
  const here = await answeredBy('both')
  const request = await asked(here)
  const secret = 'Use AKIAIOSFODNN7EXAMPLE with password=hunter2hunter2'
  expect(await codeOf(here.approvals.askBack(request.id, question(request, dba2, secret)))).toBe('secret-in-params')
  expect(await codeOf(here.approvals.answer(request.id, reply(request, asAgent, secret)))).toBe('secret-in-params')
  expect(await history(here, request.id)).toEqual(['requested', 'asked'])
})

test('what an answer hides is told to the approvers', async () => {
  const here = await answeredBy('both')
  const request = await asked(here)
  const said = await here.approvals.answer(request.id, reply(request, asAgent, 'F\u0456N-881\u202e'))
  expect(said.warnings).toEqual(['hidden-characters', 'mixed-scripts'])
})

test('an owner reads a request, and sees nothing of one that is not theirs', async () => {
  const here = await answeredBy('owners', () => needs([slot('security')]))
  const { request } = await here.approvals.ask(asks())
  const reader = (id: typeof dba) => ({ kind: 'person', id, evidence: false }) as const
  expect((await here.approvals.read(request.id, reader(owner))).id).toBe(request.id)
  expect(await codeOf(here.approvals.read(request.id, reader(dba)))).toBe('not-found')
})

test('a caller that waits hears of a question that the agent answers, and not of others', async () => {
  const [agents, owners] = await Promise.all([answeredBy('agent'), answeredBy('owners')])
  const one = await asked(agents)
  expect((await agents.approvals.wait(one.id, 60)).questions).toHaveLength(1)
  const two = await asked(owners)
  const waits = owners.approvals.wait(two.id, 60)
  const done = await owners.approvals.decide(two.id, votes(two, dba, { verdict: 'deny' }))
  expect(done.status).toBe('denied')
  expect((await waits).status).toBe('denied')
})

test('answers race, and one of them counts', async () => {
  const here = await answeredBy('both')
  const request = await asked(here)
  const results = await Promise.all([
    outcomeOf(here.another().approvals.answer(request.id, reply(request, asAgent, 'One.'))),
    outcomeOf(here.another().approvals.answer(request.id, reply(request, asOwner, 'Two.'))),
  ])
  expect(results.toSorted()).toEqual(['already-answered', 'ok'])
  expect(await history(here, request.id)).toEqual(['requested', 'asked', 'answered'])
})

test('an answer and a vote race: the vote counts if it came first, and then no more, or is refused for what it rests on', async () => {
  for (const isVoteFirst of [true, false]) {
    const here = await answeredBy('agent', () => needs([slot('dba')]))
    const request = await asked(here)
    const [voting, answering] = [here.another(), here.another()]
    const vote = () => outcomeOf(voting.approvals.decide(request.id, votes(request, dba2)))
    const say = () => outcomeOf(answering.approvals.answer(request.id, reply(request, asAgent)))
    const results = isVoteFirst ? await Promise.all([vote(), say()]) : (await Promise.all([say(), vote()])).toReversed()
    const types = await history(here, request.id)
    expect([
      ['ok', 'not-pending', 'requested asked decided approved'],
      ['digest-mismatch', 'ok', 'requested asked answered'],
    ]).toContainEqual([...results, types.filter((type) => type !== 'refused').join(' ')])
  }
})

test('a question before the last moment moves the deadline, and a timer that comes then ends nothing', async () => {
  const here = await answeredBy('agent', () => needs(undefined, { expires: 7200, answer: 900 }))
  const { request } = await here.approvals.ask(asks())
  here.clock.set(after(3599))
  const asked = await here.approvals.askBack(request.id, question(request))
  expect(asked.requirement?.expiresAt).toBe(after(4499))
  for (const seconds of [3600, 4498, 4499]) {
    here.clock.set(after(seconds))
    await here.approvals.sweep()
    expect((await here.ledger.find(request.id))?.status).toBe(seconds < 4499 ? 'pending' : 'expired')
  }
})

test('a question of an approval that has lapsed lets it lapse first, and is refused', async () => {
  const here = await answeredBy('both', () => needs())
  const { request } = await here.approvals.ask(asks())
  const done = await here.approvals.decide(request.id, votes(request, dba2))
  if (done.status !== 'approved') throw new Error('It was approved.')
  here.clock.set(done.lapsesAt)
  expect(await codeOf(here.approvals.askBack(request.id, question(request)))).toBe('not-pending')
  expect(await history(here, request.id)).toEqual(['requested', 'decided', 'approved', 'lapsed'])
})

test('a question and the vote that approves race, and nothing is asked of what is approved', async () => {
  const here = await answeredBy('both', () => needs())
  const { request } = await here.approvals.ask(asks())
  const results = await Promise.all([
    outcomeOf(here.another().approvals.decide(request.id, votes(request, dba2))),
    outcomeOf(here.another().approvals.askBack(request.id, question(request))),
  ])
  const types = await history(here, request.id)
  expect([
    ['ok', 'not-pending', 'requested decided approved'],
    ['ok', 'ok', 'requested asked decided approved'],
  ]).toContainEqual([...results, types.join(' ')])
})

test('the id of a question of another request answers nothing', async () => {
  const here = await answeredBy('both')
  const [one, two] = [await asked(here), await asked(here)]
  expect(await codeOf(here.approvals.answer(one.id, reply(two, asAgent)))).toBe('not-found')
  expect(await history(here, one.id)).toEqual(['requested', 'asked'])
})

test('a question comes too late after the deadline, which takes effect first', async () => {
  const here = await answeredBy('both')
  const { request } = await here.approvals.ask(asks())
  here.clock.set(after(3600))
  expect(await codeOf(here.approvals.askBack(request.id, question(request)))).toBe('not-pending')
  expect(await history(here, request.id)).toEqual(['requested', 'expired'])
})
