import { isUsedByGate } from '../../src/approvals/gateUse.ts'
import { azureDevOpsDoor, type CheckAnswer } from '../../src/azureDevOps/door.ts'
import type { RequestId } from '../../src/core/data/id.ts'
import { plusSeconds } from '../../src/core/data/instant.ts'
import { Problem } from '../../src/core/data/problem.ts'
import type { Judgement } from '../../src/core/request/submission.ts'
import type { AgentRegistration } from '../../src/ports/policy.ts'
import { bot, dba, needs, noon, oid, owner, slot } from '../support/build.ts'
import { fakePolicy } from '../support/fakes.ts'
import { agent, codeOf, roster, type World, world } from '../support/world.ts'

const project = oid(900)
const organization = 'https://dev.azure.com/contoso'
const stage = {
  ...{ pipeline: 'shop', build: '42', stage: 'Production', attempt: '1', environment: 'production' },
  ...{ ref: 'refs/heads/main', sha: 'b'.repeat(40), startedById: oid(901), startedBy: 'Dana' },
}
const checked = { planUrl: `${organization}/`, projectId: project as string | null }

let here: World
let judgement: Judgement
let registered: AgentRegistration

function doorFor(world: Pick<World, 'approvals'>, people: Readonly<Record<string, typeof owner>> = {}) {
  const environments = new Map([['production', 'production']])
  const azureDevOps = [{ agent: bot, organization, projects: [{ id: project, name: 'Shop', environments }] }]
  const policy = fakePolicy(roster({ azureDevOps, azure: people }))
  return azureDevOpsDoor({ policy, approvals: world.approvals })
}

const call = (
  more: Readonly<Record<string, unknown>> = {},
  headers: Partial<typeof checked | { planUrl: null }> = {},
  door = doorFor(here),
): Promise<CheckAnswer> =>
  door({ ...checked, ...headers, agent: registered, bytes: Buffer.from(JSON.stringify({ ...stage, ...more })) })

async function decide({ request }: CheckAnswer, verdict: 'approve' | 'deny'): Promise<void> {
  const id = request as RequestId
  const { digest } = (await here.ledger.find(id)) ?? {}
  if (!digest) throw new Error('There is no request.')
  await here.approvals.decide(id, { approver: dba, verdict, reason: 'Seen.', seen: { via: 'cli', digest } })
}

beforeEach(async () => {
  judgement = needs([slot('dba')])
  registered = agent(bot, { limits: { pending: 5, hourly: 60 } })
  here = await world(() => judgement, { agents: [registered] })
})

test('a stage becomes one request, whatever number of calls ask for it', async () => {
  const answers = [...(await Promise.all([call(), call()])), await call()]
  expect(answers.map(({ status }) => status)).toEqual(['pending', 'pending', 'pending'])
  expect(new Set(answers.map(({ request }) => request)).size).toBe(1)
  const request = await here.ledger.find(answers[0]?.request as RequestId)
  expect(request?.action).toEqual({
    ...{ action: 'azure-devops.stage', target: 'Shop/shop/Production', environment: 'production' },
    params: {
      ...{ organization, project: 'Shop', projectId: project, environment: 'production', pipeline: 'shop' },
      ...{ build: '42', stage: 'Production', attempt: '1', ref: 'refs/heads/main', sha: 'b'.repeat(40) },
      ...{ startedBy: 'Dana', startedById: oid(901) },
    },
  })
})

test('another try of the stage is another request', async () => {
  const [one, two] = [await call(), await call({ attempt: '2' })]
  expect(one.request).not.toBe(two.request)
})

test('an approval is used up before a call is told, and every later call is told the same', async () => {
  const asked = await call()
  await decide(asked, 'approve')
  expect(await call()).toMatchObject({ status: 'approved', request: asked.request })
  const request = await here.ledger.find(asked.request as RequestId)
  expect(request && [request.status, isUsedByGate(request)]).toEqual(['redeemed', true])
  const events = request?.events.length
  here.clock.set(plusSeconds(noon, 3_000))
  expect(await call()).toMatchObject({ status: 'approved' })
  expect((await here.ledger.find(asked.request as RequestId))?.events).toHaveLength(events ?? 0)
})

