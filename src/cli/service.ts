import { connect as connectTo } from '../client/connection.ts'
import type { ServiceDownload } from '../client/http.ts'
import { type Operations, operationsOn } from '../client/operations.ts'
import { isObject, type Json, type JsonObject } from '../core/data/json.ts'
import { type Answer, parseAnswer, parseView, type Viewed } from './answer.ts'
import { Exit, exits, inExits } from './exit.ts'
import type { Settings } from './settings.ts'
import { tokenSource } from './token.ts'

/** The operations of the service that this program calls. Each is repeated while there is no answer. */
export interface Service {
  /** The operations of an agent, on the same connection, for what the client does with them. They throw its failures. */
  readonly operations: Operations
  /** Asks. The same key and body give the same request, however often they arrive. */
  ask(body: JsonObject, key: string, until?: Until): Promise<Answer>
  read(id: string, until?: Until): Promise<Answer>
  cancel(id: string, reason?: string): Promise<Answer>
  /** Shows the person who is signed in a page of a request, which the service records. */
  view(id: string, page: number): Promise<Viewed>
  decide(id: string, decision: JsonObject): Promise<Answer>
  askBack(id: string, question: JsonObject): Promise<Answer>
  answer(id: string, answer: JsonObject): Promise<Answer>
  narrow(id: string, left: JsonObject): Promise<Answer>
  breakGlass(id: string, order: JsonObject): Promise<Answer>
  reviewGlass(id: string, review: JsonObject): Promise<Answer>
  /** Repairs a shard. A repeated call goes on where the one before ended. */
  repair(order: JsonObject): Promise<JsonObject>
  /** Opens a file of the service; `null` if it still has this ETag. */
  download(path: string, etag?: string): Promise<ServiceDownload | null>
  /** Lists requests. The query is that of the API. */
  list(query: Readonly<Record<string, string>>): Promise<JsonObject>
  /** Reads a document of the service; with a body, calls an operation whose repetition has no further effect. */
  document(path: string, body?: JsonObject): Promise<JsonObject>
  /** Deletes what the path names. */
  remove(path: string): Promise<JsonObject>
}

interface Until {
  /** Seconds to wait for the request to leave `pending`, or for a question that its agent answers. */
  readonly wait?: number
  readonly signal?: AbortSignal
}

export function connect(settings: Settings, say: (sentence: string) => void): Service {
  const patience = { seconds: settings.patience, queue: settings.patience, say }
  const connection = connectTo({ url: settings.url, token: tokenSource(settings.credentials, patience), patience })

  const ask = (path: string, body?: JsonObject, more: Extra = {}): Promise<Json> =>
    inExits(() => connection.call(path, { ...more, ...(body && { body }) }))
  const call = async (path: string, body?: JsonObject, more: Extra = {}): Promise<Answer> =>
    parseAnswer(await ask(`requests${path}`, body, more))
  const document = async (path: string, body?: JsonObject, more?: Extra): Promise<JsonObject> => {
    const answer = await ask(path, body, more)
    if (!isObject(answer)) throw new Exit(exits.unreachable, `The service answered ${path} with no JSON object.`)
    return answer
  }
  const about = async (id: string, path: string, body?: JsonObject, more?: Extra): Promise<Answer> => {
    const answer = await call(`/${id}${path}`, body, more)
    checkId(answer, id)
    return answer
  }

  return {
    operations: operationsOn(connection),
    download: (path, etag) => inExits(() => connection.download(path, etag)),
    document: (path, body) => document(path, body),
    remove: (path) => document(path, undefined, { deletes: true }),
    repair: (order) => document('evidence/repairs', order),
    list: (query) => document(`requests?${new URLSearchParams(query).toString()}`),
    ask: (body, key, until) => call('', body, { ...until, key }),
    read: (id, until) => about(id, '', undefined, until),
    cancel: (id, reason) => about(id, '/cancel', reason === undefined ? {} : { reason }),
    view: async (id, page) => {
      const seen = parseView(await ask(`requests/${id}/views`, { page }))
      checkId(seen.request, id)
      return seen
    },
    decide: (id, decision) => about(id, '/decisions', decision),
    askBack: (id, question) => about(id, '/questions', question),
    answer: (id, given) => about(id, '/answers', given),
    narrow: (id, left) => about(id, '/narrow', left),
    breakGlass: (id, order) => about(id, '/break-glass', order),
    reviewGlass: (id, given) => about(id, '/review', given),
  }
}

function checkId(answer: Answer, id: string): void {
  if (answer.id !== id) throw new Exit(exits.unreachable, 'The service answered about another request.')
}

type Extra = Until & { readonly key?: string; readonly deletes?: true }
