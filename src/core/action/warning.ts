import type { Action, Link } from './action.ts'
import type { Json } from '../data/json.ts'
import { codePointName, hiddenIn, respelledIn } from '../data/text.ts'
import { lookAlikesIn, mixedIn } from './lookAlike.ts'

/** What approvers are warned of. The codes are written into events, so they never change. */
export const warnings = [
  'denied-before',
  'asks-often',
  'asks-again',
  'denied-to-others',
  'hidden-characters',
  'mixed-scripts',
  'approver-excluded',
  'look-alikes',
  'not-normalized',
] as const

export type Warning = (typeof warnings)[number]

/** What a warning about texts rests on: the names of the characters, each once, as `U+0430 (a)` for one that passes for a. */
export interface TextFinding {
  readonly code: Warning
  readonly characters: readonly string[]
}

/** What the side that asks says beside the action. */
interface SideTexts {
  readonly reason: string
  readonly links: readonly Link[]
  /** To questions. */
  readonly answers?: readonly string[]
}

/** Finds texts that look like other texts: in the action, including its keys, and in what the side that asks says beside it. */
export function textFindings(action: Action, { reason, links, answers = [] }: SideTexts): readonly TextFinding[] {
  const { target, environment, params, standing } = action
  const { target: prefix, params: bounds = {} } = standing?.vary ?? {}
  const said: Json = [target, environment, params, bounds, ...(prefix === undefined ? [] : [prefix])]
  const texts = [...textsIn(said), reason, ...answers]
  for (const { title, url } of links) texts.push(title, url)
  return findingsIn(texts)
}

/** The codes of what is found in a text alone, such as an answer. */
export const wordWarnings = (text: string): readonly Warning[] => findingsIn([text]).map(({ code }) => code)

function findingsIn(texts: readonly string[]): readonly TextFinding[] {
  const finding = (code: Warning, find: (text: string) => readonly string[]): TextFinding => ({
    code,
    characters: [...new Set(texts.flatMap(find))],
  })
  const namesOf = (find: (text: string) => readonly string[]) => (text: string) => find(text).map(codePointName)
  return [
    finding('hidden-characters', namesOf(hiddenIn)),
    finding('mixed-scripts', namesOf(mixedIn)),
    finding('look-alikes', (text) =>
      lookAlikesIn(text).map(({ character, ascii }) => `${codePointName(character)} (${ascii})`),
    ),
    finding('not-normalized', namesOf(respelledIn)),
  ].filter(({ characters }) => characters.length > 0)
}

/** The codes of {@link textFindings}. */
export const textWarnings = (...asked: Parameters<typeof textFindings>): readonly Warning[] =>
  textFindings(...asked).map(({ code }) => code)

function textsIn(value: Json): readonly string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(textsIn)
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, inner]) => [key, ...textsIn(inner)])
}
