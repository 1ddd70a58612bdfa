import { askBody } from '../../src/contract/bodies.ts'
import { components } from '../../src/contract/component.ts'
import { openapi } from '../../src/contract/openapi.ts'
import type { Operation } from '../../src/contract/operation.ts'
import { callerWordsOf, operationNames, operationOf } from '../../src/contract/operations.ts'
import { problemAnswer } from '../../src/contract/problemAnswer.ts'
import { actionPattern, environmentPattern } from '../../src/core/action/action.ts'
import { flawInKey } from '../../src/core/action/key.ts'
import { bounds } from '../../src/core/data/bound.ts'
import { problemCodes } from '../../src/core/data/problem.ts'
import { deliveryStates } from '../../src/core/request/delivery.ts'
import { outcomes, tiers, verdicts } from '../../src/core/request/event.ts'
import { nextSteps, stopCodes } from '../../src/core/request/nextStep.ts'
import { statuses } from '../../src/core/request/request.ts'

interface Schema {
  readonly enum?: readonly string[]
  readonly description?: string
  readonly examples?: readonly unknown[]
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

interface Described {
  readonly operationId: string
  readonly requestBody?: { readonly required: boolean }
  readonly security: readonly object[]
  readonly responses: Readonly<
    Record<string, { readonly headers?: object; readonly content?: Readonly<Record<string, { schema?: object }>> }>
  >
}

const document = openapi('https://countersign.example') as unknown as Document
const { schemas } = document.components
const described = Object.values(document.paths).flatMap((methods) => Object.values(methods))
const named = (name: string) => described.find(({ operationId }) => operationId === name)

test.each([
  ['Status', statuses],
  ['NextStep', nextSteps],
  ['StopCode', stopCodes],
  ['Verdict', verdicts],
  ['Tier', tiers],
  ['PolicyOutcome', outcomes],
  ['DeliveryState', deliveryStates],
  ['ProblemCode', problemCodes],
])('%s is a separate schema with the values of the core', (name, words) => {
  expect(schemas[name]?.enum).toEqual(words)
})

test('every reference leads to a schema, and every schema is used', () => {
  const names = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name = '']) => name)
  expect([...new Set(names)].sort()).toEqual(Object.keys(schemas).sort())
})

test('bodies are closed, and answers may have new members', () => {
  const isClosed = (schema: object) => JSON.stringify(schema).includes('"additionalProperties":false')
  const closed = Object.entries(schemas).flatMap(([name, schema]) => (isClosed(schema) ? [name] : []))
  const bodies = [
    'AnswerBody',
    'AskBody',
    'BreakGlassBody',
    'DecisionBody',
    'DelegationBody',
    'DryAskBody',
    'ErasureBody',
    'GlassReviewBody',
    'HoldBody',
    'NarrowBody',
    'OutcomeBody',
    'QuestionBody',
    'ReasonBody',
    'RedeemBody',
    'ReleaseBody',
    'RepairBody',
    'ViewBody',
  ]
  expect(closed.sort()).toEqual(bodies)
  expect(described.filter(({ responses }) => isClosed(responses))).toEqual([])
})

test('every answer with content has a schema', () => {
  const contents = described.flatMap(({ operationId, responses }) =>
    Object.entries(responses).flatMap(([status, { content = {} }]) =>
      Object.entries(content).map(([type, { schema }]) => ({ operationId, status, type, schema })),
    ),
  )
  expect(contents.length).toBeGreaterThan(100)
  expect(contents.filter(({ schema = {} }) => Object.keys(schema).length === 0)).toEqual([])
})

test.each(operationNames)('%s is documented with its problems, each under its status', (name) => {
  const codes = Object.values(named(name)?.responses ?? {}).flatMap(({ content }) => {
    const text = JSON.stringify(content?.['application/problem+json']?.schema ?? {})
    const [, list = ''] = /"enum":\[(.*?)\]/.exec(text) ?? []
    return list.split(',').filter(Boolean)
  })
  expect(codes.map((code) => JSON.parse(code) as string).sort()).toEqual([...operationOf(name).problems].sort())
})

test('a body is optional if an empty one is valid', () => {
  const optional = described.filter(({ requestBody }) => requestBody?.required === false)
  expect(optional.map(({ operationId }) => operationId)).toEqual(['cancel', 'views', 'revoke'])
})

test.each([
  ['ask', [{ bearer: ['Actions.Request'] }]],
  ['redeem', [{ bearer: ['Actions.Request'] }, { bearer: ['Grants.Redeem'] }]],
  ['decide', [{ bearer: [] }]],
  ['erasures', [{ bearer: ['Evidence.Erase'] }]],
  ['keys', []],
  ['health', [{}, { bearer: ['Evidence.Read'] }]],
])('%s accepts any of these tokens', (name, security) => {
  expect(named(name)?.security).toEqual(security)
})

test('the description of an operation names who may call it, and its role', () => {
  const words = (caller: Operation['caller']) => callerWordsOf({ ...operationOf('bundles'), caller })
  expect(words({ kind: 'anyone' })).toBeNull()
  expect(words({ kind: 'person', role: 'Evidence.Read' })).toBe('app role Evidence.Read')
  expect(words({ kind: 'agent', roles: ['Actions.Request', 'Grants.Redeem'] })).toBe(
    'app role Actions.Request or Grants.Redeem',
  )
  expect(words({ kind: 'person' })).toBe('a person of the tenant')
})

