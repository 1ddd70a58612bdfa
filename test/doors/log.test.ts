import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isArray, isObject, type Json } from '../../src/core/data/json.ts'
import { type OperationName, operationNames, operationOf } from '../../src/contract/operations.ts'
import { listQuery } from '../../src/contract/queries.ts'
import { parseTraceparent } from '../../src/runtime/trace.ts'
import { type Connector, startConnector } from '../support/connector.ts'
import { wordsView } from '../../src/slack/blocks.ts'
import { english } from '../../src/words/english.ts'
import { slackUsers, writeRoomsPolicy } from '../support/roomsPolicy.ts'
import { signed, slackChannel, type SlackDouble, slackEnv, startSlack } from '../support/slackDouble.ts'
import { inField, slackClick, slackForm } from '../support/slackPayloads.ts'
import { type Answer, type Stack, startStack, wish } from '../support/stack.ts'
import { buttons } from '../cards/drawn.ts'
import { click, oidOf, startTeams, type TeamsDouble, typed } from '../support/teamsDouble.ts'
import { until } from '../support/until.ts'
import { isWhole, someOf } from '../support/whole.ts'

/** Never in the log, nor in what is said of a fault. */
const canary = 'canary-5e81c0d7'
/** As the name of a field it may be pointed at, in a problem; never in the log. */
const named = 'canarykey4b17'

let connector: Connector
let teams: TeamsDouble
let slack: SlackDouble
let policy: string
let stack: Stack
let complained = ''
/** Of every call here; each has a trace of its own. */
const traces: string[] = []

beforeAll(async () => {
  ;[connector, teams] = await Promise.all([startConnector(), startTeams()])
  slack = await startSlack()
  policy = await writeRoomsPolicy(await mkdtemp(join(tmpdir(), 'countersign-policy-')), ['teams', 'slack'])
  stack = await startStack({
    env: {
      ...{ COUNTERSIGN_CONNECTOR: connector.url, COUNTERSIGN_BOT_KEYS: teams.keysUrl },
      ...{ ...slackEnv(slack.url), COUNTERSIGN_POLICY: policy },
    },
  })
  stack.process.stderr?.on('data', (chunk: Buffer) => (complained += chunk.toString()))
})

afterAll(async () => {
  await Promise.all([connector.close(), teams.close(), slack.close(), rm(policy, { recursive: true })])
  await stack.stop()
})

/** Calls, and sees to it that nothing is said back of what was sent when it is refused. */
async function call(...args: Parameters<Stack['call']>): Promise<Answer> {
  const answer = await stack.call(...args)
  traces.push(traceOf(answer))
  const isRefused = answer.status >= 400 || (answer.body?.statusCode ?? 200) >= 400
  if (isRefused) expect(JSON.stringify(answer.body)).not.toContain(canary)
  expect({ args, status: answer.status }).not.toEqual({ args, status: 500 })
  return answer
}

/** Calls as Slack does. */
async function fromSlack(body: string): Promise<Answer> {
  const { timestamp, signature } = signed(body, Date.now())
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  const headers = { ...type, 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature }
  return call(null, '/api/slack', body, headers)
}

const traceOf = ({ headers }: Answer): string => parseTraceparent(headers.get('traceparent') ?? '')?.id ?? 'none'

