import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Locator } from 'playwright-core'
import { tenantId, users } from '../../src/local/accounts.ts'
import { objects } from '../teams/drawn.ts'
import { type Answer, type Stack, startStack, wish } from '../stack.ts'
import { type Client, openClient } from './client.ts'

let data: string
let stack: Stack
let client: Client
beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'countersign-'))
  stack = await startStack({ client: true, data })
  client = await openClient(stack.client)
}, 60_000)
afterAll(async () => {
  await client?.close()
  await stack?.stop()
  await rm(data, { recursive: true, force: true })
})

type Body = Answer['body']

const ask = async (more: Record<string, unknown> = {}): Promise<Body> => {
  const { status, body } = await stack.call('deploy-bot', '/api/requests', wish(more))
  expect({ status, body }).toMatchObject({ status: 201 })
  return body
}

/** The agent's call that waits until the request is decided. */
const waits = async ({ id }: Body): Promise<Body> =>
  (await stack.call('deploy-bot', `/api/requests/${id}`, undefined, { prefer: 'wait=25' })).body

const press = (card: Locator, name: string) => card.getByRole('button', { name, exact: true }).last().click()
const buttonsOf = (card: Locator) => card.getByRole('button').allTextContents()

/** The card of a request in the channel, once it is there. */
async function posted({ id }: Body): Promise<Locator> {
  await client.open('approvals')
  const card = client.card(id)
  await card.waitFor()
  return card
}

/** The same card with what only this person sees. */
async function reviewed(request: Body): Promise<Locator> {
  const card = await posted(request)
  await press(card, 'Review')
  await client.says(card, 'Agent id')
  return card
}

/** Everything that sticks out of a card, where it would be cut off. */
const cutOff = (card: Locator): Promise<readonly string[]> =>
  card.evaluate((element) => {
    const edge = element.getBoundingClientRect().right + 1
    const runs = [...element.querySelectorAll('span, .ac-textBlock')]
    return runs.filter((run) => run.getBoundingClientRect().right > edge).map((run) => run.textContent ?? '')
  })

test('asked by HTTP, decided in the channel with two clicks, used, and the card tells it all', async () => {
  const params = { rows: 1200, tables: ['accounts', 'invoices'], destination: 's3://finance-exports' }
  const reason = 'Quarterly churn report for finance, ticket FIN-881'
  const request = await ask({ target: 'prod/postgres/customers', params, reason })
  const decided = waits(request)

  const card = await posted(request)
  const text = (await card.innerText()).replaceAll('\u200b', '')
  for (const fact of ['Export data from a production database', 'db.export', 'prod/postgres/customers', 'production'])
    expect(text).toContain(fact)
  for (const fact of ['destination: s3://finance-exports', 'rows: 1200', 'tables: ["accounts","invoices"]'])
    expect(text).toContain(fact)
  expect(text).toMatch(new RegExp(`Written by the agent, not verified\\s+${reason}`))
  expect(text).toContain(request.digest)
  expect(await buttonsOf(card)).toEqual(['Review'])
  await client.picture('channel', card)

  await press(card, 'Review')
  await client.says(card, 'Note (optional)')
  expect(await buttonsOf(card)).toEqual(['Approve', 'Deny'])
  await client.picture('review', card)
  await card.getByLabel('Note (optional)').fill('checked FIN-881')
  await press(card, 'Approve')
  await client.says(card, 'Approved, not used yet')
  await client.picture('approved', card)

  const approved = await decided
  expect(approved).toMatchObject({ status: 'approved', next: 'redeem' })
  const redemption = { grant: approved.grant.token, digest: request.digest, redemption: randomUUID() }
  const redeemed = await stack.call('deploy-bot', `/api/requests/${request.id}/redeem`, redemption)
  expect(redeemed.body).toMatchObject({ status: 'redeemed', next: 'execute' })
  await client.says(card, 'Approved, being carried out')
  const outcome = { result: 'succeeded', summary: '1200 rows' }
  await stack.call('deploy-bot', `/api/requests/${request.id}/outcome`, outcome)
  await client.says(card, 'Succeeded')
  await client.says(card, '1200 rows')
  await client.says(card, 'dba-1')
  expect(await buttonsOf(card)).toEqual([])
  await client.picture('succeeded', card)

  const { body } = await stack.call('compliance', `/api/requests/${request.id}/events`)
  const types = (body as string)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).type as string)
  expect(types).toEqual(['requested', 'shown', 'decided', 'approved', 'redeemed', 'succeeded'])
})

