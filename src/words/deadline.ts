import { type Instant, milliseconds } from '../core/data/instant.ts'
import { seconds } from '../core/data/measure.ts'
import { type ApprovalRequest, isStanding } from '../core/request/request.ts'
import type { Sentence } from './run.ts'
import type { Words } from './words.ts'

/** Names the moments that matter now: since when and until when people decide, or the end of a closed request. */
export function deadlineOf(request: ApprovalRequest, words: Words): Sentence {
  const { deadline } = words
  if ('closedAt' in request) return deadline.closedAt(request.closedAt)
  if (request.status === 'redeemed') return deadline.redeemedAt(request.redeemedAt)
  return request.status === 'approved'
    ? (isStanding(request) ? words.standing.until : deadline.useBy)(request.lapsesAt)
    : decideBy(request.createdAt, request.requirement.expiresAt, words)
}

/** Seconds within which an hour and a minute alone name one moment. */
const day = 86_400

/** Whether people decide within so short a time that an hour names one moment of it. */
export const isShort = ({ createdAt, requirement }: ApprovalRequest): boolean =>
  requirement !== undefined && milliseconds(requirement.expiresAt) - milliseconds(createdAt) < day * 1000

function decideBy(asked: Instant, by: Instant, { deadline, units }: Words): Sentence {
  const length = Math.round((milliseconds(by) - milliseconds(asked)) / 1000)
  const written = seconds(length, units)
  return deadline.decideBy(asked, by, written?.reading ?? written?.exact ?? '', length < day)
}
