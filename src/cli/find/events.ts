import { Broken } from '../../core/data/broken.ts'
import { isObject, type Json, type JsonObject, readJson } from '../../core/data/json.ts'
import { leafHash } from '../../core/log/merkle.ts'
import type { LogEvent } from '../../core/record/eventType.ts'
import { readRecord } from '../../core/record/record.ts'
import { type Salted, saidDigest } from '../../core/request/event.ts'
import { reportStep } from '../../words/reportStep.ts'
import { spoken } from '../../words/spoken.ts'
import { parseAnswer } from '../answer.ts'
import { Exit, exits } from '../exit.ts'
import type { Line } from '../layout.ts'
import type { Result } from '../result.ts'
import type { Service } from '../service.ts'
import type { Session } from '../session.ts'

/** An event that the service has of a request, checked to have the hash and the texts that it claims. */
export interface ServedEvent {
  readonly leaf: string
  readonly hash: string
  /** `null` for a form that is newer than this program. */
  readonly event: LogEvent | null
  /** Its place in the log; absent until its day is sealed. */
  readonly index?: number
  readonly said: Readonly<Record<string, Salted>>
}

/** Shows all that happened to a request: when, who, what, in whose words, and where in the log it is. */
export async function events({ options, service }: Session): Promise<Result> {
  const { id } = options
  const answer = parseAnswer(await service.document(`requests/${id}`))
  const found = await eventsOf(service, id)
  const names = namesIn(found, answer.document)
  const where = answer.action ? ` on ${answer.action.target} in ${answer.action.environment}` : ''
  const lines: readonly Line[] = [
    ['request', `${id}: ${answer.verb}${where}, ${answer.status}`],
    ...found.flatMap((one) => linesOf(one, names)),
  ]
  const record = found.map(({ leaf, hash, index, said }) => ({
    ...{ leaf, hash, ...(index !== undefined && { index }) },
    said: said as unknown as JsonObject,
  }))
  return { exit: exits.ok, lines, to: 'stdout', record: { exit: exits.ok, request: answer.document, events: record } }
}

/** @throws {Exit} 69 if an event is not the one of its hash, or a text not the one that it commits to */
export async function eventsOf(service: Service, id: string): Promise<readonly ServedEvent[]> {
  const { events } = await service.document(`requests/${id}/events`)
  const listed: readonly Json[] | null = Array.isArray(events) ? events : null
  if (!listed) throw new Exit(exits.unreachable, 'The service answered something that is not a list of events.')
  return listed.map(eventIn)
}

function eventIn(json: Json): ServedEvent {
  const { leaf, hash, index, said } = isObject(json) ? json : {}
  if (typeof leaf !== 'string' || typeof hash !== 'string' || leafHash(leaf) !== hash)
    throw new Exit(exits.unreachable, 'The service answered an event that does not have the hash that it names.')
  const event = recordIn(leaf)
  return { leaf, hash, event, said: saidIn(said, event), ...(typeof index === 'number' && { index }) }
}

function recordIn(leaf: string): LogEvent | null {
  try {
    return readRecord(leaf)
  } catch (cause) {
    if (cause instanceof Broken && cause.code === 'newer-format') return null
    throw cause instanceof Broken ? new Exit(exits.unreachable, `The service answered: ${cause.message}`) : cause
  }
}

function saidIn(said: Json | undefined, event: LogEvent | null): Readonly<Record<string, Salted>> {
  if (!isObject(said)) return {}
  const texts = Object.entries(said).map(([name, one]) => {
    const { salt, text } = isObject(one) ? one : {}
    const isWhole = typeof salt === 'string' && typeof text === 'string'
    if (!isWhole || (event !== null && event.said?.[name] !== saidDigest({ salt, text })))
      throw new Exit(exits.unreachable, `The service answered a text (“${name}”) that the event does not commit to.`)
    return [name, { salt, text }] as const
  })
  return Object.fromEntries(texts)
}

/** The names of people and agents by id, as far as the events and the request tell. */
function namesIn(events: readonly ServedEvent[], { agent }: JsonObject): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const { event, said } of events)
    if (event && 'id' in event.actor && said['name']) names.set(event.actor.id, said['name'].text)
  if (isObject(agent) && typeof agent['id'] === 'string' && typeof agent['name'] === 'string')
    names.set(agent['id'], agent['name'])
  return names
}

function linesOf({ leaf, event, index, said }: ServedEvent, names: ReadonlyMap<string, string>): readonly Line[] {
  if (!event) return [['newer', readJson(Buffer.from(leaf)) as JsonObject]]
  const { actor } = event
  const name = 'id' in actor ? names.get(actor.id) : undefined
  const id = 'id' in actor ? actor.id : actor.kind
  const place = index === undefined ? 'not sealed yet' : `log index ${index}`
  return [
    [event.type, `${event.at} (event ${event.seq} of shard ${event.shard}, ${place})`],
    ['by', `${name === undefined ? id : `${name} (${id})`}: ${reportStep(event, spoken)}`],
    ...Object.entries(said)
      .filter(([name]) => name !== 'name')
      .map(([name, { text }]): Line => [name, text]),
  ]
}
