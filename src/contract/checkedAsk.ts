import type * as z from 'zod'
import type { Action } from '../core/action/action.ts'
import { escapePointer } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import { askBody } from './bodies.ts'

/** What a door asks for a pipeline: one action, never a standing approval. */
export interface CheckedAsk extends Pick<z.output<typeof askBody>, 'reason' | 'links' | 'expiresIn'> {
  readonly action: Action
}

/**
 * Checks an ask that a door makes of what a pipeline sent, by the rules for asks over HTTP.
 *
 * @throws {Problem} `invalid-input` with the pointer of what does not fit
 */
export function checkedAsk(given: z.input<typeof askBody>): CheckedAsk {
  const parsed = askBody.safeParse(given)
  if (parsed.success) {
    const { action, target, environment, params, reason, links, expiresIn } = parsed.data
    return { action: { action, target, environment, params }, reason, links, expiresIn }
  }
  const [issue] = parsed.error.issues
  const pointer = (issue?.path ?? []).map((part) => `/${escapePointer(String(part))}`).join('')
  throw new Problem('invalid-input', `${pointer} ${issue?.message ?? 'is not valid'}.`.replaceAll('\n', ' '), {
    pointer,
  })
}
