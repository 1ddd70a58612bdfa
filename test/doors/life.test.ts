import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { buildSync } from 'esbuild'
import { type Answer, type Stack, startStack, undocumented, wish } from '../support/stack.ts'
import { someOf } from '../support/whole.ts'

let stack: Stack
beforeAll(async () => {
  stack = await startStack()
})
afterAll(() => stack.stop())

const ask = async (more: Record<string, unknown> = {}, agent = 'deploy-bot'): Promise<Answer['body']> => {
  const { status, body } = await stack.call(agent, '/api/requests', wish(more))
  expect({ status, body }).toMatchObject({ status: 201 })
  return body
}
const decide = (who: string, request: Answer['body'], verdict = 'approve', more: object = {}) =>
  stack.call(who, `/api/requests/${request.id}/decisions`, { verdict, digest: request.digest, ...more })
const read = async (request: Answer['body'], who = 'deploy-bot') =>
  (await stack.call(who, `/api/requests/${request.id}`)).body
const redeem = (request: Answer['body'], grant: string, redemption: string = randomUUID(), who = 'deploy-bot') =>
  stack.call(who, `/api/requests/${request.id}/redeem`, { grant, digest: request.digest, redemption })

/** Asks for an export, has it approved, and reads it with its grant. */
const approved = async (): Promise<Answer['body']> => {
  const request = await ask()
  await decide('dba-1', request)
  return read(request)
}

test('a request lives from ask to outcome, and every step is an event', async () => {
  const request = await ask()
  expect(request).toMatchObject({ status: 'pending', next: 'wait', policy: { rules: ['export-needs-dba'] } })
  expect((await decide('dba-1', request)).body).toMatchObject({ status: 'approved', next: 'redeem' })
  const { grant } = await read(request)
  expect((await redeem(request, grant.token)).body).toMatchObject({ status: 'redeemed', next: 'execute' })
  expect(await read(request)).toMatchObject({ next: 'report' })
  const done = await stack.call('deploy-bot', `/api/requests/${request.id}/outcome`, {
    result: 'succeeded',
    summary: '1200 rows',
  })
  expect(done.body).toMatchObject({ status: 'succeeded', next: 'stop', stop: { code: 'succeeded' } })
  const { body } = await stack.call('compliance', `/api/requests/${request.id}/events`)
  const types = body
    .trim()
    .split('\n')
    .map((line: string) => JSON.parse(line).type)
  expect(types).toEqual(['requested', 'decided', 'approved', 'redeemed', 'succeeded'])
})

test('a large export needs two groups, and one person never counts for both', async () => {
  const request = await ask({ params: { rows: 120_000 } })
  expect(request.approvals.required.map((slot: { groups: string[] }) => slot.groups)).toEqual(
    expect.arrayContaining([['dba'], ['security']]),
  )
  expect((await decide('dba-1', request)).body.status).toBe('pending')
  expect((await decide('dba-2', request)).body.status).toBe('pending')
  expect((await decide('security-1', request)).body.status).toBe('approved')
})

test('a request is allowed, forbidden, or not covered by any rule', async () => {
  const allowed = await ask({ action: 'service.restart', target: 'web-1', environment: 'staging', params: {} })
  expect(allowed).toMatchObject({ status: 'approved', next: 'redeem', policy: { outcome: 'allow' } })
  expect(allowed.grant.token).toEqual(expect.any(String))
  const never = await ask({ action: 'db.drop', params: {} })
  expect(never).toMatchObject({ status: 'denied', stop: { code: 'forbidden-by-policy' } })
  const rule = 'Databases in production are never dropped by an agent (rule never-drop-production)'
  expect(never.stop.words).toContain(rule)
  const unknown = await ask({ action: 'cat.feed', params: {} })
  expect(unknown).toMatchObject({ status: 'denied', stop: { code: 'no-policy' } })
})

test('an allowed action is asked for and redeemed in one call, which may be repeated', async () => {
  const restart = { action: 'service.restart', target: 'web-2', environment: 'staging', params: {} }
  const [redemption, key] = [randomUUID(), { 'idempotency-key': randomUUID() }]
  const body = wish(restart)
  const send = (more: object) => stack.call('deploy-bot', '/api/requests', { ...body, ...more }, key)
  const first = await send({ redemption })
  expect(first).toMatchObject({ status: 201, body: { status: 'redeemed', next: 'execute', redemption } })
  expect(first.body).not.toHaveProperty('grant')
  expect(await send({ redemption: redemption.toUpperCase() })).toMatchObject({ status: 200, body: { next: 'execute' } })
  const other = await send({ redemption: randomUUID() })
  expect(other).toMatchObject({ status: 200, body: { id: first.body.id, next: 'report', redemption } })
  for (const more of [{}, { under: first.body.id }])
    expect(await send(more)).toMatchObject({ status: 200, body: { id: first.body.id, next: 'report' } })
  expect(await send({ redemption, reason: 'Another reason' })).toMatchObject({ status: 422 })
  expect(await read(first.body, 'compliance')).not.toHaveProperty('redemption')
  expect((await send({ redemption: 'mine' })).body).toMatchObject({ code: 'invalid-input', pointer: '/redemption' })
})

