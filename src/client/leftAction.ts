import type { Action } from '../core/action/canonicalAction.ts'
import { flawInEdits } from '../core/action/edits.ts'
import { canonical, type Json, type JsonObject } from '../core/data/json.ts'
import type { ApiRequest } from './api.ts'
import { digestOf, settled } from './asked.ts'

/**
 * What approvers left of an action that was asked for. It is compared with the action here: a number that is not lower, a list
 * that gained something, or anything else that differs, is none of it.
 *
 * @returns a frozen copy; `null` if the request is not for less of this action
 */
export function leftAction(asked: Action, request: ApiRequest): Action | null {
  const { action, target, environment, params = {}, digest } = request
  if (request.asked?.digest !== digestOf(asked)) return null
  if (action !== asked.action || target !== asked.target || environment !== asked.environment) return null
  const left = settled({ action, target, environment, params })
  if (digestOf(left) !== digest) return null
  const names = Object.keys(left.params)
  if (names.length !== Object.keys(asked.params).length) return null
  const changed = names.filter((name) => !isSame(own(asked.params, name), own(left.params, name)))
  const edits = { params: Object.fromEntries(changed.map((name) => [name, own(left.params, name) ?? null])) }
  return flawInEdits(asked, changed, edits) === null ? left : null
}

const own = (object: JsonObject, name: string): Json | undefined =>
  Object.hasOwn(object, name) ? object[name] : undefined

const isSame = (one: Json | undefined, other: Json | undefined): boolean =>
  one !== undefined && other !== undefined && canonical(one) === canonical(other)