test('denied with a reason, and not without', async () => {
  const request = await ask()
  const decided = waits(request)
  const card = await reviewed(request)
  await press(card, 'Deny')
  await press(card, 'Deny')
  await client.says(card, 'A denial needs a reason.')
  await client.picture('deny', card)
  await card.getByLabel('Reason (others will read it)').fill('Not during the audit.')
  await press(card, 'Deny')
  await client.says(card, 'Denied by')
  expect(await decided).toMatchObject({ status: 'denied', stop: { code: 'denied' } })
  await client.says(card, 'Not during the audit.')
  expect(await buttonsOf(card)).toEqual([])
  await client.picture('denied', card)
})

test('a quorum of two groups: one clicks here, another elsewhere', async () => {
  const request = await ask({ params: { rows: 120_000 } })
  const decided = waits(request)
  const card = await reviewed(request)
  await press(card, 'Approve')
  await client.says(card, /^1 of 2: .*dba ✓/)
  await client.picture('half', card)

  const view = await clicks('security-1', 'review', { request: request.id })
  const approve = objects(view).find(({ verb }) => verb === 'approve')
  await clicks('security-1', 'approve', { ...(approve?.['data'] as object) })
  await client.says(card, 'Approved, not used yet')
  await client.says(card, 'security-1')
  expect(await decided).toMatchObject({ status: 'approved', next: 'redeem' })
  await client.picture('quorum', card)
})

test('who may not decide is told why, and who may', async () => {
  const request = await ask({ action: 'iam.role.grant', target: 'prod/roles/admin', params: {} })
  const card = await posted(request)
  await press(card, 'Review')
  await client.says(card, 'You cannot decide this request')
  await client.says(card, 'security')
  expect(await buttonsOf(card)).toEqual([])
  await client.picture('refused', card)
})

test('long words are not cut off, neither in the channel nor in the view', async () => {
  const long = 'W'.repeat(120)
  const request = await ask({
    target: `prod/${long}`,
    params: { rows: 1, destination: `s3://${long}`, tables: [long] },
    reason: `See ${long}${long}`,
  })
  const card = await posted(request)
  expect(await cutOff(card)).toEqual([])
  await press(card, 'Review')
  await client.says(card, 'Note (optional)')
  expect(await cutOff(card)).toEqual([])
  await client.picture('long', card)
})

test('the chat lists what waits, and typing "approve" does nothing', async () => {
  const request = await ask()
  await client.open('Personal Chat')
  await client.write('pending')
  await client.page.getByText(request.target).first().waitFor()
  await client.write(`approve ${request.id}`)
  await client.page.getByText('does nothing').first().waitFor()
  await client.picture('chat')
  const { body } = await stack.call('deploy-bot', `/api/requests/${request.id}`)
  expect(body).toMatchObject({ status: 'pending', approvals: { decisions: [] } })
})

test('an expired card says so', async () => {
  const request = await ask()
  const card = await posted(request)
  await stack.local('advance', '2h')
  await client.says(card, 'Expired')
  expect(await buttonsOf(card)).toEqual([])
  await client.picture('expired', card)
})

test('a client that has forgotten its cards gets them anew when something happens', async () => {
  const request = await ask()
  await posted(request)
  await client.close()
  await stack.stop()
  stack = await startStack({ client: true, data })
  client = await openClient(stack.client)
  const vote = { verdict: 'approve', digest: request.digest }
  await stack.call('dba-1', `/api/requests/${request.id}/decisions`, vote)
  await client.says(await posted(request), 'Approved, not used yet')
  await client.picture('anew')
})

/** Clicks in a Teams client of somebody else, and gives the card that they are answered with. */
async function clicks(name: string, verb: string, data: object): Promise<object> {
  const user = users.find((each) => each.name === name)
  const answer = await fetch(`${stack.api}/api/messages`, {
    method: 'POST',
    body: JSON.stringify({
      ...{ type: 'invoke', name: 'adaptiveCard/action', channelId: 'msteams', id: randomUUID() },
      from: { id: `29:${name}`, name, aadObjectId: user?.oid },
      recipient: { id: '28:bot', name: 'Countersign' },
      conversation: { id: 'a:elsewhere', tenantId, conversationType: 'personal' },
      channelData: { tenant: { id: tenantId } },
      value: { action: { type: 'Action.Execute', verb, data }, trigger: 'manual' },
    }),
  })
  const { statusCode, value } = (await answer.json()) as { statusCode: number; value: object }
  expect({ statusCode, value }).toMatchObject({ statusCode: 200 })
  return value
}
