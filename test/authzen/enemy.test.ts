import { createHmac } from 'node:crypto'
import { signToken } from '../../src/approvals/signedToken.ts'
import type { AuthzenRoute } from '../../src/contract/authzen.ts'
import { parseRequestId } from '../../src/core/data/id.ts'
import type { JsonObject } from '../../src/core/data/json.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { after, bot, needs, runner } from '../support/build.ts'
import type { Roster } from '../support/fakes.ts'
import { issuer, newSigner, stranger, votes } from '../support/world.ts'
import { type House, house } from './house.ts'

let judge: Roster['judge']
let here: House
beforeEach(async () => {
  judge = () => needs()
  here = await house({ roster: { judge: (asked) => judge(asked) } })
})

interface Asked {
  readonly subject: { readonly type: string; readonly id: string; readonly properties?: object }
  readonly action: { readonly name: string; readonly properties?: object }
  readonly resource: { readonly type: string; readonly id: string; readonly properties?: object }
  readonly context?: object
}

const question: Asked = {
  subject: { type: 'user', id: stranger, properties: { act: { type: 'agent', id: bot } } },
  action: { name: 'db.export', properties: { rows: 7 } },
  resource: { type: 'database', id: 'customers' },
}

const denialOf = async (body: object = question): Promise<{ readonly binding_token: string }> =>
  (await here.call('evaluate', { body })).json.context.access_request

async function asking(body: object = question, who = 'agent'): Promise<string> {
  const { json } = await here.call('evaluate', { body, who })
  const accepted = await here.call('requestAccess', { body: { ...body, denial: json.context.access_request }, who })
  return accepted.json.task.id
}

async function approving(id: string): Promise<ApprovalRequest> {
  const request = await here.ledger.find(parseRequestId(id))
  if (!request) throw new Error('There is no such request.')
  return here.approvals.decide(request.id, votes(request))
}

const redeemed = async (): Promise<number> => (await here.recorded()).filter((type) => type === 'redeemed').length

describe('an approval permits nothing else:', () => {
  const approved = async () => {
    const id = await asking()
    await approving(id)
    return id
  }
  const using = (id: string, other: Partial<Asked> = {}, who = 'agent') =>
    here.call('evaluate', { body: { ...question, ...other, context: { ...other.context, approval: { id } } }, who })

  test.each<[string, Partial<Asked>]>([
    ['another resource', { resource: { type: 'database', id: 'salaries' } }],
    ['more of the resource', { resource: { ...question.resource, properties: { region: 'eu' } } }],
    ['another action', { action: { name: 'db.truncate', properties: { rows: 7 } } }],
    ['other properties of the action', { action: { name: 'db.export', properties: { rows: 8 } } }],
    ['no properties of the action', { action: { name: 'db.export' } }],
    ['another environment', { context: { environment: 'staging' } }],
    ['nobody in place of a person', { subject: { type: 'agent', id: bot } }],
    ['a person whom it does not act for', { subject: { type: 'user', id: stranger } }],
  ])('%s', async (_what, other) => {
    const { status, json } = await using(await approved(), other)
    expect([status, json.decision, json.context.reason]).toEqual([200, false, 'approval_expired'])
    expect(json.context.access_request.binding_token).toEqual(expect.any(String))
    expect(await redeemed()).toBe(0)
  })

  test('an approval of another agent looks like one that does not exist', async () => {
    const id = await approved()
    const own: Partial<Asked> = { subject: { type: 'agent', id: runner } }
    const answers = [await using(id, own, 'runner'), await using('01kjw2xm00abcdefghjkmnpqrs-07', own, 'runner')]
    for (const { json } of answers) expect([json.decision, json.context.reason]).toEqual([false, 'approval_expired'])
    const [real, none] = answers.map(({ json }) => Object.keys(json.context))
    expect(real).toEqual(none)
    expect(await redeemed()).toBe(0)
  })

  test.each(['', '..', '01kjw2xm00abcdefghjkmnpqrs-07', '__proto__', 'a'.repeat(5_000)])(
    'an approval that somebody made up is none: %.20s',
    async (id) => {
      const { status, json } = await using(id)
      expect([status, json.decision, json.context.reason]).toEqual([200, false, 'approval_expired'])
    },
  )

  test('a pending request, a withdrawn one and one that lapsed permit nothing', async () => {
    const id = await asking()
    expect((await using(id)).json.decision).toBe(false)
    await approving(id)
    here.clock.set(after(3_601))
    expect((await using(id)).json.decision).toBe(false)
    const other = { resource: { type: 'database', id: 'other' } }
    const withdrawn = await asking({ ...question, ...other })
    await here.call('cancelAccess', { id: withdrawn })
    expect((await using(withdrawn, other)).json.decision).toBe(false)
    expect(await redeemed()).toBe(0)
  })

  test('of ten evaluations at once with one approval, one is true', async () => {
    const id = await approved()
    const answers = await Promise.all(Array.from({ length: 10 }, () => using(id)))
    expect(answers.filter(({ json }) => json.decision === true)).toHaveLength(1)
    expect(await redeemed()).toBe(1)
  })

  test('a policy that forbids the action by now wins over its approval', async () => {
    const id = await approved()
    judge = () => ({ outcome: 'forbid', rules: ['never'] })
    const { json } = await using(id)
    expect(json).toEqual({ decision: false, context: { reason: 'policy_denied', next_action: 'none' } })
    expect(await redeemed()).toBe(0)
  })
})

