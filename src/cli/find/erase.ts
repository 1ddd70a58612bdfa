import { flawInWords } from '../../core/action/flaw.ts'
import { bounds } from '../../core/data/bound.ts'
import { isObjectId } from '../../core/data/id.ts'
import { isObject, type JsonObject } from '../../core/data/json.ts'
import { erasable } from '../../core/request/erasure.ts'
import { parseAnswer } from '../answer.ts'
import { askYes, hasPerson } from '../person.ts'
import { Exit, type ExitCode, exits } from '../exit.ts'
import type { Line } from '../layout.ts'
import { namesIn, type Options } from '../options.ts'
import type { Result } from '../result.ts'
import type { Session } from '../session.ts'
import { eventsOf, type ServedEvent } from './events.ts'
import { findRequests } from './pages.ts'
import { readRange } from './range.ts'

/** What would be erased of one request. */
interface Doomed {
  readonly id: string
  readonly lines: readonly Line[]
  /** Whether there is something, and it may be erased. */
  readonly isErasable: boolean
}

/** More requests than one person decides in years. */
const mostRequests = 10_000

/** Lists the texts that would be erased, asks, and has the service erase them, or record that this person asks. */
export async function erase(session: Session): Promise<Result> {
  const { options, screen } = session
  const names = checkedNames(options)
  const why = options.one('why') ?? ''
  const flaw = flawInWords(why, 1, bounds.text.words)
  if (flaw !== null) throw new Exit(exits.usage, `--why: ${flaw}.`)
  const ids = await requestsIn(session)
  const doomed: Doomed[] = []
  for (const [i, id] of ids.entries()) {
    screen.progress(`${i} of ${ids.length} requests looked at`)
    doomed.push(await doomedOf(session, id, names).catch(unlisted(id)))
  }
  screen.progress(null)
  screen.show(
    doomed.flatMap(({ lines }) => lines),
    'stderr',
  )
  const erasing = doomed.filter(({ isErasable }) => isErasable)
  if (erasing.length === 0) return nothing(doomed, options)
  await consent(options, erasing.length)
  return sent(session, erasing, { names, why })
}

function checkedNames(options: Options): readonly string[] {
  const names = namesIn(options)
  const unknown = names.find((name) => !erasable.some((one) => one === name))
  if (unknown !== undefined)
    throw new Exit(exits.usage, `--names: no text is called "${unknown}": they are ${erasable.join(', ')}.`)
  return names
}

/** @throws {Exit} 78 unless ids or a person are given */
async function requestsIn(session: Session): Promise<readonly string[]> {
  const { options } = session
  const { about: ids } = options
  const person = options.one('person')
  if (ids.length > 0 === (person !== undefined))
    throw new Exit(exits.usage, 'Give either request ids or --person OBJECT-ID. See countersign help erase.')
  if (person === undefined) {
    if (options.one('from') ?? options.one('to'))
      throw new Exit(exits.usage, '--from and --to belong to --person: request ids say their days themselves.')
    return [...new Set(ids)]
  }
  if (!isObjectId(person))
    throw new Exit(
      exits.usage,
      `--person: "${person}" is not an object id, which is a GUID: countersign list --approver NAME shows it.`,
    )
  const range = readRange(options, Date.now())
  const query = { person: person.toLowerCase() }
  const all = await findRequests(session, { query, fits: () => true }, { range, most: mostRequests })
  if (!all.complete) throw new Exit(exits.usage, `These are over ${mostRequests} requests: give a shorter range.`)
  return all.requests.flatMap(({ id }) => (typeof id === 'string' ? [id] : []))
}

/** Finds the texts with these names, and who has asked for an erasure of them. */
async function doomedOf({ service }: Session, id: string, names: readonly string[]): Promise<Doomed> {
  const answer = parseAnswer(await service.document(`requests/${id}`))
  const events = await eventsOf(service, id)
  const texts = events.flatMap(({ event, said }) =>
    event === null || event.type === 'erased' || event.type === 'erasure-asked'
      ? []
      : Object.entries(said)
          .filter(([name]) => names.includes(name))
          .map(([name, { text }]): Line => [name, `“${text}” of event ${event.seq} (${event.type})`]),
  )
  const { action } = answer
  const where = action ? ` on ${action.target} in ${action.environment}` : ''
  const doomed: readonly Line[] = [
    ...(action && names.includes('action') ? [['action', 'target, environment and params'] as const] : []),
    ...texts,
  ]
  const isClosed = typeof answer.document['closedAt'] === 'string'
  const state: readonly Line[] = [
    ...(isClosed ? [] : [['left alone', `it is ${answer.status}: only what has ended is erased`] as const]),
    ...(doomed.length === 0 ? [['nothing', `no text with these names is left`] as const] : []),
  ]
  return {
    id,
    lines: [['request', `${id}: ${answer.verb}${where}, ${answer.status}`], ...doomed, ...asksIn(events), ...state],
    isErasable: isClosed && doomed.length > 0,
  }
}

