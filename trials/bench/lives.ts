import type { Action } from '../../src/core/action/action.ts'
import { decide, show } from '../../src/core/request/decision.ts'
import { type ChainHead, chain, emptyChain, type Leaf } from '../../src/core/request/event.ts'
import { newRequestId, type ObjectId, sha256, type Shard } from '../../src/core/data/id.ts'
import { type Instant, instant, milliseconds } from '../../src/core/data/instant.ts'
import { redeem, report } from '../../src/core/request/redemption.ts'
import { type ApprovalRequest, contentOf, recorded, type Step } from '../../src/core/request/request.ts'
import { type Judgement, open } from '../../src/core/request/submission.ts'
import { viewDigest } from '../../src/core/request/view.ts'
import {
  action,
  bot,
  dba,
  dba2,
  facts,
  mayNotApprove,
  needs,
  redemption,
  slot,
  submission,
  template,
} from '../../test/support/build.ts'
import { wholeVersion } from './wholePolicy.ts'

/** What happens to a request at some moment. */
type Happening = (request: ApprovalRequest, at: Instant) => Step

/** Requests of a shard that are on their way at the same time. */
const atOnce = 8

const day = 86_400_000

/** An event, and what is asked for if it is an ask. */
export type Lived = Leaf & { readonly action?: Action }

/** Where a shard's day begins: after which event, and how many requests were made before. */
interface ShardBegin {
  readonly head: ChainHead
  readonly number: number
}

/** Makes a shard's day of so many events (or one more), by the rules themselves; the same each time. */
export function* eventsOf(
  shard: Shard,
  midnight: Instant,
  count: number,
  begin: ShardBegin = { head: emptyChain, number: 0 },
): Generator<Lived, void, undefined> {
  const running: { request: ApprovalRequest; readonly left: Happening[] }[] = []
  let { head, number } = begin
  // Slow enough that nothing is hasty, and so fast that nothing expires.
  const pace = Math.min(1_000, day / (count + 1))
  const first = head.seq
  for (let turn = 0; head.seq - first < count; turn = (turn + 1) % atOnce) {
    const at = instant(milliseconds(midnight) + Math.floor((head.seq - first) * pace))
    const known = running[turn]
    const happening = known?.left.shift()
    const course = courses[number % courses.length] ?? approval
    const { request, events } = known && happening ? happening(known.request, at) : asked(shard, number++, at, course)
    const leaves = chain(events, head, { shard, at }, () => sha256(`${shard} ${number}`).slice(0, 32))
    running[turn] = {
      request: recorded(request, leaves),
      left: known && happening ? known.left : [...course.afterwards],
    }
    head = leaves.at(-1) ?? head
    const { action } = request
    for (const leaf of leaves) yield leaf.type === 'requested' && action ? { ...leaf, action } : leaf
  }
}

function asked(shard: Shard, number: number, at: Instant, { judgement, verb = action.action }: Course): Step {
  const id = newRequestId(at, Buffer.from(sha256(`${shard} ${number}`), 'hex'), shard)
  const target = `prod/postgres/customers-${number}`
  const asks = {
    id,
    at,
    judgement,
    action: { ...action, action: verb, target },
    excluded: mayNotApprove,
    policy: wholeVersion,
  }
  return open(submission(asks))
}

const shown =
  (approver: ObjectId): Happening =>
  (request) =>
    show(request, { approver, template, page: 1, pages: 1 })

const decided =
  (approver: ObjectId, verdict: 'approve' | 'deny'): Happening =>
  (request, at) => {
    const content = contentOf(request)
    if (content === null) throw new Error('Every request has content.')
    const seen = { via: 'teams', view: viewDigest({ content, template, warnings: [] }) } as const
    const reason = verdict === 'deny' ? { reason: 'Not today.' } : {}
    return decide(request, {
      approver,
      name: 'Dana',
      verdict,
      seen,
      facts: facts(approver, { asOf: at }),
      at,
      ...reason,
    })
  }

const redeemed: Happening = (request, at) =>
  redeem(request, { redemption, digest: request.digest, grantExpiresAt: instant(milliseconds(at) + 1), at })

const reported: Happening = (request, at) => report(request, { executor: bot, result: 'succeeded', at })

/** What becomes of a request. */
interface Course {
  readonly judgement: Judgement
  /** What it asks for, if not the usual. */
  readonly verb?: string
  readonly afterwards: readonly Happening[]
}

const used = [redeemed, reported]
const approval: Course = { judgement: needs(), afterwards: [shown(dba), decided(dba, 'approve'), ...used] }
const byTwo: Course = {
  verb: 'db.dump',
  judgement: needs([slot('dba', 2)], { rules: ['dump-needs-two'] }),
  afterwards: [shown(dba), shown(dba2), decided(dba, 'approve'), decided(dba2, 'approve'), ...used],
}
const denial: Course = { judgement: needs(), afterwards: [shown(dba), decided(dba, 'deny')] }
const allowed: Course = {
  verb: 'db.read',
  judgement: { outcome: 'allow', rules: ['reads-are-free'], lapse: 3600, grant: 300 },
  afterwards: used,
}
const forbidden: Course = { verb: 'db.drop', judgement: { outcome: 'forbid', rules: ['never-drop'] }, afterwards: [] }

/** Requests in turn: most are approved by a person and used. */
const courses: readonly Course[] = [
  approval,
  approval,
  byTwo,
  approval,
  allowed,
  approval,
  denial,
  approval,
  allowed,
  forbidden,
]
