import { sha256 } from '../../src/core/data/id.ts'
import { type ApprovalRequest, contentOf, hashOfQuestion } from '../../src/core/request/request.ts'
import type { AgentRegistration } from '../../src/ports/policy.ts'
import { after, bot, dba, dba2, needs, owner, runner, security, slot } from '../support/build.ts'
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
  ['nobody', 'not-permitted', 'not-permitted'],
] as const)('who answers is said in approvers.json: %s', async (answers, byAgent, byOwner) => {
  const here = await answeredBy(answers)
  const [one, two] = [await asked(here), await asked(here)]
  expect(await outcomeOf(here.approvals.answer(one.id, reply(one, asAgent)))).toBe(byAgent)
  expect(await outcomeOf(here.approvals.answer(two.id, reply(two, asOwner)))).toBe(byOwner)
  expect(here.approvals.awaitsAgent(one)).toBe(byAgent === 'ok')
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

test('a question comes too late after the deadline, which takes effect first', async () => {
  const here = await answeredBy('both')
  const { request } = await here.approvals.ask(asks())
  here.clock.set(after(3600))
  expect(await codeOf(here.approvals.askBack(request.id, question(request)))).toBe('not-pending')
  expect(await history(here, request.id)).toEqual(['requested', 'expired'])
})
