import { isUsedByGate } from '../../src/approvals/gateUse.ts'
import type { Judgement } from '../../src/core/request/submission.ts'
import type { RequestId } from '../../src/core/data/id.ts'
import { bot, needs, owner, slot } from '../support/build.ts'
import { delivered, gitHubApp, waitingPayload } from '../support/gitHubDouble.ts'
import { codeOf } from '../support/world.ts'
import { type Scene, scene, withdrawn } from './scene.ts'

let here: Scene
const open = async (...choices: Parameters<typeof scene>): Promise<Scene> => {
  here = await scene(...choices)
  return here
}

afterEach(() => here.github.close())

const allow: Judgement = { outcome: 'allow', rules: ['allowed'], lapse: 3_600, grant: 300 }

describe('a deployment that waits at GitHub', () => {
  beforeEach(() => open())
  afterEach(() => expect(here.rooms.failures).toEqual([]))

  test('becomes one request, with what people must see, and GitHub is told what it waits for', async () => {
    const request = await here.ask(5)
    expect(request).toMatchObject({ status: 'pending', agent: { id: bot }, executor: bot })
    expect(request.action).toEqual({
      action: 'github.deploy',
      target: 'contoso/shop/production',
      environment: 'production',
      params: {
        ...{ repository: 'contoso/shop', repositoryId: '1296269', environment: 'production' },
        ...{ run: '5', deployment: '1005', ref: 'main', sha: 'a'.repeat(40), event: 'push' },
        ...{ startedBy: 'octocat', startedById: '583231' },
      },
    })
    expect(here.github.reports.get('5 production')?.join()).toContain(request.id)
    expect(here.github.decisions(5)).toEqual([])
  })

  test('goes on once it is approved: the approval is used up first, and GitHub is told once', async () => {
    const { id } = await here.ask(5)
    await here.decide(id, 'approve')
    await here.settle()
    const after = await here.find(id)
    expect([after.status, isUsedByGate(after)]).toEqual(['redeemed', true])
    expect(here.github.decisions(5)).toMatchObject([{ state: 'approved', environment: 'production' }])
    expect(await here.rooms.isQuiet()).toBe(true)
    const calls = here.github.calls.length
    await here.rooms.outbox.touch(id)
    await here.settle(1_000)
    expect(here.github.calls).toHaveLength(calls)
  })

  test('is rejected with the reason when a person denies it', async () => {
    const { id } = await here.ask(5)
    await here.decide(id, 'deny')
    await here.settle()
    expect(here.github.decisions(5)).toMatchObject([{ state: 'rejected' }])
    expect(here.github.decisions(5)[0]?.comment).toContain('Reason: Seen.')
  })

  test.each(['expired', 'cancelled', 'revoked', 'lapsed'] as const)(
    'is rejected when its request is %s',
    async (end) => {
      const { id } = await here.ask(5)
      await withdrawn(here, id, end)
      expect((await here.find(id)).status).toBe(end)
      expect(here.github.decisions(5)).toMatchObject([{ state: 'rejected' }])
    },
  )

  test('comments have no name of a person, and at most 1,024 characters', async () => {
    const { id } = await here.ask(5)
    await here.decide(id, 'deny')
    await here.settle()
    const words = [
      ...here.github.decisions(5).map(({ comment }) => comment),
      ...(here.github.reports.get('5 production') ?? []),
    ]
    expect(words).toHaveLength(2)
    for (const text of words) {
      expect(text).not.toMatch(/Person|Dana/)
      expect(text.length).toBeLessThanOrEqual(1_024)
    }
  })
})

describe('a deployment that waits at GitHub', () => {
  test('has no reason in its comment if the rule is private', async () => {
    await open({ judge: () => needs([slot('dba')], { private: true }) })
    const { id } = await here.ask(5)
    await here.decide(id, 'deny')
    await here.settle()
    expect(here.github.decisions(5)).toMatchObject([{ state: 'rejected' }])
    expect(here.github.decisions(5)[0]?.comment).not.toContain('Seen.')
  })
})

describe('what policy alone answers', () => {
  test.each<[string, () => Judgement, 'approved' | 'rejected']>([
    ['allowed', () => allow, 'approved'],
    ['forbidden', () => ({ outcome: 'forbid', rules: ['never'] }), 'rejected'],
    ['covered by no rule', () => ({ outcome: 'no-policy', rules: [] }), 'rejected'],
  ])('GitHub is told at once: %s', async (_what, judge, state) => {
    await open({ judge })
    const { status } = await here.ask(5)
    expect(status).toBe(state === 'approved' ? 'redeemed' : 'denied')
    expect(here.github.decisions(5)).toMatchObject([{ state }])
    expect(here.rooms.failures).toEqual([])
  })

  test('an approval that policy forbids meanwhile is revoked, and the deployment rejected', async () => {
    let isForbidden = false
    await open({ judge: () => (isForbidden ? { outcome: 'forbid', rules: ['never'] } : needs([slot('dba')])) })
    const { id } = await here.ask(5)
    isForbidden = true
    await here.decide(id, 'approve')
    await here.settle(60)
    expect((await here.find(id)).status).toBe('revoked')
    expect(here.github.decisions(5)).toMatchObject([{ state: 'rejected' }])
  })
})

