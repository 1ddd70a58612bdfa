import type { Action, ScopeVary } from '../../../src/core/action/action.ts'

/**
 * Whether an action lies outside a scope, written from the documentation, by listing what each param may be. It shares no
 * code with the rule that it judges.
 */
export function outside(sample: Action, vary: ScopeVary, action: Action): boolean {
  const same = (a: unknown, b: unknown) => sortedText(a) === sortedText(b)
  if (action.action !== sample.action || action.environment !== sample.environment) return true
  if (action.target !== sample.target) {
    const escape = /^(?:\.|%2e){1,2}$/i
    const at = vary.target ?? '\n'
    if (!at.endsWith('/') || action.target.indexOf(at) !== 0) return true
    const rest = action.target.replace(at, () => '').replaceAll('\u2025', '..')
    if (rest.split('/').some((part) => part === '')) return true
    if (
      rest
        .replaceAll('\\', '/')
        .split(/\/|%2f/i)
        .some((part) => escape.test(part))
    )
      return true
  }
  const [before, after] = [new Map(Object.entries(sample.params)), new Map(Object.entries(action.params))]
  if ([...before.keys()].sort().join('\n') !== [...after.keys()].sort().join('\n')) return true
  const bounds = new Map(Object.entries(vary.params ?? {}))
  for (const [name, value] of after) {
    const shown = before.get(name)
    if (same(value, shown)) continue
    const bound = bounds.get(name)
    const allowed =
      (typeof bound === 'number' && isNumber(shown) && isNumber(value) && value <= bound && value > -Number.EPSILON) ||
      (Array.isArray(bound) && Array.isArray(shown) && Array.isArray(value) && isPartOf(value, bound)) ||
      (Array.isArray(bound) && !Array.isArray(shown) && typeof shown === typeof value && bound.includes(value as never))
    if (!allowed) return true
  }
  return false
}

const isNumber = (value: unknown): value is number => typeof value === 'number'

function isPartOf(items: readonly unknown[], all: readonly unknown[]): boolean {
  const left = [...new Set(all)]
  for (const item of items) {
    const at = left.findIndex((one) => one === item)
    if (at < 0) return false
    left.splice(at, 1)
  }
  return items.length > 0
}

/** JSON with sorted members, so that their order makes no difference. */
const sortedText = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  ) ?? 'absent'
