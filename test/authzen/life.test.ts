import type { JsonObject } from '../../src/core/data/json.ts'
import { parseRequestId, type RequestId } from '../../src/core/data/id.ts'
import { after, bot, needs } from '../support/build.ts'
import type { Roster } from '../support/fakes.ts'
import { issuer, stranger, votes } from '../support/world.ts'
import exchange from './exchange.json'
import { type House, house } from './house.ts'
import metadata from './metadata.json'

/** Reads are allowed, drops are forbidden, `odd` is in no rule, and all else needs a dba. */
const judge: Roster['judge'] = ({ action }) => {
  if (action.endsWith('.read')) return { outcome: 'allow', rules: ['reads'], grant: 300, lapse: 3600 }
  if (action === 'db.drop') return { outcome: 'forbid', rules: ['never-drop'] }
  return action === 'odd' ? { outcome: 'no-policy', rules: [] } : needs()
}

let here: House
beforeEach(async () => {
  here = await house({ roster: { judge } })
})

const agent = { type: 'agent', id: bot }
const question = (name = 'db.export') => ({
  subject: { type: 'user', id: stranger, properties: { act: agent } },
  action: { name, properties: { format: 'parquet' } },
  resource: { type: 'database', id: 'customers' },
})

const decide = async (id: string, verdict: 'approve' | 'deny' = 'approve') => {
  const request = await here.ledger.find(parseRequestId(id))
  if (!request) throw new Error('There is no such request.')
  return here.approvals.decide(request.id, votes(request, undefined, { verdict }))
}

/** The names of all members, at every depth. */
const shapeOf = (value: unknown): unknown =>
  Array.isArray(value) || typeof value !== 'object' || value === null
    ? typeof value
    : Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member)]))

const step = (name: string) => {
  const found = exchange.find((one) => one.name === name)
  if (!found) throw new Error(`The exchange has no step “${name}”.`)
  return { status: found.status, shape: shapeOf(found.response), response: found.response }
}

test('the whole life of the published exchange: denied, asked for, approved, permitted once', async () => {
  const denied = await here.call('evaluate', { body: question() })
  expect([denied.status, shapeOf(denied.json)]).toEqual([200, step('evaluation, denied but requestable').shape])
  expect(denied.json.context).toMatchObject({
    reason: 'approval_required',
    access_request: { template: 'export-needs-dba' },
  })
  expect(await here.recorded()).toEqual([])

  const { evaluation_id, access_request } = denied.json.context
  const { template, expires_at, binding_token } = access_request
  const denial = { evaluation_id, template, expires_at, binding_token, reason: 'approval_required' }
  const asked = { ...question(), context: { reason: 'Quarterly report' }, denial }
  const headers = { 'idempotency-key': 'b6d9c5a0' }
  const accepted = await here.call('requestAccess', { body: asked, headers })
  expect([accepted.status, shapeOf(accepted.json)]).toEqual([202, step('access request').shape])
  const { id, status_endpoint, links } = accepted.json.task
  expect(accepted.headers.get('location')).toBe(status_endpoint)
  expect([status_endpoint, links.cancel]).toEqual(
    [1, 2].map((n) => `${issuer}/access/v1/requests/${id}${n === 2 ? '/cancel' : ''}`),
  )
  const request = await here.ledger.find(id as RequestId)
  expect(request).toMatchObject({ onBehalfOf: stranger, action: { target: 'database/customers' } })
  expect(request?.action).toMatchObject({ environment: 'production', params: { format: 'parquet' } })

  const pending = await here.call('accessTask', { id })
  expect([pending.status, shapeOf(pending.json)]).toEqual([200, step('poll, pending').shape])
  await decide(id)
  const approved = await here.call('accessTask', { id })
  expect([approved.status, shapeOf(approved.json)]).toEqual([200, step('poll, approved').shape])
  expect(approved.json).toMatchObject({
    task: { id, status: 'approved' },
    result: { mode: 'reevaluate', approval: { id } },
  })

  const again = { ...question(), context: { approval: approved.json.result.approval as JsonObject } }
  const permitted = await here.call('evaluate', { body: again })
  expect([permitted.status, shapeOf(permitted.json)]).toEqual([
    200,
    step('re-evaluation: permits once, and redeems').shape,
  ])
  expect(permitted.json.decision).toBe(true)
  const used = await here.call('evaluate', { body: again })
  expect([used.status, shapeOf(used.json)]).toEqual([200, step('re-evaluation again: redeemed').shape])
  expect(used.json).toMatchObject({ decision: false, context: { reason: 'approval_expired', next_action: 'request' } })
  expect(await here.recorded()).toEqual(['requested', 'decided', 'approved', 'redeemed'])
  const late = await here.call('cancelAccess', { id, body: { reason: 'other' } })
  expect([late.status, late.json]).toEqual([409, step('cancel after the end').response])
})

test('what policy allows is true, and in the log before the answer; its outcome is reported on the API', async () => {
  const { status, json } = await here.call('evaluate', { body: question('db.read') })
  expect([status, json]).toEqual([200, { decision: true, context: { request: expect.any(String) as string } }])
  expect(await here.recorded()).toEqual(['requested', 'approved', 'redeemed'])
  await here.approvals.report(json.context.request as RequestId, { executor: bot, result: 'succeeded' })
  expect(await here.recorded()).toEqual(['requested', 'approved', 'redeemed', 'succeeded'])
})

test.each(['db.drop', 'odd'])(
  'what policy does not permit is false without a way to ask, and recorded: %s',
  async (name) => {
    const { status, json } = await here.call('evaluate', { body: question(name) })
    expect([status, json]).toEqual([200, step('evaluation, forbidden: not requestable').response])
    expect(await here.recorded()).toEqual(['requested', 'denied'])
  },
)

test('a person’s no, a withdrawal and a deadline end a task under their names', async () => {
  const ids = []
  for (const target of ['one', 'two', 'three'])
    ids.push(await asking({ ...question(), resource: { type: 'database', id: target } }))
  const [denied = '', cancelled = '', expired = ''] = ids
  await decide(denied, 'deny')
  const answer = await here.call('cancelAccess', { id: cancelled, body: { reason: 'Not needed.' } })
  expect([answer.status, answer.json]).toEqual([200, { task: { id: cancelled, status: 'cancelled' } }])
  here.clock.set(after(3_601))
  for (const [id, status] of [
    [denied, 'denied'],
    [cancelled, 'cancelled'],
    [expired, 'expired'],
  ] as const)
    expect((await here.call('accessTask', { id })).json).toEqual({ task: { id, status } })
})

/** Asks for what an evaluation denied. @returns the id of the task */
async function asking(body: object): Promise<string> {
  const { json } = await here.call('evaluate', { body })
  const denial = json.context.access_request as JsonObject
  const accepted = await here.call('requestAccess', { body: { ...body, denial } })
  expect(accepted.status).toBe(202)
  return accepted.json.task.id as string
}

test('the configuration names what there is, and nothing else', async () => {
  const { status, json } = await here.call('authzenConfiguration', { who: null })
  const ours = JSON.parse(JSON.stringify(metadata).replaceAll(metadata.policy_decision_point, issuer)) as object
  expect([status, json]).toEqual([200, { ...ours, jwks_uri: `${issuer}/.well-known/jwks.json` }])
})
