import { stopCodeOf } from '../core/request/nextStep.ts'
import { type ApprovalRequest, saidIn } from '../core/request/request.ts'
import { nextStep } from './nextStep.ts'
import type { Words } from './words.ts'

/**
 * Says what a request's pipeline is told: what it waits for, that it was approved, or why it was not. Names no person, and no
 * reason that policy keeps private.
 *
 * @param isUsed whether the approval was used for this pipeline
 * @param most characters at most
 */
export function gateText(
  request: ApprovalRequest,
  words: Words,
  { isUsed, most }: { readonly isUsed: boolean; readonly most: number },
): string {
  const tail = `\n${words.gate.request(request.id)}`
  return shortened(linesOf(request, words, isUsed).join('\n'), most - tail.length) + tail
}

function linesOf(request: ApprovalRequest, words: Words, isUsed: boolean): readonly string[] {
  if (isUsed) return [words.gate.approved]
  if (request.status === 'pending') return nextStep(request, words)
  const code = stopCodeOf(request)
  if (code === null || code === 'succeeded' || code === 'failed') return [words.gate.usedElsewhere]
  const reason =
    request.status === 'denied' && !request.requirement?.private ? saidIn(request, 'decided', 'reason') : null
  return [words.stops[code], ...(reason === null ? [] : [words.gate.reason(reason)])]
}

/** Cuts a text between characters, never inside of one. */
function shortened(text: string, most: number): string {
  if (text.length <= most) return text
  return `${text
    .slice(0, most - 1)
    .toWellFormed()
    .replace(/\ufffd$/, '')}…`
}
