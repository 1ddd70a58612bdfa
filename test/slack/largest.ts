import type { Action } from '../../src/core/action/action.ts'
import { decide } from '../../src/core/request/decision.ts'
import type { ApprovalRequest } from '../../src/core/request/request.ts'
import { action, after, decision, facts, oid, pending, stored } from '../support/build.ts'
import { answered, askedBack, provided } from '../support/talked.ts'
import { saying } from '../teams/hostile.ts'

const tag = '\u{e0041}'

/** Params that take the most room: many keys, characters that are written out, lines, and letters with marks. */
const largestParams: readonly Action['params'][] = [
  Object.fromEntries(Array.from({ length: 48 }, (_, i) => [`${'"'.repeat(100)}${i}`, i])),
  { a: tag.repeat(400) },
  { a: 'a\n'.repeat(1_500) },
  { a: 'm\u0301\u0301'.repeat(1_000) },
  { a: '🅰'.repeat(3_000) },
]

/** Five questions of 500 characters, each answered with 1,000. */
function talkedAbout(request: ApprovalRequest): ApprovalRequest {
  let now = request
  for (let i = 0; i < 5; i++)
    now = answered(askedBack(now, `?${tag.repeat(499)}`, { name: tag.repeat(64) }), `.${tag.repeat(999)}`)
  return now
}

/** One of two people approved, with the longest note. */
const voted = (request: ApprovalRequest): ApprovalRequest =>
  stored(
    decide(
      request,
      decision(request, { approver: oid(77), name: tag.repeat(256), facts: facts(oid(77)), reason: tag.repeat(500) }),
    ),
    after(60),
  )

/** Requests with the largest texts that an agent, people and policy can give, and those with talk about them. */
export const largestRequests: readonly ApprovalRequest[] = largestParams.flatMap((params) => {
  const asked = {
    ...saying(tag.repeat(60), 'medium'),
    action: { ...action, target: '\u{10330}'.repeat(512), params },
    reason: tag.repeat(1_000),
    links: Array.from({ length: 5 }, () => ({ title: tag.repeat(100), url: `https://x.example/${'y'.repeat(480)}` })),
  }
  return [
    pending(asked),
    talkedAbout(pending({ ...asked, ...provided() })),
    voted(pending({ ...asked, ...provided() })),
  ]
})
