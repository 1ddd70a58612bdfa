import type * as z from 'zod'
import { escapePointer } from '../core/data/json.ts'
import { Problem } from '../core/data/problem.ts'
import { askBody } from './bodies.ts'

/**
 * Checks an ask that a door makes of what a pipeline sent, by the rules for asks over HTTP.
 *
 * @throws {Problem} `invalid-input` with the pointer of what does not fit
 */
export function checkedAsk(given: z.input<typeof askBody>): z.output<typeof askBody> {
  const parsed = askBody.safeParse(given)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const pointer = (issue?.path ?? []).map((part) => `/${escapePointer(String(part))}`).join('')
  throw new Problem('invalid-input', `${pointer} ${issue?.message ?? 'is not valid'}.`.replaceAll('\n', ' '), {
    pointer,
  })
}
