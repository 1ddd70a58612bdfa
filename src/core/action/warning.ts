import type { Action, Link } from './action.ts'
import type { Json } from '../data/json.ts'
import { visible } from '../data/text.ts'
import { isMixture, scriptsIn, word } from './script.ts'

/** What approvers are warned of. The codes are written into events, so they never change. */
export const warnings = [
  'denied-before',
  'asks-often',
  'hidden-characters',
  'mixed-scripts',
  'approver-excluded',
] as const

export type Warning = (typeof warnings)[number]

/** Warns of texts that look like other texts: in the action, including its keys, in the reason and in the links. */
export function textWarnings(
  action: Action,
  { reason, links }: { readonly reason: string; readonly links: readonly Link[] },
): readonly Warning[] {
  const texts = [...textsIn([action.target, action.environment, action.params]), reason]
  for (const { title, url } of links) texts.push(title, url)
  return [
    ...(texts.some(hides) ? (['hidden-characters'] as const) : []),
    ...(texts.some(mixes) ? (['mixed-scripts'] as const) : []),
  ]
}

function textsIn(value: Json): readonly string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(textsIn)
  if (value === null || typeof value !== 'object') return []
  return Object.entries(value).flatMap(([key, inner]) => [key, ...textsIn(inner)])
}

/** Unicode Technical Standard 51: a pictogram, with all pictograms joined to it. */
const emoji = /\p{Extended_Pictographic}[\ufe0e\ufe0f]?(?:\u200d\p{Extended_Pictographic}[\ufe0e\ufe0f]?)*/gu

/** Ignores newlines and tabs, which are common in scripts, and the invisible characters inside an emoji. */
function hides(text: string): boolean {
  const plain = text.replace(/[\n\t]/g, '').replace(emoji, '')
  return visible(plain) !== plain
}

const ascii = /^[\0-\x7f]*$/

/** Mathematical Alphanumeric Symbols: Latin letters in many fonts, among them the font of policy's words on a card. */
const disguised = /[\u{1d400}-\u{1d7ff}]/u

/**
 * Whether one word mixes letters of scripts that no language mixes, as `pаypal` with a Cyrillic letter.
 *
 * A text without spaces is a name and counts as one word, since it can deceive although each part is in one script: in
 * `prod/сор` the last part is all Cyrillic, and after a Hebrew part even numbers are drawn out of order.
 */
function mixes(text: string): boolean {
  if (ascii.test(text)) return false
  if (disguised.test(text)) return true
  return ((/\s/.test(text) ? text.match(word) : [text]) ?? []).some((one) => {
    if (ascii.test(one)) return false
    return isMixture(scriptsIn(one))
  })
}