describe('neither the log nor a problem repeats input', () => {
  /** Every fourth in `npm test`. */
  const some = (spoilt: readonly Json[]) => spoilt.filter((_one, i) => isWhole || i % 4 === 0)

  test('from any place in the body of any route', async () => {
    const { body: first } = await call('deploy-bot', '/api/requests', ask())
    const { body: second } = await call('deploy-bot', '/api/requests', ask())
    const { body: third } = await call('deploy-bot', '/api/requests', ask())
    const bodies = bodiesOf(first)
    expect(Object.keys(bodies).sort()).toEqual(operationNames.filter((name) => operationOf(name).body).sort())
    for (const { who, path, body } of Object.values(bodies))
      await Promise.all(some([...spoiltOf(body), ...torn(body)]).map((spoilt) => call(who, path, spoilt)))

    const live = async (who: string, { id }: Answer['body'], step: string, body: object): Promise<Answer['body']> => {
      const answer = await call(who, `/api/requests/${id}/${step}`, body)
      expect({ step, status: answer.status, body: answer.body }).toMatchObject({ step, status: 200 })
      return answer.body
    }
    const approval = ({ digest }: Answer['body']) => ({ verdict: 'approve', digest, reason: canary })
    await live('dba-1', first, 'decisions', approval(first))
    const { grant } = (await call('deploy-bot', `/api/requests/${first.id}`)).body
    const redemption = { grant: grant.token, digest: first.digest, redemption: randomUUID() }
    await live('deploy-bot', first, 'redeem', redemption)
    await live('deploy-bot', first, 'outcome', { result: 'failed', summary: canary })
    await live('dba-1', second, 'decisions', approval(second))
    await live('dba-1', second, 'revoke', { reason: canary })
    await live('deploy-bot', third, 'cancel', { reason: canary })
    const erasure = { request: first.id, names: ['reason'], why: canary }
    for (const [who, status] of [
      ['compliance-2', 202],
      ['compliance', 200],
    ] as const)
      expect((await call(who, '/api/evidence/erasures', erasure)).status).toBe(status)
    const texts = [grant.token, await stack.token('deploy-bot'), await stack.token('dba-1')].flatMap(secretPartsOf)
    expect((await log()).filter((line) => texts.some((text) => line.includes(text)))).toEqual([])
  })

  test('from queries, paths and headers', async () => {
    for (const { path, method, caller: rule } of operationNames.map(operationOf)) {
      const place = `/${path.replace(/\{\w+\}/g, canary)}`
      const body = method === 'POST' ? {} : undefined
      const caller = rule.kind === 'anyone' ? null : rule.kind === 'agent' ? 'deploy-bot' : 'compliance'
      await call(caller, place, body)
      await call(caller, `${place}?${named}=${canary}`, body)
      await call(null, place, body, { authorization: `Bearer ${canary}` })
      await call(null, place, body, { authorization: `${canary} ${encode({ alg: canary })}.${encode({})}.AAAA` })
      await call(caller, place, body, { traceparent: canary, tracestate: canary })
    }
    for (const name of Object.keys(listQuery.shape))
      await call('compliance', `/api/requests?status=pending&${name}=${canary}`)
    for (const headers of [{ prefer: `wait=${canary}` }, { 'idempotency-key': canary }, { 'content-type': canary }])
      await call('deploy-bot', '/api/requests', ask(), headers)
  })

  test('from any place in an activity', async () => {
    const { body: request } = await call('other-bot', '/api/requests', ask())
    const vote = { request: request.id, view: request.digest, shown: 1, reason: canary, confirm: canary }
    const [message, approval] = [typed('dba-1', `show ${canary}`), click('dba-1', 'approve', vote)] as Json[]
    const whole = [
      typed('dba-1', canary),
      ...['review', 'deny', 'revoke', canary].map((verb) => click('dba-1', verb, vote)),
    ]
    const spoilt = [message, approval].flatMap((one = null) => [one, ...some([...spoiltOf(one), ...torn(one)])])
    const authorization = `Bearer ${await teams.token()}`
    await Promise.all([...whole, ...spoilt].map((one) => call(null, '/api/messages', one, { authorization })))
  })

  test('from any place in what Slack sends', async () => {
    const { body: request } = await call('other-bot', '/api/requests', ask())
    const about = JSON.stringify({ request: request.id, page: 1, view: request.digest })
    const user = slackUsers['dba-1'] ?? ''
    const view = { ...wordsView(canary, english), callback_id: 'deny', private_metadata: about }
    const on = { channel: slackChannel, ts: '1772625600.000001' }
    const click = (action: string, value: string) => slackClick({ user, trigger: randomUUID(), action, value, on })
    const form = slackForm({ user, trigger: randomUUID() }, { id: 'V1', view }, canary)
    const whole = [click('approve', about), click(canary, canary), form] as Json[]
    const spoilt = [click('review', request.id), form].flatMap((one) => some([...spoiltOf(one as Json)]))
    const bodies = [...whole, ...spoilt].map((one) => inField(one as object))
    await Promise.all([...bodies, canary, `payload=${canary}`].map(fromSlack))
  })

  test('every call is one line with known fields only', async () => {
    const isCall = ({ route }: Line) => route !== undefined
    const lines = await until(
      async () => (await log()).map((line) => JSON.parse(line) as Line),
      (lines) => lines.filter(isCall).length >= traces.length,
    )
    expect(traces.length).toBeGreaterThan(isWhole ? 300 : 150)
    expect(lines.filter(isCall).map(({ trace }) => trace)).toEqual(expect.arrayContaining(traces))
    expect(lines.filter(isCall)).toHaveLength(traces.length)
    expect(new Set(traces).size).toBe(traces.length)
    const known = [
      'at',
      'level',
      'name',
      'route',
      'status',
      'ms',
      'trace',
      'span',
      'caller',
      'intent',
      'code',
      'causes',
      'claim',
    ]
    const others = ['timer', 'done']
    expect([...new Set(lines.flatMap((line) => Object.keys(line)))].sort()).toEqual(
      expect.arrayContaining(known.filter((field) => field !== 'causes')),
    )
    expect(lines.flatMap((line) => Object.keys(line)).filter((key) => ![...known, ...others].includes(key))).toEqual([])
    const text = (await log()).join('\n') + complained
    expect(text).not.toContain(canary)
    expect(text).not.toContain(named)
    expect(complained).toBe('')
  })
})

