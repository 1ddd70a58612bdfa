import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { checkDocumented } from '../support/documented.ts'
import { quickCedar } from '../support/quickCedar.ts'
import { type OperationName, operationNames, operations } from '../../src/contract/operations.ts'
import { tenantId } from '../../src/local/accounts.ts'
import { bot, dba, noon, oid } from '../support/build.ts'
import { wordsView } from '../../src/slack/blocks.ts'
import { english } from '../../src/words/english.ts'
import { slackChannel } from '../support/slackDouble.ts'
import { inField, slackClick, slackForm } from '../support/slackPayloads.ts'
import type { Answer } from '../support/stack.ts'
import { activity, click } from '../support/teamsDouble.ts'
import { until } from '../support/until.ts'
import { isWhole } from '../support/whole.ts'
import { canary, type Failing, hows, type Order, ports, type FaultReport, slackUser, traceOf } from './faulted.ts'

let folder = ''
let app: ChildProcess
let origin = ''
const reports: FaultReport[] = []
const lines: string[] = []
let number = 0

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'countersign-faults-'))
  const outfile = join(folder, 'faulty.cjs')
  await build({
    ...{ entryPoints: [join(__dirname, 'faulty.ts')], outfile, bundle: true, platform: 'node', format: 'cjs' },
    ...{ target: 'node20', packages: 'external', logLevel: 'error' },
    define: { 'import.meta.url': JSON.stringify(pathToFileURL(join(process.cwd(), 'test/doors/faulty.ts')).href) },
  })
  app = fork(outfile, {
    execArgv: [quickCedar],
    env: { ...process.env, NODE_PATH: join(process.cwd(), 'node_modules') },
  })
  app.on('message', (message: FaultReport) =>
    message.what === 'log' ? lines.push(message.line) : reports.push(message),
  )
  origin = (await hear('ready')).origin
  await make('redeemed')
  app.send({ what: 'next day' } satisfies Order)
  expect((await hear('sealed')).days).toEqual([day])
})

afterAll(async () => {
  const ended = once(app, 'exit')
  app.send({ what: 'close' } satisfies Order)
  await ended
  await rm(folder, { recursive: true })
})

const day = noon.slice(0, 10)
/** Whom policy names as a deputy of the approver. */
const deputy = oid(13)
const noView = `sha256:${'0'.repeat(64)}`

/** Every route, and what can be sent to Teams' one; by whom, of a request in which state, with what. */
const calls: readonly (readonly [route: string, who: string, state: State, body?: (made: Answer['body']) => object])[] =
  [
    ['ask', 'agent', 'none', () => wish()],
    ['list', 'approver', 'none'],
    ['read', 'agent', 'approved'],
    ['cancel', 'agent', 'pending', () => ({ reason: 'Not needed.' })],
    ['views', 'approver', 'pending', () => ({ page: 1 })],
    ['shownView', 'auditor', 'pending'],
    ['decide', 'approver', 'pending', ({ digest }) => ({ verdict: 'approve', digest })],
    ['askBack', 'approver', 'pending', ({ digest }) => ({ question: 'Why?', digest })],
    ['answer', 'agent', 'pending', () => ({ question: noView.slice(7), answer: 'Because.' })],
    ['narrow', 'approver', 'pending', ({ digest }) => ({ params: { rows: 1 }, digest })],
    ['breakGlass', 'approver', 'pending', ({ digest }) => ({ reason: 'Fire.', digest, confirm: 'customers' })],
    ['reviewGlass', 'approver', 'approved', () => ({ finding: 'justified', reason: 'It burned.' })],
    ['redeem', 'agent', 'approved', ({ digest, grant }) => ({ grant: grant.token, digest, redemption: randomUUID() })],
    ['report', 'agent', 'redeemed', () => ({ result: 'succeeded', summary: 'Done.' })],
    ['revoke', 'approver', 'approved', () => ({})],
    ['events', 'auditor', 'redeemed'],
    ['proof', 'auditor', 'redeemed'],
    ['bundles', 'auditor', 'none'],
    ['metrics', 'auditor', 'none'],
    ['exceptions', 'auditor', 'none'],
    ['bundle', 'auditor', 'none'],
    ['said', 'auditor', 'none'],
    ['erasures', 'auditor', 'closed', ({ id }) => ({ request: id, names: ['reason'], why: 'A secret.' })],
    ['repairs', 'auditor', 'closed', () => ({ shard: '07', why: 'A drill.' })],
    ['hold', 'auditor', 'closed', () => ({ scope: { agent: dba }, why: 'A drill.' })],
    ['holds', 'auditor', 'none'],
    ['release', 'auditor', 'closed', () => ({ why: 'A drill.' })],
    ['delegations', 'approver', 'none'],
    ['delegate', 'approver', 'none', () => ({ to: deputy, until: '2026-03-05T12:00:00.000Z' })],
    ['recall', 'approver', 'none'],
    ['me', 'approver', 'none'],
    ['policy', 'approver', 'none'],
    ['judgements', 'approver', 'none', () => ({ ...wish(), agent: bot })],
    ['checkpoint', 'nobody', 'none'],
    ['cosignatures', 'auditor', 'none'],
    ['health', 'auditor', 'none'],
    ['openapi', 'nobody', 'none'],
    ['keys', 'nobody', 'none'],
    ['consoleSettings', 'nobody', 'none'],
    ['console', 'nobody', 'none'],
    ['elsewhere', 'nobody', 'none'],
    ['messages', 'Teams', 'pending', ({ id }) => click(dba, 'review', { request: id, posted: true })],
    [
      'messages',
      'Teams',
      'pending',
      ({ id, digest }) => click(dba, 'deny', { request: id, view: digest, reason: 'No.' }),
    ],
    ['messages', 'Teams', 'approved', ({ id }) => click(dba, 'revoke', { request: id })],
    ['messages', 'Teams', 'none', () => says('pending')],
    ['messages', 'Teams', 'pending', ({ id }) => says(`show ${id}`)],
    ['slack', 'Slack', 'pending', ({ id }) => clicked('review', id, below)],
    ['slack', 'Slack', 'approved', ({ id, digest }) => clicked('approve', about(id, digest), modal)],
    ['slack', 'Slack', 'pending', ({ id, digest }) => sent('deny', about(id, digest))],
    ['slack', 'Slack', 'pending', ({ id, digest }) => sent('ask', about(id, digest))],
  ]

