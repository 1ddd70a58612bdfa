import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import { actionLimits, controlCharacter, environmentPattern } from '../core/action/action.ts'
import { contradictions } from './contradiction.ts'
import { isRecord, literal, pathOf, type ReadPath, textOf, values } from './expression.ts'

/**
 * Finds the comparisons of a rule that no request can ever meet: its author meant something that the rule does not do,
 * and a rule of `forbid.cedar` would protect nothing.
 *
 * @param annotated whether `@like("literal")` says that characters of regular expressions are meant as they are
 * @returns a sentence for each
 */
export function impossibilities(rule: PolicyJson, annotated: boolean): readonly string[] {
  const found: string[] = []
  const visit = (part: unknown): void => {
    if (Array.isArray(part)) return part.forEach(visit)
    if (!isRecord(part)) return
    for (const [operator, operands] of Object.entries(part)) found.push(...flawsOf(operator, operands, annotated))
    Object.values(part).forEach(visit)
  }
  for (const { body } of rule.conditions) visit(body)
  return found.length > 0 ? [...new Set(found)] : contradictions(rule)
}

function flawsOf(operator: string, operands: unknown, annotated: boolean): readonly string[] {
  if (!isRecord(operands)) return []
  const { left, right, pattern } = operands
  if (operator === 'like') return likeFlaws(pathOf(left), pattern, annotated)
  if (!comparing.has(operator)) return []
  const [path, other] = pathOf(left) ? [pathOf(left), right] : [pathOf(right), left]
  return path ? values(other).flatMap((value) => never(path, value) ?? []) : []
}

/** The operators that compare a value with a value, or with the members of a set. */
const comparing: ReadonlySet<string> = new Set([
  ...['==', '!=', '<', '<=', '>', '>='],
  ...['contains', 'containsAny', 'containsAll'],
])

/** Says why a field can never hold a value; `null` if it can. */
function never(path: ReadPath, value: unknown): string | null {
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    return `${path} can never be ${value}: a whole number lies between -(2^53-1) and 2^53-1`
  if (path === 'context.at.hour' && typeof value === 'number' && (value < 0 || value > 23))
    return `${path} can never be ${value}: it is a whole number from 0 to 23`
  if (typeof value !== 'string') return null
  const why = fields.find(({ name }) => name === path)?.refuses(value) ?? null
  return why === null ? null : `${path} can never be ${JSON.stringify(value)}: ${why}`
}

/** A field that every request has, and why it cannot hold a text. */
interface Field {
  readonly name: ReadPath
  readonly refuses: (text: string) => string | null
  /** Why no text of the field can have this part. */
  readonly refusesPart: (part: string) => string | null
}

const lower = 'it has lower-case words of a-z and 0-9 alone, joined by . _ or -'
const guid = 'it is an object id, in lower-case hex digits'

const fields: readonly Field[] = [
  {
    name: 'context.environment',
    refuses: (text) =>
      environmentPattern.test(text)
        ? null
        : [lower, ...meant(text, environmentPattern.test(text.toLowerCase()))].join('. '),
    refusesPart: (part) => (/^[a-z0-9._-]*$/.test(part) ? null : lower),
  },
  {
    name: 'context.target',
    refuses: (text) =>
      text === '' || [...text].length > actionLimits.target
        ? `it has 1 to ${actionLimits.target} characters`
        : controls(text),
    refusesPart: controls,
  },
  {
    name: 'context.onBehalfOf',
    refuses: (text) => (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text) ? null : guid),
    refusesPart: (part) => (/^[0-9a-f-]*$/.test(part) ? null : guid),
  },
  {
    name: 'context.at.weekday',
    refuses: (text) =>
      weekdays.includes(text)
        ? null
        : ['it is one of monday to sunday', ...meant(text, weekdays.includes(text.toLowerCase()))].join('. '),
    refusesPart: (part) => (/^[a-z]*$/.test(part) ? null : 'it is one of monday to sunday'),
  },
  {
    name: 'context.at.date',
    refuses: (text) => (/^\d{4}-\d\d-\d\d$/.test(text) ? null : 'it is written as 2026-03-04'),
    refusesPart: (part) => (/^[\d-]*$/.test(part) ? null : 'it is written as 2026-03-04'),
  },
]

const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']

const meant = (text: string, helps: boolean): readonly string[] => (helps ? [`Write "${text.toLowerCase()}"`] : [])

function controls(text: string): string | null {
  return controlCharacter.test(text) ? 'it has no control characters' : null
}

function likeFlaws(path: ReadPath | null, pattern: unknown, annotated: boolean): readonly string[] {
  if (path === null) return []
  const parts = literal(pattern)
  const written = JSON.stringify(textOf(parts))
  const field = fields.find(({ name }) => name === path)
  const [why] = parts.flatMap((part) => (part === null ? [] : (field?.refusesPart(part) ?? [])))
  if (why !== undefined) return [`${path} can never be like ${written}: ${why}`]
  const sign = annotated ? undefined : signs.find(({ form }) => form.test(textOf(parts)))
  if (!sign) return []
  return [
    `like ${written} is written as a regular expression (${sign.name}), but like knows one sign: * for any ` +
      'characters. Write it with * alone, or say @like("literal") if these characters are meant as they are',
  ]
}

/** Signs of regular expressions that a text to compare with hardly ever has. */
const signs: readonly { readonly name: string; readonly form: RegExp }[] = [
  { name: '^ at the beginning', form: /^\^/ },
  { name: '$ at the end', form: /[^\\]\$$/ },
  { name: '.*', form: /(?:^|[/:])\.\*/ },
  { name: '.+', form: /\.\+/ },
  { name: 'a class in brackets', form: /\[\^?(?:.-.|\\.)[^\]]*\]/ },
  { name: 'a choice in parentheses', form: /\([^()]*\|[^()]*\)/ },
  { name: 'a class with \\', form: /\\[dws][+{]/ },
  { name: 'a number of times in braces', form: /\{\d+(?:,\d*)?\}/ },
]
