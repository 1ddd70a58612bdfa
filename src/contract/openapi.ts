import * as z from 'zod'
import { Problem, type ProblemCode, problemCodes } from '../core/data/problem.ts'
import { components, examples } from './component.ts'
import type { CallerRule, Operation, Tag } from './operation.ts'
import { callerWordsOf, operationNames, operationOf } from './operations.ts'
import { parametersOf } from './parameter.ts'
import { internalError, problemAnswer } from './problemAnswer.ts'

const tags: Readonly<Record<Tag, string>> = {
  requests: 'Actions that are asked for, decided, executed and read.',
  delegations: 'Members who are away, and who acts for them.',
  evidence: 'The sealed record of what happened.',
  policy: 'What policy says of an action.',
  service: 'What the service says of itself.',
}

/**
 * Makes the OpenAPI 3.1 document from the operations and their schemas.
 *
 * What comes in is closed: an unknown member is refused. What goes out is open: clients ignore members that they do
 * not know, so that answers can grow.
 */
export function openapi(baseUrl: string): Readonly<Record<string, unknown>> {
  const paths: Record<string, Record<string, object>> = {}
  for (const name of operationNames) {
    const operation = operationOf(name)
    const path = `/${operation.path}`
    paths[path] = { ...paths[path], [operation.method.toLowerCase()]: described(name, operation) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Countersign', version: '1', license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: baseUrl }],
    tags: Object.entries(tags).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      headers: {
        traceparent: {
          description:
            'The trace, ours if the call named none, and our span of it. The trace is `instance` of problems.',
          schema: { type: 'string' },
        },
        'retry-after': {
          description: 'Seconds after which the call may be repeated. Absent where a repetition is useless.',
          schema: { type: 'integer', minimum: 0, examples: [2] },
        },
        'www-authenticate': {
          description:
            'Without a token, `Bearer`. Otherwise `error="invalid_token"`, with `unreadable`, `expired` or ' +
            '`not for this service` as `error_description` (RFC 6750). With `step-up`, `error="insufficient_claims"` and ' +
            'the `claims` to sign in with, in base64.',
          schema: { type: 'string', examples: ['Bearer error="invalid_token", error_description="expired"'] },
        },
        location: { description: 'The address of the request.', schema: { type: 'string', format: 'uri' } },
        'preference-applied': {
          description: 'The wait that was applied (RFC 7240).',
          schema: { type: 'string', examples: ['wait=25'] },
        },
      },
      schemas: componentSchemas(),
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'An access token of the tenant (Entra, version 2.0). Roles are app roles in its `roles` claim.',
        },
      },
    },
  }
}

function described(operationId: string, operation: Operation): object {
  const { tag, summary, caller, body, query } = operation
  const words = callerWordsOf(operation)
  return {
    operationId,
    tags: [tag],
    summary,
    ...(words !== null && { description: `For: ${words}.` }),
    security: securityOf(caller),
    parameters: parametersOf(operation, schemaOf(query)),
    ...(body && {
      requestBody: {
        // No body counts as an empty object.
        required: !body.safeParse({}).success,
        content: { 'application/json': { schema: referTo(body) } },
      },
    }),
    responses: responsesOf(operation),
  }
}

/** Alternatives, one of which suffices; the empty one needs no token. */
function securityOf(rule: CallerRule): readonly object[] {
  const bearer = (...roles: readonly string[]) => ({ bearer: roles })
  switch (rule.kind) {
    case 'anyone':
      return rule.more === undefined ? [] : [{}, bearer(rule.more)]
    case 'agent':
      return rule.roles.map((role) => bearer(role))
    case 'person':
      return rule.role === undefined ? [bearer()] : [rule.role].flat().map((role) => bearer(role))
    case 'either':
      return [bearer(), ...rule.roles.map((role) => bearer(role))]
  }
}

type Content = Record<string, object>

/** Answers and problems, by status. A status may have both: then the media type tells which it is. */
function responsesOf(operation: Operation): Readonly<Record<string, object>> {
  const { answers, problems } = operation
  const contents = new Map<number, { words: string; content: Content }>()
  for (const [status, types] of Object.entries(answers))
    contents.set(Number(status), {
      words: descriptions[status] ?? 'Done',
      content: Object.fromEntries(Object.entries(types).map(([type, schema]) => [type, { schema: referTo(schema) }])),
    })
  for (const [status, codes] of byStatus(problems)) {
    const known = contents.get(status)
    const words = codes.join(', ')
    contents.set(status, {
      words: known ? `${known.words}; ${words}` : words,
      content: { ...known?.content, 'application/problem+json': { schema: problemOf(codes) } },
    })
  }
  contents.set(500, { words: 'A bug', content: { 'application/problem+json': { schema: referTo(internalError) } } })
  return Object.fromEntries(
    [...contents].map(([status, { words, content }]) => [
      status,
      {
        description: words,
        headers: headersOf(status, operation),
        ...(Object.keys(content).length > 0 && { content }),
      },
    ]),
  )
}

/** The headers of an answer, beside those that describe its body. */
function headersOf(status: number, { waits, path, method }: Operation): object {
  const names = [
    'traceparent',
    ...(status === 401 ? ['www-authenticate'] : []),
    ...(status === 429 || status === 503 ? ['retry-after'] : []),
    ...(status < 300 && method === 'POST' && path === 'api/requests' ? ['location'] : []),
    ...(status < 300 && waits ? ['preference-applied'] : []),
  ]
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}

const descriptions: Readonly<Record<string, string>> = {
  206: 'The range that was asked for',
  304: 'The caller has it already',
  416: 'The range lies outside the file',
  503: 'Failing',
}

/** In the order of the table of problems, whatever the operation's order is. */
function byStatus(codes: readonly ProblemCode[]): ReadonlyMap<number, readonly ProblemCode[]> {
  const found = new Map<number, ProblemCode[]>()
  for (const code of problemCodes.filter((code) => codes.includes(code))) {
    const { status } = new Problem(code, '')
    found.set(status, [...(found.get(status) ?? []), code])
  }
  return found
}

const problemOf = (codes: readonly ProblemCode[]) => ({
  allOf: [referTo(problemAnswer), { type: 'object', properties: { code: { enum: codes } }, required: ['code'] }],
})

/** A named schema is referred to; any other stands where it is used. */
function referTo(schema: z.ZodType): object {
  const named = components.get(schema)
  return named ? { $ref: uri(named.id) } : schemaOf(schema)
}

const uri = (id: string): string => `#/components/schemas/${id}`

/** Inputs as they are sent; and answers without being closed, which only what goes out of a parser would be. */
const io = { io: 'input', unrepresentable: 'any' } as const

function componentSchemas(): Readonly<Record<string, object>> {
  const { schemas } = z.toJSONSchema(components, { ...io, uri })
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _schema, $id: _id, ...schema }]) => [
      id,
      examples.has(id) ? { ...schema, examples: [examples.get(id)] } : schema,
    ]),
  )
}

function schemaOf(type: z.ZodType): { readonly properties?: Readonly<Record<string, object>> } {
  const { $schema: _, ...schema } = z.toJSONSchema(type, io)
  return schema as { readonly properties?: Readonly<Record<string, object>> }
}
