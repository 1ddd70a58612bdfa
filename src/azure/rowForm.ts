import {
  atLeast,
  digest,
  door,
  type Form,
  guid,
  hex,
  list,
  type Members,
  moment,
  name,
  oneOf,
  requestId,
  text,
  textName,
  truth,
  whole,
} from '../core/data/shape.ts'
import { findings, outcomes, tiers, verdicts, voidReasons } from '../core/request/event.ts'
import type { Status } from '../core/request/request.ts'

/** Of a time that policy gives; a reminder before the deadline has a negative one. */
const mostSeconds = 365 * 86_400

/** Any string. */
const anyText = text(/^/)

const facts = atLeast({
  accounts: list(guid, 1),
  groups: list(name),
  member: truth,
  enabled: truth,
  asOf: moment,
})

const decision = atLeast({
  approver: guid,
  verdict: oneOf(...verdicts),
  via: door,
  facts,
  at: moment,
  'void?': atLeast({ why: oneOf(...voidReasons), at: moment }),
})

const requirement = atLeast({
  slots: list(
    atLeast({
      groups: list(name, 1),
      'later?': atLeast({ after: whole(1), groups: list(name, 1) }),
      quorum: whole(1),
    }),
    1,
  ),
  excluded: list(guid),
  'excludedByAgent?': list(guid, 1),
  tier: oneOf(...tiers),
  expiresAt: moment,
  'via?': list(door, 1),
  'private?': oneOf(true),
  'answer?': atLeast({ latest: moment, within: whole(1) }),
  'remind?': list(whole(-mostSeconds), 1),
  'glass?': atLeast({ groups: list(name, 1), review: whole(1) }),
  'narrowable?': list(name, 1),
})

const answer = atLeast({
  by: atLeast({ kind: oneOf('agent', 'person'), id: guid }),
  at: moment,
  place: whole(0),
})

const narrowing = atLeast({
  by: guid,
  at: moment,
  digest,
  'params?': list(name, 1),
  'standing?': atLeast({ uses: whole(1), seconds: whole(1) }),
})

const question = atLeast({ by: guid, groups: list(name), at: moment, 'answer?': answer })

const glass = atLeast({
  by: guid,
  accounts: list(guid, 1),
  at: moment,
  reviewBy: moment,
  'review?': atLeast({ by: guid, at: moment, finding: oneOf(...findings) }),
  'unreviewed?': oneOf(true),
})

const common = {
  id: requestId,
  agent: atLeast({ id: guid, name: anyText }),
  executor: guid,
  'onBehalfOf?': guid,
  verb: anyText,
  digest,
  policy: atLeast({
    version: digest,
    outcome: oneOf(...outcomes),
    rules: list(name),
    'summary?': anyText,
    'presentation?': atLeast({}),
  }),
  'requirement?': requirement,
  warnings: list(name),
  'lapse?': whole(1),
  'grant?': whole(1),
  createdAt: moment,
  decisions: list(decision),
  shown: list(atLeast({ approver: guid, view: digest, content: hex, page: whole(1), pages: whole(1) })),
  undeliverable: truth,
  events: list(atLeast({ seq: whole(1), type: anyText, hash: hex }), 1),
  said: list(atLeast({ seq: whole(1), name: textName, text: anyText })),
  'erasureAsks?': list(atLeast({ by: guid, accounts: list(guid, 1), names: list(textName, 1), at: moment }), 1),
  'refusals?': list(atLeast({ by: guid, code: name }), 1),
  'questions?': list(question, 1),
  'reminded?': atLeast({ round: whole(1), at: moment }),
  'escalated?': list(name, 1),
  'glass?': glass,
  'narrowed?': list(narrowing, 1),
  'askedDigest?': digest,
  'standing?': atLeast({ uses: whole(1), used: whole(0), 'usedAt?': moment }),
  'under?': requestId,
  'use?': whole(1),
} satisfies Members

const approved = { approvedAt: moment, lapsesAt: moment }
const redeemed = { ...approved, redeemedAt: moment, redemption: anyText, unreported: truth }
const reported = { ...redeemed, closedAt: moment, 'output?': atLeast({ sha256: hex, size: whole(0) }) }
const closed = {
  closedAt: moment,
  closedBy: atLeast({ kind: oneOf('agent', 'person', 'policy', 'system'), 'id?': guid }),
}

const byStatus: Readonly<Record<Status, Members>> = {
  pending: { requirement },
  approved,
  redeemed,
  succeeded: reported,
  failed: reported,
  denied: closed,
  expired: closed,
  cancelled: closed,
  lapsed: closed,
  revoked: closed,
  ended: closed,
}

const forms: ReadonlyMap<unknown, Form> = new Map(
  Object.entries(byStatus).map(([status, members]) => [status, atLeast({ ...common, ...members })]),
)

const actionForm = atLeast({
  action: anyText,
  target: anyText,
  environment: anyText,
  params: atLeast({}),
  'standing?': atLeast({ for: whole(1), uses: whole(1), vary: atLeast({}) }),
})

/**
 * Checks the types of a request's members, so that an edited row is refused by place and not taken for a bug. What the
 * members say is checked against the request's events. Members that this program does not know are left alone.
 *
 * @throws {Error} that names the first member of another type
 */
export function checkRequestForm(request: {
  readonly status?: unknown
  readonly action?: unknown
  readonly askedAction?: unknown
}): void {
  const form = forms.get(request.status)
  if (form === undefined) throw new Error('A request’s row has an unknown status.')
  const actions = [request.action, request.askedAction ?? null].filter((action) => action !== null)
  const misfit = form(request) ?? actions.map((action) => actionForm(action)).find((one) => one !== null) ?? null
  if (misfit !== null) throw new Error(`A request’s row has another ${misfit.path}.`)
}

const salted = atLeast({ salt: anyText, text: anyText })

/**
 * Checks the types of the texts beside an event, as {@link checkRequestForm} does. Each text is checked against its digest
 * in the event.
 *
 * @throws {Error} that names the first text of another type
 */
export function checkSaidForm(said: object): void {
  const misfit = atLeast({})(said)
  const [name] = Object.entries(said ?? {}).find(([, text]) => salted(text) !== null) ?? []
  if (misfit !== null || name !== undefined) throw new Error(`An event’s row has another text “${name}”.`)
}
