import type { RequestAnswer, ViewAnswer } from '../contract/requestAnswer.ts'
import { type Action, scopeIn } from '../core/action/action.ts'
import { contextIn } from '../core/data/authenticationContext.ts'
import { isRequestId } from '../core/data/id.ts'
import { isObject, type Json, type JsonObject, readJson } from '../core/data/json.ts'
import { statuses } from '../core/request/request.ts'
import { Exit, exits } from './exit.ts'
import { type NarrowedAnswer, narrowedIn } from './narrowedLines.ts'
import { nameWithId, optional, partOf, partsOf, type Received, text, texts } from './received.ts'
import { glassIn, promptsIn, questionsIn, type TalkGlass, type TalkPrompts, type TalkQuestion } from './talkAnswer.ts'
import { spoken } from '../words/spoken.ts'

/** The parts of the service's answer about a request that this program uses. */
export interface Answer {
  readonly id: string
  readonly status: RequestAnswer['status']
  readonly digest: string
  readonly next: string
  /** The reason to stop, in the service's words. */
  readonly stop?: string
  /** The verb, which stays when the rest of the action is erased. */
  readonly verb: string
  readonly action?: Action
  readonly links: NonNullable<RequestAnswer['links']>
  readonly agent: string
  /** The display name of a person who answers for the agent. */
  readonly owner?: string
  /** Absent if the agent itself executes. */
  readonly executor?: string
  readonly onBehalfOf?: string
  /** Accounts that only the agent's own word keeps from approving. */
  readonly excludedByAgent: readonly string[]
  readonly reason?: string
  readonly tier?: string
  readonly summary?: string
  readonly outcome?: string
  /** What approvers are warned of, in the service's words. */
  readonly warnings: readonly string[]
  readonly rules: readonly string[]
  readonly required: RequestAnswer['approvals']['required']
  readonly decisions: readonly {
    readonly verdict: string
    readonly approver: string
    readonly at?: string
    readonly reason?: string
    readonly void: boolean
    /** Whether it was given before the newest answer or narrowing, and counts no more. */
    readonly isPast: boolean
  }[]
  /** The oldest first. */
  readonly questions: readonly TalkQuestion[]
  readonly prompts: TalkPrompts
  /** The oldest first. */
  readonly narrowed: readonly NarrowedAnswer[]
  readonly glass?: TalkGlass
  /** Of a standing approval: how far it is used up. */
  readonly standing?: { readonly uses: number; readonly used: number; readonly until?: string }
  /** Of a use: its standing approval. */
  readonly under?: string
  readonly delivery?: string
  readonly createdAt?: string
  readonly expiresAt?: string
  readonly grant?: string
  /** The whole answer, for programs. */
  readonly document: JsonObject
}

/**
 * Reads the service's answer about a request.
 *
 * @throws {Exit} 69 if a member that every command needs is missing
 */
export function parseAnswer(json: Json | undefined): Answer {
  if (!isObject(json)) throw unexpected('it is not an object')
  const sent: Received<RequestAnswer> = json
  const policy = partOf<RequestAnswer['policy']>(sent.policy)
  const approvals = partOf<RequestAnswer['approvals']>(sent.approvals)
  const stop = partOf<NonNullable<RequestAnswer['stop']>>(sent.stop)
  const grant = partOf<NonNullable<RequestAnswer['grant']>>(sent.grant)
  const id = needed(sent, 'id')
  if (!isRequestId(id)) throw unexpected('its id is not a request id')
  return {
    id,
    status: statusOf(sent),
    digest: needed(sent, 'digest'),
    next: needed(sent, 'next'),
    verb: needed(sent, 'action'),
    links: partsOf<Link>(sent.links).map(({ title, url }) => ({ title: text(title) ?? '', url: text(url) ?? '' })),
    agent: nameWithId(sent.agent),
    warnings: partsOf<Warning>(sent.warnings).flatMap(({ code, words }) => text(words) ?? text(code) ?? []),
    rules: texts(policy.rules),
    excludedByAgent: texts(approvals.excludedByAgent),
    required: partsOf<Slot>(approvals.required).map(slotOf),
    decisions: partsOf<Decision>(approvals.decisions).map(decisionOf),
    questions: questionsIn(sent.questions),
    prompts: promptsIn(sent.prompts),
    narrowed: narrowedIn(sent.narrowed),
    ...(isObject(sent.glass) && { glass: glassIn(sent.glass) }),
    ...actionOf(sent),
    ...standingOf(sent),
    ...optional('under', text(sent.under)),
    ...optional('stop', text(stop.words)),
    ...optional('owner', text(partOf<RequestAnswer['agent']>(sent.agent).owner)),
    ...optional('executor', executorOf(sent)),
    ...optional('onBehalfOf', text(sent.onBehalfOf)),
    ...optional('reason', text(sent.reason)),
    ...optional('tier', text(policy.tier)),
    ...optional('summary', text(policy.summary)),
    ...optional('outcome', text(policy.outcome)),
    ...optional('delivery', text(sent.delivery)),
    ...optional('createdAt', text(sent.createdAt)),
    ...optional('expiresAt', text(sent.expiresAt)),
    ...optional('grant', text(grant.token)),
    document: json,
  }
}

