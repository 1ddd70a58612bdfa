import type { DrawingForm } from '../core/action/drawing.ts'
import type { Entry } from '../core/action/page.ts'
import { unbroken } from '../core/data/text.ts'
import { type ParamRow, rowsOf, titleOf } from '../core/action/presentation.ts'
import { cardText, keyText } from '../core/action/value.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { standsFor } from '../words/standing.ts'
import type { Words } from '../words/words.ts'
import type { CardBudget } from './budget.ts'
import { copyable, drawn, drawnValue, short, shortened } from './textRun.ts'

/** A piece of a title: policy's words, or in another font a value that the agent gave. */
interface TitleRun {
  readonly text: string
  readonly font: 'Default' | 'Monospace'
}

/** How a card is written: in a language, within a budget. */
export interface Manner {
  readonly words: Words
  readonly budget: CardBudget
}

/**
 * Writes the title for people who may see the action. Without a title in the policy it is the rule's summary, or else the
 * verb, and the target.
 */
export function title(request: ApprovalRequest, manner: Manner): readonly TitleRun[] {
  const { words } = manner
  const { standing } = request.action ?? {}
  const sample = sampleTitle(request, manner)
  if (!standing) return sample
  return [...sample, { text: words.standing.title(standing.uses, standsFor(standing, words)), font: 'Default' }]
}

function sampleTitle(request: ApprovalRequest, { words, budget }: Manner): readonly TitleRun[] {
  const { action, policy } = request
  const pieces = action && titleOf(action, policy.presentation, words.units)
  if (!action) return plainTitle(request, words)
  const value = (text: string): TitleRun => ({
    text: shortened(text, budget.titleValue, words, inTitle),
    font: 'Monospace',
  })
  if (!pieces) return [...plainTitle(request, words, ': '), value(cardText(action.target))]
  return pieces.map(({ text, from }) => (from === undefined ? { text: drawn(text), font: 'Default' } : value(text)))
}

const inTitle = (text: string): string => copyable(text, 'title')

/** Writes a title that tells nothing of the action but its verb. */
export const plainTitle = ({ policy, verb }: ApprovalRequest, words: Words, end = ''): readonly TitleRun[] => [
  policy.summary === undefined
    ? { text: `${copyable(verb, 'title')}${end}`, font: 'Default' }
    : { text: `${short(policy.summary.trim(), 300, words)}${end}`, font: 'Default' },
]

/** What a title says so that it can be found there: whole, and set off from the words around it. */
export function saidInTitle({ action, policy }: ApprovalRequest, { words, budget }: Manner) {
  if (!action) return { verb: policy.summary === undefined, target: false }
  const target = cardText(action.target)
  const fits = target.length <= budget.titleValue
  const pieces = titleOf(action, policy.presentation, words.units)
  if (!pieces) return { verb: policy.summary === undefined, target: fits }
  const whole = pieces.some(
    ({ from, text }, i) =>
      from === '/target' &&
      text === target &&
      /(?:^|\s)$/.test(pieces[i - 1]?.text ?? '') &&
      /^(?:\s|$)/.test(pieces[i + 1]?.text ?? ''),
  )
  return { verb: false, target: fits && whole }
}

/** The rule's summary, where the title is another. */
export const subtitle = ({ action, policy }: ApprovalRequest, words: Words): readonly { text: string }[] =>
  action && policy.presentation?.title && policy.summary !== undefined
    ? [{ text: short(policy.summary, 300, words) }]
    : []

/** Lists all params on a line each, critical ones first, and shortens long values. */
export function paramFaces(request: ApprovalRequest, { words, budget }: Manner, room = budget.row) {
  const { action, policy } = request
  const asked = askedTexts(request, words)
  const rows = action ? rowsOf(action, policy.presentation, 'line', words.units) : []
  const most = Math.min(room, Math.floor(budget.rows / rows.length))
  const face = (row: ParamRow) => ({
    key: shortened(nameOf(row, words), budget.key, words),
    text: `${signed(row, shortened(row.text, most, words, drawnValue), words)}${askedBeside(asked.get(row.key))}`,
  })
  return {
    critical: rows.filter(({ critical }) => critical).map(face),
    params: rows.filter(({ critical }) => !critical).map(face),
  }
}

/** The letters of what was asked for that stand beside what is left of it: whole numbers fit. */
const askedRoom = 40

