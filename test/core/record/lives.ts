import * as fc from 'fast-check'
import { decide, show } from '../../../src/core/request/decision.ts'
import { chain, type Leaf, type Verdict } from '../../../src/core/request/event.ts'
import { digestOf, type ObjectId, sha256 } from '../../../src/core/data/id.ts'
import { Problem } from '../../../src/core/data/problem.ts'
import { redeem, report } from '../../../src/core/request/redemption.ts'
import { type ApprovalRequest, contentOf, overdue, recorded, type Step } from '../../../src/core/request/request.ts'
import type { Facts } from '../../../src/core/request/requirement.ts'
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
  readonly kind: 'approve' | 'deny' | 'see' | 'cancel' | 'redeem' | 'revoke' | 'succeed' | 'fail' | 'idle'
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

export const command: fc.Arbitrary<Command> = fc.record({
  kind: fc.oneof(
    { weight: 5, arbitrary: fc.constant('approve' as const) },
    { weight: 6, arbitrary: fc.constantFrom('redeem', 'redeem', 'succeed', 'fail' as const) },
    { weight: 3, arbitrary: fc.constantFrom('deny', 'cancel', 'revoke', 'see', 'idle' as const) },
  ),
  wait: fc.oneof(
    { weight: 20, arbitrary: fc.constantFrom(0, 0.001, 1, 20) },
    { weight: 2, arbitrary: fc.constantFrom(599, 600, 3600, 90_000) },
  ),
  settles: mostly,
  person: fc.nat({ max: people.length - 1 }),
  account: fc.nat({ max: 1 }),
  groups: fc.subarray(groups, { minLength: 1 }),
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
})

const slots = fc.array(
  fc.record({ groups: fc.subarray(groups, { minLength: 1 }), quorum: fc.constantFrom(1, 1, 1, 2) }),
  { minLength: 1, maxLength: 2 },
)

export const judgement: fc.Arbitrary<Judgement> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc
      .record({ slots, tier: fc.constantFrom('low', 'high' as const) })
      .map(({ slots, tier }) => needs(slots, { expires: 600, lapse: 600, tier })),
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
  const born = open(submission({ judgement, excluded: [...excluded].sort(), expiresIn: 600 }))
  const life: Life = { request: born.request, leaves: [] }
  let seconds = 0
  apply(life, born, seconds)
  for (const command of commands) {
    seconds += command.wait
    const late = command.settles ? overdue(life.request, after(seconds)) : null
    if (late) apply(life, late, seconds)
    try {
      apply(life, execute(life.request, command, seconds), seconds)
    } catch (cause) {
      if (!(cause instanceof Problem)) throw cause
    }
  }
  return life
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
  const vote = (verdict: Verdict): Step => {
    const content = contentOf(request) ?? sha256('')
    const view = viewDigest({ content, template, warnings: request.warnings })
    const seen = command.teams ? ({ via: 'teams', view } as const) : ({ via: 'api', digest } as const)
    const input = { approver, name: 'N', verdict, seen, facts: bare(facts), at, confirm: 'customers', ...why }
    return decide(request, { ...input, others: standings(request, command) })
  }
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
  }
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