test('while the archive does not take the end, no call is told of an approval', async () => {
  const asked = await call()
  await decide(asked, 'approve')
  const away = () => Promise.reject(new Problem('unavailable', 'The archive does not answer.'))
  const down = { createOrRead: away, read: away, list: away }
  const other = here.another({ archive: down })
  expect(await codeOf(call({}, {}, doorFor(other)))).toBe('unavailable')
  expect(await call()).toMatchObject({ status: 'approved' })
})

test('a denial is told, and stays one', async () => {
  const asked = await call()
  await decide(asked, 'deny')
  expect(await call()).toMatchObject({ status: 'denied', detail: expect.stringContaining('Reason: Seen.') as string })
  expect(await call()).toMatchObject({ status: 'denied' })
})

test.each<[string, (answer: CheckAnswer) => Promise<unknown>]>([
  ['nobody decided in time', async () => here.clock.set(plusSeconds(noon, 3_601))],
  [
    'its approval was taken back',
    async (asked) => {
      await decide(asked, 'approve')
      await here.approvals.revoke(asked.request as RequestId, dba, { reason: 'Wrong ticket.' })
    },
  ],
  [
    'its approval was not used in time',
    async (asked) => {
      await decide(asked, 'approve')
      here.clock.set(plusSeconds(noon, 3_700))
    },
  ],
  [
    'policy forbids it by now',
    async (asked) => {
      await decide(asked, 'approve')
      judgement = { outcome: 'forbid', rules: ['never'] }
    },
  ],
])('a stage does not go on: %s', async (_what, end) => {
  await end(await call())
  expect(await call()).toMatchObject({ status: 'denied' })
})

test('what policy alone allows goes on at once', async () => {
  judgement = { outcome: 'allow', rules: ['allowed'], lapse: 3_600, grant: 300 }
  expect(await call()).toMatchObject({ status: 'approved' })
})

test('who started the run cannot approve it, where policy names them', async () => {
  const { request } = await call({}, {}, doorFor(here, { [oid(901)]: owner }))
  expect((await here.ledger.find(request as RequestId))?.onBehalfOf).toBe(owner)
})

test.each<[string, Readonly<Record<string, unknown>>, Parameters<typeof call>[1], string]>([
  ['another organization', {}, { planUrl: 'https://dev.azure.com/evil/' }, 'not-permitted'],
  ['the organization at another host', {}, { planUrl: 'https://evil.example/contoso/' }, 'not-permitted'],
  ['no organization', {}, { planUrl: null }, 'invalid-input'],
  ['another project', {}, { projectId: oid(902) }, 'not-permitted'],
  ['no project', {}, { projectId: null }, 'invalid-input'],
  ['a project by its name', {}, { projectId: 'Shop' }, 'invalid-input'],
  ['another environment', { environment: 'staging' }, {}, 'not-permitted'],
  ['a variable that was not filled in', { attempt: '$(System.StageAttempt)' }, {}, 'invalid-input'],
  ['a commit that is none', { sha: 'main' }, {}, 'invalid-input'],
  ['a run that is no number', { build: '42a' }, {}, 'invalid-input'],
  ['a field that nobody knows', { callback: 'https://evil.example' }, {}, 'invalid-input'],
  ['a field that is missing', { stage: undefined }, {}, 'invalid-input'],
])('a call is refused, and nothing is recorded: %s', async (_what, more, headers, code) => {
  expect(await codeOf(call(more, headers))).toBe(code)
  expect(here.ledger.posts.size).toBe(0)
})

test('a variable that was not filled in is named with its field', async () => {
  await expect(call({ ref: '$(Build.SourceBranch)' })).rejects.toMatchObject({
    ...{ code: 'invalid-input', details: { pointer: '/ref' } },
  })
})

test('an agent that is not registered for Azure DevOps gets nothing', async () => {
  registered = agent(oid(77))
  expect(await codeOf(call())).toBe('not-permitted')
})
