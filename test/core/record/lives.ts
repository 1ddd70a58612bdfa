import * as fc from 'fast-check'
import { editsText } from '../../../src/core/action/edits.ts'
import { answer, askBack, openQuestions } from '../../../src/core/request/conversation.ts'
import { decide, show } from '../../../src/core/request/decision.ts'
import { chain, type Leaf, type Verdict } from '../../../src/core/request/event.ts'
import { digestOf, type ObjectId, sha256 } from '../../../src/core/data/id.ts'
import type { Instant } from '../../../src/core/data/instant.ts'
import { Problem } from '../../../src/core/data/problem.ts'
import { breakGlass, review } from '../../../src/core/request/glass.ts'
import { leftBy, narrow, type NarrowingInput } from '../../../src/core/request/narrowing.ts'
import { prompted } from '../../../src/core/request/prompt.ts'
import { redeem, report } from '../../../src/core/request/redemption.ts'
import {
  type ApprovalRequest,
  contentOf,
  hashOfQuestion,
  overdue,
  recorded,
  type Step,
} from '../../../src/core/request/request.ts'
import type { Facts, Provisions, Slot } from '../../../src/core/request/requirement.ts'
import { type Judgement, open } from '../../../src/core/request/submission.ts'
import type { VoterStanding } from '../../../src/core/request/voteVoid.ts'
import { viewDigest } from '../../../src/core/request/view.ts'
import { cancel, revoke } from '../../../src/core/request/withdrawal.ts'
import { after, bot, needs, noon, oid, shard, submission } from '../../support/build.ts'

/** Five people; the first two have a second account. */
export const people: readonly (readonly [ObjectId, ...ObjectId[]])[] = [
  [oid(1), oid(11)],
  [oid(2), oid(12)],
  [oid(3)],
  [oid(4)],
  [oid(5)],
]

const template = sha256('template')

/** What somebody tries with a request. */
export interface Command {
  readonly kind:
    | 'approve'
    | 'deny'
    | 'see'
    | 'cancel'
    | 'redeem'
    | 'revoke'
    | 'succeed'
    | 'fail'
    | 'idle'
    | 'ask'
    | 'answer'
    | 'narrow'
    | 'prompt'
    | 'break'
    | 'review'
  readonly wait: number
  /** Whether passed deadlines take effect first, as the use case does; the rules must hold without. */
  readonly settles: boolean
  readonly person: number
  readonly account: number
  readonly groups: readonly string[]
  readonly member: boolean
  readonly enabled: boolean
  readonly teams: boolean
  readonly rightDigest: boolean
  readonly redemption: string
  readonly grantLasts: number
  readonly reason: string | undefined
  /** People who left, or may not decide by now, when somebody looks again at their votes. */
  readonly gone: readonly number[]
  readonly excluded: boolean
}

const mostly = fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) })
const groups = ['a', 'b', 'c']
/** May break the glass, and fill no slot. */
const incident = 'incident'

const circumstances = {
  wait: fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(0, 0.001, 1, 20) },
    { weight: 2, arbitrary: fc.constantFrom(599, 600, 3600, 90_000) },
  ),
  settles: mostly,
  person: fc.nat({ max: people.length - 1 }),
  account: fc.nat({ max: 1 }),
  groups: fc.subarray([...groups, incident], { minLength: 1 }),
  member: mostly,
  enabled: mostly,
  teams: mostly.map((one) => !one),
  rightDigest: mostly,
  redemption: fc.constantFrom('11111111-0000-4000-8000-000000000000', '22222222-0000-4000-8000-000000000000'),
  grantLasts: fc.constantFrom(0, 300, 300, 300),
  reason: fc.constantFrom(undefined, '', 'Because.', 'Because.', 'Because.'),
  gone: fc.oneof(
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 2, arbitrary: fc.subarray(people.map((_, i) => i)) },
  ),
  excluded: fc.boolean(),
}

/** What anybody may try. */
export const command: fc.Arbitrary<Command> = fc.record({
  kind: fc.oneof(
    { weight: 5, arbitrary: fc.constant('approve' as const) },
    { weight: 6, arbitrary: fc.constantFrom('redeem', 'redeem', 'succeed', 'fail' as const) },
    { weight: 3, arbitrary: fc.constantFrom('deny', 'cancel', 'revoke', 'see', 'idle' as const) },
    {
      weight: 6,
      arbitrary: fc.constantFrom('ask', 'answer', 'answer', 'narrow', 'prompt', 'break', 'review' as const),
    },
  ),
  ...circumstances,
})