describe('a trace', () => {
  const [one, two, three] = ['1'.repeat(32), '2'.repeat(32), '3'.repeat(32)]
  const header = (trace: string) => ({ traceparent: `00-${trace}-${'f'.repeat(16)}-01` })

  test('goes from the call to the log and the events, over HTTP and in Teams', async () => {
    const target = { action: 'db.export', params: { rows: 1 } }
    const { body: request } = await stack.call('other-bot', '/api/requests', wish(target), header(one))
    const send = async (body: object, trace: string) => {
      const authorization = `Bearer ${await teams.token()}`
      return (await stack.call(null, '/api/messages', body, { authorization, ...header(trace) })).body
    }
    const review = await send(click('dba-1', 'review', { request: request.id }), two)
    const approve = buttons(review.value).find(({ verb }) => verb === 'approve')
    await send(click('dba-1', 'approve', approve?.data as object), three)
    const path = `/api/requests/${request.id}`
    const read = await stack.call('other-bot', path)
    const redemption = { grant: read.body.grant.token, digest: request.digest, redemption: randomUUID() }
    const redeemed = await stack.call('other-bot', `${path}/redeem`, redemption)
    expect(redeemed.status).toBe(200)

    expect(await tracesOf(request)).toEqual({
      ...{ requested: one, shown: two, decided: three, approved: three },
      redeemed: traceOf(redeemed),
    })
    const person = { kind: 'person', id: oidOf('dba-1') }
    const agent = { kind: 'agent', id: 'b0000000-0000-4000-8000-000000000002' }
    expect(await linesOf(one)).toMatchObject([{ route: 'ask', status: 201, caller: agent }])
    expect(await linesOf(three)).toMatchObject([{ route: 'messages', status: 200, caller: person }])
    expect(await linesOf(traceOf(redeemed))).toMatchObject([{ route: 'redeem', caller: agent }])
  })

  test('of a refused click leads to the code in the log, although Teams gets 200', async () => {
    const trace = '4'.repeat(32)
    const body = click('dba-1', 'approve', { request: 'nonsense' })
    const authorization = `Bearer ${await teams.token()}`
    const answer = await stack.call(null, '/api/messages', body, { authorization, ...header(trace) })
    expect(answer).toMatchObject({ status: 200, body: { statusCode: 400 } })
    expect(await linesOf(trace)).toMatchObject([{ route: 'messages', status: 200, code: answer.body.value.code }])
  })

  const clicks = [
    ['words', 'a guest', 'guest', 'not-found'],
    ['a card', 'the owner of the agent', 'owner', 'self-approval'],
    ['a card', 'who was shown nothing', 'dba-1', 'digest-mismatch'],
  ] as const

  test.each(someOf(clicks, ([how]) => how))(
    'of a click that is refused with %s leads to the code in the log: %s',
    async (_how, _who, who, code) => {
      const { body: request } = await stack.call('deploy-bot', '/api/requests', wish())
      const trace = randomBytes(16).toString('hex')
      const view = `sha256:${'0'.repeat(64)}`
      const body = click(who, 'approve', { request: request.id, view, note: canary, confirm: canary })
      const authorization = `Bearer ${await teams.token()}`
      const answer = await stack.call(null, '/api/messages', body, { authorization, ...header(trace) })
      expect(answer.status).toBe(200)
      const lines = await linesOf(trace)
      expect(lines).toMatchObject([{ route: 'messages', status: 200, code, caller: { id: oidOf(who) } }])
      expect(JSON.stringify(lines)).not.toContain(canary)
      expect(JSON.stringify(lines)).not.toContain(request.id)
    },
  )

  test('of a command that is refused in words leads to the code in the log', async () => {
    const trace = randomBytes(16).toString('hex')
    const authorization = `Bearer ${await teams.token()}`
    const body = typed('dba-1', 'show 01kjw2xm00abcdefghjkmnpqrs-07')
    await stack.call(null, '/api/messages', body, { authorization, ...header(trace) })
    expect(await linesOf(trace)).toMatchObject([{ route: 'messages', status: 200, code: 'not-found' }])
  })

  test('is separate for each run of a timer', async () => {
    const { body: request } = await stack.call('other-bot', '/api/requests', wish(), header('5'.repeat(32)))
    // A delivery that still runs would record the passed deadline itself, in the trace of the ask.
    const read = async () => (await stack.call('other-bot', `/api/requests/${request.id}`)).body
    await until(read, ({ delivery }) => delivery === 'ok')
    await stack.local('advance', '25h')
    const { requested, expired } = await tracesOf(request)
    expect(requested).toBe('5'.repeat(32))
    expect(expired).toMatch(/^[0-9a-f]{32}$/)
    expect(expired).not.toBe(requested)
  })

  test("is in the API's document for every call and answer", async () => {
    const { body } = await stack.call(null, '/api/openapi.json')
    for (const methods of Object.values<object>(body.paths))
      for (const { parameters, responses } of Object.values(methods)) {
        expect(parameters).toContainEqual(expect.objectContaining({ name: 'traceparent', in: 'header' }))
        for (const answer of Object.values<Answer['body']>(responses))
          expect(answer.headers).toMatchObject({ traceparent: { $ref: '#/components/headers/traceparent' } })
      }
    expect(body.components.headers.traceparent).toBeDefined()
  })

  /** By the type of the event. */
  async function tracesOf({ id }: Answer['body']): Promise<Record<string, string>> {
    const accept = { accept: 'application/json' }
    const { body } = await stack.call('compliance', `/api/requests/${id}/events`, undefined, accept)
    const events: { leaf: string; trace: string }[] = body.events
    return Object.fromEntries(events.map(({ leaf, trace }) => [(JSON.parse(leaf) as { type: string }).type, trace]))
  }

  const linesOf = async (trace: string): Promise<readonly Line[]> => {
    const lines = async () =>
      (await log()).map((line) => JSON.parse(line) as Line).filter((line) => line.trace === trace)
    return until(lines, ({ length }) => length > 0)
  }
})

