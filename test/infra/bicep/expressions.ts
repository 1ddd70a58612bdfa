import type { Node } from 'web-tree-sitter'
import { checkSyntax, lineOf, onlyPart, partsOf, rootOf, strange } from './grammar.ts'
import { type Reading, readOperators } from './operators.ts'
import {
  type Body,
  type Call,
  type Expression,
  type Loop,
  type ObjectNode,
  type ResourceDeclaration,
  SyntaxFlaw,
} from './syntax.ts'

export function resourceFrom(node: Node): ResourceDeclaration {
  const [name, type, body] = partsOf(node)
  if (!name || !type || !body) throw strange(node)
  const isExisting = node.children.some((one) => one.type === 'existing')
  return { kind: 'resource', name: name.text, line: lineOf(node), type: textIn(type), isExisting, ...bodyFrom(body) }
}

export function bodyFrom(node: Node): Body {
  if (node.type === 'for_statement') return { ...bodyFrom(lastOf(node)), loop: loopFrom(node) }
  if (node.type === 'if_statement') {
    const [condition, object] = partsOf(node)
    if (!condition || !object) throw strange(node)
    return { loop: null, condition: expressionFrom(condition), object: objectFrom(object) }
  }
  return { loop: null, condition: null, object: objectFrom(node) }
}

const lastOf = (node: Node): Node => partsOf(node).at(-1) ?? node

function loopFrom(node: Node): Omit<Loop, 'body'> {
  const [head, over] = partsOf(node)
  if (!head || !over) throw strange(node)
  const [item = head, place] = head.type === 'for_loop_parameters' ? partsOf(head) : []
  const about = { item: item.text, place: place?.text ?? null }
  return { kind: 'loop', line: lineOf(node), ...about, over: expressionFrom(over) }
}

function objectFrom(node: Node): ObjectNode {
  if (node.type !== 'object') throw strange(node)
  const members: { key: Expression; value: Expression; line: number }[] = []
  const resources: ResourceDeclaration[] = []
  for (const one of partsOf(node)) {
    const [key, value] = partsOf(one)
    if (!key) throw strange(one)
    if (key.type === 'resource_declaration') resources.push(resourceFrom(key))
    else if (value) members.push({ key: keyFrom(key), value: expressionFrom(value), line: lineOf(one) })
    else throw strange(one)
  }
  return { kind: 'object', line: lineOf(node), members, resources }
}

const keyFrom = (node: Node): Expression =>
  node.type === 'string' ? expressionFrom(node) : { kind: 'literal', line: lineOf(node), value: node.text }

const reading: Reading = { operand: operandFrom, index: (node) => expressionFrom(node) }

/** Reads an expression, with operators as Bicep binds them: the grammar binds some of them differently. */
export function expressionFrom(node: Node): Expression {
  return readOperators(node, reading)
}

/** Reads an expression that has no operator outside of brackets. */
function operandFrom(node: Node): Expression {
  const line = lineOf(node)
  switch (node.type) {
    case 'string':
      return stringFrom(node)
    case 'number':
      return { kind: 'literal', line, value: Number(node.text) }
    case 'boolean':
      return { kind: 'literal', line, value: node.text === 'true' }
    case 'null':
      return { kind: 'literal', line, value: null }
    case 'identifier':
      return { kind: 'name', line, name: node.text }
    case 'parenthesized_expression':
      return expressionFrom(onlyPart(node))
    case 'object':
      return objectFrom(node)
    case 'array':
      return { kind: 'list', line, items: itemsFrom(node) }
    case 'for_statement':
      return { ...loopFrom(node), body: expressionFrom(lastOf(node)) }
    case 'call_expression':
      return callFrom(node)
    default:
      throw strange(node)
  }
}

/** The grammar takes `a[0].b` inside a list for two elements: neighbours without anything between are read again as one. */
function itemsFrom(node: Node): readonly Expression[] {
  const groups: Node[][] = []
  for (const one of partsOf(node)) {
    const group = groups.at(-1)
    if (group && group.at(-1)?.endIndex === one.startIndex) group.push(one)
    else groups.push([one])
  }
  return groups.map((group) => {
    const [first] = group
    if (!first) throw strange(node)
    return group.length === 1 ? expressionFrom(first) : reread(group.map(({ text }) => text).join(''), lineOf(first))
  })
}

function callFrom(node: Node): Call {
  const [name, args] = partsOf(node)
  if (name?.type !== 'identifier' || args?.type !== 'arguments') throw strange(node)
  return { kind: 'call', line: lineOf(node), name: name.text, args: partsOf(args).map(argumentFrom) }
}

/** The grammar binds a lambda tighter than operators, so its body is read by itself. */
function argumentFrom(node: Node): Expression {
  const [head, one, several = ''] = /^(?:(\w+)|\(([\w\s,]*)\))\s*=>\s*/.exec(node.text) ?? []
  if (head === undefined) return expressionFrom(node)
  const names = one === undefined ? several.split(',').map((name) => name.trim()) : [one]
  return { kind: 'lambda', line: lineOf(node), names, body: reread(node.text.slice(head.length), lineOf(node)) }
}

/** Reads an expression by itself, on the line that it stands in. */
function reread(text: string, line: number): Expression {
  const root = rootOf(`${'\n'.repeat(line - 1)}var read = ${text}\n`)
  checkSyntax(root)
  const [, value] = partsOf(onlyPart(root))
  if (!value || partsOf(root).length !== 1) throw new SyntaxFlaw(line, `not understood: ${text.slice(0, 40)}`)
  return expressionFrom(value)
}

export function textIn(node: Node): string {
  const text = expressionFrom(node)
  if (text.kind !== 'literal' || typeof text.value !== 'string') throw strange(node)
  return text.value
}

function stringFrom(node: Node): Expression {
  const line = lineOf(node)
  const { text, startIndex } = node
  if (text.startsWith("'''")) return { kind: 'literal', line, value: text.slice(3, -3).replace(/^\r?\n/, '') }
  if (text.includes('\n')) throw new SyntaxFlaw(line, 'a text in single quotes ends on its line')
  const parts: (string | Expression)[] = []
  let read = 1
  for (const one of node.namedChildren.filter(({ type }) => type === 'interpolation')) {
    parts.push(unescaped(text.slice(read, one.startIndex - startIndex), line), expressionFrom(onlyPart(one)))
    read = one.endIndex - startIndex
  }
  parts.push(unescaped(text.slice(read, -1), line))
  const [first] = parts
  return parts.length === 1 && typeof first === 'string'
    ? { kind: 'literal', line, value: first }
    : { kind: 'text', line, parts: parts.filter((part) => part !== '') }
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", $: '$' }

const unescaped = (text: string, line: number): string =>
  text.replace(/\\(u\{([0-9a-fA-F]+)\}|.)/g, (_, code: string, hex: string | undefined) => {
    const known = hex === undefined ? escapes[code] : String.fromCodePoint(Number.parseInt(hex, 16))
    if (known === undefined) throw new SyntaxFlaw(line, `there is no \\${code} in a text`)
    return known
  })
