import type { DetailedError } from '@cedar-policy/cedar-wasm/nodejs'
import { hintFor, strange } from './hint.ts'

/** One thing that is wrong with a policy, and its place. */
export interface Flaw {
  readonly file: string
  readonly line?: number
  readonly rule?: string
  readonly reason: string
}

/** A policy that may not mean what its author intended. The process does not start with it. */
export class BadPolicy extends Error {
  readonly flaws: readonly Flaw[]

  constructor(flaws: readonly Flaw[], options?: ErrorOptions) {
    super(flaws.map(sentenceOf).join('\n'), options)
    this.name = 'BadPolicy'
    this.flaws = flaws
  }
}

/** Writes a flaw as one line: file, line, rule, reason. */
export const sentenceOf = ({ file, line, rule, reason }: Flaw): string =>
  `${line === undefined ? file : `${file}:${line}`}: ${rule === undefined ? '' : `rule ${rule}: `}${reason}`

/** @param offset in UTF-16 units, as JavaScript counts */
export const lineAt = (text: string, offset: number): number => text.slice(0, offset).split('\n').length

/** Turns an error of Cedar into a flaw. `place.line` is the line of the file on which the text starts. */
export function flawOf(error: DetailedError, text: string, place: Omit<Flaw, 'reason'>): Flaw {
  const { line = 1, ...rest } = place
  const [at] = error.sourceLocations ?? []
  // Cedar counts in bytes of UTF-8.
  const before = Buffer.from(text)
    .subarray(0, at?.start ?? 0)
    .toString()
  const said = [plain(error.message), at?.label, error.help && plain(error.help)].filter(Boolean).join('; ')
  const character = Buffer.from(text)
    .subarray(at?.start ?? 0)
    .toString()
  const hint = said.startsWith('invalid token') && at ? strange([...character.slice(0, 2)][0] ?? '') : hintFor(said)
  return { ...rest, line: line + lineAt(before, before.length) - 1, reason: [said, hint].filter(Boolean).join('; ') }
}

/** Leaves out what a flaw says anyway: which rule it is about, and that Cedar parsed a text. */
const plain = (message: string): string =>
  message.replace(/^for policy `[^`]*`, /, '').replace(/^failed to parse policy(?: with id `[^`]*`)? from string: /, '')

/** Finds the line of a member in a JSON text. For a missing member it is the line of the nearest parent that exists. */
export function lineOfMember(text: string, path: readonly PropertyKey[]): number {
  const here: (string | number)[] = []
  let best = { depth: 0, offset: 0 }
  let previous = { token: '', offset: 0 }
  const visit = (offset: number): void => {
    if (here.length > best.depth && here.every((key, i) => key === path[i])) best = { depth: here.length, offset }
  }
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g)) {
    const top = here.at(-1)
    if (token === ']' || token === '}') here.pop()
    else if (token === ',' && typeof top === 'number') here[here.length - 1] = top + 1
    else if (token === ':') {
      here[here.length - 1] = JSON.parse(previous.token) as string
      visit(previous.offset)
    } else if (typeof top === 'number') visit(index)
    if (token === '{') here.push('')
    if (token === '[') here.push(0)
    previous = { token, offset: index }
  }
  return lineAt(text, best.offset)
}
