import type { ActionConstraint, EntityUidJson, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import { grouped } from '../core/data/measure.ts'
import type { ApproveTerms } from '../core/policy/annotations.ts'
import type { RuleConditions } from '../words/ruleWords.ts'
import type { Words } from '../words/words.ts'
import { isRecord, literal, pathOf, textOf } from './expression.ts'

/** A rule to be said. */
export interface Sayable {
  readonly effect: 'permit' | 'forbid'
  readonly constraints: Pick<PolicyJson, 'principal' | 'action' | 'resource'>
  readonly conditions: PolicyJson['conditions']
  /** The declared actions that its scope covers. */
  readonly actions: readonly string[]
  /** The people whom a rule of `approve.cedar` asks. */
  readonly slots?: ApproveTerms['slots']
  /** Whether a rule of `allow.cedar` is also about a command that rules cannot see. */
  readonly anyCommand?: boolean
}

/** What a rule is said with. */
interface Saying {
  readonly words: Words
  /** An agent's name by its object id; `undefined` for an agent that is not registered. */
  readonly agentName: (id: string) => string | undefined
}

/** Part of a rule that there are no words for. */
class Unsayable extends Error {}

/**
 * Says a rule in one sentence, from Cedar's JSON, which is what Cedar evaluates.
 *
 * @returns `null` if any part of it has no words: a sentence that left something out would say another rule
 */
export function ruleInWords(rule: Sayable, saying: Saying): string | null {
  try {
    return sentence(rule, saying)
  } catch (cause) {
    if (cause instanceof Unsayable) return null
    throw cause
  }
}

function sentence(rule: Sayable, saying: Saying): string {
  const { rules, progress } = saying.words
  const { constraints, effect, slots, anyCommand = false } = rule
  const actions = constraints.action.op === 'All' ? [] : named(rule, constraints.action)
  const conditions = conditionsOf(rule, saying)
  if (effect === 'forbid') return rules.forbids(actions, conditions)
  if (slots === undefined) return rules.allows(actions, conditions, anyCommand)
  const who = slots.map(({ groups, quorum }) => progress.people(groups, quorum))
  return rules.asks(actions, who, conditions)
}

/** A scope with a slot of a template names nothing. */
function named({ actions }: Sayable, scope: ActionConstraint): readonly string[] {
  if ('slot' in scope || actions.length === 0) throw new Unsayable()
  return actions
}

function conditionsOf({ constraints, conditions }: Sayable, saying: Saying): RuleConditions {
  const { words } = saying
  const of = (kind: 'when' | 'unless') =>
    conditions.flatMap(({ kind: one, body }) => (one === kind ? [clauseOf(body, saying)] : []))
  const scoped = [
    ...scopeClause(constraints.principal, 'agent', saying),
    ...scopeClause(constraints.resource, 'target', saying),
  ]
  const when = [...scoped, ...of('when')]
  const unless = of('unless')
  return {
    ...(when.length > 0 && { when: joined('all', when, words).text }),
    ...(unless.length > 0 && { unless: joined('any', unless, words).text }),
  }
}

/** Agents and targets have no parents, so that `in` means the same as `==`. */
function scopeClause(scope: PolicyJson['principal'], fact: 'agent' | 'target', saying: Saying): readonly Clause[] {
  if (scope.op === 'All') return []
  if (scope.op === 'is' || !('entity' in scope)) throw new Unsayable()
  const { is, facts } = saying.words.rules
  return [one(is(facts[fact], entityText(scope.entity, saying)))]
}

/** A statement, and how its parts are joined, so that another that it is put into knows whether to set it in brackets. */
interface Clause {
  readonly text: string
  readonly joins?: 'all' | 'any'
}

const one = (text: string): Clause => ({ text })

function joined(how: 'all' | 'any', clauses: readonly Clause[], { rules }: Words): Clause {
  const [first, ...more] = clauses
  if (first !== undefined && more.length === 0) return first
  const texts = clauses.map(({ text, joins }) => (joins === undefined || joins === how ? text : `(${text})`))
  return { text: rules[how](texts), joins: how }
}

/** Operators that compare two values, with the names of what they say, and of what their opposite says. */
const comparisons = {
  '==': ['is', 'isNot'],
  '!=': ['isNot', 'is'],
  '<': ['below', null],
  '<=': ['atMost', null],
  '>': ['above', null],
  '>=': ['atLeast', null],
  lessThan: ['below', null],
  lessThanOrEqual: ['atMost', null],
  greaterThan: ['above', null],
  greaterThanOrEqual: ['atLeast', null],
} as const

const isComparison = (operator: string): operator is keyof typeof comparisons => Object.hasOwn(comparisons, operator)

/** With its sides exchanged, a comparison says the same as another. */
const exchanged = {
  below: 'above',
  atMost: 'atLeast',
  above: 'below',
  atLeast: 'atMost',
  is: 'is',
  isNot: 'isNot',
} as const

/** Says an expression that is true or false. @param isTrue whether it is said that it holds, or that it does not */
function clauseOf(expression: unknown, saying: Saying, isTrue = true): Clause {
  const { words } = saying
  const { rules } = words
  const { operator, left, right, arg, operands } = opened(expression)
  if (operator === '!') return clauseOf(arg, saying, !isTrue)
  const said = atom(expression, saying, isTrue)
  if (said !== null) return one(said)
  if (!isTrue) return one(rules.not(clauseOf(expression, saying).text))
  if (operator === '&&' || operator === '||') {
    const how = operator === '&&' ? 'all' : 'any'
    return joined(
      how,
      chain(operator, left, right).map((part) => clauseOf(part, saying)),
      words,
    )
  }
  if (operator === 'if-then-else' && isRecord(operands)) {
    const [condition = '', then = '', otherwise = ''] = ['if', 'then', 'else'].map(
      (name) => clauseOf(operands[name], saying).text,
    )
    return { text: rules.choice(condition, then, otherwise), joins: 'any' }
  }
  throw new Unsayable()
}

/** The parts that one operator joins, however deep they are nested. */
const chain = (operator: string, ...parts: readonly unknown[]): readonly unknown[] =>
  parts.flatMap((part) => {
    const inner = opened(part)
    return inner.operator === operator ? chain(operator, inner.left, inner.right) : [part]
  })

interface Opened {
  readonly operator: string
  readonly operands: unknown
  readonly left: unknown
  readonly right: unknown
  readonly arg: unknown
}

/** Cedar writes an expression as an object with one member, and a call of an extension with a list of arguments. */
function opened(expression: unknown): Opened {
  const [entry, ...more] = isRecord(expression) ? Object.entries(expression) : []
  if (entry === undefined || more.length > 0) throw new Unsayable()
  const [operator, operands] = entry
  if (Array.isArray(operands)) return { operator, operands, left: operands[0], right: operands[1], arg: operands[0] }
  const { left, right, arg } = isRecord(operands) ? operands : {}
  return { operator, operands, left, right, arg }
}

/** Says an expression that has words both for that it holds and for that it does not; `null` for one that has not. */
function atom(expression: unknown, saying: Saying, isTrue: boolean): string | null {
  const { rules } = saying.words
  const { operator, operands, left, right, arg } = opened(expression)
  const value = (part: unknown): string => valueOf(part, saying)
  if (pathOf(expression) !== null) return rules.is(value(expression), rules.truth[isTrue ? 'true' : 'false'])
  if (isComparison(operator)) {
    const [affirmed, denied] = comparisons[operator]
    const name = isTrue ? affirmed : denied
    if (name === null) return null
    return isFixed(left) && !isFixed(right)
      ? rules[exchanged[name]](value(right), value(left))
      : rules[name](value(left), value(right))
  }
  switch (operator) {
    case 'like':
      return rules[isTrue ? 'like' : 'notLike'](value(left), rules.text(textOf(literal(patternIn(operands)))))
    case 'has':
      return rules[isTrue ? 'given' : 'notGiven'](memberIn(operands, saying))
    case 'isEmpty':
      return rules[isTrue ? 'empty' : 'notEmpty'](value(arg))
    case 'in':
      return rules[isTrue ? 'oneOf' : 'noneOf'](value(left), itemsIn(right, saying))
    case 'contains':
      return isFixed(left)
        ? rules[isTrue ? 'oneOf' : 'noneOf'](value(right), itemsIn(left, saying))
        : rules[isTrue ? 'has' : 'hasNot'](value(left), value(right))
    case 'containsAll':
      if (!isTrue) return null
      return isFixed(left)
        ? rules.allAmong(value(right), itemsIn(left, saying))
        : rules.hasAll(value(left), itemsIn(right, saying))
    case 'containsAny': {
      if (!isTrue) return null
      const [list, items] = isFixed(left) ? [right, left] : [left, right]
      return rules.hasAny(value(list), itemsIn(items, saying))
    }
    default:
      return null
  }
}

const patternIn = (operands: unknown): unknown => (isRecord(operands) ? operands['pattern'] : undefined)

/** The member that `has` asks for. It may name a path of several. */
function memberIn(operands: unknown, saying: Saying): string {
  const { left, attr } = isRecord(operands) ? operands : {}
  const path = pathOf(left)
  if (path === null) throw new Unsayable()
  return nameOf([path, ...[attr].flat().map(String)].join('.'), saying)
}

/** Whether an expression is written out in the rule, and reads nothing of the request. */
function isFixed(expression: unknown): boolean {
  const { operator, operands } = opened(expression)
  if (operator === 'Value' || operator === 'decimal') return true
  if (operator === 'Set') return Array.isArray(operands) && operands.every(isFixed)
  return operator === 'Record' && isRecord(operands) && Object.values(operands).every(isFixed)
}

/** The items of a list that the rule writes out; a single entity stands for a list of one. */
function itemsIn(expression: unknown, saying: Saying): readonly string[] {
  const { operator, operands } = opened(expression)
  if (operator === 'Value') return [valueOf(expression, saying)]
  if (operator !== 'Set' || !Array.isArray(operands) || operands.length === 0) throw new Unsayable()
  return operands.map((item) => valueOf(item, saying))
}

/** Signs that need no words. */
const arithmetic: Readonly<Record<string, string>> = { '+': '+', '-': '−', '*': '×' }

/** Says a value: one that is read, or one that the rule writes out. */
function valueOf(expression: unknown, saying: Saying): string {
  const path = pathOf(expression)
  if (path !== null) return nameOf(path, saying)
  const { rules } = saying.words
  const { operator, operands, left, right, arg } = opened(expression)
  const sign = arithmetic[operator]
  if (sign !== undefined) return `(${valueOf(left, saying)} ${sign} ${valueOf(right, saying)})`
  if (operator === 'neg') return `−${valueOf(arg, saying)}`
  if (operator === 'Value') return literalText(operands, saying)
  if (operator === 'decimal') return decimalText(arg)
  if (operator === 'Set' && Array.isArray(operands)) return rules.exactly(operands.map((item) => valueOf(item, saying)))
  if (operator === 'Record' && isRecord(operands)) {
    const members = Object.entries(operands).map(([name, member]) => `${name}: ${valueOf(member, saying)}`)
    return `{ ${members.join('; ')} }`
  }
  throw new Unsayable()
}

function literalText(value: unknown, saying: Saying): string {
  const { rules, units } = saying.words
  if (typeof value === 'string') return rules.text(value)
  if (typeof value === 'number') return value < 0 ? `−${grouped(-value, units)}` : grouped(value, units)
  if (typeof value === 'boolean') return rules.truth[value ? 'true' : 'false']
  if (isRecord(value) && isRecord(value['__entity'])) return entityText(value as unknown as EntityUidJson, saying)
  throw new Unsayable()
}

function decimalText(expression: unknown): string {
  const { operator, operands } = opened(expression)
  if (operator !== 'Value' || typeof operands !== 'string') throw new Unsayable()
  return operands
}

function entityText(entity: EntityUidJson, { words: { rules }, agentName }: Saying): string {
  const { type, id } = '__entity' in entity ? entity['__entity'] : entity
  return rules.text(type === 'Agent' ? (agentName(id) ?? id) : id)
}

function nameOf(path: string, { words: { rules } }: Saying): string {
  const fact = facts.get(path)
  if (fact !== undefined) return rules.facts[fact]
  const [, kind, name] = /^context\.(params|counts)\.(.+)$/s.exec(path) ?? []
  if (kind === undefined || name === undefined) throw new Unsayable()
  return kind === 'params' ? rules.param(name) : rules.count(name)
}

const facts: ReadonlyMap<string, keyof Words['rules']['facts']> = new Map([
  ['principal', 'agent'],
  ['resource', 'target'],
  ['action', 'action'],
  ['context.environment', 'environment'],
  ['context.target', 'target'],
  ['context.onBehalfOf', 'onBehalfOf'],
  ['context.at.hour', 'hour'],
  ['context.at.weekday', 'weekday'],
  ['context.at.date', 'date'],
])