/** What was asked for of each param that an approver made smaller, by name. */
export function askedTexts(request: ApprovalRequest, words: Words): ReadonlyMap<string, string> {
  const { narrowed = [], askedAction, policy } = request
  const names = new Set(narrowed.flatMap(({ params = [] }) => params))
  if (!askedAction || names.size === 0) return new Map()
  const rows = rowsOf(askedAction, policy.presentation, 'line', words.units).filter(({ key }) => names.has(key))
  return new Map(
    rows.map(({ key, text }) => [key, words.params.askedFor(shortened(text, askedRoom, words, drawnValue))]),
  )
}

const askedBeside = (asked: string | undefined): string => (asked === undefined ? '' : ` (${asked})`)

/** Writes a param, or a part of one, as it stands on a page of the approver's view. */
export function entryFace(entry: Entry, { words, budget }: Manner, asked?: string) {
  const { text, part, parts } = entry
  const value = drawnValue(text)
  const whole = part === 1 ? signed(entry, value, words) : value
  const weight = entry.critical ? 'Bolder' : 'Default'
  return {
    key: drawn(nameOf(entry, words)),
    weight,
    runs: shades(whole, entry, words).map(({ text, shade }) => ({
      text,
      weight: shade === 'added' ? 'Bolder' : weight,
      isSubtle: shade === 'removed',
      // The template of an earlier version asks for a colour.
      color: 'Default',
    })),
    about: aboutOf(entry, words, asked),
    short: asked === undefined && parts === 1 && text.length <= budget.besideKey && !text.includes('\n'),
  }
}

/** What stands beside the key: what is drawn below it, and which part of it, and what its signs mean. */
function aboutOf({ drawing, part, parts, line, text }: Entry, { params }: Words, asked?: string): string {
  const pieces = [
    ...(asked === undefined || part > 1 ? [] : [asked]),
    ...(drawing ? [params.forms[drawing.form](drawing.size)] : []),
    ...(parts > 1 ? [params.partOf(part, parts)] : []),
    ...(drawing && part > 1 ? [params.fromLine(line)] : []),
    ...Object.entries(params.signs).flatMap(([sign, meaning]) => (text.includes(sign) ? [meaning] : [])),
  ]
  return pieces.length === 0 ? ' ' : ` (${pieces.join(', ')})`
}

/** A piece of a value, with what its lines are. Teams' green and red are too faint to be read on the ground of a value. */
interface ShadedRun {
  readonly text: string
  readonly shade: 'plain' | 'added' | 'removed'
}

/**
 * The pieces that every value may have, and the characters that each further one stands for. A card with more pieces would be
 * too large for Teams.
 */
const [freeRuns, lettersPerRun] = [10, 50]

/**
 * Sets off added and removed lines of a diff or change, in bold and in grey; their signs say the same without it. Inside of other
 * values a change stands between marks, which no agent can write.
 */
function shades(text: string, { drawing }: Entry, { units: { change } }: Words): readonly ShadedRun[] {
  const plain: readonly ShadedRun[] = [{ text, shade: 'plain' }]
  if (!drawing || drawing.form === 'text') return plain
  const isWhole = compared.has(drawing.form)
  const runs: { text: string; shade: ShadedRun['shade'] }[] = []
  let isInside = false
  for (const line of text.split(/(?<=\n)/)) {
    const bare = unbroken(line).trim()
    if (bare === `⟦${change.ends}⟧`) isInside = false
    const shade = isWhole ? shadeOf(line) : isInside ? shadeOf(bare) : 'plain'
    if (bare === `⟦${change.begins(Number(/\d+/.exec(bare)?.[0]))}⟧`) isInside = true
    const last = runs.at(-1)
    if (last?.shade === shade) last.text += line
    else runs.push({ text: line, shade })
  }
  return runs.length > freeRuns + text.length / lettersPerRun ? plain : runs
}

const shadeOf = (line: string): ShadedRun['shade'] =>
  /^[+]/.test(line) ? 'added' : /^[-−]/.test(line) ? 'removed' : 'plain'

const compared: ReadonlySet<DrawingForm> = new Set(['diff', 'textChange', 'change'])

/** Policy's label with the key beside it: the key is what the agent sent. A label that only repeats the key is left out. */
function nameOf({ key, label }: ParamRow, { params }: Words): string {
  const own = keyText(key)
  return label === undefined || letters(label) === letters(key) ? own : params.labelled(label, own)
}

const letters = (name: string): string => name.toLowerCase().replaceAll(/[\s_-]/g, '')

function signed({ kind, side }: ParamRow, text: string, { params }: Words): string {
  if (kind === 'absent') return params.notGiven
  return side === undefined ? text : `${params.sides[side]}${text}`
}
