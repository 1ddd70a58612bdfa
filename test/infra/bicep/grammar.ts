import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { Language, type Node, Parser } from 'web-tree-sitter'
import { SyntaxFlaw } from './syntax.ts'

let parser: Parser | undefined

/** Loads the grammar. Has to be awaited before anything is parsed. */
export async function loadGrammar(): Promise<void> {
  if (parser) return
  const { resolve } = createRequire(import.meta.url)
  await Parser.init({ wasmBinary: readFileSync(resolve('web-tree-sitter/web-tree-sitter.wasm')) })
  const language = await Language.load(readFileSync(resolve('tree-sitter-bicep/tree-sitter-bicep.wasm')))
  parser = new Parser()
  parser.setLanguage(language)
}

/** @throws {Error} before the grammar is loaded */
export function rootOf(text: string): Node {
  if (!parser) throw new Error('The grammar is not loaded.')
  const tree = parser.parse(text)
  if (!tree) throw new Error('The parser gave up.')
  return tree.rootNode
}

export const lineOf = (node: Node): number => node.startPosition.row + 1

const isComment = ({ type }: Node): boolean => type === 'comment' || type === 'diagnostic_comment'

/** Named children without comments. */
export const partsOf = (node: Node): Node[] => node.namedChildren.filter((one) => !isComment(one))

export function onlyPart(node: Node): Node {
  const [first] = partsOf(node)
  if (!first) throw strange(node)
  return first
}

export const strange = (node: Node): SyntaxFlaw =>
  new SyntaxFlaw(lineOf(node), `not understood: ${node.text.slice(0, 40)}`)

/** What the grammar could not read, and what it reads although Bicep does not. */
export function checkSyntax(node: Node): void {
  if (node.isMissing) throw new SyntaxFlaw(lineOf(node), `${node.type} is missing`)
  if (node.isError) throw new SyntaxFlaw(lineOf(node), `not Bicep: ${node.text.slice(0, 40)}`)
  if (node.type === 'object' || node.type === 'array' || node.type === 'arguments') checkCommas(node)
  if (node.type === 'infrastructure') checkLines(node)
  for (const child of node.children) checkSyntax(child)
}

/** Bicep wants a comma between two members on one line, and none at the end of a line but in a call. */
function checkCommas(node: Node): void {
  const children = node.children.filter((one) => !isComment(one))
  children.forEach((child, i) => {
    const next = children[i + 1]
    if (!next || ['{', '[', '(', '}', ']', ')'].includes(child.type) || ['}', ']', ')'].includes(next.type)) return
    const isSameLine = child.endPosition.row === next.startPosition.row
    if (child.type === ',' && !isSameLine && node.type !== 'arguments')
      throw new SyntaxFlaw(child.endPosition.row + 1, 'a line does not end with a comma')
    // The grammar takes `a[0].b` inside a list for two elements, without anything between.
    const isOne = child.endIndex === next.startIndex
    if (child.type !== ',' && next.type !== ',' && isSameLine && !isOne && child.type !== 'decorators')
      throw new SyntaxFlaw(lineOf(next), 'a comma is missing')
  })
}

function checkLines(root: Node): void {
  const children = root.namedChildren.filter((one) => !isComment(one))
  children.forEach((child, i) => {
    const next = children[i + 1]
    if (next && child.endPosition.row === next.startPosition.row)
      throw new SyntaxFlaw(lineOf(next), 'a declaration begins a line')
  })
}
