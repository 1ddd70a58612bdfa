import { functions } from './functions.ts'
import type { Body, Declaration, Expression, Flaw, ObjectNode, Template } from './syntax.ts'

type Fault = Omit<Flaw, 'file'>

/**
 * Says what is wrong with the names of a template, also in parts that no deployment evaluates: names and functions that do
 * not exist, two declarations of one name, and parameters and variables that nothing uses.
 */
export function faultsOf({ declarations }: Template): readonly Fault[] {
  const faults: Fault[] = []
  const used = new Set<string>()
  const known = new Set(declarations.filter(({ kind }) => kind !== 'output').map(({ name }) => name))
  const walk = walker({
    name: (name, line, around) => {
      if (around.includes(name)) return
      used.add(name)
      if (!known.has(name)) faults.push({ line, words: `${name} is not declared` })
    },
    call: (name, line) => {
      if (!Object.hasOwn(functions, name)) faults.push({ line, words: `there is no function ${name}` })
    },
  })
  for (const one of declarations) walk.declaration(one)
  const seen = new Set<string>()
  for (const { kind, name, line } of declarations) {
    const key = kind === 'output' ? `output ${name}` : name
    if (seen.has(key)) faults.push({ line, words: `${name} is declared twice` })
    seen.add(key)
    if ((kind === 'param' || kind === 'var') && !used.has(name)) faults.push({ line, words: `${name} is never used` })
  }
  return faults
}

interface Visitor {
  /** @param around names that a loop or a lambda gives */
  name(name: string, line: number, around: readonly string[]): void
  call(name: string, line: number): void
}

function walker(visit: Visitor) {
  function expression(node: Expression, around: readonly string[]): void {
    const each = (...nodes: readonly Expression[]) => nodes.forEach((one) => expression(one, around))
    switch (node.kind) {
      case 'literal':
        return
      case 'text':
        return each(...node.parts.filter((part) => typeof part !== 'string'))
      case 'name':
        return visit.name(node.name, node.line, around)
      case 'list':
        return each(...node.items)
      case 'object':
        return object(node, around)
      case 'loop':
        each(node.over)
        return expression(node.body, [...around, node.item, ...(node.place === null ? [] : [node.place])])
      case 'member':
      case 'child':
      case 'unary':
        return each(node.of)
      case 'element':
        return each(node.of, node.place)
      case 'lambda':
        return expression(node.body, [...around, ...node.names])
      case 'binary':
        return each(node.left, node.right)
      case 'choice':
        return each(node.condition, node.yes, node.no)
      case 'call':
        visit.call(node.name, node.line)
        return each(...node.args)
    }
  }

  function object({ members, resources }: ObjectNode, around: readonly string[]): void {
    for (const { key, value } of members) {
      expression(key, around)
      expression(value, around)
    }
    for (const one of resources) body(one, around)
  }

  function body({ loop, condition, object: node }: Body, around: readonly string[]): void {
    if (loop) expression(loop.over, around)
    const inside = loop ? [...around, loop.item, ...(loop.place === null ? [] : [loop.place])] : around
    if (condition) expression(condition, inside)
    object(node, inside)
  }

  function declaration(one: Declaration): void {
    switch (one.kind) {
      case 'param':
        if (one.value) expression(one.value, [])
        return
      case 'var':
      case 'output':
        return expression(one.value, [])
      case 'resource':
      case 'module':
        return body(one, [])
    }
  }

  return { declaration }
}