/** What a button or a form of Slack says that it is about. */
const about = (request: string, view: string): string => JSON.stringify({ request, page: 1, view })
const modal = { id: 'V0000000001', view: wordsView('One moment…', english) }
const below = { channel: slackChannel, ts: '1772625600.000001' }
const clicked = (action: string, value: string, on: typeof modal | typeof below) =>
  slackClick({ user: slackUser, trigger: randomUUID(), action, value, on })
const sent = (act: string, private_metadata: string) => {
  const form = { ...modal, view: { ...modal.view, callback_id: act, private_metadata } }
  return slackForm({ user: slackUser, trigger: randomUUID() }, form, 'Words.')
}

/** In a chat of its own: into one goes only so much. */
const says = (text: string) =>
  activity(dba, { type: 'message', text, conversation: { id: `a:${randomUUID()}`, tenantId } })

test('every route is among the calls', () => {
  expect([...new Set(calls.map(([route]) => route))].sort()).toEqual(
    [...operationNames, 'messages', 'slack', 'console', 'elsewhere'].sort(),
  )
})

/** In `npm test` a port fails in every way somewhere, and at each route in one way, which takes turns. */
test.each(ports)('when %s fails, no answer reveals what is inside', async (port) => {
  const met = new Set<(typeof failures)[number]>()
  for (const [place, [route, who, state, body]] of calls.entries()) {
    let made = await make(state)
    const turn = failures[place % failures.length]
    for (const failure of failures.filter((one) => isWhole || one === turn || !met.has(one))) {
      const [how, call] = failure
      const trace = traceOf({ port, how, call }, ++number)
      const answer = await send(route, who, made, body?.(made), trace)
      checkAnswer(answer, { port, how, call }, route)
      const isMet = await isUsed(trace)
      if (isMet) met.add(failure)
      if (!isMet && route !== 'ask') break
      if (answer.status >= 400 || !body) continue
      if (route === 'ask') await withdraw(JSON.parse(answer.text))
      await withdraw(made)
      made = await make(state)
    }
    await withdraw(made)
  }
})

const failures = [...hows.map((how) => [how, 1] as const), ['a bug', 2] as const]

/** Whether the port was called by now; what is delivered after an ask may come later. */
async function isUsed(trace: string): Promise<boolean> {
  app.send({ what: 'used', trace } satisfies Order)
  return (await hear('used')).isUsed
}

test('the log reveals nothing either, not even of timers', async () => {
  for (const port of ports)
    for (const how of hows) {
      app.send({ what: 'timers', failing: { port, how, call: 1 } } satisfies Order)
      for (const words of (await hear('ran')).said)
        expect(words).toMatch(/^Error: The timer \w+ failed in trace [0-9a-f]{32}\.$/)
    }
  // every call has one, and those of the timers are here already
  await until(
    () => lines.length,
    (length) => length > number,
  )
  expect(lines.filter((line) => line.includes(canary))).toEqual([])
  const known = [
    'route',
    'timer',
    'background',
    'brokenOff',
    'status',
    'ms',
    'trace',
    'span',
    'caller',
    'intent',
    'code',
  ]
  const fields = lines.flatMap((line) => Object.keys(JSON.parse(line) as object))
  expect(
    [...new Set(fields)].filter((field) => ![...known, 'error', 'causes', 'stack', 'done'].includes(field)),
  ).toEqual([])
})

