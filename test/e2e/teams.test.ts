import { randomUUID } from 'node:crypto'
import type { Locator } from 'playwright-core'
import { tenantId, users } from '../../src/local/accounts.ts'
import { objects } from '../cards/drawn.ts'
import { inWhole } from '../support/whole.ts'
import { chatting } from './chatting.ts'
import { deciding } from './deciding.ts'
import { talking } from './talking.ts'
import { buttonsOf, openScene, press, type Scene } from './scene.ts'

let scene: Scene
beforeAll(async () => {
  scene = await openScene()
}, 300_000)
afterAll(() => scene?.close())

/** Everything that sticks out of a card, where it would be cut off. */
const cutOff = (card: Locator): Promise<readonly string[]> =>
  card.evaluate((element) => {
    const edge = element.getBoundingClientRect().right + 1
    const runs = [...element.querySelectorAll('span, .ac-textBlock')]
    return runs.filter((run) => run.getBoundingClientRect().right > edge).map((run) => run.textContent ?? '')
  })

test('asked by HTTP, decided in the channel with two clicks, used, and the card tells it all', async () => {
  const { stack, client, ask, waits, posted } = scene
  const params = { rows: 1200, tables: ['accounts', 'invoices'], destination: 's3://finance-exports' }
  const reason = 'Quarterly churn report for finance, ticket FIN-881'
  const request = await ask({ target: 'prod/postgres/customers', params, reason })
  const decided = waits(request)

  const card = await posted(request)
  const text = (await card.innerText()).replaceAll('\u200b', '')
  for (const fact of ['Export data from a production database', 'db.export', 'prod/postgres/customers', 'production'])
    expect(text).toContain(fact)
  for (const fact of [
    'Export 1,200 rows of prod/postgres/customers',
    'Where to (destination): s3://finance-exports',
    'rows: 1,200',
    'tables: accounts, invoices (2)',
  ])
    expect(text).toContain(fact)
  expect(text).toMatch(new RegExp(`Written by the agent, not verified\\s+${reason}`))
  expect(text).not.toContain(request.digest)
  expect(await buttonsOf(card)).toEqual(['Review'])
  await client.picture('channel', card)

  await press(card, 'Review')
  await client.says(card, 'Note…')
  expect(await buttonsOf(card)).toEqual(['Ask…', 'Change…', 'Approve', 'Note…', 'Deny…'])
  expect(await card.innerText()).toContain(request.digest)
  await client.picture('review', card)
  await press(card, 'Note…')
  await card.getByLabel('Note (optional)').fill('checked FIN-881')
  await press(card, 'Approve with this note')
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

// A start of browser, client and stack takes half a minute of a processor, and a test some seconds.
inWhole(() => describe('in the chat', () => chatting(() => scene)))

describe('on the card', () => deciding(() => scene))

describe('in an emergency, and when people talk or wait', () => talking(() => scene, clicks))

test('denied with a reason, and not without', async () => {
  const { client, ask, waits, reviewed } = scene
  const request = await ask()
  const decided = waits(request)
  const card = await reviewed(request)
  await press(card, 'Deny…')
  await press(card, 'Deny with this reason')
  await client.says(card, 'A denial needs a reason.')
  await client.picture('deny', card)
  await card.getByLabel('Reason (others will read it)').fill('Not during the audit.')
  await press(card, 'Deny with this reason')
  await client.says(card, 'Denied by')
  expect(await decided).toMatchObject({ status: 'denied', stop: { code: 'denied' } })
  await client.says(card, 'Not during the audit.')
  expect(await buttonsOf(card)).toEqual([])
  await client.picture('denied', card)
})

test('a quorum of two groups: one clicks here, another elsewhere', async () => {
  const { client, ask, waits, reviewed } = scene
  const request = await ask({ params: { rows: 120_000 } })
  const decided = waits(request)
  const card = await reviewed(request)
  await press(card, 'Approve')
  await client.says(card, '✓ Approved by')
  await client.says(card, 'dba-1')
  await client.picture('half', card)

  const view = await clicks('security-1', 'review', { request: request.id })
  const approve = objects(view).find(({ verb }) => verb === 'approve')
  await clicks('security-1', 'approve', { ...(approve?.['data'] as object) })
  await client.says(card, 'Approved, not used yet')
  await client.says(card, 'security-1')
  expect(await decided).toMatchObject({ status: 'approved', next: 'redeem' })
  await client.picture('quorum', card)
})

inWhole(() => {
  test('who may not decide is told why, and who may', async () => {
    const { client, ask, posted } = scene
    const request = await ask({ action: 'iam.role.grant', target: 'prod/roles/admin', params: {} })
    const card = await posted(request)
    await press(card, 'Review')
    await client.says(card, 'You cannot decide this request')
    await client.says(card, 'security')
    expect(await buttonsOf(card)).toEqual([])
    await client.picture('refused', card)
  })

  test('long words are not cut off, neither in the channel nor in the view', async () => {
    const { client, ask, posted } = scene
    const long = 'W'.repeat(120)
    const request = await ask({
      target: `prod/${long}`,
      params: { rows: 1, destination: `s3://${long}`, tables: [long] },
      reason: `See ${long}${long}`,
    })
    const card = await posted(request)
    expect(await cutOff(card)).toEqual([])
    await press(card, 'Review')
    await client.says(card, 'Note…')
    expect(await cutOff(card)).toEqual([])
    await client.picture('long', card)
  })

  test('an expired card says so', async () => {
    const { stack, client, ask, posted } = scene
    const request = await ask()
    const card = await posted(request)
    await stack.local('advance', '2h')
    await client.says(card, 'Expired')
    expect(await buttonsOf(card)).toEqual([])
    await client.picture('expired', card)
  })

  test('a client that has forgotten its cards gets them anew when something happens', async () => {
    const { ask, approve, posted } = scene
    const request = await ask()
    await posted(request)
    await scene.restart()
    await approve('dba-1', request)
    await scene.client.says(await posted(request), 'Approved, not used yet')
    await scene.client.picture('anew')
  })
})

/** Clicks in a Teams client of somebody else, and gives the card that they are answered with. */
async function clicks(name: string, verb: string, data: object): Promise<object> {
  const user = users.find((each) => each.name === name)
  const answer = await fetch(`${scene.stack.api}/api/messages`, {
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
