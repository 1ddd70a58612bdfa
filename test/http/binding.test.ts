import { HttpRequest } from '@azure/functions'
import { operationNames, operationOf, type OperationName } from '../../src/contract/operations.ts'
import { Problem } from '../../src/core/data/problem.ts'
import { bind } from '../../src/http/binding.ts'
import type { Caller } from '../../src/http/caller.ts'
import type { OperationInput, Handlers } from '../../src/http/handler.ts'
import { bot, dba, oid, tool, tools } from '../support/build.ts'
import { fakePolicy } from '../support/fakes.ts'
import { codeOf, roster } from '../support/world.ts'
import { served, type Wanted } from './served.ts'

const digest = `sha256:${'0'.repeat(64)}`
const id = '01kjw2xm00abcdefghjkmnpqrs-07'
const agent: Caller = { kind: 'agent', id: bot, appId: bot, roles: ['Actions.Request'] }
const person: Caller = {
  kind: 'person',
  id: dba,
  name: 'Dana',
  roles: ['Evidence.Read'],
  client: tool,
  agentic: false,
  contexts: [],
}

interface Sent {
  readonly caller?: Caller | Problem
  readonly body?: unknown
  readonly query?: string
  readonly headers?: Record<string, string>
  readonly params?: Record<string, string>
}

/** Calls an operation whose handler tells what it is given. */
async function called(name: OperationName, { caller, body, query = '', headers = {}, params = { id } }: Sent = {}) {
  let seen: OperationInput | undefined
  const tell = async (given: unknown) => {
    seen = given as OperationInput
    return { response: { status: 204 } }
  }
  const handlers = Object.fromEntries(operationNames.map((one) => [one, tell])) as unknown as Handlers
  const callers = async (): Promise<Caller> => {
    if (caller === undefined || caller instanceof Problem) throw caller ?? new Problem('unauthenticated', 'Sign in.')
    return caller
  }
  const { method } = operationOf(name)
  const url = `https://a.example/${query}`
  const all = { ...headers, ...(caller && { authorization: 'Bearer x' }) }
  const sent = { method, headers: all, ...(body !== undefined && { body: JSON.stringify(body) }) }
  const init = { url, method, params, nativeRequest: new Request(url, sent) }
  const request = new HttpRequest(init)
  const refusals: unknown[] = []
  const refused = async (...given: unknown[]) => void refusals.push(given)
  const parts = { callers, policy: fakePolicy(roster()), clients: tools, approvals: { refused } }
  const answering = await bind(parts, handlers)[name](request)
  const code = await answering.answer.then(
    () => null,
    (cause: unknown) => codeOf(Promise.reject(cause)),
  )
  return { ...answering, code, given: seen, refusals }
}

const wish = { action: 'db.export', target: 'prod/x', environment: 'production', reason: 'Because.' }

test.each(operationNames.filter((name) => operationOf(name).caller.kind !== 'anyone'))(
  '%s does not run without a caller',
  async (name) => {
    await expect(called(name)).rejects.toMatchObject({ code: 'unauthenticated' })
  },
)

test('the log knows the caller even of a refused call', async () => {
  const stranger = { ...agent, id: oid(98) }
  expect(await called('ask', { caller: stranger, body: wish })).toMatchObject({
    ...{ who: { kind: 'agent', id: oid(98) }, code: 'not-permitted', given: undefined },
  })
})

/** Calls that need nothing stored, each with a caller who may make it. */
const harmless: readonly (readonly [OperationName, string | null, Wanted?])[] = [
  ['me', 'approver'],
  ['list', 'approver', { query: '?status=pending' }],
  ['policy', 'approver'],
  ['bundles', 'Evidence.Read'],
  ['holds', 'Evidence.Read'],
  ['read', 'stranger', { params: { id } }],
  ['events', null, { params: { id } }],
  ['ask', 'agent', { body: {} }],
]

test('no browser keeps an answer, and none shows it to a page of another origin', async () => {
  const here = await served()
  const headers = { origin: 'https://evil.example' }
  for (const [name, who, wanted] of harmless) {
    const answer = await here.call(name, who, { ...wanted, headers })
    expect([name, answer.headers.get('cache-control')]).toEqual([name, 'no-store'])
    expect([...answer.headers.keys()].filter((one) => one.startsWith('access-control-'))).toEqual([])
  }
})

