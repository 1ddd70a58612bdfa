import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import * as fc from 'fast-check'
import { operationNames as names, type OperationName, operationOf } from '../../src/contract/operations.ts'
import { type Answer, type Stack, startStack, wish } from '../support/stack.ts'
import { isWhole, someOf } from '../support/whole.ts'
import { oidOf } from '../support/teamsDouble.ts'
import { breaks, firstOf, type Schema, valid } from './breaks.ts'

/** In whatever is broken. */
const canary = 'Canary-3d94e1f0'

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly schema: Schema
}

interface Operation {
  readonly operationId: string
  readonly parameters: readonly Parameter[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: { readonly $ref: string } }>> }
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema: Schema }>> }>>
}

let stack: Stack
let operations: ReadonlyMap<string, Operation>
let schemas: Readonly<Record<string, Schema>>
let document: Answer['body']
let request: Answer['body']
let complained = ''
let calls = 0

beforeAll(async () => {
  stack = await startStack()
  stack.process.stderr?.on('data', (chunk: Buffer) => (complained += chunk.toString()))
  document = (await stack.call(null, '/api/openapi.json')).body
  const all = Object.values<Record<string, Operation>>(document.paths).flatMap((methods) => Object.values(methods))
  operations = new Map(all.map((one) => [one.operationId, one]))
  schemas = document.components.schemas
  request = (await stack.call('deploy-bot', '/api/requests', wish())).body
})
afterAll(() => stack.stop())

/** What a validator of others says of a document: it holds it against the schema of OpenAPI 3.1, and its references. */
async function faultsOf(given: Answer['body']): Promise<unknown> {
  const validator = new Validator()
  const { valid, errors } = await validator.validate(structuredClone(given))
  return { version: validator.version, valid, ...(errors && { errors }) }
}

test.each([
  ['GET', '/'],
  ['GET', '/api'],
  ['GET', '/api/request'],
  ['DELETE', '/api/requests'],
  ['PUT', '/.well-known/openid-configuration'],
])('%s %s, which no operation has, is answered with the way to what there is', async (method, path) => {
  const answer = await fetch(stack.api + path, { method })
  expect(answer.status).toBe(404)
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
  const { code, detail } = (await answer.json()) as { code: string; detail: string }
  expect(code).toBe('not-found')
  for (const [, place = ''] of detail.matchAll(/GET (\S+)/g)) expect((await fetch(stack.api + place)).ok).toBe(true)
  expect(detail.match(/GET \S+/g)).toHaveLength(2)
})

test('the document is OpenAPI 3.1', async () => {
  expect(await faultsOf(document)).toEqual({ version: '3.1', valid: true })
})

test.each<[string, (all: Answer['body']) => unknown]>([
  ['no title', (all) => delete all.info.title],
  ['no version', (all) => delete all.info.version],
  ['a member that there is not', (all) => (all.answers = {})],
  ['a path without a slash', (all) => (all.paths['api/x'] = {})],
  ['an answer without a description', (all) => delete all.paths['/api/health'].get.responses[200].description],
  ['a parameter that lies nowhere', (all) => (all.paths['/api/requests/{id}'].get.parameters[0].in = 'body')],
  [
    'a parameter of a path that may be absent',
    (all) => delete all.paths['/api/requests/{id}'].get.parameters[0].required,
  ],
  ['a reference that leads nowhere', (all) => delete all.components.schemas.Request],
  ['a name of a component that cannot be one', (all) => (all.components.schemas['a b'] = {})],
  [
    'a way to sign in that is unknown',
    (all) => (Object.values<{ type: string }>(all.components.securitySchemes)[0]!.type = 'x'),
  ],
])('with %s it would not be', async (_what, spoil) => {
  const spoilt = structuredClone(document)
  spoil(spoilt)
  expect(await faultsOf(spoilt)).toMatchObject({ valid: false })
})

const withBody = names.filter((name) => operationOf(name).body !== undefined)

test('the document has every operation, and a body where one is read', () => {
  expect([...operations.keys()].sort()).toEqual([...names].sort())
  expect([...operations.values()].filter(({ requestBody }) => requestBody).map((one) => one.operationId)).toEqual(
    expect.arrayContaining(withBody),
  )
})

