import type { Action } from '../../src/core/action/action.ts'
import * as page from '../../src/core/action/page.ts'
import * as shown from '../../src/core/action/presentation.ts'
import type { TextLayout } from '../../src/core/action/value.ts'
import * as measure from '../../src/core/data/measure.ts'
import { english } from '../../src/words/english.ts'

/** Shows an action as the core does, with the units of English. */

type Presentation = shown.Presentation | undefined
const { units } = english

export const pagesOf = (action: Action, presentation?: Presentation) => page.pagesOf(action, presentation, units)
export const checkShowable = (action: Action, presentation?: Presentation) =>
  page.checkShowable(action, presentation, units)
export const titleOf = (action: Action, presentation: Presentation) => shown.titleOf(action, presentation, units)
export const rowsOf = (action: Action, presentation: Presentation, layout: TextLayout) =>
  shown.rowsOf(action, presentation, layout, units)

export const grouped = (amount: number) => measure.grouped(amount, units)
export const bytes = (amount: number) => measure.bytes(amount, units)
export const seconds = (amount: number) => measure.seconds(amount, units)
export const duration = (text: string) => measure.duration(text, units)
