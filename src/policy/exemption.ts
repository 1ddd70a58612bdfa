import { runKey } from '../core/action/run.ts'
import type { RecordShape, Shape } from './paramShape.ts'

/**
 * Reads `@notSecret("/params/key_id, /params/tags/*")`: the values that may look like a secret in requests for an
 * action. A pointer is written as in the problem `secret-in-params`, but with `*` for each item of an array.
 *
 * @param params the declared params; if the schema declares some, each pointer must lead to a text in them
 */
export function exemptions(
  text: string | undefined | null,
  params: RecordShape | undefined,
  refuse: (reason: string) => never,
): readonly string[] {
  if (text === undefined || text === null) return []
  return text.split(',').map((part) => {
    const pointer = part.trim()
    if (!form.test(pointer)) refuse(`@notSecret is written as "/params/key_id, /params/tags/*", not as "${pointer}"`)
    if (params && !leadsToText(pointer.split('/').slice(2), params))
      refuse(`@notSecret names ${pointer}, where the schema declares no text`)
    return pointer
  })
}

/**
 * RFC 6901: `~1` is a slash in a key, `~0` a tilde. A key with a comma cannot be named, nor one of digits alone: it would
 * pass for a place in an array.
 */
const form = /^(?:\/target|\/params(?:\/(?:(?!\d+(?:\/|$))(?:[^/~*,]|~[01])+|\*))+)$/u

/** Whether the steps lead to a text. No steps mean the target, which is one; a run need not be declared. */
function leadsToText(steps: readonly string[], params: RecordShape): boolean {
  if (steps.length === 0 || (steps[0] === runKey && !params.members.has(runKey))) return true
  const keys = steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  const last = keys.reduce<Shape | undefined>((shape, step) => {
    if (shape?.type === 'record') return shape.members.get(step)?.shape
    return shape?.type === 'set' && step === '*' ? shape.element : undefined
  }, params)
  return last?.type === 'text'
}
