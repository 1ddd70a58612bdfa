import { request as httpRequest } from 'node:http'
import about from '../../package.json'
import { operationNames, operationOf } from '../../src/contract/operations.ts'
import { type Answer, type Stack, startStack, undocumented, wish } from '../support/stack.ts'

let stack: Stack
let request: Answer['body']
beforeAll(async () => {
  stack = await startStack()
  request = (await stack.call('deploy-bot', '/api/requests', wish())).body
})
afterAll(() => stack.stop())

const digest = `sha256:${'0'.repeat(64)}`
const long = (length: number): string => 'x'.repeat(length)

test.each([
  ['an unknown field', wish({ colour: 'red' }), '/colour'],
  ['no action', wish({ action: undefined }), '/action'],
  ['an action with a space', wish({ action: 'db export' }), '/action'],
  ['an action of 129 characters', wish({ action: long(129) }), '/action'],
  ['an environment in capitals', wish({ environment: 'Production' }), '/environment'],
  ['no environment', wish({ environment: undefined }), '/environment'],
  ['an empty target', wish({ target: '' }), '/target'],
  ['a target of 513 characters', wish({ target: long(513) }), '/target'],
  ['a target with a dot segment', wish({ target: 'staging/../prod/x' }), '/target'],
  ['a target with a line break', wish({ target: 'a\nb' }), '/target'],
  ['params that are a list', wish({ params: [] }), '/params'],
  ['a param that is null', wish({ params: { rows: null } }), '/params/rows'],
  ['a param of the wrong type', wish({ params: { rows: 'many' } }), '/params/rows'],
  ['a param that is not declared', wish({ params: { rowz: 1 } }), '/params/rowz'],
  ['a key with a hidden character', wish({ action: 'cat.feed', params: { 'a\u200bb': 1 } }), '/params/a\u200bb'],
  ['params nested too deep', wish({ action: 'cat.feed', params: nested(16) }), expect.stringMatching(/^\/params\/a/)],
  ['a target with a space at its end', wish({ target: 'prod/x ' }), '/target'],
  ['a target with an invisible character', wish({ target: 'prod/\u200bx' }), '/target'],
  ['a target that is not in NFC', wish({ target: 'prod/e\u0301' }), '/target'],
  ['a link that names a user', wish({ links: [{ title: 'a', url: 'https://x@evil.example' }] }), '/links/0/url'],
  [
    'a link with a hidden character',
    wish({ links: [{ title: 'a', url: 'https://a.example/\u202e' }] }),
    '/links/0/url',
  ],
  ['no reason', wish({ reason: undefined }), '/reason'],
  ['a reason of 1,001 characters', wish({ reason: long(1001) }), '/reason'],
  ['a reason with a control character', wish({ reason: 'a\u0007b' }), '/reason'],
  ['an executor that is no GUID', wish({ executor: 'other-bot' }), '/executor'],
  ['an executor that is not registered', wish({ executor: 'b0000000-0000-4000-8000-000000000009' }), '/executor'],
  ['a principal who does not exist', wish({ onBehalfOf: 'c0000000-0000-4000-8000-000000000099' }), '/onBehalfOf'],
  ['six links', wish({ links: Array.from({ length: 6 }, () => ({ title: 'a', url: 'https://a.example' })) }), '/links'],
  ['a link that is not https', wish({ links: [{ title: 'a', url: 'http://a.example' }] }), '/links/0/url'],
  ['a link that runs a script', wish({ links: [{ title: 'a', url: 'javascript:alert(1)' }] }), '/links/0/url'],
  ['an expiry of a fraction', wish({ expiresIn: 60.5 }), '/expiresIn'],
  ['an expiry of 59 seconds', wish({ expiresIn: 59 }), '/expiresIn'],
  ['an expiry of over a week', wish({ expiresIn: 604_801 }), '/expiresIn'],
  ['a body that is a list', [], ''],
])('an ask with %s is refused, naming the field', async (_what, body, pointer) => {
  const answer = await stack.call('deploy-bot', '/api/requests', body)
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-input', pointer } })
  expect(answer.headers.get('content-type')).toBe('application/problem+json')
})

