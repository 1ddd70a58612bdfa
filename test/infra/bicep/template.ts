import { readFileSync } from 'node:fs'
import type { Node } from 'web-tree-sitter'
import { bodyFrom, expressionFrom, resourceFrom, textIn } from './expressions.ts'
import { checkSyntax, lineOf, onlyPart, partsOf, rootOf, strange } from './grammar.ts'
import type { Call, Declaration, Template } from './syntax.ts'

const parsed = new Map<string, Template>()

/** @throws {SyntaxFlaw} for the first thing that is no Bicep */
export function parseTemplate(path: string): Template {
  const text = readFileSync(path, 'utf8')
  const known = parsed.get(text)
  if (known) return known
  const template = templateIn(text)
  parsed.set(text, template)
  return template
}

/** The grammar does not know extensions: their lines are read here, and left blank for it. */
function templateIn(text: string): Template {
  const extensions: string[] = []
  const rest = text.replace(/^extension (\w+)$/gm, (line, name: string) => {
    extensions.push(name)
    return ' '.repeat(line.length)
  })
  const root = rootOf(rest)
  checkSyntax(root)
  const declarations: Declaration[] = []
  let scope: string | null = null
  let decorators: readonly Call[] = []
  for (const node of partsOf(root)) {
    if (node.type === 'decorators') decorators = node.namedChildren.map((one) => decoratorFrom(one))
    else if (node.type === 'target_scope_assignment') scope = textIn(onlyPart(node))
    else {
      declarations.push(declarationFrom(node, decorators))
      decorators = []
    }
  }
  return { scope, extensions, declarations }
}

function decoratorFrom(node: Node): Call {
  const call = expressionFrom(onlyPart(node))
  if (call.kind !== 'call') throw strange(node)
  return call
}

function declarationFrom(node: Node, decorators: readonly Call[]): Declaration {
  const [name, second, third] = partsOf(node)
  if (!name || !second) throw strange(node)
  const about = { name: name.text, line: lineOf(node) }
  switch (node.type) {
    case 'parameter_declaration':
      return { kind: 'param', ...about, decorators, type: second.text, value: third ? expressionFrom(third) : null }
    case 'variable_declaration':
      return { kind: 'var', ...about, value: expressionFrom(second) }
    case 'output_declaration':
      if (!third) throw strange(node)
      return { kind: 'output', ...about, type: second.text, value: expressionFrom(third) }
    case 'resource_declaration':
      return resourceFrom(node)
    case 'module_declaration':
      if (!third) throw strange(node)
      return { kind: 'module', ...about, path: textIn(second), ...bodyFrom(third) }
    default:
      throw strange(node)
  }
}
