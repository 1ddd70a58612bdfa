import type { Node } from 'web-tree-sitter'
import { lineOf, partsOf, strange } from './grammar.ts'
import type { Expression } from './syntax.ts'

/** How parts without operators are read. */
export interface Reading {
  readonly operand: (node: Node) => Expression
  readonly index: (node: Node) => Expression
}

type Token =
  | { readonly kind: 'operand'; readonly node: Node }
  | { readonly kind: 'operator'; readonly text: string; readonly line: number }
  | { readonly kind: 'after'; readonly apply: (of: Expression) => Expression }

/**
 * Operators from loose to tight, as Bicep binds them; all are left-associative:
 * https://learn.microsoft.com/azure/azure-resource-manager/bicep/operators
 */
const levels: readonly (readonly string[])[] = [
  ['??'],
  ['||'],
  ['&&'],
  ['==', '!=', '=~', '!~'],
  ['<', '<=', '>', '>='],
  ['+', '-'],
  ['*', '/', '%'],
]

/** Reads an expression anew from its operands and operators: the grammar takes `a == b.c` for `(a == b).c`. */
export function readOperators(node: Node, reading: Reading): Expression {
  const tokens = [...tokensOf(node, reading)]
  const result = choiceFrom(tokens, reading, node)
  if (tokens.length > 0) throw strange(node)
  return result
}

function* tokensOf(node: Node, reading: Reading): Generator<Token> {
  const [first, second, third] = partsOf(node)
  const line = lineOf(node)
  const operator = (text: string | undefined) => ({ kind: 'operator', text: text ?? '', line }) as const
  switch (node.type) {
    case 'unary_expression':
      yield operator(node.children[0]?.type)
      if (first) yield* tokensOf(first, reading)
      return
    case 'binary_expression':
      if (!first || !second) throw strange(node)
      yield* tokensOf(first, reading)
      yield operator(node.children[1]?.type)
      yield* tokensOf(second, reading)
      return
    case 'ternary_expression':
      if (!first || !second || !third) throw strange(node)
      yield* tokensOf(first, reading)
      yield operator('?')
      yield* tokensOf(second, reading)
      yield operator(':')
      yield* tokensOf(third, reading)
      return
    case 'member_expression':
    case 'subscript_expression':
    case 'resource_expression':
      if (!first) throw strange(node)
      yield* tokensOf(first, reading)
      yield { kind: 'after', apply: appliedBy(node, reading) }
      return
    default:
      yield { kind: 'operand', node }
  }
}

/** What follows an operand: `.name`, `.?name`, `[index]`, `[?index]`, `::name`. */
function appliedBy(node: Node, { index }: Reading): (of: Expression) => Expression {
  const [, second] = partsOf(node)
  const line = lineOf(node)
  if (!second) throw strange(node)
  const has = (type: string) => node.children.some((one) => one.type === type)
  switch (node.type) {
    case 'member_expression':
      return (of) => ({ kind: 'member', line, of, name: second.text, isSafe: has('.?') })
    case 'resource_expression':
      return (of) => ({ kind: 'child', line, of, name: second.text })
    default: {
      const place = index(second)
      return (of) => ({ kind: 'element', line, of, place, isSafe: has('?') })
    }
  }
}

function choiceFrom(tokens: Token[], reading: Reading, node: Node): Expression {
  const condition = binaryFrom(tokens, reading, node, 0)
  if (!takes(tokens, '?')) return condition
  const yes = choiceFrom(tokens, reading, node)
  if (!takes(tokens, ':')) throw strange(node)
  return { kind: 'choice', line: condition.line, condition, yes, no: choiceFrom(tokens, reading, node) }
}

function binaryFrom(tokens: Token[], reading: Reading, node: Node, level: number): Expression {
  const operators = levels[level]
  if (!operators) return unaryFrom(tokens, reading, node)
  let left = binaryFrom(tokens, reading, node, level + 1)
  for (let operator = takes(tokens, ...operators); operator; operator = takes(tokens, ...operators))
    left = { kind: 'binary', line: left.line, operator, left, right: binaryFrom(tokens, reading, node, level + 1) }
  return left
}

function unaryFrom(tokens: Token[], reading: Reading, node: Node): Expression {
  const operator = takes(tokens, '!', '-')
  if (operator) return { kind: 'unary', line: lineOf(node), operator, of: unaryFrom(tokens, reading, node) }
  const first = tokens.shift()
  if (first?.kind !== 'operand') throw strange(node)
  let result = reading.operand(first.node)
  for (let next = tokens[0]; next?.kind === 'after'; next = tokens[0]) {
    result = next.apply(result)
    tokens.shift()
  }
  return result
}

/** Takes the next token if it is one of these operators. */
function takes(tokens: Token[], ...operators: readonly string[]): string | null {
  const [next] = tokens
  if (next?.kind !== 'operator' || !operators.includes(next.text)) return null
  tokens.shift()
  return next.text
}
