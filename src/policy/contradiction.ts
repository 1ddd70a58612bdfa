import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import { isRecord, literal, type ReadPath, pathOf, textOf, values } from './expression.ts'

/** What all conditions of a rule together demand of one value. */
interface Demands {
  readonly equals: unknown[]
  readonly like: (readonly (string | null)[])[]
  /** Bounds of a whole number, inclusive. */
  least: number
  most: number
}

/**
 * Finds values of which the conditions of a rule demand what cannot be true at once, as
 * `context.params.rows > 10 && context.params.rows < 5`. Only what is joined by `&&`, and by several `when`, is compared.
 *
 * @returns a sentence for each value
 */
export function contradictions({ conditions }: PolicyJson): readonly string[] {
  const demands = new Map<ReadPath, Demands>()
  for (const { kind, body } of conditions) if (kind === 'when') demand(body, demands)
  return [...demands].flatMap(([path, wanted]) => {
    const why = contradiction(wanted)
    return why === null ? [] : [`${path} can never be ${why} at once`]
  })
}

function demand(expression: unknown, demands: Map<ReadPath, Demands>): void {
  if (!isRecord(expression)) return
  for (const [operator, operands] of Object.entries(expression)) {
    if (!isRecord(operands)) continue
    const { left, right, pattern } = operands
    if (operator === '&&') {
      demand(left, demands)
      demand(right, demands)
    }
    const [path, other, sign] = pathOf(left) ? [pathOf(left), right, operator] : [pathOf(right), left, turned(operator)]
    if (path === null) continue
    const wanted = demands.get(path) ?? { equals: [], like: [], ...rangeOf(path) }
    demands.set(path, wanted)
    if (operator === 'like') wanted.like.push(literal(pattern))
    const [value] = isRecord(other) && 'Value' in other ? values(other) : []
    if (value !== undefined) compare(wanted, sign, value)
  }
}

/** The numbers that a value which the service tells can be. */
const rangeOf = (path: ReadPath): Pick<Demands, 'least' | 'most'> => ({
  least: path === 'context.at.hour' || path.startsWith('context.counts.') ? 0 : -Infinity,
  most: path === 'context.at.hour' ? 23 : Infinity,
})

function compare(wanted: Demands, sign: string, value: unknown): void {
  if (sign === '==') wanted.equals.push(value)
  if (typeof value !== 'number') return
  if (sign === '>') wanted.least = Math.max(wanted.least, value + 1)
  if (sign === '>=') wanted.least = Math.max(wanted.least, value)
  if (sign === '<') wanted.most = Math.min(wanted.most, value - 1)
  if (sign === '<=') wanted.most = Math.min(wanted.most, value)
}

/** The operator with its sides exchanged. */
const turned = (operator: string): string =>
  new Map([
    ['<', '>'],
    ['<=', '>='],
    ['>', '<'],
    ['>=', '<='],
  ]).get(operator) ?? operator

function contradiction({ equals, like, least, most }: Demands): string | null {
  const [value] = equals
  const others = equals.filter((other) => JSON.stringify(other) !== JSON.stringify(value))
  if (others.length > 0) return [value, ...others].map((one) => JSON.stringify(one)).join(' and ')
  if (typeof value === 'number' && (value < least || value > most)) return `${value} and outside of that`
  if (least > most) return `at least ${least} and at most ${most}`
  const pattern = typeof value === 'string' ? like.find((parts) => !matches(parts, value)) : undefined
  return pattern === undefined ? null : `${JSON.stringify(value)} and like ${JSON.stringify(textOf(pattern))}`
}

/** Whether a text matches a pattern of `like`. */
function matches(parts: readonly (string | null)[], text: string): boolean {
  const quoted = parts.map((part) => part?.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`) ?? '[^]*')
  return new RegExp(`^${quoted.join('')}$`, 'u').test(text)
}