test('a handler gets the input, parsed as its row says', async () => {
  const executor = oid(7)
  const headers = { 'idempotency-key': 'run-1', prefer: 'wait=7' }
  const { given } = await called('ask', { caller: agent, body: { ...wish, executor: executor.toUpperCase() }, headers })
  const body = { ...wish, params: {}, links: [], expiresIn: 3600, executor }
  const key = { text: 'run-1', body: expect.stringMatching(/^[0-9a-f]{64}$/) }
  expect(given).toMatchObject({ body, key, wait: 7, id: undefined, caller: { kind: 'agent', id: bot } })
})

test('a missing body counts as an empty object', async () => {
  expect((await called('cancel', { caller: agent })).given).toMatchObject({ id, body: {} })
})

test('only an operation that may wait gets more time', async () => {
  const headers = { prefer: 'wait=600' }
  expect(await called('read', { caller: agent, headers })).toMatchObject({ waits: 60, given: { wait: 60 } })
  const query = '?status=pending'
  expect(await called('list', { caller: person, headers, query })).toMatchObject({ waits: 60, given: { wait: 60 } })
  expect(await called('bundles', { caller: person, headers })).toMatchObject({ waits: 0, given: { wait: 0 } })
})

test('a wait that is not a number is refused, and gets no more time', async () => {
  const headers = { prefer: 'wait=soon' }
  expect(await called('read', { caller: agent, headers })).toMatchObject({ waits: 0, code: 'invalid-input' })
})

test.each<[string, Sent, string]>([
  ['the caller before the query', { caller: agent, query: '?colour=red', body: {} }, 'not-permitted'],
  ['the query before the body', { caller: person, query: '?colour=red', body: { digest: 7 } }, 'invalid-input'],
  ['the body before the id', { caller: person, body: { digest: 7 }, params: { id: 'x' } }, 'invalid-input'],
  ['the id last', { caller: person, body: { verdict: 'approve', digest }, params: { id: 'x' } }, 'not-found'],
])('input is checked in order: %s', async (_what, sent, code) => {
  expect(await called('decide', sent)).toMatchObject({ code, given: undefined })
})

describe('health answers anyone', () => {
  test.each<[string, Sent]>([
    ['without a token', {}],
    ['with a malformed token', { caller: new Problem('unauthenticated', 'Sign in.') }],
    ['while the keys of tokens cannot be fetched', { caller: new Problem('unavailable', 'Later.') }],
    ['as an agent', { caller: { ...agent, roles: ['Evidence.Read'] } }],
    ['as a person without the role', { caller: { ...person, roles: [] } }],
  ])('%s, without details', async (_how, sent) => {
    expect((await called('health', sent)).given).toMatchObject({ caller: null })
  })

  test('with details for a reader of evidence', async () => {
    expect((await called('health', { caller: person })).given).toMatchObject({ caller: { id: dba } })
  })
})

describe('a caller whom token, role or registration refuse', () => {
  const borrowed = { ...person, agentic: true }
  const elsewhere = { ...person, client: oid(98) }
  const attempt = (caller: Caller, act: string) => [
    { by: { kind: caller.kind, id: caller.id }, act, ...(caller.kind === 'person' && { client: caller.client }) },
    expect.objectContaining({ code: 'not-permitted' }),
  ]

  test.each([
    ['decide', 'decide', borrowed],
    ['decide', 'decide', elsewhere],
    ['decide', 'decide', agent],
    ['revoke', 'revoke', borrowed],
    ['views', 'view', borrowed],
    ['redeem', 'redeem', person],
    ['redeem', 'redeem', { ...agent, roles: [] }],
  ] as const)('is told to what records it: %s', async (name, act, caller) => {
    const { code, refusals } = await called(name, { caller, body: {} })
    expect(code).toBe('not-permitted')
    expect(refusals).toEqual([[id, ...attempt(caller, act)]])
    const [[, , problem]] = refusals as [[unknown, unknown, Problem]]
    expect(problem.details.isBorrowed === true).toBe([borrowed, elsewhere].some((one) => one === caller))
  })

  test.each([
    ['an operation that does nothing with a request', 'bundles', borrowed, {}],
    ['an operation that only reads one', 'read', borrowed, {}],
    ['an id that is none', 'decide', borrowed, { params: { id: 'none' } }],
    ['a body that is not valid', 'decide', person, { body: { verdict: 'maybe' } }],
  ] as const)('leaves no trace with %s', async (_what, name, caller, more) => {
    const { code, refusals } = await called(name, { caller, ...more })
    expect(code).not.toBeNull()
    expect(refusals).toEqual([])
  })
})