test('an agent lists its own requests, and no others', async () => {
  const restart = { action: 'service.restart', environment: 'staging', params: {} }
  const [mine, others] = [await ask({ ...restart, target: 'web-1' }), await ask(restart, 'other-bot')]
  const list = (query: string) => stack.call('deploy-bot', `/api/requests?${query}`)
  const ids = async (query: string) => (await list(query)).body.requests.map(({ id }: { id: string }) => id)
  expect(await ids('')).toContain(mine.id)
  expect(await ids('')).not.toContain(others.id)
  expect(await ids('status=approved')).toContain(mine.id)
  expect(await ids('status=pending')).not.toContain(mine.id)
  const [newest] = (await list('limit=1')).body.requests
  expect(newest).toMatchObject({ id: mine.id, next: 'redeem' })
  expect(newest).not.toHaveProperty('warnings')
  const { cursor } = (await list('limit=1')).body
  expect(await ids(`limit=1&cursor=${cursor}`)).not.toContain(mine.id)
  expect(await list(`agent=${others.agent.id}`)).toMatchObject({ status: 403, body: { code: 'not-permitted' } })
})

test('a denial needs a reason and closes the request at once', async () => {
  const request = await ask()
  expect((await decide('dba-1', request, 'deny')).body).toMatchObject({ code: 'invalid-input', pointer: '/reason' })
  const denied = await decide('dba-1', request, 'deny', { reason: 'not on a Friday' })
  expect(denied.body).toMatchObject({ status: 'denied', stop: { code: 'denied' } })
  expect((await decide('dba-2', request)).body.code).toBe('not-pending')
  const again = await stack.call('deploy-bot', '/api/requests', wish({ target: request.target }))
  expect(again).toMatchObject({ status: 429, body: { code: 'cooling-down' } })
  expect(Number(again.headers.get('retry-after'))).toBeGreaterThan(0)
})

test('a high tier asks the approver to type the last part of the target', async () => {
  const request = await ask({ action: 'iam.role.grant', target: `prod/roles/admin-${randomUUID()}`, params: {} })
  expect(request.policy.tier).toBe('high')
  expect((await decide('security-1', request)).body.pointer).toBe('/confirm')
  const confirm = request.target.split('/').at(-1)
  expect((await decide('security-1', request, 'approve', { confirm })).body.status).toBe('approved')
})

test('the same idempotency key gives the same request, and never another', async () => {
  const body = wish()
  const headers = { 'idempotency-key': randomUUID() }
  const posted = await Promise.all([1, 2, 3].map(() => stack.call('deploy-bot', '/api/requests', body, headers)))
  expect(new Set(posted.map((answer) => answer.body.id)).size).toBe(1)
  expect(posted.filter(({ status }) => status === 201)).toHaveLength(1)
  const other = await stack.call('deploy-bot', '/api/requests', wish(), headers)
  expect(other).toMatchObject({ status: 422, body: { code: 'idempotency-mismatch', request: posted[0]?.body.id } })
  expect((await stack.call('other-bot', '/api/requests', wish(), headers)).status).toBe(201)
  const same = await stack.call('deploy-bot', '/api/requests', body)
  expect(same.body).toMatchObject({ code: 'already-pending', request: posted[0]?.body.id })
  await stack.call('deploy-bot', `/api/requests/${posted[0]?.body.id}/cancel`, {})
})

test('fifty parallel redemptions give one success', async () => {
  const request = await approved()
  const answers = await Promise.all(Array.from({ length: 50 }, () => redeem(request, request.grant.token)))
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
  expect(answers.filter(({ body }) => body.code === 'already-redeemed')).toHaveLength(49)
})

test('a repeated redemption gets the same answer, and one by another caller or for another action is refused', async () => {
  const request = await approved()
  const id = randomUUID()
  const { token } = request.grant
  const digest = `sha256:${'0'.repeat(64)}`
  const path = `/api/requests/${request.id}/redeem`
  expect((await stack.call('deploy-bot', path, { grant: token, digest, redemption: id })).body.code).toBe(
    'digest-mismatch',
  )
  expect((await redeem(request, token, id, 'other-bot')).body.code).toBe('not-found')
  expect((await redeem(request, `${token.slice(0, -6)}AAAAAA`, id)).body.code).toBe('grant-invalid')
  expect((await redeem(request, token, id)).status).toBe(200)
  expect((await redeem(request, token, id)).body).toMatchObject({ status: 'redeemed', next: 'execute' })
  expect((await redeem(request, token)).body.code).toBe('already-redeemed')
})

test('another executor redeems a request that names it, and no other caller does', async () => {
  const executor = 'b0000000-0000-4000-8000-000000000002'
  const request = await ask({ executor })
  await decide('dba-1', request)
  const { grant } = await read(request, 'other-bot')
  expect((await redeem(request, grant.token)).body.code).toBe('grant-invalid')
  expect((await redeem(request, grant.token, randomUUID(), 'other-bot')).status).toBe(200)
  const outcome = { result: 'failed', summary: 'disk full' }
  expect((await stack.call('deploy-bot', `/api/requests/${request.id}/outcome`, outcome)).body.code).toBe('not-found')
  expect((await stack.call('other-bot', `/api/requests/${request.id}/outcome`, outcome)).body.status).toBe('failed')
})