describe('who started the run', () => {
  test('cannot approve it', async () => {
    await open({ people: { 583_231: owner } })
    const request = await here.ask(5)
    expect(request.onBehalfOf).toBe(owner)
    expect(request.requirement?.excluded).toContain(owner)
  })

  test('is nobody of ours where the map has no entry, or a program did', async () => {
    await open({ people: { 41_898_282: owner } })
    expect((await here.ask(5)).onBehalfOf).toBeUndefined()
    const sender = { login: 'github-actions[bot]', id: 41_898_282, type: 'Bot' }
    expect((await here.ask(6, { sender })).onBehalfOf).toBeUndefined()
  })

  test('must be known where the agent is registered so: the deployment is rejected', async () => {
    await open({ onBehalfOf: 'required' })
    here.github.wait(5, 'production')
    const reply = await here.door(delivered('deployment_protection_rule', waitingPayload(5)))
    await here.settle()
    expect(reply).toMatchObject({ code: 'invalid-input' })
    expect(here.github.decisions(5)).toMatchObject([{ state: 'rejected' }])
    expect(here.rooms.failures).toEqual([])
  })
})

describe('the outcome', () => {
  const ended = (state: string, run = 5) => ({
    repository: { id: gitHubApp.repository.id, full_name: gitHubApp.repository.name },
    ...{ installation: { id: gitHubApp.installation }, action: 'created', deployment_status: { state } },
    ...{ deployment: { id: run + 1_000, environment: 'production' }, workflow_run: { id: run } },
  })
  const job = (conclusion: string | null, action = 'completed') => ({
    repository: { id: gitHubApp.repository.id, full_name: gitHubApp.repository.name },
    ...{ installation: { id: gitHubApp.installation }, action, workflow_job: { run_id: 5, conclusion } },
    deployment: { id: 1_005, environment: 'production' },
  })
  const send = (event: string, payload: object) => here.door(delivered(event, payload))

  let approved: RequestId

  beforeEach(async () => {
    await open()
    const { id } = await here.ask(5)
    approved = id
    await here.decide(id, 'approve')
    await here.settle()
  })

  test.each<[string, string, object, 'succeeded' | 'failed']>([
    ['a deployment that succeeded', 'deployment_status', ended('success'), 'succeeded'],
    ['a deployment that failed', 'deployment_status', ended('failure'), 'failed'],
    ['a deployment with an error', 'deployment_status', ended('error'), 'failed'],
    ['a job that succeeded', 'workflow_job', job('success'), 'succeeded'],
    ['a job that was cancelled', 'workflow_job', job('cancelled'), 'failed'],
  ])('is recorded: %s', async (_what, event, payload, status) => {
    const { request } = await send(event, payload)
    expect((await here.find(request as RequestId)).status).toBe(status)
  })

  test('counts once, whatever comes later', async () => {
    const { request } = await send('deployment_status', ended('success'))
    expect(await send('workflow_job', job('success'))).toEqual({ who: bot, intent: 'report', request })
    expect(await send('workflow_job', job('failure'))).toMatchObject({ code: 'already-reported' })
    expect((await here.find(request as RequestId)).status).toBe('succeeded')
  })

  test.each<[string, string, object]>([
    ['a state on the way', 'deployment_status', ended('in_progress')],
    ['a job that begins', 'workflow_job', job(null, 'in_progress')],
    ['a deployment without a run', 'deployment_status', { ...ended('success'), workflow_run: null }],
    ['a job without a deployment', 'workflow_job', { ...job('success'), deployment: null }],
    ['a run that nobody asked for', 'deployment_status', ended('success', 6)],
    ['a ping', 'ping', { zen: 'Design for failure.' }],
    ['another event', 'push', { ref: 'main' }],
  ])('is not touched by %s', async (_what, event, payload) => {
    expect(await send(event, payload)).toMatchObject({ intent: 'ignored' })
    expect((await here.find(approved)).status).toBe('redeemed')
  })

  test('is none for a deployment that was rejected', async () => {
    const { id } = await here.ask(7)
    await here.decide(id, 'deny')
    await here.settle()
    expect(await send('deployment_status', ended('failure', 7))).toMatchObject({ code: 'not-redeemed' })
    expect((await here.find(id)).status).toBe('denied')
  })
})

test('an agent that stands for GitHub is the executor: nobody else uses its approval', async () => {
  await open()
  const { id } = await here.ask(5)
  await here.decide(id, 'approve')
  await here.settle()
  const { digest } = await here.find(id)
  const redemption = '11111111-1111-4111-8111-111111111111'
  const given = { caller: bot, mayRedeemForOthers: true, grant: 'none', digest, redemption }
  expect(await codeOf(here.here.approvals.redeem(id, given))).toBe('grant-invalid')
})
