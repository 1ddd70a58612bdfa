import { azureDevOpsDoor } from '../../src/azureDevOps/door.ts'
import { sha256 } from '../../src/core/data/id.ts'
import { gateOfRequest, gitHubAction } from '../../src/github/deployment.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { bot, needs, oid, slot } from '../support/build.ts'
import { fakePolicy } from '../support/fakes.ts'
import { agent, asks, codeOf, roster, votes, type World, world } from '../support/world.ts'

const session = { for: 3_600, uses: 9, vary: [] }
const judge = () => needs([slot('dba')], { session })
const scope = { for: 3_600, uses: 9, vary: {} }

const project = oid(900)
const organization = 'https://dev.azure.com/contoso'
const environments = new Map([['production', 'production']])
const policy = fakePolicy(
  roster({
    judge,
    azureDevOps: [{ agent: bot, organization, projects: [{ id: project, name: 'Shop', environments }] }],
    gitHubs: [{ agent: bot, installation: 1, repositories: [{ id: 7, name: 'contoso/shop', environments }] }],
  }),
)
const stage = {
  ...{ pipeline: 'shop', build: '42', stage: 'Production', attempt: '1', environment: 'production' },
  ...{ ref: 'refs/heads/main', sha: 'b'.repeat(40) },
}

let here: World
beforeEach(async () => {
  here = await world(judge)
})

const call = () =>
  azureDevOpsDoor({ policy, approvals: here.approvals })({
    ...{ planUrl: `${organization}/`, projectId: project, agent: agent(bot) },
    bytes: Buffer.from(JSON.stringify(stage)),
  })

/** A standing approval of an action, and a use of it. */
async function approvedInAdvance(action: NonNullable<ApprovalRequest['action']>) {
  const { request } = await here.approvals.ask(asks({ action: { ...action, standing: scope } }))
  const standing = await here.approvals.decide(request.id, votes(request))
  return { standing, use: (await here.approvals.ask(asks({ action, under: standing.id }))).request }
}

/** The action that a door asks for. */
async function stageAction(): Promise<NonNullable<ApprovalRequest['action']>> {
  const { request } = await call()
  const found = await here.ledger.find(request as ApprovalRequest['id'])
  if (!found?.action) throw new Error('The door asked for nothing.')
  return found.action
}

test('a standing approval and a use of it open no gate, though the agent asked for the very action of the gate', async () => {
  const action = await stageAction()
  const { standing, use } = await approvedInAdvance(action)
  expect([standing.status, use.status]).toEqual(['approved', 'approved'])
  for (const { id } of [standing, use]) expect(await codeOf(here.approvals.useForGate(id))).toBe('not-redeemable')
  expect((await call()).status).toBe('pending')
  expect((await here.ledger.find(use.id))?.status).toBe('approved')
})

test('a use under the key of a stage is no answer to its check, which is refused', async () => {
  const action = await stageAction()
  const { standing } = await approvedInAdvance(action)
  const next = { ...stage, attempt: '2' }
  const text = ['azure-devops', organization, project, '42', 'Production', '2', 'production'].map(encodeURIComponent)
  const mine = { agent: agent(bot), key: { text: text.join(':'), body: sha256('mine') } }
  await here.approvals.ask({ ...asks({ action, under: standing.id }), ...mine })
  const check = azureDevOpsDoor({ policy, approvals: here.approvals })({
    ...{ planUrl: `${organization}/`, projectId: project, agent: agent(bot) },
    bytes: Buffer.from(JSON.stringify(next)),
  })
  expect(await codeOf(check)).toBe('idempotency-mismatch')
})

test('GitHub is told nothing of a standing approval of a deployment, or of a use of it', async () => {
  const params = { repositoryId: '7', run: '42', environment: 'production' }
  const action = { action: gitHubAction, target: 'contoso/shop', environment: 'production', params }
  const { standing, use } = await approvedInAdvance(action)
  const { request: alone } = await here.approvals.ask(asks({ action }))
  expect([standing, use, alone].map((request) => gateOfRequest(policy, request) !== null)).toEqual([false, false, true])
})
