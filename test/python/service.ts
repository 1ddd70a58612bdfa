import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Action } from '../../src/core/action/action.ts'
import { canonical, type Json } from '../../src/core/data/json.ts'
import { plusSeconds } from '../../src/core/data/instant.ts'
import type { Judgement } from '../../src/core/request/submission.ts'
import { type OperationName, operationNames, operationOf } from '../../src/contract/operations.ts'
import { type Served, served } from '../http/served.ts'
import { bot, needs, runner, slot } from '../support/build.ts'
import { type Call, type Fault, startFaultProxy } from '../support/faultProxy.ts'
import { agent } from '../support/world.ts'

/** The API in memory, over HTTP, behind a proxy that breaks connections as the address says. */
export interface Service {
  readonly url: string
  close(): Promise<void>
}

/**
 * Starts the service. Its tokens are the names of callers. Below `/f/NAME/FAULTS/` it has the faults that this part of
 * the address lists, as `unanswered:ask:1+lost:redeem:2`: for each name, the first call of an operation is carried out
 * and not answered, and the first two of another do not arrive. `/control/advance?seconds=` moves its clock;
 * `/control/canonical` writes the canonical form of each item of a list.
 */
export async function startService(): Promise<Service> {
  const most = { pending: 100, hourly: 600 }
  const agents = [
    agent(bot, { executors: [runner], limits: most, answers: 'both', narrowing: true }),
    agent(runner, { limits: most }),
  ]
  const app = await served(undefined, { judge, agents })
  const server = createServer((req, res) => void respond(app, req, res))
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const proxy = await startFaultProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const planned = new Map<string, string[]>()
  proxy.plan((call) => faultOf(call, planned))
  return {
    url: proxy.url.replace(/\/$/, ''),
    async close() {
      // Agents that were killed left waits behind.
      app.waiting.stop()
      await proxy.close()
      const closed = new Promise((done) => server.close(done))
      server.closeAllConnections()
      await closed
    },
  }
}

/** Reads are allowed and drops are forbidden; no rule speaks of what is unknown; all else needs one dba. */
function judge({ action }: Action): Judgement {
  if (action.endsWith('.read')) return { outcome: 'allow', rules: ['reads'], lapse: 3600, grant: 300 }
  if (action.endsWith('.drop')) return { outcome: 'forbid', rules: ['drops'] }
  return action.endsWith('.unknown')
    ? { outcome: 'no-policy', rules: [] }
    : needs([slot('dba')], { session: { for: 3600, uses: 2, vary: ['rows'] }, narrow: ['rows', 'tables'] })
}

const prefix = /^\/f\/([^/]+)\/([^/]+)(?=\/api\/)/

function faultOf({ method, path }: Call, planned: Map<string, string[]>): Fault | null {
  const [whole = '', name = '', faults = ''] = prefix.exec(path) ?? []
  if (whole === '') return null
  const left = planned.get(name) ?? faults.split('+').flatMap(repeated)
  planned.set(name, left)
  const called = operationAt(method, path.slice(whole.length))?.name ?? ''
  const at = left.findIndex((fault) => fault.split(':')[1] === called)
  const [kind] = at < 0 ? [] : (left.splice(at, 1)[0]?.split(':') ?? [])
  return kind === undefined ? null : madeOf(kind)
}

const repeated = (fault: string): string[] => Array.from({ length: Number(fault.split(':')[2] ?? 1) }, () => fault)

function madeOf(kind: string): Fault {
  switch (kind) {
    case 'lost':
    case 'unanswered':
    case 'truncated':
      return { kind }
    case 'garbled':
      return { kind, body: '<html>Sign in to the network.</html>' }
    case '502after':
      return { kind: 'status', status: 502, after: true }
    default:
      return { kind: 'status', status: Number(kind), headers: { 'retry-after': '0' } }
  }
}

function operationAt(method: string, path: string): { name: OperationName; id: string } | undefined {
  for (const name of operationNames) {
    const { method: wanted, path: form } = operationOf(name)
    const found = new RegExp(`^/${form.replace('{id}', '([^/]+)')}$`).exec(path.replace(/\?.*/, ''))
    if (wanted === method && found) return { name, id: found[1] ?? '' }
  }
  return undefined
}

async function respond(app: Served, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of req) chunks.push(chunk as Buffer)
  const url = new URL((req.url ?? '').replace(prefix, ''), 'http://localhost')
  if (url.pathname === '/control/advance') {
    app.clock.set(plusSeconds(app.clock.now(), Number(url.searchParams.get('seconds'))))
    return void res.end()
  }
  const body = Buffer.concat(chunks)
  if (url.pathname === '/control/canonical') {
    const values = JSON.parse(body.toString()) as Json[]
    return void res.end(JSON.stringify(values.map(canonical)))
  }
  const found = operationAt(req.method ?? '', url.pathname)
  if (found === undefined) return void res.writeHead(404).end()
  const { authorization = '', ...headers } = req.headers as Record<string, string>
  const answer = await app.call(found.name, authorization.replace(/^Bearer /, ''), {
    params: { id: found.id },
    query: url.search,
    headers,
    ...(body.length > 0 && { body }),
  })
  const type = answer.headers.get('content-type') ?? ''
  const retryAfter = answer.headers.get('retry-after')
  res.writeHead(answer.status, { 'content-type': type, ...(retryAfter !== null && { 'retry-after': retryAfter }) })
  res.end(
    unreached(answer.json)
      ? answer.text.replace(/"delivery":"(?:ok|pending|late)"/, '"delivery":"undeliverable"')
      : answer.text,
  )
}

/** Of some targets no approver can be told. */
const unreached = (request: { target?: string; status?: string } | null): boolean =>
  request?.status === 'pending' && (request.target ?? '').startsWith('unreached')