test('rules whose answer changes with the hour leave nobody asked before the caller wants it', async () => {
  const answers: ReturnType<Roster['judge']>[] = [{ outcome: 'allow', rules: ['by-day'], grant: 300, lapse: 3600 }]
  judge = () => answers.shift() ?? needs()
  const { json } = await here.call('evaluate', { body: question })
  expect([json.decision, json.context.reason]).toEqual([false, 'approval_required'])
  expect(await here.recorded()).toEqual(['requested', 'cancelled'])
  const accepted = await here.call('requestAccess', { body: { ...question, denial: json.context.access_request } })
  expect(accepted.status).toBe(202)
})

describe('a denial binds one question:', () => {
  const claimsOf = (token: string): JsonObject =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as JsonObject
  const requested = (binding_token: string, other: Partial<Asked> = {}) =>
    here.call('requestAccess', { body: { ...question, ...other, denial: { binding_token } } })
  const invalid = {
    ...{ type: 'urn:openid:authzen:access-request:error:invalid_denial_binding', status: 400 },
    title: 'The denial is not one of this request',
  }

  test.each<[string, Partial<Asked>]>([
    ['another resource', { resource: { type: 'database', id: 'salaries' } }],
    ['another action', { action: { name: 'db.truncate', properties: { rows: 7 } } }],
    ['other properties', { action: { name: 'db.export', properties: { rows: 8 } } }],
    ['another subject', { subject: { type: 'user', id: bot } }],
  ])('its token is refused for %s', async (_what, other) => {
    const { binding_token } = await denialOf()
    const { status, json, headers } = await requested(binding_token, other)
    expect([status, json]).toEqual([400, invalid])
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(await here.recorded()).toEqual([])
  })

  test('its token is refused for another environment than the one that was denied', async () => {
    const { binding_token } = await denialOf({ ...question, context: { environment: 'staging' } })
    for (const context of [{ environment: 'production' }, {}])
      expect((await requested(binding_token, { context })).json).toEqual(invalid)
    expect((await requested(binding_token, { context: { environment: 'staging' } })).status).toBe(202)
  })

  test.each<[string, (token: string) => string | Promise<string>]>([
    ['no token', () => 'none'],
    ['an empty text', () => ''],
    ['a very long text', (token) => token.repeat(50)],
    ['another signature', (token) => `${token.slice(0, -8)}AAAAAAAA`],
    [
      'a token signed by another key',
      async (token) => signToken(await newSigner(), 'countersign-denial+jwt', claimsOf(token)),
    ],
    ['a token of another kind', (token) => signToken(here.signer, 'JWT', claimsOf(token))],
    ['a token for another audience', (token) => signed({ ...claimsOf(token), aud: issuer })],
    ['a token of another issuer', (token) => signed({ ...claimsOf(token), iss: 'https://other.example' })],
    ['a token without a hash', (token) => signed({ ...claimsOf(token), binding_hash: '' })],
    ['alg none', (token) => `${part({ alg: 'none', typ: 'countersign-denial+jwt' })}.${token.split('.')[1]}.`],
    ['HS256 with what is public', (token) => hmac(`${part({ alg: 'HS256', typ: 'JWT' })}.${token.split('.')[1]}`)],
  ])('%s is no denial', async (_what, forge) => {
    const { binding_token } = await denialOf()
    const { status, json } = await requested(await forge(binding_token))
    expect([status, json]).toEqual([400, invalid])
    expect(await here.recorded()).toEqual([])
  })

  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const hmac = (input: string): string => `${input}.${createHmac('sha256', issuer).update(input).digest('base64url')}`
  const signed = (claims: JsonObject) => signToken(here.signer, 'countersign-denial+jwt', claims)

  test('a grant is no denial, and a denial no grant', async () => {
    const id = await asking()
    const request = await approving(id)
    const { grant } = await here.approvals.grant(request, bot)
    expect((await requested(grant?.token ?? '')).json).toEqual(invalid)
    const { binding_token } = await denialOf({ ...question, resource: { type: 'database', id: 'other' } })
    const claim = { caller: bot, mayRedeemForOthers: false, grant: binding_token, digest: request.digest }
    const redemption = '11111111-1111-4111-8111-111111111111'
    await expect(here.approvals.redeem(request.id, { ...claim, redemption })).rejects.toMatchObject({
      code: 'grant-invalid',
    })
  })

  test('after its time it is gone, and after a change of the policy there is nothing to ask for', async () => {
    const { binding_token } = await denialOf()
    judge = () => ({ outcome: 'allow', rules: ['now'], grant: 300, lapse: 3600 })
    expect((await requested(binding_token)).json).toMatchObject({
      status: 400,
      type: expect.stringMatching(/:not_requestable$/) as string,
    })
    here.clock.set(after(601))
    expect((await requested(binding_token)).json).toMatchObject({
      status: 410,
      type: expect.stringMatching(/:expired_denial$/) as string,
    })
    expect(await here.recorded()).toEqual([])
  })

  test('the same key finds its task, another key finds a duplicate, and the same key with another body neither', async () => {
    const denial = await denialOf()
    const send = (key: string, context: object = {}) =>
      here.call('requestAccess', { body: { ...question, context, denial }, headers: { 'idempotency-key': key } })
    const [first, second] = [await send('one'), await send('one')]
    expect([second.status, second.json]).toEqual([202, first.json])
    expect((await send('two')).json).toMatchObject({
      status: 409,
      type: expect.stringMatching(/:duplicate_request$/) as string,
    })
    expect((await send('one', { reason: 'another' })).json.code).toBe('idempotency-mismatch')
    expect(await here.recorded()).toEqual(['requested'])
  })
})