test('every port has failed in each way', async () => {
  app.send({ what: 'met' } satisfies Order)
  const met = (await hear('met')).failures
  const wanted = ports.flatMap((port) => hows.map((how) => `${port}: ${how}`))
  expect(wanted.filter((one) => !met.includes(one))).toEqual(['clock: null'])
})

/** A problem of the table, or a bare 500: never a class, a path, a call or words of what went wrong. */
function checkAnswer({ status, headers, text }: Sent, failing: Failing, route: string): void {
  const about = { route, ...failing, status }
  const said = text + JSON.stringify([...headers])
  const secrets = [canary, ...(status < 400 ? [] : [/\n? +at |node_modules|\/src\/|\.c?[jt]s\b|\b\w*Error\b/])]
  for (const one of secrets) expect({ ...about, said }).not.toEqual({ ...about, said: expect.stringMatching(one) })
  if (status < 400) return
  const body = JSON.parse(text) as unknown
  const { method, path } = placeOf(route)
  checkDocumented({ method, path, status, type: headers.get('content-type'), body })
  if (route === 'health' && status === 503) return
  if (status === 503)
    expect({ ...about, after: headers.get('retry-after') }).toEqual({ ...about, after: expect.stringMatching(/^\d+$/) })
  if (status === 500) {
    const instance = expect.stringMatching(/^[0-9a-f]{32}$/)
    expect({ ...about, body }).toEqual({
      ...about,
      body: { type: 'about:blank', title: 'Internal error', status, instance },
    })
  }
}

const others: Readonly<Record<string, { readonly method: string; readonly path: string }>> = {
  console: { method: 'GET', path: 'console/' },
  elsewhere: { method: 'GET', path: 'api' },
  messages: { method: 'POST', path: 'api/messages' },
  slack: { method: 'POST', path: 'api/slack' },
}

const placeOf = (route: string) => {
  const place = operations[route as OperationName] ?? others[route]
  if (place === undefined) throw new Error(`There is no route ${route}.`)
  return place
}

type State = 'none' | 'pending' | 'approved' | 'redeemed' | 'closed'

interface Sent {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

async function send(route: string, who: string, made: Answer['body'], body?: object, trace = ''): Promise<Sent> {
  const { method, path } = placeOf(route)
  const range = `?from=${day}&to=${day}`
  const queries: Readonly<Record<string, string>> = { list: '?status=pending', metrics: range, exceptions: range }
  const named = path
    .replace('{id}', made.id)
    .replace('{event}', noView.slice(7))
    .replace('{hold}', made.id?.slice(0, 26))
    .replace('{date}', day)
    .replace('{view}', noView)
  const place = named + (queries[route] ?? '')
  const traced = trace && { traceparent: `00-${trace}-${'1'.repeat(16)}-00` }
  const text = route === 'slack' && body ? inField(body) : JSON.stringify(body)
  const proof = who === 'Slack' ? await signing(text) : { authorization: who }
  const init = { method, headers: { ...proof, ...traced }, ...(body && { body: text }) }
  const answer = await fetch(`${origin}/${place}`, init)
  // what breaks in the middle of an answer ends it early
  const said = await answer.text().catch(() => '')
  return { status: answer.status, headers: answer.headers, text: said }
}

/** The headers with which Slack calls. */
async function signing(body: string): Promise<Record<string, string>> {
  app.send({ what: 'sign', body } satisfies Order)
  const { timestamp, signature } = await hear('signed')
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  return { ...type, 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature }
}

/** So that there is always room for another. */
const withdraw = (made: Answer['body']) => send('cancel', 'agent', made, {})

let wishes = 0
const wish = () => ({
  ...{ action: 'db.export', target: `prod/${++wishes}`, environment: 'production', params: {} },
  reason: 'A report',
})

/** Without a fault. */
async function make(state: State): Promise<Answer['body']> {
  const good = async (route: string, who: string, of: Answer['body'], body?: object): Promise<Answer['body']> => {
    const { status, text } = await send(route, who, of, body)
    if (status >= 300) throw new Error(`${route}: ${status} ${text}`)
    return JSON.parse(text)
  }
  if (state === 'none') return { id: 'none' }
  const pending = await good('ask', 'agent', { id: '' }, wish())
  if (state === 'pending') return pending
  if (state === 'closed') return good('cancel', 'agent', pending, {})
  await good('decide', 'approver', pending, { verdict: 'approve', digest: pending.digest })
  const approved = await good('read', 'agent', pending)
  if (state === 'approved') return approved
  const redemption = { grant: approved.grant.token, digest: pending.digest, redemption: randomUUID() }
  return good('redeem', 'agent', pending, redemption)
}

/** The next message of a kind. */
async function hear<W extends FaultReport['what']>(what: W): Promise<Extract<FaultReport, { what: W }>> {
  for (;;) {
    const place = reports.findIndex((one) => one.what === what)
    if (place >= 0) return reports.splice(place, 1)[0] as Extract<FaultReport, { what: W }>
    await once(app, 'message')
  }
}