/** The parts of the service's answer about a view that this program uses. */
export interface Viewed {
  readonly pages: number
  /** Absent for a person who may not decide. */
  readonly view?: string
  /** Why this person cannot approve here. */
  readonly refusal?: string
  /** The authentication context that this person has to meet first; `null` if the answer names one that cannot be read. */
  readonly stepUp?: string | null
  readonly request: Answer
}

/** More pages than any version of the service shows: without a limit a double of it could keep this program busy. */
const mostPages = 100

/** Reads the service's answer about a view. @throws {Exit} 69 if a member that is needed is missing */
export function parseView(json: Json | undefined): Viewed {
  if (!isObject(json)) throw unexpected('it is not an object')
  const sent: Received<ViewAnswer> = json
  const refusal = partOf<NonNullable<ViewAnswer['refusal']>>(sent.refusal)
  const pages = count(sent.pages)
  if (pages < 1 || pages > mostPages) throw unexpected(`it has ${pages} pages`)
  return {
    pages,
    ...optional('view', text(sent.view)),
    ...optional('refusal', text(refusal.words)),
    ...(sent.stepUp !== undefined && { stepUp: contextOf(partOf<NonNullable<ViewAnswer['stepUp']>>(sent.stepUp)) }),
    request: parseAnswer(sent.request),
  }
}

function contextOf({ claims }: Received<NonNullable<ViewAnswer['stepUp']>>): string | null {
  try {
    return contextIn(readJson(Buffer.from(text(claims) ?? ''), claimLimits))
  } catch {
    return null
  }
}

const claimLimits = { bytes: 1_000, depth: 8, nodes: 50 }

type Warning = NonNullable<RequestAnswer['warnings']>[number]
type Link = NonNullable<RequestAnswer['links']>[number]
type Slot = RequestAnswer['approvals']['required'][number]
type Decision = RequestAnswer['approvals']['decisions'][number]

const unexpected = (why: string): Exit =>
  new Exit(exits.unreachable, `The service answered something that is not a request: ${why}.`)

function statusOf(sent: Received<RequestAnswer>): RequestAnswer['status'] {
  const found = needed(sent, 'status')
  const status = statuses.find((known) => known === found)
  if (status === undefined) throw unexpected(`its status is ${found}`)
  return status
}

function needed(sent: Received<RequestAnswer>, key: keyof RequestAnswer): string {
  const value = sent[key]
  if (typeof value !== 'string') throw unexpected(`"${key}" is missing`)
  return value
}

function actionOf(sent: Received<RequestAnswer>): { readonly action?: Action } {
  const { action, target, environment, params } = sent
  const standing = scopeIn(sent.standing)
  if (typeof action !== 'string' || typeof target !== 'string' || typeof environment !== 'string') return {}
  return isObject(params) ? { action: { action, target, environment, params, ...(standing && { standing }) } } : {}
}

function standingOf({ standing }: Received<RequestAnswer>): Pick<Answer, 'standing'> {
  if (!isObject(standing)) return {}
  const { uses, used, until } = standing
  return { standing: { uses: count(uses), used: count(used), ...optional('until', text(until)) } }
}

function executorOf(sent: Received<RequestAnswer>): string | undefined {
  const agent = text(sent.agent) ?? text(partOf<RequestAnswer['agent']>(sent.agent).id)
  const executor = text(sent.executor)
  return executor === agent ? undefined : executor
}

function slotOf({ groups, quorum, have }: Received<Slot>): Slot {
  return { groups: texts(groups), quorum: count(quorum), have: count(have) }
}

const count = (value: Json | undefined): number => (typeof value === 'number' ? value : 0)

function decisionOf({
  name,
  approver: id,
  for: member,
  verdict,
  at,
  reason,
  void: voided,
  current,
}: Received<Decision>): Answer['decisions'][number] {
  const voter = nameWithId(typeof name === 'string' && typeof id === 'string' ? { name, id } : id)
  const approver = isObject(member) ? spoken.progress.standIn(voter, nameWithId(member)) : voter
  return {
    verdict: text(verdict) ?? '',
    approver,
    ...optional('at', text(at)),
    ...optional('reason', text(reason)),
    void: isObject(voided),
    isPast: current === false,
  }
}

/** Reads a list of objects. @throws {Exit} 69 if it is no such list */
export function objectsIn(json: Json | undefined): readonly JsonObject[] {
  const listed: readonly Json[] | null = Array.isArray(json) ? json : null
  if (!listed?.every(isObject)) throw new Exit(exits.unreachable, 'The service answered something that is not a list.')
  return listed
}
