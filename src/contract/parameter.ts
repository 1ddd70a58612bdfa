import type { Operation, RequestHeader } from './operation.ts'

type Parameter = Readonly<{ name: string; in: 'path' | 'query' | 'header'; schema: object }>

const header = (name: string, description: string, schema: object = {}): Parameter & { description: string } => ({
  name,
  in: 'header',
  description,
  schema: { type: 'string', ...schema },
})

const prefer = header(
  'Prefer',
  'wait=N: wait at most N seconds (60) for the request to leave pending, or for a list of pending ones that ' +
    'If-None-Match does not name (RFC 7240).',
  { examples: ['wait=25'] },
)

const headers: Readonly<Record<RequestHeader, Parameter>> = {
  'Idempotency-Key': header('Idempotency-Key', 'The same key of the same agent always names the same request.', {
    pattern: '^[\\x21-\\x7e]{1,255}$',
  }),
  Range: header('Range', 'A single range of bytes (RFC 9110); several are ignored.', { examples: ['bytes=0-1023'] }),
  'If-Range': header('If-Range', 'An ETag.'),
  'If-None-Match': header('If-None-Match', 'ETags.'),
}

const traceparent = header(
  'traceparent',
  'The trace that this call is part of (W3C Trace Context); one that is not valid counts as none.',
  { examples: ['00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'] },
)

const inPath = [
  { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
  { name: 'hold', in: 'path', required: true, schema: { type: 'string' } },
  { name: 'date', in: 'path', required: true, schema: { type: 'string', format: 'date' } },
  { name: 'event', in: 'path', required: true, schema: { type: 'string', pattern: '^[0-9a-f]{64}$' } },
  { name: 'view', in: 'path', required: true, schema: { type: 'string', pattern: '^sha256:[0-9a-f]{64}$' } },
] as const

/**
 * Lists an operation's parameters for the OpenAPI document.
 *
 * @param query the JSON schema of its query, whose members are the query parameters
 */
export function parametersOf(
  { path, headers: names, waits }: Operation,
  query: { readonly properties?: Readonly<Record<string, object>> },
): readonly Parameter[] {
  return [
    ...inPath.filter(({ name }) => path.includes(`{${name}}`)),
    ...(waits ? [prefer] : []),
    ...names.map((name) => headers[name]),
    traceparent,
    ...Object.entries(query.properties ?? {}).map(([name, schema]) => ({ name, in: 'query', schema }) as const),
  ]
}