test.each([
  ['nothing', '', 400, 'invalid-input'],
  ['half an object', '{"action":', 400, 'invalid-json'],
  ['a doubled key', '{"action":"a","\\u0061ction":"b"}', 400, 'invalid-json'],
  ['a prototype', '{"__proto__":{}}', 400, 'invalid-json'],
  ['a number past 2^53', '{"expiresIn":9007199254740993}', 400, 'invalid-json'],
  ['a number past doubles', '{"expiresIn":1e400}', 400, 'invalid-json'],
  ['half a surrogate pair', '{"reason":"\\ud800"}', 400, 'invalid-json'],
  ['5,000 brackets', '['.repeat(5000), 400, 'invalid-json'],
  ['70 KB', `{"reason":"${long(70_000)}"}`, 413, 'too-large'],
  [
    'an action over 16 KiB',
    JSON.stringify(wish({ action: 'cat.feed', params: { a: long(16_500) } })),
    413,
    'too-large',
  ],
])('a body of %s is refused', async (_what, body, status, code) => {
  expect(await stack.call('deploy-bot', '/api/requests', body)).toMatchObject({ status, body: { code } })
})

test('a body of 10 MB is refused by its length, before it is read', async () => {
  const token = await stack.token('deploy-bot')
  const status = await new Promise<number | undefined>((done, fail) => {
    const call = httpRequest(`${stack.api}/api/requests`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-length': 10_000_000 },
    })
    call.on('response', (response) => done(response.statusCode)).on('error', fail)
    call.write('{')
  })
  expect(status).toBe(413)
})

test.each([
  ['POST', `decisions`, { verdict: 'maybe', digest }, 'dba-1', '/verdict'],
  ['POST', `decisions`, { verdict: 'approve' }, 'dba-1', '/view'],
  ['POST', `decisions`, { verdict: 'approve', digest: 'sha256:AB' }, 'dba-1', '/digest'],
  ['POST', `decisions`, { verdict: 'deny', digest, reason: long(501) }, 'dba-1', '/reason'],
  ['POST', `redeem`, { grant: 'a.b.c', digest, redemption: 'once' }, 'deploy-bot', '/redemption'],
  ['POST', `outcome`, { result: 'perhaps' }, 'deploy-bot', '/result'],
  ['POST', `outcome`, { result: 'failed', output: { sha256: 'ab', size: 1 } }, 'deploy-bot', '/output/sha256'],
  ['POST', `outcome`, { result: 'failed', output: { sha256: long(64), size: -1 } }, 'deploy-bot', '/output/sha256'],
  ['POST', `cancel`, { why: 'because' }, 'deploy-bot', '/why'],
  ['POST', `revoke`, { reason: 7 }, 'dba-1', '/reason'],
])('%s …/%s with %j is refused', async (_method, path, body, who, pointer) => {
  const answer = await stack.call(who, `/api/requests/${request.id}/${path}`, body)
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-input', pointer } })
})

test.each([
  ['?colour=red', '/colour'],
  ['?__proto__=1', '/__proto__'],
  ['?status=open', '/status'],
  ['?limit=0', '/limit'],
  ['?limit=101', '/limit'],
  ['?status=pending&status=denied', '/status'],
  ['', '/from'],
  ['?from=2026-02-30T00:00:00.000Z&to=2026-03-01T00:00:00.000Z', '/from'],
  ['?from=yesterday&to=today', '/from'],
  ['?from=2026-01-01T00:00:00.000Z&to=2026-03-01T00:00:00.000Z', '/to'],
  ["?agent=' or 1 eq 1", '/agent'],
  ['?status=pending&cursor=..%2f', '/cursor'],
  ['?status=pending&tier=dire', '/tier'],
  ['?status=pending&rule=a%20b', '/rule'],
  ['?status=pending&prefix=', '/prefix'],
  ['?status=pending&onBehalfOf=me', '/onBehalfOf'],
])('a list with the query %s is refused', async (query, pointer) => {
  const answer = await stack.call('compliance', `/api/requests${query}`)
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-input', pointer } })
})

test.each(['nonsense', '..%2f..%2fmeta', "01'%20or%20'1'eq'1", `${'0'.repeat(26)}-10`, `${'0'.repeat(26)}-0F`])(
  'the id %s is not found',
  async (id) => {
    expect(await stack.call('compliance', `/api/requests/${id}`)).toMatchObject({
      status: 404,
      body: { code: 'not-found' },
    })
  },
)

test.each([
  ['idempotency-key', 'two words'],
  ['idempotency-key', long(256)],
  ['prefer', 'wait=soon'],
])('the header %s: %s is refused', async (name, value) => {
  const answer = await stack.call('deploy-bot', '/api/requests', wish(), { [name]: value })
  expect(answer).toMatchObject({ status: 400, body: { code: 'invalid-input' } })
})

