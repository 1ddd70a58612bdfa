import { askBody, decisionBody } from '../../src/contract/bodies.ts'
import { openapi } from '../../src/contract/openapi.ts'
import type { Operation } from '../../src/contract/operation.ts'
import { callerWordsOf, operationNames, operationOf } from '../../src/contract/operations.ts'
import { problemCodes } from '../../src/core/data/problem.ts'
import { deliveryStates } from '../../src/core/request/delivery.ts'
import { outcomes, tiers, verdicts } from '../../src/core/request/event.ts'
import { nextSteps, stopCodes } from '../../src/core/request/nextStep.ts'
import { statuses } from '../../src/core/request/request.ts'

interface Schema {
  readonly enum?: readonly string[]
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
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, { schema?: object }>> }>>
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
    'AskBody',
    'DecisionBody',
    'ErasureBody',
    'OutcomeBody',
    'ReasonBody',
    'RedeemBody',
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

test('examples keep to their schemas', () => {
  expect(schemas['AskBody']?.examples?.map((one) => askBody.safeParse(one).success)).toEqual([true])
  expect(schemas['DecisionBody']?.examples?.map((one) => decisionBody.safeParse(one).success)).toEqual([true])
})