/** People who talk, are reminded, and break glasses, and rarely let a deadline pass. */
export const talk: fc.Arbitrary<Command> = fc.record({
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('ask', 'answer', 'narrow', 'approve', 'prompt' as const) },
    { weight: 3, arbitrary: fc.constantFrom('see', 'break', 'review' as const) },
    { weight: 1, arbitrary: fc.constantFrom('deny', 'cancel', 'redeem', 'revoke', 'succeed', 'idle' as const) },
  ),
  ...circumstances,
  wait: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(0, 1, 20, 60) },
    { weight: 1, arbitrary: fc.constantFrom(600, 3600) },
  ),
})

const slots = fc
  .array(
    fc.record({
      groups: fc.subarray(groups, { minLength: 1 }),
      later: fc.subarray(groups),
      after: fc.constantFrom(20, 100),
      quorum: fc.constantFrom(1, 1, 1, 2),
    }),
    { minLength: 1, maxLength: 2 },
  )
  .map((all) =>
    all.map(({ groups, later, after, quorum }): Slot => {
      const more = later.filter((name) => !groups.includes(name))
      return { groups, ...(more.length > 0 && { later: { after, groups: more } }), quorum }
    }),
  )

const provisions: fc.Arbitrary<Provisions> = fc.record(
  {
    answer: fc.constantFrom(60, 900),
    remind: fc.constantFrom([20], [-60], [-300, 100]),
    glass: fc.constant({ groups: [incident], review: 3600 }),
    narrow: fc.constantFrom(['rows'], ['rows', 'tables']),
  },
  { requiredKeys: [] },
)

export const judgement: fc.Arbitrary<Judgement> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .record({ slots, tier: fc.constantFrom('low', 'high' as const), provisions })
      .map(({ slots, tier, provisions }) => needs(slots, { expires: 1200, lapse: 600, tier, ...provisions })),
  },
  { weight: 1, arbitrary: fc.constant<Judgement>({ outcome: 'allow', rules: ['r'], lapse: 600, grant: 300 }) },
  { weight: 1, arbitrary: fc.constant<Judgement>({ outcome: 'forbid', rules: ['never'] }) },
)

export interface Life {
  request: ApprovalRequest
  readonly leaves: Leaf[]
}

/** Tries everything in turn; what the rules refuse changes nothing. */
export function run(judgement: Judgement, excluded: readonly ObjectId[], commands: readonly Command[]): Life {
  const born = open(submission({ judgement, excluded: [...excluded].sort(), expiresIn: 600, narrowing: true }))
  const life: Life = { request: born.request, leaves: [] }
  let seconds = 0
  apply(life, born, seconds)
  for (const command of commands) {
    seconds += command.wait
    if (command.settles) settle(life, seconds)
    try {
      apply(life, execute(life.request, command, seconds), seconds)
    } catch (cause) {
      if (!(cause instanceof Problem)) throw cause
    }
  }
  return life
}

/** Lets passed deadlines take effect, one after the other. */
function settle(life: Life, seconds: number): void {
  for (;;) {
    const late = overdue(life.request, after(seconds))
    if (!late) return
    apply(life, late, seconds)
  }
}

function apply(life: Life, step: Step, seconds: number): void {
  const before = structuredClone(life.request)
  const head = life.leaves.at(-1) ?? { seq: 0, hash: '0'.repeat(64) as Leaf['hash'] }
  const leaves = chain(step.events, head, { shard, at: after(seconds) }, () => '00'.repeat(16))
  expect(life.request).toEqual(before)
  if (leaves.length === 0 && life.leaves.length > 0) expect(step.request).toBe(life.request)
  life.request = recorded(step.request, leaves)
  life.leaves.push(...leaves)
}

