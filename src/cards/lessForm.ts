import { doorsBeside } from '../core/request/decision.ts'
import { itemText } from '../core/action/value.ts'
import { type LessField, lessFields } from '../core/action/lessField.ts'
import type { ApprovalRequest } from '../core/request/request.ts'
import type { Words } from '../words/words.ts'
import type { CardReader, TypedForm } from './cardReader.ts'
import type { Manner } from './paramRows.ts'
import { drawnValue, shortened } from './textRun.ts'

/** Whether a person gets the form on a page: what they make smaller they have seen whole. */
export const takesLess = (request: ApprovalRequest, { via, may = [] }: CardReader, last: boolean): boolean =>
  may.includes('narrow') && request.status === 'pending' && last && doorsBeside(request, via) === null

/**
 * The form in which a person makes a request smaller, with what they typed if it comes back to them.
 *
 * @returns none if nothing of the request fits a form
 */
export function lessFaces({ action, requirement }: ApprovalRequest, form: TypedForm | null, { words }: Manner) {
  if (!action) return []
  const { fields, tooLong } = lessFields(action, requirement?.narrowable ?? [])
  if (fields.length === 0 && tooLong.length === 0) return []
  const { form: title, now, about, reason } = words.less
  return [
    {
      ...{ title, now, about, reason, can: fields.length > 0, typed: form?.words ?? '' },
      fields: fields.map((field) => fieldFace(field, form?.less?.[field.number], action.standing !== undefined, words)),
      tooLong: tooLong.map((name) => ({ text: words.less.tooLong(name) })),
    },
  ]
}

/** Says in place of the fields of a form that the card has no room for them. */
export const withoutFields = (faces: ReturnType<typeof lessFaces>, words: Words): ReturnType<typeof lessFaces> =>
  faces.map((face) => ({ ...face, can: false, fields: [], tooLong: [{ text: words.less.noRoom }] }))

function fieldFace(field: LessField, typed: string | undefined, isStanding: boolean, words: Words) {
  const { less } = words
  const id = `less${field.number}`
  if (field.kind === 'number') {
    const { name, least, before } = field
    const label = !isStanding ? less.number(name, before) : name === 'uses' ? less.uses(before) : less.seconds(before)
    const value = typed === undefined || !/^\d+(\.\d+)?$/.test(typed.trim()) ? null : Number(typed)
    const number = { id, label, least, before }
    const [fresh, again] = value === null ? [[number], []] : [[], [{ ...number, value }]]
    return { fresh, again, lists: [] }
  }
  const choices = field.items.map((item, i) => choiceFace(item, i + 1, words))
  const kept = typed ?? choices.map(({ value }) => value).join(',')
  return {
    ...{ fresh: [], again: [] },
    lists: [{ id, label: less.list(field.name), kept, choices, items: choices.flatMap(({ shown }) => shown) }],
  }
}

/** Words of letters and digits with one sign between them: in other titles some clients read markup, or an address. */
const onChoice = /^(?=.{1,40}$)[A-Za-z\d]+(?:[_:=+-][A-Za-z\d]+)*$/

/** Letters of an item that stand beside the choices. The pages above show it whole. */
const itemRoom = 60

/** An item of a list to choose, and beside the choices its text, where that is no plain word. */
function choiceFace(item: Parameters<typeof itemText>[0], place: number, words: Words) {
  const text = itemText(item)
  const isPlain = onChoice.test(text)
  return {
    title: words.less.item(place, isPlain ? text : null),
    value: String(place),
    shown: isPlain
      ? []
      : [{ text: `${words.less.item(place, null)}: `, value: shortened(text, itemRoom, words, drawnValue) }],
  }
}
