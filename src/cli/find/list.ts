import type { JsonObject } from '../../core/data/json.ts'
import { type Answer, parseAnswer } from '../answer.ts'
import { Exit, exits } from '../exit.ts'
import type { Line } from '../layout.ts'
import type { Options } from '../options.ts'
import { progressOf } from '../print.ts'
import type { Result } from '../result.ts'
import type { Session } from '../session.ts'
import { readCriteria } from './criteria.ts'
import { type FoundRequests, findRequests } from './pages.ts'
import { type TimeRange, readRange } from './range.ts'

/** How many requests are listed at most, without `--most`. */
const otherwise = 500

/** Lists the requests of a range, the newest first, and says how far it looked. */
export async function list(session: Session): Promise<Result> {
  const { options } = session
  const most = mostIn(options)
  const criteria = readCriteria(options)
  const range = readRange(options, Date.now())
  const found = await findRequests(session, criteria, { range, most })
  const lines = [...found.requests.flatMap(entryOf), ...endOf(found, range, options)]
  return { exit: exits.ok, lines, to: 'stdout', record: { ...recordOf(found), from: range.from, to: range.to } }
}

/** Lists what waits for a decision, by deadline. */
export async function pending(session: Session): Promise<Result> {
  const { options } = session
  const most = mostIn(options)
  const { query, fits } = readCriteria(options)
  const found = await findRequests(session, { query: { ...query, status: 'pending' }, fits }, { range: null, most })
  const waiting = found.requests.length
  const [first] = found.requests
  const next: readonly Line[] = first ? [['next', `countersign approve ${parseAnswer(first).id}`]] : []
  const end: Line = ['waiting', `${waiting}${found.complete ? '' : ' and more: give a larger --most'}`]
  return {
    exit: exits.ok,
    lines: [...found.requests.flatMap(entryOf), end, ...next],
    to: 'stdout',
    record: recordOf(found),
  }
}

function mostIn(options: Options): number {
  const given = options.one('most')
  if (given === undefined) return otherwise
  if (!/^[1-9]\d{0,5}$/.test(given)) throw new Exit(exits.usage, `--most: "${given}" is not a number from 1 to 999999.`)
  return Number(given)
}

const recordOf = ({ requests, complete, until }: FoundRequests): JsonObject => ({
  ...{ exit: exits.ok, complete },
  ...(until !== undefined && { until }),
  requests,
})

/** Describes a request in few lines: its state and action, then who asked and who decided. */
function entryOf(document: JsonObject): readonly Line[] {
  const answer = parseAnswer(document)
  const { action, verb, tier, summary } = answer
  const where = action ? ` on ${action.target} in ${action.environment}` : ' (the rest of the action was erased)'
  return [
    [answer.status, `${verb}${where}${tier === undefined ? '' : `, tier ${tier}`}`],
    ['', answer.id],
    ...(summary === undefined ? [] : [['summary', summary] as const]),
    ['asked', `${textOf(document['createdAt'])} by ${answer.agent}`],
    ...(answer.onBehalfOf === undefined ? [] : [['acts for', `${answer.onBehalfOf} (not verified)`] as const]),
    ...votesOf(answer),
    ...(answer.status === 'pending' && answer.expiresAt ? [['decide by', answer.expiresAt] as const] : []),
  ]
}

function votesOf(answer: Answer): readonly Line[] {
  const { decisions, document } = answer
  const times = timesIn(document)
  const votes = decisions.map(({ verdict, approver, void: voided }, i): Line => {
    const label = voided ? 'no longer by' : verdict === 'approve' ? 'approved by' : 'denied by'
    return [label, `${approver}${times[i] === undefined ? '' : ` at ${times[i]}`}`]
  })
  const missing = answer.status === 'pending' ? progressOf(answer) : ''
  if (missing !== '') return [...votes, ['approvals', missing]]
  if (votes.length > 0 || answer.outcome === 'approve') return votes
  return answer.outcome === undefined ? [] : [['decided', `by policy: ${[answer.outcome, ...answer.rules].join(' ')}`]]
}

function timesIn({ approvals }: JsonObject): readonly (string | undefined)[] {
  const { decisions } = (approvals ?? {}) as { readonly decisions?: readonly { readonly at?: unknown }[] }
  return (decisions ?? []).map(({ at }) => (typeof at === 'string' ? at : undefined))
}

/** Says what was looked through, and how to go on; of a search that found none, what there is instead. */
function endOf(
  { requests, complete, until, names }: FoundRequests,
  { from, to }: TimeRange,
  options: Options,
): readonly Line[] {
  const count = `${requests.length} ${requests.length === 1 ? 'request' : 'requests'}`
  const rest = ` back to ${until ?? from}. Go on with --to ${until ?? from}, or with a larger --most`
  const said: Line = ['found', `${count} from ${complete ? `${from} to ${to}` : `${to}${rest}`}`]
  const wanted = (['agent', 'approver'] as const).filter((option) => options.one(option) !== undefined)
  const instead = requests.length > 0 ? [] : wanted.filter((option) => names[option].length > 0)
  return [said, ...instead.map((option): Line => [`${option}s`, `there: ${names[option].toSorted().join(', ')}`])]
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
