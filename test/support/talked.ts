import { editsText } from '../../src/core/action/edits.ts'
import { answer, askBack } from '../../src/core/request/conversation.ts'
import { decide } from '../../src/core/request/decision.ts'
import type { ReviewFinding } from '../../src/core/request/event.ts'
import type { ObjectId } from '../../src/core/data/id.ts'
import { breakGlass, review } from '../../src/core/request/glass.ts'
import { leftBy, narrow } from '../../src/core/request/narrowing.ts'
import { prompted } from '../../src/core/request/prompt.ts'
import { type ApprovalRequest, contentOf, hashOfQuestion, overdue } from '../../src/core/request/request.ts'
import type { Submission } from '../../src/core/request/submission.ts'
import {
  after,
  bot,
  dba,
  dba2,
  decision,
  facts,
  needs,
  oid,
  owner,
  pending,
  policyVersion,
  slot,
  stored,
} from './build.ts'

/** May approve alone in an emergency, and approves nothing else. */
export const incident = oid(61)

/** One of two dba must approve; later oncall may, too; people are reminded; incident breaks the glass. */
export const provided = (other: Partial<Submission> = {}): Partial<Submission> => ({
  judgement: needs([{ ...slot('dba', 2), later: { after: 1_800, groups: ['oncall'] } }], {
    ...{ expires: 7_200, answer: 900, remind: [900, -600] },
    glass: { groups: ['incident'], review: 86_400 },
  }),
  expiresIn: 7_200,
  ...other,
})

/** A request that provides for everything. */
export const talkative = (other: Partial<Submission> = {}): ApprovalRequest => pending(provided(other))

const seenOf = (request: ApprovalRequest) => {
  const content = contentOf(request)
  return { via: 'api', digest: request.digest, ...(content !== null && { content }) }
}

export const askedBack = (
  request: ApprovalRequest,
  question = 'Which customers?',
  { by = dba, name = 'Dana', at = 120 }: { readonly by?: ObjectId; readonly name?: string; readonly at?: number } = {},
): ApprovalRequest =>
  stored(
    askBack(request, { approver: by, name, question, seen: seenOf(request), facts: facts(by), at: after(at) }),
    after(at),
  )

/** Answers the oldest open question. */
export function answered(
  request: ApprovalRequest,
  words = 'Those of the churn report.',
  by: 'agent' | 'owner' = 'owner',
  warnings: readonly string[] = [],
): ApprovalRequest {
  const open = request.questions?.find((one) => !one.answer)
  if (!open) throw new Error('No question is open.')
  const question = hashOfQuestion(request, open)
  const of =
    by === 'agent'
      ? { by: { kind: 'agent', id: bot } as const }
      : { by: { kind: 'person', id: owner } as const, name: 'Olga', facts: facts(owner, { groups: [] }) }
  return stored(answer(request, { ...of, question, answer: words, warnings, at: after(180) }), after(180))
}

/** Makes a request smaller: to so many rows. */
export function narrowedTo(
  request: ApprovalRequest,
  rows: number,
  { by = dba2, name = 'Dora', at = 200 }: { readonly by?: ObjectId; readonly name?: string; readonly at?: number } = {},
): ApprovalRequest {
  const edits = { params: { rows } }
  const left = () => {
    if (!request.action) throw new Error('Its action is erased.')
    return leftBy(request.action, request.requirement?.narrowable ?? [], edits)
  }
  const of = { approver: by, name, facts: facts(by), seen: seenOf(request), policy: policyVersion, at: after(at) }
  return stored(narrow(request, { ...of, edits: editsText(edits), left }), after(at))
}

export const votedFor = (request: ApprovalRequest, by = dba, name = 'Dana', at = 60): ApprovalRequest =>
  stored(
    decide(request, decision(request, { approver: by, name, facts: facts(by), seen: seenOf(request), at: after(at) })),
    after(at),
  )

/** Lets the prompt of this moment take effect. */
export function promptedAt(request: ApprovalRequest, seconds: number): ApprovalRequest {
  const step = prompted(request, after(seconds))
  if (!step) throw new Error('No prompt is due.')
  return stored(step, after(seconds))
}

export const glassBroken = (
  request: ApprovalRequest,
  reason = 'The site is down, INC-7.',
  name = 'Ina',
): ApprovalRequest => {
  const target = request.action?.target ?? ''
  return stored(
    breakGlass(request, {
      ...{ approver: incident, name, reason, seen: seenOf(request), at: after(300) },
      ...{ confirm: target.split('/').at(-1) ?? '', facts: facts(incident, { groups: ['incident'] }) },
    }),
    after(300),
  )
}

export const reviewedGlass = (
  request: ApprovalRequest,
  finding: ReviewFinding = 'justified',
  reason = 'It was down.',
): ApprovalRequest =>
  stored(
    review(request, { reviewer: dba2, name: 'Dora', finding, reason, facts: facts(dba2), at: after(600) }),
    after(600),
  )

/** Lets the next deadline pass, whatever it is. */
export function passedAt(request: ApprovalRequest, seconds: number): ApprovalRequest {
  const step = overdue(request, after(seconds))
  if (!step) throw new Error('No deadline has passed.')
  return stored(step, after(seconds))
}
