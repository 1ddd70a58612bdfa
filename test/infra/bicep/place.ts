import type { Expression } from './syntax.ts'

/** A place in a value: `['properties', 'logs', 0, 'category']`. */
export type Path = readonly (string | number)[]

/**
 * Finds the line in which a part of an object is written; of what is missing, the line of the object that lacks it.
 *
 * @param follow finds what a variable stands for; `null` for other names
 */
export function lineAt(node: Expression, path: Path, follow: (name: string) => Expression | null): number {
  const [first, ...rest] = path
  if (first === undefined) return node.line
  switch (node.kind) {
    case 'object': {
      const member = node.members.find(({ key }) => key.kind === 'literal' && key.value === first)
      if (!member) return node.line
      return rest.length === 0 ? member.line : lineAt(member.value, rest, follow)
    }
    case 'list': {
      const item = node.items[Number(first)]
      return item ? lineAt(item, rest, follow) : node.line
    }
    case 'loop':
      return lineAt(node.body, rest, follow)
    case 'name': {
      const value = follow(node.name)
      return value ? lineAt(value, path, follow) : node.line
    }
    default:
      return node.line
  }
}