test('a task of another agent is unknown to read and to withdraw, as one that does not exist', async () => {
  const id = await asking()
  for (const route of ['accessTask', 'cancelAccess'] as const) {
    const answers = [id, '01kjw2xm00abcdefghjkmnpqrs-07', '..'].map((one) =>
      here.call(route, { id: one, who: 'runner' }),
    )
    for (const { status, json } of await Promise.all(answers))
      expect([status, json.type]).toEqual([404, 'urn:openid:authzen:access-request:error:unknown_task'])
  }
  expect((await here.call('accessTask', { id })).json.task.status).toBe('pending')
})

test('a withdrawal without a reason needs no body, and no Content-Type', async () => {
  const id = await asking()
  const { status, json } = await here.call('cancelAccess', { id, headers: { 'content-type': '' } })
  expect([status, json.task.status]).toEqual([200, 'cancelled'])
})

describe('a hostile body is refused, and nothing is recorded:', () => {
  const act = (act: unknown, type = 'user') => ({ ...question, subject: { type, id: stranger, properties: { act } } })

  test.each<[string, unknown]>([
    ['another agent as the actor', act({ type: 'agent', id: runner })],
    ['an actor of another type', act({ type: 'user', id: bot })],
    ['an actor that is a text', act(bot)],
    ['an actor that is null', act(null)],
    ['an actor of a service', act({ type: 'agent', id: bot }, 'service')],
    ['a person who is no object id', { ...question, subject: { ...question.subject, id: 'alice' } }],
    ['properties that are a list', { ...question, action: { name: 'db.export', properties: [] } }],
    ['a context that is a text', { ...question, context: 'production' }],
    ['an approval that is a text', { ...question, context: { approval: 'yes' } }],
    ['an approval without its id', { ...question, context: { approval: {} } }],
    ['an environment that is a number', { ...question, context: { environment: 1 } }],
    [
      'a type with a slash, which makes another resource of it',
      { ...question, resource: { type: 'database/prod', id: 'x' } },
    ],
    ['an id with what nobody sees', { ...question, resource: { type: 'database', id: 'cust\u200bomers' } }],
    [
      'properties under the name of the resource’s',
      {
        ...{ ...question, action: { name: 'db.export', properties: { resource: {} } } },
        resource: { ...question.resource, properties: { region: 'eu' } },
      },
    ],
    ['a list', [question]],
    ['null', null],
    ['nothing', ''],
    ['no JSON', '{'],
    ['__proto__', JSON.stringify(question).replace('"rows":7', '"__proto__":{"decision":true}')],
    ['a member twice', JSON.stringify(question).replace('"rows":7', '"rows":7,"rows":8')],
    ['a subject twice', JSON.stringify(question).replace('{', '{"subject":{"type":"agent","id":"x"},')],
    ['a number that loses digits', JSON.stringify(question).replace('"rows":7', '"rows":9007199254740993')],
    ['many levels', { ...question, context: JSON.parse('{"a":'.repeat(40) + '1' + '}'.repeat(40)) as object }],
  ])('%s', async (_what, body) => {
    const { status } = await here.call('evaluate', { body })
    expect(status).toBe(400)
    expect(await here.recorded()).toEqual([])
  })

  const secret = `ghp_${'a1'.repeat(20)}`
  test.each<[string, Partial<Asked>]>([
    ['/action/properties/token', { action: { name: 'db.export', properties: { token: secret } } }],
    ['/resource/id', { resource: { type: 'database', id: secret } }],
    ['/resource/properties/a', { resource: { ...question.resource, properties: { a: secret } } }],
    ['/subject/properties/a', { subject: { type: 'job', id: 'x', properties: { a: secret } } }],
    ['/action/properties/subject', { action: { name: 'db.export', properties: { subject: secret } } }],
  ])('a secret is refused in the words of the question: %s', async (pointer, other) => {
    const { status, json } = await here.call('evaluate', { body: { ...question, ...other } })
    expect([status, json.code, json.pointer]).toEqual([422, 'secret-in-params', pointer])
    expect(json.detail).toContain(`${pointer}: `)
    expect(await here.recorded()).toEqual([])
  })

  test('a secret in the reason is refused in the words of the request', async () => {
    const body = { ...question, context: { reason: secret }, denial: await denialOf() }
    const { status, json } = await here.call('requestAccess', { body })
    expect([status, json.pointer]).toEqual([422, '/context/reason'])
  })

  test('a body that is very large', async () => {
    const { status } = await here.call('evaluate', { body: { ...question, more: 'x'.repeat(70_000) } })
    expect(status).toBe(413)
  })

  test.each(['text/plain', 'application/json-patch+json', 'application/jsonp', 'text/html; application/json'])(
    'another Content-Type: %s',
    async (type) => {
      const headers = { 'content-type': type }
      for (const route of ['evaluate', 'requestAccess', 'cancelAccess'] as const)
        expect((await here.call(route, { id: 'x', body: question, headers })).status).toBe(400)
    },
  )

  test('members that AuthZEN does not name are ignored, and are no part of what is approved', async () => {
    const more = {
      ...question,
      evaluations: [{}],
      options: {},
      decision: true,
      resource: { ...question.resource, owner: 'me' },
    }
    const { json } = await here.call('evaluate', { body: more })
    expect(json.decision).toBe(false)
    const denial = json.context.access_request as object
    expect((await here.call('requestAccess', { body: { ...question, denial } })).status).toBe(202)
  })
})

const routes: readonly [AuthzenRoute, object | null][] = [
  ['evaluate', question],
  ['requestAccess', { ...question, denial: { binding_token: 'x' } }],
  ['accessTask', null],
  ['cancelAccess', {}],
]

test.each(routes)('%s lets in registered agents alone, and repeats the name of the call', async (route, body) => {
  const id = '01kjw2xm00abcdefghjkmnpqrs-07'
  for (const [who, status] of [
    [null, 401],
    ['person', 403],
    ['unregistered', 403],
  ] as const) {
    const answer = await here.call(route, { who, id, ...(body && { body }), headers: { 'x-request-id': 'call-1' } })
    expect([answer.status, answer.headers.get('x-request-id')]).toEqual([status, 'call-1'])
  }
})

test('without the setting no address of the door is there', async () => {
  const closed = await house({ isOn: false })
  for (const [route, body] of [...routes, ['authzenConfiguration', null] as const]) {
    const { status, json } = await closed.call(route, { id: 'x', ...(body && { body }) })
    expect([route, status, json.code]).toEqual([route, 404, 'not-found'])
  }
})
