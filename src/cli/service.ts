import { isObject, type JsonObject } from '../core/data/json.ts'
import { type Answer, parseAnswer, parseView, type Viewed } from './answer.ts'
import { Exit, exitOfProblem, exits } from './exit.ts'
import { type ServiceCall, type ServiceDownload, open, type Patience, type Reply, send } from './http.ts'
import type { Settings } from './settings.ts'
import { tokenSource } from './token.ts'

/** The operations of the service that this program calls. Each is repeated while there is no answer. */
export interface Service {
  /** Asks. The same key and body give the same request, however often they arrive. */
  ask(body: JsonObject, key: string, until?: Until): Promise<Answer>
  read(id: string, until?: Until): Promise<Answer>
  cancel(id: string, reason?: string): Promise<Answer>
  /** Shows the person who is signed in a page of a request, which the service records. */
  view(id: string, page: number): Promise<Viewed>
  decide(id: string, decision: JsonObject): Promise<Answer>
  /** Claims the grant. The same redemption gets the same answer again. */
  redeem(
    id: string,
    claim: { readonly grant: string; readonly digest: string; readonly redemption: string },
  ): Promise<Answer>
  /** Repairs a shard. A repeated call goes on where the one before ended. */
  repair(order: JsonObject): Promise<JsonObject>
  /** Opens a file of the service; `null` if it still has this ETag. */
  download(path: string, etag?: string): Promise<ServiceDownload | null>
  /** Lists requests. The query is that of the API. */
  list(query: Readonly<Record<string, string>>): Promise<JsonObject>
  /** Reads a document of the service; with a body, calls an operation whose repetition has no further effect. */
  document(path: string, body?: JsonObject): Promise<JsonObject>
  report(id: string, outcome: { readonly result: 'succeeded' | 'failed'; readonly summary: string }): Promise<Answer>
}

interface Until {
  /** Seconds to wait for the request to leave `pending`. */
  readonly wait?: number
  readonly signal?: AbortSignal
}

export function connect(settings: Settings, say: Patience['say']): Service {
  const patience = { seconds: settings.patience, say }
  const token = tokenSource(settings.credentials, patience)

  const ask = async (path: string, body?: JsonObject, more: Extra = {}): Promise<Reply['json']> => {
    const attempt = async (renew: boolean): Promise<Reply> =>
      send(prepare(new URL(`api/${path}`, settings.url), await token(renew), body, more), patience)
    let reply = await attempt(false)
    if (reply.status === 401) reply = await attempt(true)
    if (reply.status >= 200 && reply.status <= 202) return reply.json
    throw problemIn(reply)
  }
  const call = async (path: string, body?: JsonObject, more: Extra = {}): Promise<Answer> =>
    parseAnswer(await ask(`requests${path}`, body, more))
  const download = async (path: string, etag?: string): Promise<ServiceDownload | null> => {
    const attempt = async (renew: boolean) => {
      const { headers, ...prepared } = prepare(new URL(`api/${path}`, settings.url), await token(renew), undefined, {})
      return open(
        { ...prepared, headers: { ...headers, accept: '*/*', ...(etag && { 'if-none-match': etag }) } },
        patience,
      )
    }
    let reply = await attempt(false)
    if (reply.status === 401) reply = await attempt(true)
    if (reply.status === 304 && etag) return null
    if (reply.download) return reply.download
    throw problemIn(reply)
  }
  const about = async (id: string, path: string, body?: JsonObject, more?: Extra): Promise<Answer> => {
    const answer = await call(`/${id}${path}`, body, more)
    checkId(answer, id)
    return answer
  }

  return {
    download,
    repair: async (order) => {
      const answer = await ask('evidence/repairs', order)
      if (!isObject(answer)) throw new Exit(exits.unreachable, 'The service answered something that is not a repair.')
      return answer
    },
    list: async (query) => {
      const answer = await ask(`requests?${new URLSearchParams(query).toString()}`)
      if (!isObject(answer)) throw new Exit(exits.unreachable, 'The service answered something that is not a list.')
      return answer
    },
    document: async (path, body) => {
      const answer = await ask(path, body)
      if (!isObject(answer)) throw new Exit(exits.unreachable, `The service answered ${path} with no JSON object.`)
      return answer
    },
    ask: (body, key, until) => call('', body, { ...until, key }),
    read: (id, until) => about(id, '', undefined, until),
    cancel: (id, reason) => about(id, '/cancel', reason === undefined ? {} : { reason }),
    view: async (id, page) => {
      const seen = parseView(await ask(`requests/${id}/views`, { page }))
      checkId(seen.request, id)
      return seen
    },
    decide: (id, decision) => about(id, '/decisions', decision),
    redeem: (id, claim) => about(id, '/redeem', claim),
    report: (id, outcome) => about(id, '/outcome', outcome),
  }
}

function checkId(answer: Answer, id: string): void {
  if (answer.id !== id) throw new Exit(exits.unreachable, 'The service answered about another request.')
}

type Extra = Until & { readonly key?: string }

function prepare(url: URL, token: string, body: JsonObject | undefined, { wait, signal, key }: Extra): ServiceCall {
  return {
    url,
    method: body ? 'POST' : 'GET',
    headers: {
      accept: 'application/json',
      authorization: `Bearer ${token}`,
      ...(body && { 'content-type': 'application/json' }),
      ...(wait && { prefer: `wait=${wait}` }),
      ...(key !== undefined && { 'idempotency-key': key }),
    },
    seconds: 20 + (wait ?? 0),
    signal,
    ...(body && { body: JSON.stringify(body) }),
  }
}

/** Writes a problem (RFC 9457 section 3.1) as `title: detail (code)`. */
function problemIn({ status, json }: Reply): Exit {
  if (!isObject(json) || typeof json['title'] !== 'string')
    return new Exit(exits.unreachable, `The service answered status ${status} without a problem that says why.`)
  const { title, detail, code, request } = json
  const about = typeof request === 'string' ? ` [request ${request}]` : ''
  const sentence = `${title}${typeof detail === 'string' ? `: ${detail}` : ''}${about}`
  if (typeof code !== 'string') return new Exit(exitOfProblem(status, ''), sentence, { problem: json })
  return new Exit(exitOfProblem(status, code), `${sentence} (${code})`, { problem: json })
}
