import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { actionDigest } from '../../src/core/action/action.ts'
import type { JsonObject } from '../../src/core/data/json.ts'

/** A service that answers what a test tells it to, and remembers what it was sent. */
export interface Double {
  readonly url: string
  readonly seen: readonly Seen[]
  /** The bodies of one kind of call, oldest first. */
  readonly sent: (call: CallName) => readonly unknown[]
  /** What it answers to the next calls of a kind; the last one stays. */
  readonly answer: (call: CallName, ...replies: readonly (Reply | Reacting)[]) => void
  /** The request for what was asked last, as the service would answer it. */
  readonly asked: (more?: JsonObject) => JsonObject
  /** How many connections were opened since the reset. */
  readonly connections: () => number
  /** Forgets everything that was told and seen. */
  readonly reset: () => void
  readonly end: () => Promise<void>
}

/** What is done with a request, as paths have it. */
const acts = [
  'cancel',
  'views',
  'decisions',
  'redeem',
  'outcome',
  'questions',
  'answers',
  'narrow',
  'break-glass',
  'review',
] as const

type CallName = 'ask' | 'read' | (typeof acts)[number] | 'token' | 'unknown'

interface Seen {
  readonly call: CallName
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
}

/** `broken`: the connection ends without an answer. `half`: it ends in the body. `silent`: no answer ever comes. */
export type Reply =
  | 'broken'
  | 'half'
  | 'silent'
  | { readonly status: number; readonly body: unknown; readonly headers?: Headers }
type Headers = Readonly<Record<string, string>>
type Reacting = (seen: Seen) => Reply | Promise<Reply>

export const requestId = '01kaqz3v8m0000000000000000-07'
/** The ids of this request, and of nine others. */
const ids = '01kaqz3v8m000000000000000[0-9]-07'

export const action = {
  action: 'db.export',
  target: 'prod/postgres/customers',
  environment: 'production',
  params: { rows: 120_000 },
}

/** A request as the service answers it; `more` may have another action, and then the digest is that one's. */
export const request = (more: JsonObject = {}): JsonObject => ({
  id: requestId,
  status: 'pending',
  ...action,
  reason: 'Quarterly report',
  digest: digestOf({ ...action, ...more }),
  agent: { id: 'b0000000-0000-4000-8000-000000000001', name: 'deploy-bot' },
  executor: 'b0000000-0000-4000-8000-000000000001',
  policy: { outcome: 'approve', rules: ['export-needs-dba'], version: `sha256:${'0'.repeat(64)}`, tier: 'medium' },
  approvals: { required: [{ groups: ['dba'], quorum: 1, have: 0 }], decisions: [] },
  delivery: 'ok',
  createdAt: '2026-01-31T09:30:00.000Z',
  expiresAt: '2026-01-31T10:30:00.000Z',
  next: 'wait',
  ...more,
})

const digestOf = ({ action: verb, target, environment, params }: typeof action): string =>
  actionDigest({ action: verb, target, environment, params })

/** A page of a view as the service answers it. */
export const viewed = (about: object = request(), more: object = {}): object => ({
  card: { type: 'AdaptiveCard' },
  view,
  template: '0'.repeat(64),
  page: 1,
  pages: 1,
  request: about,
  ...more,
})

export const view = `sha256:${'7'.repeat(64)}`

export const approved: JsonObject = {
  status: 'approved',
  next: 'redeem',
  grant: { token: 'header.payload.signature', expiresAt: '2026-01-31T09:35:00.000Z' },
}

export const stopped = (status: string, code = status): JsonObject => ({
  status,
  next: 'stop',
  stop: { code, words: `It is ${status}.` },
})

/** A question of an approver, as the service answers it; `number` makes its id, from 1. */
export const question = (number: number, more: JsonObject = {}): JsonObject => ({
  id: String(number).repeat(64),
  by: 'c0000000-0000-4000-8000-000000000001',
  name: 'dba-1',
  groups: ['dba'],
  at: '2026-01-31T09:31:00.000Z',
  text: 'Why all rows?',
  ...more,
})

/** What the side that asks answered to a question. */
export const answer = (text: string, more: JsonObject = {}): JsonObject => ({
  by: { kind: 'agent', id: 'b0000000-0000-4000-8000-000000000001' },
  at: '2026-01-31T09:32:00.000Z',
  text,
  ...more,
})

export const ok = (body: unknown, status = 200): Reply => ({ status, body })

export const problem = (status: number, code: string, more: JsonObject = {}, headers: Headers = {}): Reply => ({
  status,
  body: { type: 'about:blank', title: `Title of ${code}`, status, detail: 'The detail.', code, ...more },
  headers: { 'content-type': 'application/problem+json', ...headers },
})

export async function startDouble(): Promise<Double> {
  const seen: Seen[] = []
  const told = new Map<CallName, (Reply | Reacting)[]>()
  const next = (call: CallName): Reply | Reacting | undefined => {
    const replies = told.get(call) ?? []
    return replies.length > 1 ? replies.shift() : replies[0]
  }
  const react = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    let text = ''
    for await (const chunk of req.setEncoding('utf8')) text += String(chunk)
    const call = nameOf(req.method, req.url)
    const body: unknown = call === 'token' ? Object.fromEntries(new URLSearchParams(text)) : text && JSON.parse(text)
    const arrived = { call, path: req.url ?? '', headers: req.headers, body }
    seen.push(arrived)
    const reply = next(call) ?? problem(500, 'untold')
    send(res, typeof reply === 'function' ? await reply(arrived) : reply)
  }
  let connections = 0
  const server = createServer((req, res) => void react(req, res)).on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    sent: (call) => seen.filter((each) => each.call === call).map((each) => each.body),
    answer: (call, ...replies) => void told.set(call, [...replies]),
    asked: (more) => request({ ...(seen.findLast((each) => each.call === 'ask')?.body as JsonObject), ...more }),
    connections: () => connections,
    reset: () => {
      connections = 0
      seen.length = 0
      told.clear()
    },
    end: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function nameOf(method = '', url = ''): CallName {
  if (url === '/token') return 'token'
  if (url === '/api/requests' && method === 'POST') return 'ask'
  if (method === 'GET' && new RegExp(`^/api/requests/${ids}$`).test(url)) return 'read'
  const command = new RegExp(`^/api/requests/${ids}/(${acts.join('|')})$`).exec(url)?.[1]
  return method === 'POST' && command !== undefined ? (command as CallName) : 'unknown'
}

function send(res: ServerResponse, reply: Reply): void {
  if (reply === 'silent') return
  if (reply === 'broken') {
    res.destroy()
    return
  }
  if (reply === 'half') {
    const begun = JSON.stringify(request(approved)).slice(0, -40)
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': begun.length + 40 })
    res.write(begun, () => res.destroy())
    return
  }
  const body = typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body)
  res.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers }).end(body)
}