interface Line {
  readonly route?: string
  readonly trace?: string
}

const log = async (): Promise<readonly string[]> =>
  (await readFile(join(stack.data, 'log.jsonl'), 'utf8')).split('\n').filter((line) => line.endsWith('}'))

const texts = {
  reason: canary,
  links: [{ title: canary, url: `https://${canary}.example/${canary}?${canary}` }],
}

/** What somebody must approve. */
const ask = () => wish({ ...texts, target: `prod/${canary}/${randomUUID()}`, params: { rows: 1, destination: canary } })

/** What no policy knows, so that anything may be in it. */
const askAnything = () => ({
  ...{ ...texts, action: 'cat.feed', target: canary, environment: canary, expiresIn: 600 },
  params: { note: canary, list: [canary, { deep: canary }] },
  executor: 'b0000000-0000-4000-8000-000000000001',
  onBehalfOf: oidOf('dba-2'),
})

interface Sent {
  readonly who: string
  readonly path: string
  readonly body: Json
}

/** A body for every route that takes one, as good as can be. */
function bodiesOf({ id, digest }: Answer['body']): Readonly<Partial<Record<OperationName, Sent>>> {
  const step = (who: string, name: string, body: Json): Sent => ({ who, path: `/api/requests/${id}/${name}`, body })
  const output = { sha256: '0'.repeat(64), size: 1 }
  return {
    ask: { who: 'other-bot', path: '/api/requests', body: askAnything() },
    // by those who may not, so that only what is broken is at stake
    views: step('guest', 'views', { page: 1 }),
    decide: step('guest', 'decisions', { verdict: 'approve', digest, reason: canary, confirm: canary }),
    askBack: step('guest', 'questions', { question: canary, digest }),
    answer: step('guest', 'answers', { question: '0'.repeat(64), answer: canary }),
    narrow: step('guest', 'narrow', { params: { [canary]: canary }, digest, reason: canary }),
    breakGlass: step('guest', 'break-glass', { reason: canary, digest, confirm: canary }),
    reviewGlass: step('guest', 'review', { finding: 'justified', reason: canary }),
    redeem: step('deploy-bot', 'redeem', { grant: `${canary}.e30.${canary}`, digest, redemption: randomUUID() }),
    report: step('deploy-bot', 'outcome', { result: 'succeeded', summary: canary, output }),
    revoke: step('dba-1', 'revoke', { reason: canary }),
    delegate: {
      ...{ who: 'guest', path: '/api/delegations' },
      body: {
        to: randomUUID(),
        groups: ['dba'],
        until: new Date(Date.now() + 86_400_000).toISOString(),
        reason: canary,
      },
    },
    cancel: step('other-bot', 'cancel', { reason: canary }),
    erasures: {
      ...{ who: 'compliance', path: '/api/evidence/erasures' },
      body: { request: id, names: ['reason'], why: canary },
    },
    // of an agent that there is not, so that nothing else is on hold
    hold: {
      ...{ who: 'compliance', path: '/api/evidence/holds' },
      body: { scope: { agent: randomUUID() }, why: canary },
    },
    release: {
      ...{ who: 'compliance', path: `/api/evidence/holds/${id.slice(0, 26)}/release` },
      body: { why: canary },
    },
    repairs: {
      ...{ who: 'compliance', path: '/api/evidence/repairs' },
      body: { shard: id.slice(-2), why: canary, requests: [id] },
    },
    judgements: {
      ...{ who: 'compliance', path: '/api/policy/judgements' },
      body: { ...askAnything(), agent: randomUUID(), at: '2026-03-04T12:00:00Z' },
    },
  }
}

/** The body with another thing in one place, for every place: a text, a list, an object, or one field more. */
function spoiltOf(body: Json): readonly Json[] {
  const others: readonly Json[] = [canary, [canary], { [named]: canary }]
  if (isArray(body)) return [...others, ...body.flatMap((item, i) => spoiltOf(item).map((one) => body.with(i, one)))]
  if (!isObject(body)) return others
  const deeper = Object.entries(body).flatMap(([key, value]) => spoiltOf(value).map((one) => ({ ...body, [key]: one })))
  return [...others, { ...body, [named]: canary }, ...deeper]
}

/** What is no JSON, or not one thing: cut off, with a key twice, with bytes that are no text. */
function torn(body: Json): readonly string[] {
  const text = JSON.stringify(body)
  return [text.slice(0, -1), `{"${named}":"${canary}",${text.slice(1, -1)},"${named}":"${canary}"}`, `${canary}${text}`]
}

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Claims and signature; the header is the same for many. */
const secretPartsOf = (token: string): readonly string[] => token.split('.').slice(1)
