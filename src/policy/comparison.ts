import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import { foldedTarget } from '../core/action/target.ts'
import { literal, pathOf } from './expression.ts'

/**
 * Whether a rule can tell two targets apart: it reads `context.target` or `resource`, or passes on the whole context.
 *
 * @param policy as Cedar writes a rule in JSON
 */
export const comparesTargets = ({ resource, conditions }: PolicyJson): boolean =>
  'entity' in resource || 'entities' in resource || 'slot' in resource || conditions.some(({ body }) => reads(body))

function reads(part: unknown): boolean {
  if (!isNode(part)) return false
  const access = part['.'] ?? part['has']
  if (isNode(access) && isVariable(access['left'], 'context') && access['attr'] !== 'target') return false
  if (isVariable(part, 'context') || isVariable(part, 'resource')) return true
  return Object.values(part).some(reads)
}

/**
 * Finds texts that a rule compares with the target, and that no target equals, because rules see targets folded. Without
 * this check such a rule of `forbid.cedar` would silently protect nothing.
 */
export const unreachableTargets = ({ resource, conditions }: PolicyJson): readonly string[] =>
  [...entitiesIn(resource), ...conditions.flatMap(({ body }) => comparedIn(body))].filter(
    (text) => foldedTarget(text) !== text,
  )

/** The texts on the other side of each comparison with the target. */
function comparedIn(part: unknown): readonly string[] {
  if (!isNode(part)) return []
  const own = Object.entries(part).flatMap(([operator, sides]) => {
    if (!comparisons.has(operator) || !isNode(sides)) return []
    const { left, right, pattern } = sides
    if (operator === 'like') return isTarget(left) ? literal(pattern).filter((text) => text !== null) : []
    return [...(isTarget(left) ? textsIn(right) : []), ...(isTarget(right) ? textsIn(left) : [])]
  })
  return [...own, ...entitiesIn(part['Value']), ...Object.values(part).flatMap(comparedIn)]
}

const comparisons: ReadonlySet<string> = new Set(['==', '!=', 'like', 'contains', 'containsAll', 'containsAny'])

const isTarget = (part: unknown): boolean => pathOf(part) === 'context.target'

/** All texts in a part, in sets too. */
function textsIn(part: unknown): readonly string[] {
  if (!isNode(part)) return []
  const { Value: value } = part
  return typeof value === 'string' ? [value] : Object.values(part).flatMap(textsIn)
}

/** The targets that are named as entities: `Target::"prod/db"`. */
function entitiesIn(part: unknown): readonly string[] {
  if (!isNode(part)) return []
  if (part['type'] === 'Target' && typeof part['id'] === 'string') return [part['id']]
  return Object.values(part).flatMap(entitiesIn)
}

/** A part of a rule. Lists are parts, too: their keys are numbers. */
const isNode = (part: unknown): part is Readonly<Record<string, unknown>> => typeof part === 'object' && part !== null

const isVariable = (part: unknown, name: string): boolean => isNode(part) && part['Var'] === name
