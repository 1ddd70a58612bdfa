import { csvLine, unguarded } from '../data/csv.ts'
import type { Verdict } from '../request/event.ts'
import type { Exceptional } from './auditException.ts'
import type { Life } from './replayedRequest.ts'
import type { ApprovalRequest } from '../request/request.ts'

/** Writes a list into one cell. */
const joined = (items: readonly string[] = []): string => items.join('; ')

/** The columns of requests.csv, which docs/evidence/bundle.md explains. */
const requestColumns = {
  request: ({ request }) => request.id,
  state: ({ request }) => request.status,
  action: ({ request }) => request.verb,
  digest: ({ request }) => request.digest,
  agent: ({ request }) => request.agent.id,
  executor: ({ request }) => request.executor,
  on_behalf_of: ({ request }) => request.onBehalfOf,
  outcome: ({ request }) => request.policy.outcome,
  rules: ({ request }) => joined(request.policy.rules),
  policy: ({ request }) => request.policy.version,
  tier: ({ request }) => request.requirement?.tier,
  required: ({ request }) =>
    joined(request.requirement?.slots.map(({ groups, quorum }) => `${groups.join('|')}:${quorum}`)),
  approvers: ({ request }) => voters(request, 'approve'),
  denied_by: ({ request }) => voters(request, 'deny'),
  requested_at: ({ request }) => request.createdAt,
  decided_at: ({ decidedAt }) => decidedAt,
  expires_at: ({ request }) => request.requirement?.expiresAt,
  lapses_at: ({ lapsesAt }) => lapsesAt,
  redeemed_at: ({ request }) => ('redeemedAt' in request ? request.redeemedAt : undefined),
  closed_at: ({ request }) => ('closedAt' in request ? request.closedAt : undefined),
  undeliverable: ({ request }) => yes(request.undeliverable),
  unreported: ({ request }) => yes('unreported' in request && request.unreported),
} satisfies Readonly<Record<string, (row: Life) => string | undefined>>

/**
 * What rows say beside the life of a request: the controls that its rules serve, sorted. `null` in bundles without
 * `metrics.csv`, whose table has no column of that name.
 */
type Controls = readonly string[] | null

/** The columns of further.csv. */
const furtherColumns = {
  request: ({ request }) => request.id,
  glass: ({ request }) => request.glass?.by,
  review: ({ request }) => reviewOf(request),
  questions: ({ request }) => counted(request.questions?.length),
  answered: ({ request }) => counted(request.questions?.filter(({ answer }) => answer).length),
  reminded: ({ request }) => counted(request.reminded?.round),
  escalated: ({ request }) => joined(request.escalated),
  under: ({ request }) => request.under,
  used: ({ request }) => counted(request.standing?.used),
  uses: ({ request }) => counted(request.standing?.uses),
  narrowed: ({ request }) => counted(request.narrowed?.length),
} satisfies Readonly<Record<string, (row: Life) => string | undefined>>

const counted = (number = 0): string | undefined => (number === 0 ? undefined : String(number))

function reviewOf({ glass }: ApprovalRequest): string | undefined {
  if (!glass) return undefined
  return glass.review?.finding ?? (glass.unreviewed ? 'late' : 'due')
}

export type RequestColumn = keyof typeof requestColumns | 'controls'

const exceptionColumns: Readonly<Record<string, (row: Exceptional) => string | number | undefined>> = {
  index: ({ index }) => index,
  at: ({ at }) => at,
  request: ({ request }) => request,
  kind: ({ kind }) => kind,
  actor: ({ actor }) => actor,
  action: ({ action }) => action,
  detail: ({ detail }) => detail,
}

const requestNames: readonly string[] = [...Object.keys(requestColumns), 'controls']

export const requestsHeader = csvLine(requestNames)
/** The header in bundles without `metrics.csv`. */
export const olderRequestsHeader = csvLine(requestNames.slice(0, -1))
export const exceptionsHeader = csvLine(Object.keys(exceptionColumns))

export const furtherHeader = csvLine(Object.keys(furtherColumns))

const furtherCells = Object.values(furtherColumns)

/** The row of a request in further.csv; `null` for one of which nothing is told there. */
export const furtherLine = (row: Life): string | null =>
  row.talk || row.request.standing || row.request.under ? csvLine(furtherCells.map((cell) => cell(row))) : null

const requestCells = Object.values(requestColumns)
const exceptionCells = Object.values(exceptionColumns)

export const requestLine = (row: Life, controls: Controls): string =>
  csvLine([...requestCells.map((cell) => cell(row)), ...(controls ? [joined(controls)] : [])])
export const exceptionLine = (row: Exceptional): string => csvLine(exceptionCells.map((cell) => cell(row)))

/**
 * Reads one cell of a line of `requests.csv`. Works only for a column without commas that has none before it either:
 * ids, times, digests and names have none.
 */
export function requestCellIn(line: string, column: RequestColumn): string {
  const place = requestNames.indexOf(column)
  return line.split(',', place + 1)[place] ?? ''
}

/** A row of `requests.csv`, its cells by column. Absent is empty. */
export type RequestCells = Readonly<Record<RequestColumn, string>>

/** Reads a line of `requests.csv`: no cell has commas, quotes or line ends. */
export function requestCellsIn(line: string): RequestCells {
  const cells = line.trimEnd().split(',')
  return Object.fromEntries(requestNames.map((name, i) => [name, unguarded(cells[i] ?? '')])) as RequestCells
}

/** Lists the approvers whose newest vote has this verdict, in the order of these votes. */
function voters({ decisions }: ApprovalRequest, verdict: Verdict): string {
  if (!decisions.some((vote) => vote.verdict === verdict)) return ''
  const newest = decisions.filter(
    (vote, i) => !vote.void && !decisions.slice(i + 1).some(({ approver }) => approver === vote.approver),
  )
  return joined(newest.filter((vote) => vote.verdict === verdict).map(({ approver }) => approver))
}

const yes = (claim: boolean): string | undefined => (claim ? 'yes' : undefined)
