import * as z from 'zod'
import { Exit, exits } from '../cli/exit.ts'
import type { Line } from '../cli/layout.ts'
import type { Result } from '../cli/result.ts'
import type { Screen } from '../cli/screen.ts'
import type { Service } from '../cli/service.ts'
import { requestAnswer } from '../contract/requestAnswer.ts'
import { bounds } from '../core/data/bound.ts'
import { parseObjectId } from '../core/data/id.ts'
import { type Instant, milliseconds, parseInstant } from '../core/data/instant.ts'
import type { JsonObject } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import type { Slot } from '../core/request/requirement.ts'
import type { Policy } from '../ports/policy.ts'
import { inFile } from './trial.ts'

/** What a replay reads of a request. Other members may be newer than this program. */
const form = z.object({
  requests: z.array(
    requestAnswer.pick({
      ...{ id: true, action: true, target: true, environment: true, params: true, agent: true },
      ...{ onBehalfOf: true, policy: true, approvals: true, createdAt: true },
    }),
  ),
  cursor: z.string().optional(),
})

type Past = z.output<typeof form>['requests'][number]

/** A request that the draft answers in another way. */
interface Difference {
  readonly id: string
  readonly at: string
  readonly agent: string
  readonly what: string
  readonly before: string
  readonly after: string
  readonly rules: readonly string[]
  readonly kind: Kind
}

/** How answers differ, in the order in which they are listed: first what nobody would look at any more. */
const kinds = {
  allowed: 'newly allowed, with no person involved',
  asked: 'newly decided by people',
  approvers: 'decided by other people',
  stopped: 'newly denied or refused',
} as const

type Kind = keyof typeof kinds

interface Replayed {
  readonly judged: number
  readonly erased: number
  readonly differences: readonly Difference[]
}

/**
 * Judges past requests by a draft, as of the time of each, and lists those with another answer.
 *
 * @throws {Exit} 78 for times that are none, and what the service answers
 */
export async function replay(
  policy: Policy,
  given: { readonly from: string; readonly to: string },
  service: Service,
  screen: Pick<Screen, 'progress'>,
): Promise<Result> {
  const from = await inFile('--from', () => instantIn(given.from, 0))
  const to = await inFile('--to', () => instantIn(given.to, day))
  if (from >= to) throw new Exit(exits.usage, '--from is before --to.')
  let [judged, erased] = [0, 0]
  const differences: Difference[] = []
  try {
    for await (const past of pastRequests(service, from, to)) {
      judged++
      screen.progress(`${judged} requests judged, ${differences.length} answered in another way`)
      if (past.target === undefined || past.params === undefined) erased++
      else differences.push(...differenceOf(policy, past))
    }
  } finally {
    screen.progress(null)
  }
  return resultOf({ judged, erased, differences: inOrder(differences) })
}

const day = 86_400_000

/** Reads a time, or a day in UTC: its beginning, or so many milliseconds later. */
function instantIn(text: string, later: number): Instant {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return parseInstant(text)
  return new Date(milliseconds(parseInstant(`${text}T00:00:00Z`)) + later).toISOString() as Instant
}

/** Reads all requests of a range, which may be longer than one list may be. */
async function* pastRequests(service: Service, from: Instant, to: Instant): AsyncGenerator<Past> {
  const longest = bounds.list.days * day
  const end = milliseconds(to)
  for (let start = milliseconds(from); start < end; start += longest) {
    const range = { from: new Date(start).toISOString(), to: new Date(Math.min(start + longest, end)).toISOString() }
    let cursor: string | undefined
    do {
      const answer = await service.list({ ...range, limit: '100', ...(cursor !== undefined && { cursor }) })
      const page = form.safeParse(answer)
      if (!page.success)
        throw new Exit(exits.unreachable, 'The service answered a list that this version cannot read: update it.')
      yield* page.data.requests
      cursor = page.data.cursor
    } while (cursor !== undefined)
  }
}

function differenceOf(policy: Policy, past: Past): readonly Difference[] {
  const { id, createdAt, agent, action, target, environment } = past
  const found = answerOf(policy, past)
  const before = written(past.policy.outcome, past.approvals.required)
  const after = written(found.outcome, found.slots)
  if (before === after) return []
  const kind = kindOf(past.policy.outcome, found.outcome)
  const what = `${action} on ${target ?? ''} in ${environment ?? ''}`
  return [{ id, at: createdAt, agent: agent.name, what, before, after, rules: found.rules, kind }]
}

interface Found {
  readonly outcome: string
  readonly slots: readonly Slot[]
  readonly rules: readonly string[]
}

/** What the draft answers. A request that it refuses has the code of the problem as its outcome. */
function answerOf(policy: Policy, { agent, action, target, environment, params, onBehalfOf, createdAt }: Past): Found {
  const id = parseObjectId(agent.id)
  if (!policy.agent(id)) return { outcome: 'not-permitted', slots: [], rules: [] }
  try {
    const judgement = policy.judge({
      ...{ agent: id, at: parseInstant(createdAt) },
      action: { action, target: target ?? '', environment: environment ?? '', params: (params ?? {}) as JsonObject },
      ...(onBehalfOf !== undefined && { onBehalfOf: parseObjectId(onBehalfOf) }),
    })
    const slots = judgement.outcome === 'approve' ? judgement.slots : []
    return { outcome: judgement.outcome, slots, rules: judgement.rules }
  } catch (cause) {
    if (cause instanceof Problem) return { outcome: cause.code, slots: [], rules: [] }
    throw cause
  }
}

const written = (outcome: string, slots: readonly Slot[]): string =>
  slots.length === 0
    ? outcome
    : `${outcome} by ${slots
        .map(({ groups, quorum }) => `${groups.toSorted().join('|')}:${quorum}`)
        .toSorted()
        .join(', ')}`

function kindOf(before: string, after: string): Kind {
  if (after === 'allow') return 'allowed'
  if (after !== 'approve') return 'stopped'
  return before === 'approve' ? 'approvers' : 'asked'
}

const inOrder = (differences: readonly Difference[]): readonly Difference[] =>
  (Object.keys(kinds) as Kind[]).flatMap((kind) =>
    differences.filter((one) => one.kind === kind).toSorted((a, b) => (a.at < b.at ? -1 : 1)),
  )

function resultOf({ judged, erased, differences }: Replayed): Result {
  const exit = differences.length > 0 ? exits.broken : exits.ok
  const lines = differences.flatMap(({ id, at, agent, what, before, after, rules, kind }): readonly Line[] => [
    [`${before} → ${after}:`, kinds[kind]],
    ['request', `${id} of ${agent}, ${at}`],
    ['action', what],
    ...(rules.length > 0 ? [['rules', rules.join(', ')] as const] : []),
  ])
  const counts = `${judged} requests, ${differences.length} answered in another way`
  return {
    exit,
    lines: [
      ...lines,
      ['judged', counts],
      ...(erased > 0 ? [['erased', `${erased}: their actions were erased, so they cannot be judged`] as const] : []),
    ],
    to: 'stdout',
    record: { exit, judged, erased, differences: differences.map((one): JsonObject => ({ ...one })) },
  }
}