/** What a person may erase and not read is sent without a list: the second of two people may have the one role alone. */
const unlisted =
  (id: string) =>
  (cause: unknown): Doomed => {
    const code = cause instanceof Exit ? cause.problem?.['code'] : undefined
    if (code !== 'not-permitted' && code !== 'not-found') throw cause
    const words = `${id}: its texts cannot be listed for you, who may not read evidence, or there is no such request`
    return { id, lines: [['request', words]], isErasable: true }
  }

/** Who asked before: a second person erases, if the names are the same and seven days have not passed. */
const asksIn = (events: readonly ServedEvent[]): readonly Line[] =>
  events.flatMap(({ event }): readonly Line[] =>
    event?.type === 'erasure-asked' && 'id' in event.actor
      ? [['asked before', `by ${event.actor.id} at ${event.at}, for ${event.data.names.join(', ')}`]]
      : [],
  )

function nothing(doomed: readonly Doomed[], options: Options): Result {
  const words =
    doomed.length === 0 ? `no request of ${options.one('person')} on these days` : 'nothing is left to erase'
  const lines: readonly Line[] = [['nothing done', words]]
  return { exit: exits.ok, lines, to: 'stdout', record: { exit: exits.ok, erasures: [] } }
}

async function consent(options: Options, count: number): Promise<void> {
  if (options.one('yes') !== undefined) return
  const what = `these texts of ${count} ${count === 1 ? 'request' : 'requests'}`
  if (!hasPerson())
    throw new Exit(exits.usage, `--yes is missing: no person can be asked here before ${what} are erased.`)
  await askYes(`To have ${what} erased, type yes: `, 'Nothing was erased.')
}

async function sent(
  { service, screen }: Session,
  doomed: readonly Doomed[],
  order: { readonly names: readonly string[]; readonly why: string },
): Promise<Result> {
  const outcomes: Outcome[] = []
  for (const { id } of doomed) {
    screen.progress(`${outcomes.length} of ${doomed.length} requests done`)
    const { names, why } = order
    outcomes.push(
      await service
        .document('evidence/erasures', { request: id, names: [...names], why })
        .then((answer) => outcomeOf(id, answer), failedAs(id)),
    )
  }
  screen.progress(null)
  const exit = outcomes.find(({ exit }) => exit !== exits.ok)?.exit ?? exits.ok
  const waiting = outcomes.filter(({ waits }) => waits).map(({ id }) => id)
  const same = `countersign erase ${waiting.join(' ')} --names ${order.names.join(',')} --why WHY`
  return {
    exit,
    lines: [
      ...outcomes.map(({ line }) => line),
      ...(waiting.length === 0 ? [] : [['next', `another person, within seven days: ${same}`] as const]),
    ],
    to: 'stdout',
    record: { exit, erasures: outcomes.map(({ record }) => record) },
  }
}

interface Outcome {
  readonly id: string
  readonly exit: ExitCode
  readonly waits: boolean
  readonly line: Line
  readonly record: JsonObject
}

function outcomeOf(id: string, answer: JsonObject): Outcome {
  const { waits, erased } = answer
  const until = isObject(waits) && typeof waits['until'] === 'string' ? waits['until'] : null
  const count = Array.isArray(erased) ? erased.length : 0
  const done: Line =
    until === null
      ? ['erased', `${id}: texts of ${count} ${count === 1 ? 'event' : 'events'}`]
      : ['asked', `${id}: nothing is erased until another person asks for the same, before ${until}`]
  return { id, exit: exits.ok, waits: until !== null, line: done, record: { ...answer, request: id } }
}

/** One request that cannot be erased keeps none of the others. */
const failedAs =
  (id: string) =>
  (cause: unknown): Outcome => {
    if (!(cause instanceof Exit)) throw cause
    const { status: exit, message: words, problem } = cause
    const record = { request: id, erased: [], error: { words, ...(problem && { problem }) } }
    return { id, exit, waits: false, line: ['NOT erased', `${id}: ${words}`], record }
  }
