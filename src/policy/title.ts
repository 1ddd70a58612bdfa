import type { PresentedParam, TitlePart } from '../core/action/presentation.ts'
import { cardText } from '../core/action/value.ts'
import type { Complain } from './document.ts'
import { declared, find } from './named.ts'
import type { DeclaredAction } from './schema.ts'
import { sizes } from '../core/policy/sizes.ts'

/** `{rows}`, or `{tables|all tables}` with words for an absent param. The last part finds stray braces. */
const placeholder = /\{([^{}|]*)(?:\|([^{}|]*))?\}|[{}]/g

const own = ['target', 'environment'] as const

/** Splits a title as `Export {rows} rows of {target}` into parts, so that no template is evaluated for a request. */
export function readTitle(
  title: string,
  action: DeclaredAction,
  params: readonly PresentedParam[],
  complain: Complain,
): readonly TitlePart[] {
  const refuse = (reason: string): void => complain(['title'], reason)
  const parts: TitlePart[] = []
  let end = 0
  for (const { 0: found, 1: name, 2: otherwise, index } of title.matchAll(placeholder)) {
    if (index > end) parts.push({ text: title.slice(end, index) })
    end = index + found.length
    if (name === undefined) refuse(`the brace at character ${index + 1} does not belong to a pair around a name`)
    else parts.push(partOf({ name, otherwise }, action, params, refuse))
  }
  if (end < title.length) parts.push({ text: title.slice(end) })
  checkTitle(title, parts, refuse)
  return parts
}

function partOf(
  { name, otherwise }: { readonly name: string; readonly otherwise: string | undefined },
  action: DeclaredAction,
  params: readonly PresentedParam[],
  refuse: (reason: string) => void,
): TitlePart {
  const shape = declared(action)
  const ofAction = own.find((one) => one === name)
  if (ofAction) {
    if (shape?.members.has(name)) refuse(`{${name}} could be the action's or the param of this name`)
    if (otherwise !== undefined) refuse(`{${name}} is never absent`)
    return { own: ofAction }
  }
  const found = find(name, shape)
  const [first] = found
  if (!first) refuse(`{${name}} is no param that the action has`)
  if (found.length > 1) refuse(`{${name}} could be ${found.map(({ path }) => path.join(' › ')).join(' or ')}`)
  if (first && !first.required && !otherwise)
    refuse(`{${name}} may be absent: write {${name}|…} with what stands there then`)
  const path = first?.path ?? [name]
  const format = path.length === 1 ? params.find(({ key }) => key === path[0])?.format : undefined
  return { path, ...(format && { format }), ...(otherwise !== undefined && { otherwise }) }
}

function checkTitle(title: string, parts: readonly TitlePart[], refuse: (reason: string) => void): void {
  const values = parts.filter((part) => !('text' in part)).length
  if (values > sizes.titleValues) refuse(`a title has at most ${sizes.titleValues} values`)
  if (title.trim() === '' || [...title].length > sizes.title) refuse(`a title has 1 to ${sizes.title} characters`)
  // The words must be shown exactly as they are written: otherwise the author could not know what approvers see.
  const words = title.replace(placeholder, (_whole, _name, otherwise?: string) => otherwise ?? 'x')
  if (cardText(words) !== words) refuse('a title has visible characters alone, and no spaces at its ends or in a row')
}
