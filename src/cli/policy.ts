import type { JsonObject } from '../core/data/json.ts'
import type { LoadVersion } from '../verify/policyJudge.ts'
import type { StoryEvent } from '../verify/requestStory.ts'
import { loadBeside, missingBeside } from './beside.ts'
import type { Result } from './result.ts'
import type { Service } from './service.ts'
import type { Offline } from './session.ts'

/** What the program beside this one exports. It has Cedar, which is larger than all the rest, and is loaded here alone. */
export interface PolicyProgram {
  /** @param connect gives the service, for a command that needs it */
  readonly policy: (session: Offline, connect: () => Service) => Promise<Result>
  readonly redraw: (wanted: Redrawing) => Promise<Redrawn>
  readonly judging: LoadVersion
}

/** What a view is drawn again from: all of it is recorded. */
export interface Redrawing {
  /** The events of the request with their texts, oldest first, up to and with the `shown` to draw. */
  readonly events: readonly StoryEvent[]
  /** The file from which the view was drawn. */
  readonly template: Uint8Array
  /** The files of the policy that judged the request, by name. */
  readonly policy: ReadonlyMap<string, Uint8Array>
}

/** A page as the approver got it. */
export interface Redrawn {
  /** An Adaptive Card. */
  readonly card: JsonObject
  /** Why it is not drawn with the titles and formats of the policy; absent if it is. */
  readonly plain?: string
}

/** The files that have to lie beside this program, for policies and for drawing. */
const files = ['policy.cjs', 'cedar_wasm_bg.wasm'] as const
const drawing = [...files, 'cards.cjs'] as const

/**
 * Works on a policy that need not be in force: checks it, tries an ask, runs its tests, or judges past requests by it.
 *
 * @param script this program's file
 * @throws {Exit} 78 if the program for policies is not installed
 */
export const policy = (session: Offline, script: string, connect: () => Service): Promise<Result> =>
  programBeside(script, files).policy(session, connect)

/** What draws views again. @throws {Exit} 78 if it is not installed */
export const redrawer = (script: string): PolicyProgram['redraw'] => programBeside(script, drawing).redraw

/**
 * What judges requests of bundles anew. Cedar is loaded with the first policy.
 *
 * @returns `undefined` if it is not installed: evidence is then judged by the structure of its policies alone
 */
export const judger = (script: string): LoadVersion | undefined =>
  missingBeside(script, files).length > 0 ? undefined : (version) => programBeside(script, files).judging(version)

/** Whether views can be drawn here. */
export const canRedraw = (script: string): boolean => missingBeside(script, drawing).length === 0

const programBeside = (script: string, wanted: readonly [string, ...string[]]): PolicyProgram =>
  loadBeside(script, wanted) as PolicyProgram