function execute(request: ApprovalRequest, command: Command, seconds: number): Step {
  const { person, account, reason, rightDigest, redemption, kind } = command
  const accounts = people[person] ?? [oid(99)]
  const approver = accounts[account] ?? accounts[0]
  const at = after(seconds)
  const digest = rightDigest ? request.digest : digestOf('another')
  const facts: Facts = { ...command, accounts, asOf: noon }
  const why = reason === undefined ? {} : { reason }
  const content = contentOf(request) ?? sha256('')
  const view = viewDigest({ content, template, warnings: request.warnings })
  // Who asks over the API sends the content that they read, and now and then that of the ask, as one who missed the answer.
  const read = command.grantLasts === 0 ? (request.events[0]?.hash ?? content) : content
  const seen = command.teams ? ({ via: 'teams', view } as const) : ({ via: 'api', digest, content: read } as const)
  const act = { approver, name: 'N', seen, facts: bare(facts), at, confirm: 'customers' }
  const vote = (verdict: Verdict): Step =>
    decide(request, { ...act, verdict, ...why, others: standings(request, command) })
  switch (kind) {
    case 'approve':
      return vote('approve')
    case 'deny':
      return vote('deny')
    case 'see':
      return overdue(request, at) ?? show(request, { approver, template, page: account + 1, pages: 2 })
    case 'cancel':
      return cancel(request, { at, ...why })
    case 'redeem':
      return redeem(request, { redemption, digest, grantExpiresAt: after(seconds + command.grantLasts), at })
    case 'revoke':
      return revoke(request, { approver, facts: bare(facts), at, ...why })
    case 'succeed':
      return report(request, { executor: bot, result: 'succeeded', at })
    case 'fail':
      return report(request, { executor: bot, result: 'failed', at, summary: 'Exit 1' })
    case 'idle':
      return overdue(request, at) ?? { request, events: [] }
    case 'ask':
      return askBack(request, { ...act, question: reason ?? 'Why?' })
    case 'answer':
      return answerTo(request, command, { approver, facts: bare(facts), at })
    case 'narrow':
      return narrowBy(request, command, act)
    case 'prompt':
      return prompted(request, at, standings(request, command)) ?? { request, events: [] }
    case 'break':
      return breakGlass(request, { ...act, reason: reason ?? 'Fire.' })
    case 'review': {
      const finding = command.excluded ? 'unjustified' : 'justified'
      return review(request, { ...act, reviewer: approver, finding, reason: reason ?? 'Well.' })
    }
  }
}

/** Answers the first open question, or the first of all: as the agent, or as a person. */
function answerTo(
  request: ApprovalRequest,
  { reason = 'Because.', teams, account }: Command,
  { approver, facts, at }: { readonly approver: ObjectId; readonly facts: Facts; readonly at: Instant },
): Step {
  const question = openQuestions(request)[0] ?? request.questions?.[0]
  const hash = question ? hashOfQuestion(request, question) : sha256('none')
  const warnings = teams ? ['mixed-scripts'] : []
  const by = account === 0 ? ({ kind: 'agent', id: bot } as const) : ({ kind: 'person', id: approver } as const)
  const of = by.kind === 'person' ? { name: 'N', facts } : {}
  return answer(request, { by, question: hash, answer: reason, warnings, at, ...of })
}

/** Halves the rows, or now and then asks for more of them. */
function narrowBy(
  request: ApprovalRequest,
  { account, reason }: Command,
  act: Omit<NarrowingInput, 'policy' | 'edits' | 'left'>,
): Step {
  const rows = Number(request.action?.params['rows'] ?? 0)
  const edits = { params: { rows: account === 1 && reason === '' ? rows + 1 : Math.floor(rows / 2) } }
  const left = () => {
    if (!request.action) throw new TypeError('What waits for people has its action.')
    return leftBy(request.action, request.requirement?.narrowable ?? [], edits)
  }
  return narrow(request, { ...act, policy: request.policy.version, edits: editsText(edits), left })
}

/** What is known by now of those who voted. */
const standings = ({ decisions }: ApprovalRequest, { gone, excluded }: Command): ReadonlyMap<ObjectId, VoterStanding> =>
  new Map(
    decisions.map(({ approver, facts }) => {
      const isGone = gone.some((person) => people[person]?.includes(approver))
      const now = { ...facts, ...(isGone && !excluded && { groups: [] }), asOf: noon }
      return [approver, { facts: now, excluded: isGone && excluded }]
    }),
  )

const bare = ({ accounts, groups, member, enabled, asOf }: Facts): Facts => ({
  accounts,
  groups,
  member,
  enabled,
  asOf,
})