test.each(withBody)('%s: a valid body gets an answer that the document has', async (name) => {
  const bodies = fc.sample(valid(bodySchema(name)), { numRuns: isWhole ? 12 : 3, seed: 5 })
  for (const body of bodies) await documented(name, await send(name, { body: { ...Object(body), ...suited(name) } }))
})

test.each(withBody)('%s: a body that breaks one constraint is refused, naming the field', async (name) => {
  const schema = bodySchema(name)
  const whole = { ...Object(fc.sample(valid(complete(schema)), { numRuns: 1, seed: 5 })[0]), ...suited(name) }
  const answered = await documented(name, await send(name, { body: whole }))
  expect({ name, code: answered.body.code }).not.toEqual({ name, code: 'invalid-input' })
  const all = breaks(schema, whole, canary)
  expect(all.length).toBeGreaterThan(8)
  for (const { what, value, pointer, code } of someOf(all, (one) => `${one.code} ${one.pointer}`)) {
    const { status, body } = await documented(name, await send(name, { body: value }))
    const blamed = code === 'invalid-json' ? {} : { pointer }
    expect({ what, status, ...body }).toMatchObject({ what, status: 400, code, ...blamed })
  }
})

test.each(names)('%s: an invalid parameter is refused by name', async (name) => {
  const broken = [
    { what: 'one more', query: { ...neededBy(name), colour: canary }, pointer: '/colour' },
    ...parametersOf(name, 'query').flatMap(({ name: field, schema }) =>
      textsIn(schema).map(([what, text]) => ({
        ...{
          what: `${field}: ${what}`,
          query: { status: 'pending', ...neededBy(name), [field]: text },
          pointer: `/${field}`,
        },
      })),
    ),
    ...parametersOf(name, 'header').flatMap(({ name: field, schema }) =>
      textsIn(schema).map(([what, text]) => ({ what: `${field}: ${what}`, headers: { [field]: text } })),
    ),
    ...parametersOf(name, 'path')
      .filter(({ schema }) => schema.format === 'date')
      .map(({ name: field }) => ({ what: field, path: canary, pointer: `/${field}` })),
  ]
  for (const { what, ...given } of someOf(broken, ({ what }) => what.split(':')[0])) {
    const answer = await documented(name, await send(name, given))
    const blamed = 'pointer' in given ? { pointer: given.pointer } : {}
    expect({ what, status: answer.status, ...answer.body }).toMatchObject({ what, code: 'invalid-input', ...blamed })
  }
})

test.each(names.filter((name) => operationOf(name).path.includes('{id}')))(
  '%s: a malformed id is not found',
  async (name) => {
    const given = () => ({ ...Object(fc.sample(valid(complete(bodySchema(name))), 1)[0]), ...suited(name) })
    const body = withBody.includes(name) ? given() : undefined
    const { body: problem } = await documented(name, await send(name, { path: canary, ...(body && { body }) }))
    // a grant is read before the request is looked for
    expect(['not-found', 'grant-invalid']).toContain(problem.code)
  },
)

test('the log has nothing of the invalid input, and no error', async () => {
  expect(calls).toBeGreaterThan(isWhole ? 200 : 100)
  const log = await readFile(join(stack.data, 'log.jsonl'), 'utf8')
  expect(log.split('\n').filter((line) => line.includes(canary) || line.includes('"level":"error"'))).toEqual([])
  expect(complained).toBe('')
})

/** Holds an answer against the document that is served: its status, its type, a problem's code; nothing is said back. */
async function documented(name: string, answer: Answer): Promise<Answer> {
  const { status, headers, body } = answer
  const { content = {} } = operations.get(name)?.responses[status] ?? {}
  const type = headers.get('content-type')?.split(';')[0] ?? ''
  expect({ name, status, type, documented: Object.keys(content) }).toMatchObject({
    documented: expect.arrayContaining([type]),
  })
  expect(status).toBeLessThan(500)
  expect(JSON.stringify(body)).not.toContain(canary)
  if (status < 400) return answer
  const { schema } = content['application/problem+json'] ?? {}
  expect(schema?.allOf?.[1]?.properties?.['code']?.enum).toContain(body.code)
  return answer
}

