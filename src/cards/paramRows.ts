import { breakable, type Entry } from '../core/action/page.ts'
import { type Row, rowsOf, titleOf } from '../core/action/presentation.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import { short, shortened } from './textRun.ts'
import { wording } from './wording.ts'

/** A piece of a title: policy's words, or in another font what the agent gave. */
export interface TitleRun {
  readonly text: string
  readonly font: 'Default' | 'Monospace'
}

/** Characters of a value that a title has room for, and of the channel's card one row, or all rows together. */
const room = { title: 60, row: 100, rows: 2_400 } as const

/** A page's entry stands on one line with its key if it has at most so many characters. */
const lineRoom = 80

/** The title for who may see the action: in policy's words for it, filled in; else as for anybody. */
export function title(request: ApprovalRequest): readonly TitleRun[] {
  const { action, policy } = request
  const pieces = action && titleOf(action, policy.presentation)
  if (!pieces) return plainTitle(request)
  return pieces.map(({ text, from }) =>
    from === undefined ? { text, font: 'Default' } : { text: shortened(text, room.title), font: 'Monospace' },
  )
}

/** The title without anything of the action but its verb. */
export const plainTitle = ({ policy, verb }: ApprovalRequest): readonly TitleRun[] => [
  { text: short(policy.summary ?? verb, 300), font: 'Default' },
]

/** The rule's summary, where it is not the title. */
export const subtitle = ({ action, policy }: ApprovalRequest): readonly { text: string }[] =>
  action && policy.presentation?.title && policy.summary !== undefined ? [{ text: short(policy.summary, 300) }] : []

/** All params, each on a line, the long ones shortened; critical ones first. */
export function paramFaces({ action, policy }: ApprovalRequest) {
  const rows = action ? rowsOf(action, policy.presentation, 'line') : []
  const most = Math.min(room.row, Math.floor(room.rows / rows.length))
  const face = (row: Row) => ({ key: name(row), text: signed(row, shortened(row.text, most)) })
  return {
    critical: rows.filter(({ critical }) => critical).map(face),
    params: rows.filter(({ critical }) => !critical).map(face),
  }
}

/** A param, or a part of one, as a page of the approver's view has it. */
export function entryFace(entry: Entry) {
  const { text, part, parts } = entry
  return {
    key: name(entry),
    weight: entry.critical ? 'Bolder' : 'Default',
    text: part === 1 ? signed(entry, breakable(text)) : breakable(text),
    part: parts > 1 ? wording.partOf(part, parts) : ' ',
    short: parts === 1 && text.length <= lineRoom && !text.includes('\n'),
  }
}

/** The label is policy's word for it; the key, beside it, is what the agent sent. */
const name = ({ key, label }: Row): string => breakable(label === undefined ? key : wording.labelled(label, key))

function signed({ kind, side }: Row, text: string): string {
  if (kind === 'absent') return wording.notGiven
  return side === undefined ? text : `${wording.sides[side]}${text}`
}
