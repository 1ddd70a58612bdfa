import type { JsonObject } from '../../core/data/json.ts'
import { type Answer, parseAnswer } from '../answer.ts'
import { Exit, exits } from '../exit.ts'
import type { Line } from '../layout.ts'
import type { Options } from '../options.ts'
import { describeUses, progressOf } from '../print.ts'
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
  for (const option of ofAnyTime) if (options.one(option) !== undefined) return whatWaits(session, option)
  const most = mostIn(options)
  const criteria = readCriteria(options)
  const range = readRange(options, Date.now())
  const found = await findRequests(session, criteria, { range, most })
  const lines = [...found.requests.flatMap(entryOf), ...endOf(found, range, options)]
  return { exit: exits.ok, lines, to: 'stdout', record: { ...recordOf(found), from: range.from, to: range.to } }
}

/** Options that list what somebody has to watch, of whatever time it is. */
const ofAnyTime = ['review', 'standing'] as const

/**
 * Lists what waits for a review, or the standing approvals that can be used.
 *
 * @throws {Exit} 78 for an option of time, which would leave some out
 */
async function whatWaits(session: Session, option: (typeof ofAnyTime)[number]): Promise<Result> {
  const { options } = session
  const ofTime = ['from', 'to'].find((other) => options.one(other) !== undefined)
  if (ofTime !== undefined) throw new Exit(exits.usage, `--${ofTime} does not go with --${option}: all are listed.`)
  const found = await findRequests(session, readCriteria(options), { range: null, most: mostIn(options) })
  return {
    exit: exits.ok,
    lines: [...found.requests.flatMap(entryOf), ...closing[option](found)],
    to: 'stdout',
    record: recordOf(found),
  }
}

const closing: Record<(typeof ofAnyTime)[number], (found: FoundRequests) => readonly Line[]> = {
  review: (found) => [
    countOf('reviews due', found),
    ...found.requests
      .slice(0, 1)
      .map(
        (first): Line => ['next', `countersign review ${parseAnswer(first).id} justified|unjustified --reason TEXT`],
      ),
  ],
  standing: (found) => [countOf('open', found)],
}

const countOf = (label: string, { requests, complete }: FoundRequests): Line => [
  label,
  `${requests.length}${complete ? '' : ' and more: give a larger --most'}`,
]

/** Lists what waits for a decision, by deadline. */
export async function pending(session: Session): Promise<Result> {
  const { options } = session
  const most = mostIn(options)
  const { query, fits } = readCriteria(options)
  const found = await findRequests(session, { query: { ...query, status: 'pending' }, fits }, { range: null, most })
  const [first] = found.requests
  const next: readonly Line[] = first ? [['next', `countersign approve ${parseAnswer(first).id}`]] : []
  return {
    exit: exits.ok,
    lines: [...found.requests.flatMap(entryOf), countOf('waiting', found), ...next],
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
    ...describeUses(answer),
    ...votesOf(answer),
    ...talkOf(answer),
    ...(answer.status === 'pending' && answer.expiresAt ? [['decide by', answer.expiresAt] as const] : []),
  ]
}

function votesOf(answer: Answer): readonly Line[] {
  const { decisions, document } = answer
  const times = timesIn(document)
  const votes = decisions.map(({ verdict, approver, void: voided, isPast }, i): Line => {
    const label = voided || isPast ? 'no longer by' : verdict === 'approve' ? 'approved by' : 'denied by'
    return [label, `${approver}${times[i] === undefined ? '' : ` at ${times[i]}`}`]
  })
  const missing = answer.status === 'pending' ? progressOf(answer) : ''
  if (missing !== '') return [...votes, ['approvals', missing]]
  if (votes.length > 0 || answer.outcome === 'approve') return votes
  return answer.outcome === undefined ? [] : [['decided', `by policy: ${[answer.outcome, ...answer.rules].join(' ')}`]]
}

/** Says in short what was asked, and that one person approved alone. */
function talkOf({ questions, glass }: Answer): readonly Line[] {
  const open = questions.filter(({ answer }) => !answer).length
  const asked = `${questions.length}${open > 0 ? `, ${open} without an answer` : ''}`
  return [
    ...(questions.length > 0 ? [['questions', asked] as const] : []),
    ...(glass ? [['glass broken', `by ${glass.by} at ${glass.at}`] as const] : []),
    ...(glass && !glass.review ? [['review by', glass.reviewBy] as const] : []),
  ]
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