test('refused input has left no request behind', async () => {
  const { body } = await stack.call('compliance', `/api/requests?agent=${request.agent.id}`)
  expect(body.requests.map(({ id }: { id: string }) => id)).toEqual([request.id])
})

test('a list has every request once, newest first, or by deadline for pending ones', async () => {
  const made: string[] = []
  for (let i = 0; i < 7; i++) {
    const { body } = await stack.call('other-bot', '/api/requests', wish({ action: 'cat.feed', params: {} }))
    made.unshift(body.id)
  }
  const agent = 'b0000000-0000-4000-8000-000000000002'
  const seen: string[] = []
  let cursor: string | undefined
  do {
    const next = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`
    const { body } = await stack.call('compliance', `/api/requests?agent=${agent}&limit=3${next}`)
    seen.push(...body.requests.map(({ id }: { id: string }) => id))
    cursor = body.cursor
  } while (cursor !== undefined)
  expect(seen).toEqual(made)
  const mine = await stack.call('dba-1', '/api/requests?status=pending')
  expect(mine.body.requests).toHaveLength(1)
  expect((await stack.call('security-1', '/api/requests?status=pending')).body.requests).toHaveLength(0)
})

test('the document has every served route, and every status that was seen', async () => {
  const { body } = await stack.call(null, '/api/openapi.json')
  const operations = Object.entries<object>(body.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(operations.sort()).toEqual(
    operationNames
      .map(operationOf)
      .map(({ method, path }) => `${method} /${path}`)
      .sort(),
  )
  expect(Object.keys(body.paths['/api/requests'].post.responses)).toEqual(
    expect.arrayContaining(['200', '201', '400', '401', '403', '409', '413', '422', '429', '503']),
  )
})

test.each(['/', '/api', '/api/nothing'])(
  'where no operation is, the answer says where they are described: %s',
  async (path) => {
    const answer = await fetch(`${stack.api}${path}`)
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect([answer.status, await answer.json()]).toMatchObject([
      404,
      { code: 'not-found', detail: expect.stringMatching(/\/api\/openapi\.json .*\/api\/health/) },
    ])
  },
)

test('health tells anyone whether the parts work, and readers of evidence the counts', async () => {
  const { status, body } = await stack.call(null, '/api/health')
  expect({ status, body }).toEqual({
    status: 200,
    body: {
      ...{ status: 'ok', version: about.version, now: expect.any(String), people: 'admitted' },
      parts: {
        ...{ ledger: 'ok', archive: 'ok', witness: 'ok', signer: 'ok', directory: 'ok', deliveries: 'ok', seal: 'ok' },
        ...{ evidence: 'ok', backup: 'off', cosignatures: 'off', sinks: 'off' },
      },
    },
  })
  expect((await stack.call('compliance', '/api/health')).body).toMatchObject({
    counts: { overdue: 0, pending: expect.any(Number), reviews: 0, standing: 0, waiting: 0, throttled: 0 },
    immutable: false,
  })
  expect((await stack.call('dba-1', '/api/health')).body).toEqual({ ...body, now: expect.any(String) })
})

test('the log has one line per call, and nothing of the input', async () => {
  const canary = 'canary-7f3a91'
  const trace = 'a'.repeat(32)
  await stack.call('deploy-bot', '/api/requests', wish({ reason: canary, params: { destination: canary } }), {
    traceparent: `00-${trace}-${'b'.repeat(16)}-01`,
  })
  await stack.call('deploy-bot', '/api/requests', `{"reason":"${canary}"`)
  const { readFile } = await import('node:fs/promises')
  const lines = (await readFile(`${stack.data}/log.jsonl`, 'utf8')).trim().split('\n')
  expect(lines.filter((line) => line.includes(trace))).toHaveLength(1)
  expect(lines.join('\n')).not.toContain(canary)
  expect(lines.join('\n')).not.toContain((await stack.token('deploy-bot')).slice(-20))
})

test("every answer so far is in the API's document", async () => {
  const { body } = await stack.call(null, '/api/openapi.json')
  expect(stack.seen.length).toBeGreaterThan(50)
  expect(undocumented(stack, body)).toEqual([])
})

function nested(depth: number): object {
  return depth === 0 ? {} : { a: nested(depth - 1) }
}