interface Given {
  readonly body?: unknown
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Record<string, string>
  readonly path?: string
}

/** The parameters that a call needs. */
const neededBy = (name: string): Readonly<Record<string, string>> =>
  ['metrics', 'exceptions'].includes(name) ? { from: '2026-03-04', to: '2026-03-04' } : {}

/** By who may. */
async function send(name: string, { body, query = {}, headers = {}, path: place }: Given): Promise<Answer> {
  calls++
  const { path, caller: rule, method } = operationOf(name as OperationName)
  const caller = rule.kind === 'anyone' ? null : (callers[name] ?? 'compliance')
  const ending = Object.entries(query).map(([key, value]) => `${key}=${encodeURIComponent(value)}`)
  const at = path
    .replace('{id}', place ?? request.id)
    .replace('{hold}', place ?? request.id.slice(0, 26))
    .replace('{date}', place ?? '2026-03-04')
    .replace('{event}', place ?? '0'.repeat(64))
    .replace('{view}', place ?? `sha256:${'0'.repeat(64)}`)
  const sent = body !== undefined ? JSON.stringify(body) : method === 'POST' ? '{}' : undefined
  return stack.call(caller, `/${at}${ending.length > 0 ? `?${ending.join('&')}` : ''}`, sent, headers, method)
}

const callers: Readonly<Record<string, string>> = {
  ...{
    ask: 'deploy-bot',
    cancel: 'other-bot',
    views: 'dba-1',
    decide: 'dba-1',
    redeem: 'deploy-bot',
    report: 'deploy-bot',
  },
  revoke: 'dba-1',
}

/** What no schema can know: of this stack, or of the policy. */
const suited = (name: string): object => {
  const acting = { action: 'cat.feed', executor: 'b0000000-0000-4000-8000-000000000002', ...onBehalf }
  // A use is no ask for a standing approval, and the action has to lie in its scope.
  const standing = { uses: 3, for: 600, vary: {} }
  if (name === 'ask') return { ...acting, standing, under: undefined }
  if (name === 'judgements')
    return { ...acting, standing, agent: 'b0000000-0000-4000-8000-000000000001', at: '2026-03-04T12:00:00.000Z' }
  if (name === 'hold') return { scope: { agent: 'b0000000-0000-4000-8000-000000000009' } }
  if (name === 'repairs') return { requests: [request.id] }
  if (name === 'delegate') return { until: new Date(Date.now() + 86_400_000).toISOString() }
  // A view has its content.
  if (name === 'narrow') return { content: undefined, uses: undefined, for: undefined }
  if (['decide', 'askBack', 'breakGlass'].includes(name)) return { content: undefined }
  return name === 'erasures' ? { request: request.id } : {}
}

const onBehalf = { onBehalfOf: oidOf('dba-2') }

function bodySchema(name: string): Schema {
  const { $ref = '' } = operations.get(name)?.requestBody?.content['application/json']?.schema ?? {}
  return firstOf(schemas[$ref.replace('#/components/schemas/', '')] ?? {})
}

const parametersOf = (name: string, place: Parameter['in']): readonly Parameter[] =>
  operations.get(name)?.parameters.filter((one) => one.in === place) ?? []

/** The same with all that is optional, and something in every list, so that it can be broken. */
function complete(schema: Schema): Schema {
  const { properties, items } = schema
  return {
    ...schema,
    ...(schema.type === 'array' && { minItems: 1, maxItems: 1 }),
    ...(items && { items: complete(items) }),
    ...(properties && {
      required: Object.keys(properties),
      properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, complete(one)])),
    }),
  }
}

/** The broken texts of a parameter: in a URL there is nothing else. */
const textsIn = (schema: Schema): readonly (readonly [string, string])[] =>
  breaks(schema, '', canary).flatMap(({ what, value }) =>
    typeof value === 'string' && !(value === '' && schema.minLength === undefined && schema.pattern === undefined)
      ? [[what, value] as const]
      : [],
  )