/** The schemas of JSON that go in or out of an operation, by the operation's name. */
const whole = operationNames.flatMap((name) => {
  const { body, answers } = operationOf(name)
  const out = Object.values(answers).flatMap((types) =>
    Object.entries(types).flatMap(([type, schema]) => (type.endsWith('json') ? [schema] : [])),
  )
  return [...(body ? [body] : []), ...out].map((schema) => [name, schema] as const)
})

test.each(whole.filter(([name]) => name !== 'openapi'))(
  '%s: a body has a name, a description, and an example that keeps to its schema (%#)',
  (_name, schema) => {
    const id = components.get(schema)?.id ?? ''
    const { description = '', examples = [] } = schemas[id] ?? {}
    expect(id).toMatch(/^[A-Z]/)
    expect(description.length).toBeGreaterThan(10)
    expect(examples.map((one) => schema.safeParse(one).error?.issues)).toEqual([undefined])
  },
)

test('every member of what is sent is described', () => {
  const silent = operationNames.flatMap((name) => {
    const id = components.get(operationOf(name).body ?? problemAnswer)?.id ?? ''
    const { properties = {} } = schemas[id] as { properties?: Readonly<Record<string, { description?: string }>> }
    const bare = Object.entries(properties).filter(([, { description }]) => description === undefined)
    return id.endsWith('Body') ? bare.map(([member]) => `${id}.${member}`) : []
  })
  expect(silent).toEqual([])
})

test('headers are declared where they come: Retry-After, WWW-Authenticate, Location', () => {
  const declared = (name: string, status: number) => Object.keys(named(name)?.responses[status]?.headers ?? {})
  expect(declared('ask', 201)).toEqual(['traceparent', 'location', 'preference-applied'])
  for (const { responses } of described)
    for (const [status, { headers = {} }] of Object.entries(responses)) {
      expect('retry-after' in headers).toBe(status === '429' || status === '503')
      expect('www-authenticate' in headers).toBe(status === '401')
    }
})

describe('the document says the rules of params:', () => {
  const ask = schemas['AskBody'] as unknown as {
    readonly properties: Readonly<
      Record<string, { readonly pattern?: string; readonly maxLength?: number; description?: string }>
    >
  }
  const params = ask.properties['params'] as unknown as {
    readonly propertyNames: { readonly pattern: string }
    readonly description: string
  }

  test('a pattern of keys that takes what the service takes, and refuses what it refuses', () => {
    const pattern = new RegExp(params.propertyNames.pattern, 'u')
    for (const key of [
      'a',
      'First Name',
      'Größe',
      '$set',
      'app.kubernetes.io/name',
      '2026-11',
      '__typename',
      '😀'.repeat(253),
    ])
      expect([key, pattern.test(key), flawInKey(key)]).toEqual([key, true, null])
    for (const key of ['', '__proto__', 'a\n', 'a\u200b', 'a\u202e', 'a\u2028', 'k'.repeat(254)])
      expect([key, pattern.test(key), flawInKey(key) === null]).toEqual([key, false, false])
  })

  test.each([
    ...[`${bounds.action.key} characters`, '__proto__', 'countersign.run', 'null', 'RFC 7493', '2^53-1', 'double'],
    ...['16 levels', '2,000 values', '16,384 bytes', 'RFC 8785', 'sha256', 'size', 'href', 'begins'],
  ])('%s', (rule) => {
    expect(params.description).toContain(rule)
  })

  test('names, texts and addresses have their lengths, characters and forms', () => {
    expect(ask.properties['action']).toMatchObject({ maxLength: 128, pattern: actionPattern.source })
    expect(ask.properties['environment']).toMatchObject({ maxLength: 64, pattern: environmentPattern.source })
    expect(ask.properties['reason']).toMatchObject({
      ...{ minLength: 1, maxLength: 1_000 },
      description: expect.stringContaining('control characters') as string,
    })
  })
})

test.each([
  ['reason', { reason: 'x'.repeat(1_400) }, /1 to 1,000 characters, and this has 1,400: .*links/],
  ['reason', { reason: 'a\u0007b' }, /U\+0007/],
  ['reason', { reason: 'a\rb' }, /U\+000D without a newline/],
  ['action', { action: 'db export' }, /" " as character 3/],
  ['environment', { environment: 'Production' }, /"P" as character 1: write it in lower case/],
  ['expiresIn', { expiresIn: 59 }, /at least 60 seconds, and this is 59/],
  ['links', { links: [{ title: 'T', url: 'https://jira/browse/1' }] }, /host without a dot/],
  ['links', { links: [{ title: 'T', url: 'http://tickets.example.com/1' }] }, /https:\/\//],
  ['links', { links: [{ title: 'T', url: 'https://a:b@tickets.example.com/1' }] }, /no user/],
])('a refusal of %s says what was found, and the way out (%#)', (field, change, words) => {
  const body = { action: 'db.export', target: 'x', environment: 'prod', reason: 'why', ...change }
  const parsed = askBody.safeParse(body)
  expect(parsed.error?.issues).toMatchObject([
    { path: expect.arrayContaining([field]) as unknown, message: expect.stringMatching(words) as string },
  ])
})

test.each(['IIS hangs since 09:10.\r\nTicket OPS-417.', 'a\tb\nc'])(
  'a text may have tabs and line ends: %j',
  (reason) => {
    expect(askBody.safeParse({ action: 'a', target: 'x', environment: 'prod', reason }).success).toBe(true)
  },
)
