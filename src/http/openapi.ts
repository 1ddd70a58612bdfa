import { z } from 'zod'
import { Problem, problemCodes } from '../core/data/problem.ts'
import type { Route } from './route.ts'
import { routes } from './routes.ts'
import { problemAnswerSchema, requestAnswer } from './answers.ts'

const headers = {
  Prefer: {
    name: 'Prefer',
    in: 'header',
    description: 'wait=N: wait at most N seconds (60) for the request to leave pending (RFC 7240).',
    schema: { type: 'string', examples: ['wait=25'] },
  },
  'Idempotency-Key': {
    name: 'Idempotency-Key',
    in: 'header',
    description: 'The same key of the same agent always names the same request.',
    schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
  },
  Range: {
    name: 'Range',
    in: 'header',
    description: 'A single range of bytes (RFC 9110); several are ignored.',
    schema: { type: 'string', examples: ['bytes=0-1023'] },
  },
  'If-Range': { name: 'If-Range', in: 'header', description: 'An ETag.', schema: { type: 'string' } },
  'If-None-Match': { name: 'If-None-Match', in: 'header', description: 'ETags.', schema: { type: 'string' } },
}

const traceparent = {
  name: 'traceparent',
  in: 'header',
  description: 'The trace that this call is part of (W3C Trace Context); one that is not valid counts as none.',
  schema: { type: 'string', examples: ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'] },
}

/** Of every answer. */
const answered = { traceparent: { $ref: '#/components/headers/traceparent' } }

const inPath = {
  id: { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
  date: { name: 'date', in: 'path', required: true, schema: { type: 'string', format: 'date' } },
}

/** Makes the OpenAPI 3.1 document from the table of routes and the schemas that parse what comes in. */
export function openapi(baseUrl: string): object {
  const paths: Record<string, Record<string, object>> = {}
  for (const route of routes) {
    const path = `/${route.path}`
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Countersign', version: '1', license: { name: 'MIT', identifier: 'MIT' } },
    servers: [{ url: baseUrl }],
    paths,
    components: {
      headers: {
        traceparent: {
          description:
            'The trace, ours if the call named none, and our span of it. The trace is `instance` of problems.',
          schema: { type: 'string' },
        },
      },
      schemas: { Request: schema(requestAnswer, 'output'), Problem: schema(problemAnswerSchema, 'output') },
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } },
    },
  }
}

function operation(route: Route): object {
  const { name, summary, who, body } = route
  return {
    operationId: name,
    summary,
    ...(who === null ? { security: [] } : { description: `For: ${who}.`, security: [{ bearer: [] }] }),
    parameters: parameters(route),
    ...(body && {
      requestBody: {
        required: name !== 'cancel' && name !== 'revoke',
        content: { 'application/json': { schema: schema(body, 'input') } },
      },
    }),
    responses: { ...answers(route), ...problems(route) },
  }
}

function parameters({ path, headers: names, query }: Route): object[] {
  const { properties = {} } = schema(query, 'input') as { properties?: Record<string, object> }
  return [
    ...Object.values(inPath).filter(({ name }) => path.includes(`{${name}}`)),
    ...names.map((name) => headers[name]),
    traceparent,
    ...Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', schema })),
  ]
}

function answers({ name, answers }: Route): Record<string, object> {
  const one = { $ref: '#/components/schemas/Request' }
  const showsRequest = ['ask', 'read', 'cancel', 'decide', 'redeem', 'report', 'revoke'].includes(name)
  const content = (types: readonly string[]) =>
    Object.fromEntries(types.map((type) => [type, showsRequest ? { schema: one } : {}]))
  return Object.fromEntries(
    Object.entries(answers).map(([status, types]) => [
      status,
      {
        description: descriptions[status] ?? 'Done',
        headers: answered,
        ...(types.length > 0 && { content: content(types) }),
      },
    ]),
  )
}

const descriptions: Readonly<Record<string, string>> = {
  206: 'The range that was asked for',
  304: 'The caller has it already',
  416: 'The range lies outside the file',
}

/** Codes are grouped by their status, as OpenAPI wants them. */
function problems(route: Route): Record<string, object> {
  const byStatus = new Map<number, string[]>()
  for (const code of problemCodes.filter((code) => route.problems.includes(code))) {
    const { status } = new Problem(code, '')
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
  return Object.fromEntries(
    [...byStatus]
      .filter(([status]) => !(status in route.answers))
      .map(([status, codes]) => [status, { description: codes.join(', '), headers: answered, content }]),
  )
}

function schema(type: z.ZodType, io: 'input' | 'output'): object {
  const { $schema: _, ...document } = z.toJSONSchema(type, { io, unrepresentable: 'any' })
  return document
}