test.each([
  ['a person who could decide', 'dba-2'],
  ['the owner of the agent, who could not approve', 'owner'],
])('an unused approval is revoked by %s', async (_who, person) => {
  const request = await approved()
  const path = `/api/requests/${request.id}/revoke`
  expect((await stack.call(person, path, { reason: 'wrong ticket' })).body).toMatchObject({ status: 'revoked' })
  expect((await redeem(request, request.grant.token)).body.code).toBe('not-redeemable')
})

test('a waiting agent gets the decision', async () => {
  const request = await ask()
  const waiting = stack.call('deploy-bot', `/api/requests/${request.id}`, undefined, { prefer: 'wait=30' })
  await new Promise((done) => setTimeout(done, 300))
  await decide('dba-1', request)
  const { body, headers } = await waiting
  expect(body).toMatchObject({ status: 'approved', grant: { token: expect.any(String) } })
  expect(headers.get('preference-applied')).toBe('wait=30')
})

describe('an agent that is killed, and another process with the same key', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'countersign-crash-'))
    const entryPoints = [join(import.meta.dirname, '../client/crashing.ts')]
    buildSync({ entryPoints, outfile: join(folder, 'agent.mjs'), bundle: true, platform: 'node', format: 'esm' })
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const exported = () => ({
    ...{ action: 'db.export', target: `prod/postgres/${randomUUID()}`, environment: 'production' },
    params: { rows: 1200 },
  })
  const allowed = () => ({ action: 'service.restart', target: 'worker-1', environment: 'staging', params: {} })

  /** Runs the agent, approves what it waits for, and tells how it ended. */
  async function agent(asked: object, key: string, point = ''): Promise<string> {
    const args = [join(folder, 'agent.mjs'), stack.api, JSON.stringify(asked), key, join(folder, key), point]
    const env = { COUNTERSIGN_TOKEN: await stack.token('other-bot') }
    const child: ChildProcess = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = new Promise<string>((done) => child.once('close', (_code, signal) => done(signal ?? '')))
    let words = ''
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      const id = /^waits (\S+)/.exec(line)?.[1]
      if (id !== undefined) await decide('dba-1', (await stack.call('other-bot', `/api/requests/${id}`)).body)
      words = /^ended: (.*)/.exec(line)?.[1] ?? words
    }
    return (await ended) || words
  }

  const effects = (key: string): number =>
    existsSync(join(folder, key)) ? readFileSync(join(folder, key), 'utf8').trim().split('\n').length : 0

  const [again, lost, told] = ['done', 'already-redeemed redeemed', 'already-redeemed succeeded']
  const ends = [
    ['ask:before', again, 1],
    ['ask:after', again, 1],
    ['read:before', again, 1],
    ['read:after', again, 1],
    ['redeem:before', again, 1],
    ['redeem:after', lost, 0],
    ['run:before', lost, 0],
    ['run:after', lost, 1],
    ['outcome:before', lost, 1],
    ['outcome:after', told, 1],
  ] as const

  test.each(someOf(ends, ([, second, times]) => `${second} ${times}`))(
    '%s: the second is told %s, and the action ran %i times',
    async (point, second, times) => {
      const [asked, key] = [exported(), randomUUID()]
      expect(await agent(asked, key, point)).toBe('SIGKILL')
      expect(await agent(asked, key)).toBe(second)
      expect(effects(key)).toBe(times)
    },
  )

  const endsOfAllowed = [
    ['ask:after', lost, 0],
    ['ask:before', again, 1],
    ['outcome:after', told, 1],
  ] as const

  test.each(someOf(endsOfAllowed))(
    'of an action that policy allows, %s: %s, %i times',
    async (point, second, times) => {
      const [asked, key] = [allowed(), randomUUID()]
      expect(await agent(asked, key, point)).toBe('SIGKILL')
      expect(await agent(asked, key)).toBe(second)
      expect(effects(key)).toBe(times)
    },
  )

  test('two at the same time have one effect', async () => {
    const [asked, key] = [allowed(), randomUUID()]
    const ended = await Promise.all([agent(asked, key), agent(asked, key)])
    expect(ended.filter((words) => words === 'done')).toHaveLength(1)
    expect(effects(key)).toBe(1)
  })
})

test('an agent has at most five pending requests', async () => {
  const open = (await stack.call('compliance', '/api/requests?status=pending')).body.requests
  for (const { id } of open) await stack.call('deploy-bot', `/api/requests/${id}/cancel`, {})
  const answers = await Promise.all(Array.from({ length: 12 }, () => stack.call('deploy-bot', '/api/requests', wish())))
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(5)
  expect(answers.filter(({ body }) => body.code === 'too-many')).toHaveLength(7)
})

test("every answer of these is in the API's document", async () => {
  const { body } = await stack.call(null, '/api/openapi.json')
  expect(stack.seen.length).toBeGreaterThan(50)
  expect(undocumented(stack, body)).toEqual([])
})
