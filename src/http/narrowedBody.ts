import type { RequestAnswer } from '../contract/requestAnswer.ts'
import { narrowingSteps, narrowingTexts } from '../core/request/narrowing.ts'
import type { ApprovalRequest } from '../core/request/request.ts'

/** What of a request's answer is about what approvers made smaller, and may. What does not apply is absent. */
export function narrowedOf(request: ApprovalRequest): Pick<RequestAnswer, 'narrowable' | 'asked' | 'narrowed'> {
  const { requirement, askedDigest } = request
  const narrowable = request.status === 'pending' ? requirement?.narrowable : undefined
  const steps = narrowingSteps(request)
  return {
    ...(narrowable && { narrowable: [...narrowable] }),
    ...(askedDigest !== undefined && { asked: { digest: askedDigest } }),
    ...(steps.length > 0 && { narrowed: steps.map((step) => stepOf(request, step)) }),
  }
}

function stepOf(request: ApprovalRequest, { narrowing, changes }: ReturnType<typeof narrowingSteps>[number]) {
  const { by, at, digest, standing } = narrowing
  const { name, reason } = narrowingTexts(request, narrowing)
  const values = Object.fromEntries(changes.map(({ name: param, before, after }) => [param, { before, after }]))
  return {
    ...{ by, at, digest },
    ...(name !== undefined && { name }),
    ...(reason !== undefined && { reason }),
    ...(changes.length > 0 && { [standing ? 'standing' : 'params']: values }),
  }
}
